// The documents by which clients find the endpoints: OpenID Connect configuration and instance discovery.
import { ENTRA_ERRORS, type EntraError } from "./errors.ts";

/** The names under which no single tenant is meant. */
export const TENANTLESS: readonly string[] = ["common", "organizations", "consumers"];

const SHARED = {
  token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
  response_modes_supported: ["query", "fragment", "form_post"],
  subject_types_supported: ["pairwise"],
  id_token_signing_alg_values_supported: ["RS256"],
  response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
  scopes_supported: ["openid", "profile", "email", "offline_access"],
  tenant_region_scope: null,
};

/** The v2.0 document of a tenant; `tenantId` is `{tenantid}` (literally) where no single tenant is meant. */
export function v2Configuration(origin: string, segment: string, tenantId: string): object {
  return {
    ...SHARED,
    issuer: `${origin}/${tenantId}/v2.0`,
    authorization_endpoint: `${origin}/${segment}/oauth2/v2.0/authorize`,
    token_endpoint: `${origin}/${segment}/oauth2/v2.0/token`,
    jwks_uri: `${origin}/${segment}/discovery/v2.0/keys`,
  };
}

/** The v1.0 document of a tenant. */
export function v1Configuration(origin: string, segment: string, tenantId: string): object {
  return {
    ...SHARED,
    issuer: `https://sts.windows.net/${tenantId}/`,
    authorization_endpoint: `${origin}/${segment}/oauth2/authorize`,
    token_endpoint: `${origin}/${segment}/oauth2/token`,
    jwks_uri: `${origin}/common/discovery/keys`,
  };
}

/** The document of the AD FS shape, which clients of custom clouds ask for without any instance discovery. */
export function adfsConfiguration(origin: string): object {
  return {
    ...SHARED,
    issuer: `${origin}/adfs`,
    authorization_endpoint: `${origin}/adfs/oauth2/authorize/`,
    token_endpoint: `${origin}/adfs/oauth2/token/`,
    jwks_uri: `${origin}/adfs/discovery/keys`,
  };
}

function segmentOf(authorizationEndpoint: string, origin: string): string | undefined {
  const url = URL.parse(authorizationEndpoint);
  const segment = url?.pathname.split("/")[1];
  return url?.origin === origin && segment !== "" ? segment : undefined;
}

/** Instance discovery: this host is its own and only authority; every other is an unknown instance. */
export function instanceDiscovery(url: URL): object | EntraError {
  const version = url.searchParams.get("api-version");
  const endpoint = url.searchParams.get("authorization_endpoint");
  if (endpoint === null) {
    return ENTRA_ERRORS.parameterMissing("authorization_endpoint");
  }
  const segment = segmentOf(endpoint, url.origin);
  if (segment === undefined) {
    return ENTRA_ERRORS.unknownInstance();
  }
  const { host } = url;
  return {
    tenant_discovery_endpoint: `${url.origin}/${segment}/v2.0/.well-known/openid-configuration`,
    "api-version": version ?? "1.0",
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}
