// The token endpoint of a virtual machine's instance metadata service, with its all-string answers and its errors.

import type { Principal } from "./directory.ts";
import { ENTRA_ERRORS } from "./errors.ts";
import {
  type HostIdentities,
  type ManagedIdentityPorts,
  selectIdentity,
  selectorsFrom,
} from "./host-identities.ts";

/** The api-versions that Microsoft documents for tokens, the newest last. */
const API_VERSIONS = [
  "2018-02-01 2018-04-02 2018-10-01 2019-02-01 2019-03-11 2019-04-30 2019-06-01 2019-06-04 2019-08-01 2019-08-15",
  "2019-11-01 2020-06-01 2020-07-15 2020-09-01 2020-10-01 2020-12-01 2021-01-01 2021-02-01 2021-03-01 2021-05-01",
  "2021-10-01 2021-11-01 2021-11-15 2021-12-13 2023-07-01 2023-11-15",
].flatMap((line) => line.split(" "));

const SELECTORS = { client_id: "clientId", object_id: "objectId", msi_res_id: "resourceId" } as const;

/** Texts from Microsoft's pages on virtual machine tokens and managed identities, and from public issue reports. */
const ERRORS = {
  headerMissing: ["bad_request_102", "Required metadata header not specified"],
  forwarded: ["invalid_request", "Requests with the X-Forwarded-For header are not allowed"],
  resourceMissing: ["invalid_request", "Required query variable 'resource' is missing"],
  notFound: ["invalid_request", "Identity not found"],
  ambiguous: [
    "invalid_request",
    "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
  ],
  // What Azure does with two selectors is not known; the sandbox picks none of them.
  overspecified: ["invalid_request", "Only one of client_id, object_id and msi_res_id can be specified"],
} as const;

function refusal([error, description]: readonly [string, string]): Response {
  return Response.json({ error, error_description: description }, { status: 400 });
}

function versionRefusal(): Response {
  const error =
    "Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds";
  return Response.json({ error, "newest-versions": API_VERSIONS.slice(-3).reverse() }, { status: 400 });
}

function requestError(request: Request, query: URLSearchParams): Response | undefined {
  if (request.method !== "GET") {
    return new Response(null, { status: 405, headers: { allow: "GET" } });
  }
  if (request.headers.get("metadata")?.toLowerCase() !== "true") {
    return refusal(ERRORS.headerMissing);
  }
  if (request.headers.has("x-forwarded-for")) {
    return refusal(ERRORS.forwarded);
  }
  if (!API_VERSIONS.includes(query.get("api-version") ?? "")) {
    return versionRefusal();
  }
  return undefined;
}

/** Without a selector: the system identity, else the only user-assigned one (Microsoft's managed identities FAQ). */
function identityFor(query: URLSearchParams, host: HostIdentities): Principal | Response {
  const [selector, ...more] = selectorsFrom(query, SELECTORS);
  if (more.length > 0) {
    return refusal(ERRORS.overspecified);
  }
  if (selector !== undefined) {
    return selectIdentity(host, selector) ?? refusal(ERRORS.notFound);
  }
  if (host.system === undefined && host.userAssigned.length > 1) {
    return refusal(ERRORS.ambiguous);
  }
  return host.system ?? host.userAssigned[0] ?? refusal(ERRORS.notFound);
}

/** `GET …/metadata/identity/oauth2/token?api-version=2018-02-01&resource=…[&client_id|object_id|msi_res_id]`. */
export async function answerImds(
  request: Request,
  host: HostIdentities,
  ports: ManagedIdentityPorts,
): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const error = requestError(request, query);
  if (error !== undefined) {
    return error;
  }
  const resource = query.get("resource");
  if (resource === null || resource === "") {
    return refusal(ERRORS.resourceMissing);
  }
  const identity = identityFor(query, host);
  if (identity instanceof Response) {
    return identity;
  }
  const token = await ports.issue(identity, resource);
  if (token === undefined) {
    const { error: code, text } = ENTRA_ERRORS.resourceNotFound(resource, ports.tenantName);
    return refusal([code, `AADSTS500011: ${text}`]);
  }
  const lifetime = String(token.expiresOn - token.notBefore - 1);
  return Response.json({
    access_token: token.accessToken,
    client_id: identity.clientId,
    refresh_token: "",
    expires_in: lifetime,
    ext_expires_in: lifetime,
    expires_on: String(token.expiresOn),
    not_before: String(token.notBefore),
    resource,
    token_type: "Bearer",
  });
}
