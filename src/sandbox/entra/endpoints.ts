// Entra's endpoints: which path means which, for which tenant, and how their refusals are answered.
import { type Tenant, tenantFrom } from "./directory.ts";
import {
  adfsConfiguration,
  instanceDiscovery,
  TENANTLESS,
  v1Configuration,
  v2Configuration,
} from "./discovery.ts";
import { ENTRA_ERRORS, type EntraError, refusalFrom } from "./errors.ts";
import { answerTokenRequest, type EndpointVersion, type TokenService } from "./token-endpoint.ts";

/** What the endpoints work with; the first tenant is the one that the AD FS endpoints mean. */
export interface EntraService extends TokenService {
  readonly tenants: readonly [Tenant, ...Tenant[]];
}

/** What one request is about, after its path has been read. */
interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly segment: string;
}

type Answer = Response | EntraError | Promise<Response | EntraError>;
type Handler = (call: Call, service: EntraService) => Answer;

const ADFS = "adfs";

function tenantOr(segment: string, service: EntraService, then: (tenant: Tenant) => Answer): Answer {
  if (segment.toLowerCase() === ADFS) {
    return then(service.tenants[0]);
  }
  if (TENANTLESS.includes(segment.toLowerCase())) {
    return ENTRA_ERRORS.tenantMissing();
  }
  const tenant = tenantFrom(segment, service.tenants);
  return tenant === undefined ? ENTRA_ERRORS.tenantNotFound(segment) : then(tenant);
}

function configuration(document: typeof v2Configuration): Handler {
  return ({ url, segment }, service) => {
    if (TENANTLESS.includes(segment.toLowerCase())) {
      return Response.json(document(url.origin, segment, "{tenantid}"));
    }
    return tenantOr(segment, service, (tenant) =>
      Response.json(document(url.origin, segment, tenant.tenantId)),
    );
  };
}

function token(version: EndpointVersion): Handler {
  return ({ request, segment }, service) => {
    if (request.method !== "POST") {
      return ENTRA_ERRORS.methodNotAllowed(request.method);
    }
    const asked = segment.toLowerCase() === ADFS ? "adfs" : version;
    return tenantOr(segment, service, (tenant) => answerTokenRequest(request, tenant, asked, service));
  };
}

function discovery({ url }: Call): Answer {
  const answer = instanceDiscovery(url);
  return "aadsts" in answer ? answer : Response.json(answer);
}

function keySet(_call: Call, service: EntraService): Answer {
  return Response.json({ keys: [service.key.publicJwk] });
}

/** A handler that only reads. */
function reading(handler: Handler): Handler {
  return (call, service) =>
    call.request.method === "GET"
      ? handler(call, service)
      : new Response(null, { status: 405, headers: { allow: "GET" } });
}

/** Every endpoint: its path, folded to lower case without doubled slashes; the first segment is the tenant. */
const ENDPOINTS: readonly { readonly path: RegExp; readonly handler: Handler }[] = [
  {
    path: /^\/adfs\/\.well-known\/openid-configuration$/,
    handler: reading(({ url }) => Response.json(adfsConfiguration(url.origin))),
  },
  {
    path: /^\/[^/]+\/v2\.0\/\.well-known\/openid-configuration$/,
    handler: reading(configuration(v2Configuration)),
  },
  { path: /^\/[^/]+\/\.well-known\/openid-configuration$/, handler: reading(configuration(v1Configuration)) },
  { path: /^\/[^/]+\/discovery\/instance$/, handler: reading(discovery) },
  { path: /^\/[^/]+\/discovery(\/v2\.0)?\/keys$/, handler: reading(keySet) },
  { path: /^\/[^/]+\/oauth2\/v2\.0\/token$/, handler: token("v2") },
  { path: /^\/[^/]+\/oauth2\/token$/, handler: token("v1") },
];

function foldedPath(pathname: string): string {
  return pathname.replaceAll(/\/+/g, "/").replace(/(.)\/$/, "$1");
}

function handlerFor(pathname: string): Handler | undefined {
  const folded = foldedPath(pathname).toLowerCase();
  return ENDPOINTS.find(({ path }) => path.test(folded))?.handler;
}

/** Whether a path is one of Entra's; none of them can be a path of Azure Resource Manager. */
export function isEntraPath(pathname: string): boolean {
  return handlerFor(pathname) !== undefined;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The caller's own correlation id if it sent a GUID, else a new one. */
function correlationIdOf({ request, url }: Call): string {
  const sent = url.searchParams.get("client-request-id") ?? request.headers.get("client-request-id") ?? "";
  return GUID.test(sent) ? sent : crypto.randomUUID();
}

/** The answer of Entra to a request; 404 without a body for a path that is none of its own. */
export async function answerEntra(request: Request, service: EntraService): Promise<Response> {
  const url = new URL(request.url);
  const handler = handlerFor(url.pathname);
  if (handler === undefined) {
    return new Response(null, { status: 404 });
  }
  const call = { request, url, segment: foldedPath(url.pathname).split("/")[1] ?? "" };
  const result = await handler(call, service);
  if (result instanceof Response) {
    return result;
  }
  return refusalFrom(result, { correlationId: correlationIdOf(call), now: service.now() });
}
