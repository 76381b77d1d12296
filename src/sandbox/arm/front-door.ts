// The way of a request through ARM, step by step: who, what, with which right, and which headers go with the answer.
import { randomUUID } from "node:crypto";
import { observed } from "../exchanges.ts";
import type { World } from "../world.ts";
import { logWrite } from "./activity/activity-record.ts";
import { rightsOf } from "./authorization/rights.ts";
import { isRecord, readBody } from "./body.ts";
import { armErrors } from "./errors.ts";
import { refusalOf } from "./governance/deny-assignments.ts";
import { refuseLocked } from "./governance/lock-rules.ts";
import { underPolicies } from "./governance/policies.ts";
import { recased } from "./identity/key-casing.ts";
import {
  type Match,
  matchOf,
  requireGroup,
  requireParent,
  requireSubscription,
  requireVersion,
} from "./match.ts";
import { parameterOf } from "./paging.ts";
import { type ArmPath, parseArmPath } from "./path.ts";
import { ArmError, type ArmRequest, type ArmResponse, type Caller } from "./provider.ts";
import type { Quota } from "./quota.ts";
import { regionNames } from "./regions.ts";
import type { Registry } from "./registry.ts";

/** What the front door needs. */
export interface FrontDoorPorts {
  readonly world: World;
  readonly registry: Registry;
  readonly quota: Quota;
  /** Who calls, or the 401 that a request without a good token gets. */
  authenticate(request: Request): Promise<Caller | Response>;
}

/** An answer with the caller, as far as it was found out who that is. */
export interface Answer {
  readonly response: Response;
  /** The text of its body, where it is at hand. */
  readonly text?: string;
  readonly caller?: Caller;
}

type Method = ArmRequest["method"];

const methods: Readonly<Record<string, Method>> = {
  GET: "GET",
  HEAD: "GET",
  PUT: "PUT",
  PATCH: "PATCH",
  POST: "POST",
  DELETE: "DELETE",
};

/** ARM as one function from request to response. */
export function createFrontDoor(ports: FrontDoorPorts): (request: Request) => Promise<Answer> {
  return observed(async (request) => {
    const caller = await ports.authenticate(request);
    if (caller instanceof Response) return { response: withHeaders(caller, commonHeaders(request)) };
    const quota: Record<string, string> = {};
    try {
      const answer = await answerTo(request, caller, ports, quota);
      return { ...responseFrom(request, answer, quota), caller };
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      const { status, body } = error;
      const headers = throttleHeaders(ports.world, error);
      return { ...responseFrom(request, { status, headers, body }, quota), caller };
    }
  });
}

/** Retry-After of a 429, unless the switch says that quotas leave it out. */
function throttleHeaders({ switches }: World, { status, headers }: ArmError): ArmError["headers"] {
  if (status !== 429 || switches.throttleRetryAfter === "present") return headers;
  const { "retry-after": _, ...rest } = headers;
  return rest;
}

/** The pipeline. Each step either goes on or throws Azure's refusal. */
async function answerTo(
  request: Request,
  caller: Caller,
  { world, registry, quota }: FrontDoorPorts,
  headers: Record<string, string>,
): Promise<ArmResponse> {
  const url = new URL(request.url);
  const method = methodOf(request);
  const path = pathOf(url);
  const version = versionOf(url);
  const match = matchOf(registry, path, method, version, world);
  requireVersion(match, version, locationOf(world, path), regionNames);
  const body = await readBody(request);
  Object.assign(headers, quota.take(method, path.subscriptionId, caller, world.settings.throttled));
  requireSubscription(match, path, world);
  if (world.switches.errorOrder === "groupFirst") requireGroup(match, path, method, world);
  const isWhole = requireRight(match, caller, world, method);
  requireGroup(match, path, method, world);
  requireParent(match, path, method, world);
  if (match.handler === undefined) throw armErrors.methodNotAllowed(method);
  const { origin } = url;
  const armRequest = {
    method,
    url,
    path,
    apiVersion: version,
    headers: request.headers,
    body,
    caller,
    origin,
  };
  const { handler, type } = match;
  const answer = await logged(world, match, armRequest, async () => {
    refuseLocked(world, { method, type, id: writtenIdOf(match, path) });
    return await Promise.resolve(handler(underPolicies(armRequest, world), world));
  });
  const readable = isWhole ? answer : readablePartOf(answer, world, caller);
  return { ...readable, body: recased(readable.body, world.switches) };
}

