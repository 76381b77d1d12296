// The token endpoint of App Service, Functions and Container Apps, in its two api-versions.

import type { IssuedToken } from "./access-token.ts";
import type { Principal } from "./directory.ts";
import { ENTRA_ERRORS } from "./errors.ts";
import {
  type HostIdentities,
  type ManagedIdentityPorts,
  selectIdentity,
  selectorsFrom,
} from "./host-identities.ts";

/** What differs between the api-versions (Microsoft's App Service pages on managed identity). */
const VERSIONS = {
  "2019-08-01": {
    header: "x-identity-header",
    selectors: {
      client_id: "clientId",
      principal_id: "objectId",
      object_id: "objectId",
      mi_res_id: "resourceId",
    },
    time: (seconds: number) => String(seconds),
  },
  "2017-09-01": {
    header: "secret",
    selectors: { clientid: "clientId" },
    time: dotNetTime,
  },
} as const;

/** `9/14/2017 12:00:00 AM +00:00`, as 2017-09-01 writes times. */
function dotNetTime(seconds: number): string {
  const text = new Date(seconds * 1000).toLocaleString("en-US", { timeZone: "UTC" });
  return `${text.replace(",", "").replaceAll("\u202f", " ")} +00:00`;
}

/** Errors as App Service writes them (public issue reports; which status a wrong header gets is not known). */
function refusal(status: number, message: string): Response {
  return Response.json({ statusCode: status, message, correlationId: crypto.randomUUID() }, { status });
}

/** Without a selector only the system identity is meant, even if there is one user-assigned identity alone. */
function identityFor(
  query: URLSearchParams,
  host: HostIdentities,
  version: (typeof VERSIONS)[keyof typeof VERSIONS],
): Principal | Response {
  const [selector, ...more] = selectorsFrom(query, version.selectors);
  if (more.length > 0) {
    return refusal(400, "Only one of the ClientId, PrincipalId and ResourceId can be specified.");
  }
  if (selector === undefined) {
    return host.system ?? refusal(400, "Unable to load the proper Managed Identity.");
  }
  return (
    selectIdentity(host, selector) ??
    refusal(400, "No Managed Identity found for specified ClientId/ResourceId/PrincipalId.")
  );
}

function tokenBody(token: IssuedToken, clientId: string, resource: string, expiresOn: string): Response {
  return Response.json({
    access_token: token.accessToken,
    expires_on: expiresOn,
    resource,
    token_type: "Bearer",
    client_id: clientId,
  });
}

/** `GET …/msi/token?api-version=2019-08-01&resource=…` with X-IDENTITY-HEADER, or 2017-09-01 with `secret`. */
export async function answerAppService(
  request: Request,
  host: HostIdentities,
  ports: ManagedIdentityPorts,
): Promise<Response> {
  if (host.identityHeader === undefined) {
    return new Response(null, { status: 404 });
  }
  if (request.method !== "GET") {
    return new Response(null, { status: 405, headers: { allow: "GET" } });
  }
  const query = new URL(request.url).searchParams;
  const asked = query.get("api-version");
  if (asked !== "2019-08-01" && asked !== "2017-09-01") {
    return refusal(400, `The api-version '${asked ?? ""}' is invalid.`);
  }
  const version = VERSIONS[asked];
  if (request.headers.get(version.header) !== host.identityHeader) {
    return refusal(401, "Unauthorized");
  }
  const resource = query.get("resource");
  if (resource === null || resource === "") {
    return refusal(400, "The required query parameter 'resource' is missing.");
  }
  const identity = identityFor(query, host, version);
  if (identity instanceof Response) {
    return identity;
  }
  const token = await ports.issue(identity, resource);
  if (token === undefined) {
    return refusal(400, `AADSTS500011: ${ENTRA_ERRORS.resourceNotFound(resource, ports.tenantName).text}`);
  }
  return tokenBody(token, identity.clientId, resource, version.time(token.expiresOn));
}
