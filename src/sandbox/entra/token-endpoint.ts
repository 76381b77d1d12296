// The token endpoint: who may have a token for which resource, by client credentials.
import { type IssuedToken, issueAccessToken } from "./access-token.ts";
import { assertionError } from "./client-assertion.ts";
import type { IssuerKeys, Principal, Tenant } from "./directory.ts";
import { ENTRA_ERRORS, type EntraError } from "./errors.ts";
import { isKnownResource, resourceFromScope } from "./resources.ts";
import type { SigningKey } from "./signing-key.ts";
import { isEntraError, parseTokenForm, type TokenForm } from "./token-form.ts";

const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** What issuing tokens takes. */
export interface TokenService {
  readonly key: SigningKey;
  /** The resources that every tenant knows. */
  readonly resources: readonly string[];
  readonly keysOf: IssuerKeys;
  readonly lifetimeInSeconds: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Which shape of the endpoint is asked: v1.0 takes `resource`, v2.0 `scope`, AD FS either. */
export type EndpointVersion = "v1" | "v2" | "adfs";

async function credentialError(form: TokenForm, principal: Principal, service: TokenService) {
  if (form.clientSecret !== undefined && form.assertion !== undefined) {
    return ENTRA_ERRORS.parameterInvalid("client_assertion", "there is a client_secret beside it.");
  }
  if (form.clientSecret !== undefined) {
    return form.clientSecret === principal.secret
      ? undefined
      : ENTRA_ERRORS.secretInvalid(principal.clientId);
  }
  if (form.assertion === undefined) {
    return ENTRA_ERRORS.credentialMissing();
  }
  if (form.assertionType !== JWT_BEARER) {
    return form.assertionType === undefined
      ? ENTRA_ERRORS.parameterMissing("client_assertion_type")
      : ENTRA_ERRORS.parameterInvalid("client_assertion_type", `only ${JWT_BEARER} is known.`);
  }
  return assertionError(form.assertion, principal, service.keysOf, service.now());
}

async function authenticate(
  form: TokenForm,
  tenant: Tenant,
  service: TokenService,
): Promise<Principal | EntraError> {
  if (form.clientId === undefined) {
    return ENTRA_ERRORS.parameterMissing("client_id");
  }
  const principal = tenant.directory.byClientId(form.clientId);
  if (principal === undefined) {
    return ENTRA_ERRORS.clientNotFound(form.clientId, tenant.displayName);
  }
  return (await credentialError(form, principal, service)) ?? principal;
}

function requestedResource(form: TokenForm, version: EndpointVersion): string | EntraError {
  if (version === "v2" && form.resource !== undefined) {
    return ENTRA_ERRORS.resourceParameter();
  }
  if (version !== "v2" && form.resource !== undefined) {
    return form.resource;
  }
  if (version === "v1" || form.scope === undefined) {
    return ENTRA_ERRORS.fieldMissing(version === "v1" ? "resource" : "scope");
  }
  return resourceFromScope(form.scope) ?? ENTRA_ERRORS.scopeInvalid(form.scope);
}

function knownResource(
  form: TokenForm,
  version: EndpointVersion,
  tenant: Tenant,
  known: readonly string[],
): string | EntraError {
  const resource = requestedResource(form, version);
  if (typeof resource !== "string" || isKnownResource(resource, known)) {
    return resource;
  }
  return ENTRA_ERRORS.resourceNotFound(resource, tenant.displayName);
}

/** The v2.0 answer has numbers; v1.0 (which AD FS endpoints answer like) has strings and more of them. */
function tokenResponse(token: IssuedToken, resource: string, version: EndpointVersion): Response {
  const lifetime = token.expiresOn - token.notBefore - 1;
  const v2 = { token_type: "Bearer", expires_in: lifetime, ext_expires_in: lifetime };
  const v1 = {
    token_type: "Bearer",
    expires_in: String(lifetime),
    ext_expires_in: String(lifetime),
    expires_on: String(token.expiresOn),
    not_before: String(token.notBefore),
    resource,
  };
  const body = { ...(version === "v2" ? v2 : v1), access_token: token.accessToken };
  return Response.json(body, { headers: { "cache-control": "no-store, no-cache", pragma: "no-cache" } });
}

/** A token, or Entra's refusal; checks in Entra's order: the grant, the client, its credential, the resource. */
export async function answerTokenRequest(
  request: Request,
  tenant: Tenant,
  version: EndpointVersion,
  service: TokenService,
): Promise<Response | EntraError> {
  const form = await parseTokenForm(request);
  if (isEntraError(form)) {
    return form;
  }
  if (form.grantType !== "client_credentials") {
    return form.grantType === undefined
      ? ENTRA_ERRORS.parameterMissing("grant_type")
      : ENTRA_ERRORS.grantUnsupported(form.grantType);
  }
  const principal = await authenticate(form, tenant, service);
  if (isEntraError(principal)) {
    return principal;
  }
  const resource = knownResource(form, version, tenant, service.resources);
  if (typeof resource !== "string") {
    return resource;
  }
  const authentication = form.assertion === undefined ? "1" : "2";
  const { capabilities } = form;
  const { lifetimeInSeconds } = service;
  const token = await issueAccessToken(
    { tenant, principal, resource, capabilities, lifetimeInSeconds, authentication },
    service.key,
    service.now(),
  );
  return tokenResponse(token, resource, version);
}