function methodOf(request: Request): Method {
  const method = methods[request.method];
  if (method === undefined) throw armErrors.methodNotAllowed(request.method);
  return method;
}

function pathOf(url: URL): ArmPath {
  try {
    return parseArmPath(url.pathname);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw armErrors.badRequest("The request URL is not well-formed.");
  }
}

function versionOf(url: URL): string {
  const version = parameterOf(url, "api-version");
  if (version === undefined) throw armErrors.missingApiVersion();
  return version;
}

/** Where the addressed resource is, if it exists: only then ARM knows which provider to ask. */
function locationOf(world: World, path: ArmPath): string | undefined {
  const owner =
    world.resources.get(path.path) ?? world.resources.get(path.path.slice(0, path.path.lastIndexOf("/")));
  return owner?.location;
}

/** Carries a request out; the activity log gets what writes in a subscription, whether it succeeds or not. */
async function logged(
  world: World,
  match: Match,
  { method, caller, path, headers }: ArmRequest,
  carryOut: () => Promise<ArmResponse>,
): Promise<ArmResponse> {
  if (method === "GET" || path.subscriptionId === undefined || !match.right) return await carryOut();
  const correlationId = headers.get("x-ms-correlation-request-id");
  const ended = logWrite(world, {
    writer: caller,
    action: match.right.action,
    resourceId: writtenIdOf(match, path),
    ...(correlationId !== null && { correlationId }),
  });
  try {
    const answer = await carryOut();
    ended(answer.status);
    return answer;
  } catch (error) {
    if (error instanceof ArmError) ended(error.status);
    throw error;
  }
}

/** What a request writes: an action writes the resource before it. */
function writtenIdOf({ kind }: Match, { path }: ArmPath): string {
  return kind === "action" ? path.slice(0, path.lastIndexOf("/")) : path;
}

/** True if the whole answer may be given; false if a list is to be filtered; a refusal otherwise. */
function requireRight(match: Match, caller: Caller, world: World, method: Method): boolean {
  if (match.right === undefined) return true;
  const { action, scope } = match.right;
  const rights = rightsOf(world, caller.objectId);
  if (rights.may(action, scope)) return true;
  if (match.isFiltered && method === "GET") return false;
  throw refusalOf(rights, caller, action, scope);
}

/** A list without what the caller may not read: shorter, with 200, and the link to the next page kept. */
function readablePartOf(answer: ArmResponse, world: World, caller: Caller): ArmResponse {
  if (!isRecord(answer.body) || !Array.isArray(answer.body.value)) return answer;
  const rights = rightsOf(world, caller.objectId);
  const items: readonly unknown[] = answer.body.value;
  const value = items.filter((i) => isRecord(i) && typeof i.id === "string" && rights.mayRead(i.id));
  return { ...answer, body: { ...answer.body, value } };
}

function responseFrom(
  request: Request,
  answer: ArmResponse,
  quota: Readonly<Record<string, string>>,
): Answer {
  const { status, body } = answer;
  const stated: Record<string, string> = { ...commonHeaders(request), ...quota, ...answer.headers };
  const isTyped = Object.keys(stated).some((name) => name.toLowerCase() === "content-type");
  const isHead = request.method === "HEAD";
  const headers =
    body === undefined || isTyped ? stated : { ...stated, "content-type": "application/json; charset=utf-8" };
  const isEmpty = isHead || body === undefined || status === 204;
  if (isEmpty) {
    return {
      response: new Response(null, { status: isHead && status === 200 ? 204 : status, headers }),
      text: "",
    };
  }
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { response: new Response(text, { status, headers }), text };
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

/** The headers that every answer of ARM has (recorded by azure-service-operator and azure-cli). */
function commonHeaders(request: Request): Record<string, string> {
  const id = randomUUID();
  const correlation = request.headers.get("x-ms-correlation-request-id") ?? id;
  const clientRequestId = request.headers.get("x-ms-client-request-id");
  const isEchoed = request.headers.get("x-ms-return-client-request-id")?.toLowerCase() === "true";
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return {
    "cache-control": "no-cache",
    pragma: "no-cache",
    expires: "-1",
    "x-ms-request-id": id,
    "x-ms-correlation-request-id": correlation,
    "x-ms-routing-request-id": `SANDBOX:${stamp}:${id}`,
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    ...(isEchoed && clientRequestId !== null && { "x-ms-client-request-id": clientRequestId }),
  };
}
