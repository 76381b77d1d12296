// Which part of the embedded Azure answers a request, and what happens around every one: faults and the log.
import { setTimeout as wait } from "node:timers/promises";
import type { Answer } from "./arm/front-door.ts";
import { cloudMetadata } from "./cloud-metadata.ts";
import { isEntraPath } from "./entra/endpoints.ts";
import { observeUnanswered } from "./exchanges.ts";
import { failureNamed } from "./fault-answers.ts";
import type { Faults, StandingFault } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";

/** The parts that answer. */
export interface Parts {
  readonly arm: (request: Request) => Promise<Answer>;
  readonly entra: (request: Request) => Promise<Response>;
  readonly admin: (request: Request) => Promise<Response>;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly now: () => number;
  /** Told of every request once it is carried out, before its answer is sent. */
  readonly onCarriedOut: (method: string, pathname: string) => void;
  /** Lets operations that have ended have their effect, before anybody looks at the world. */
  readonly settle: () => void;
}

/** Thrown instead of an answer when a fault cuts the connection. */
export class ConnectionCut extends Error {
  constructor() {
    super("The connection was cut by a fault.");
    this.name = "ConnectionCut";
  }
}

/** The whole sandbox as one function. Rejects with ConnectionCut where a real client would see its connection end. */
export function createRouter(parts: Parts): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    parts.settle();
    if (/^\/+_admin(\/|$)/.test(url.pathname)) return parts.admin(request);
    const startedAt = performance.now();
    const time = new Date(parts.now()).toISOString();
    let answer: Answer | undefined;
    try {
      answer = await answerWithFaults(request, url, parts);
      return answer.response;
    } finally {
      parts.log.add({
        time,
        method: request.method,
        path: `${url.pathname}${url.search}`,
        status: answer?.response.status ?? 0,
        ...optional("callerId", answer?.caller?.objectId),
        ...optional("apiVersion", url.searchParams.get("api-version")),
        ...optional("correlationId", answer?.response.headers.get("x-ms-correlation-request-id")),
        durationInMs: Math.round(performance.now() - startedAt),
      });
    }
  };
}

function optional<K extends string>(key: K, value: string | null | undefined): { [P in K]?: string } {
  return value === undefined || value === null ? {} : ({ [key]: value } as { [P in K]?: string });
}

async function answerWithFaults(request: Request, url: URL, parts: Parts): Promise<Answer> {
  const fault = parts.faults.strike(request.method, url.pathname, url.search);
  if (fault?.delayInMs !== undefined) await wait(fault.delayInMs);
  const isCut = fault?.cut === "before";
  const isAnswered = fault?.status !== undefined || fault?.answer !== undefined;
  const isRefused = isAnswered && fault?.applied !== true && fault?.cut === undefined;
  const failure = () => faultResponse(fault ?? {}, request.method, url.pathname, parts.now());
  if (isCut || isRefused) await observeUnanswered(request);
  if (isCut) throw new ConnectionCut();
  if (isRefused) return { response: failure() };
  const answer = await dispatch(request, url, parts);
  parts.onCarriedOut(request.method, url.pathname);
  if (fault?.cut === "after") throw new ConnectionCut();
  return isAnswered ? { ...answer, response: failure() } : answer;
}

function faultResponse(
  fault: Partial<StandingFault>,
  method: string,
  pathname: string,
  now: number,
): Response {
  const { answer, retryAfterInSeconds: seconds = 10, hasRetryAfter = true } = fault;
  const named = answer && failureNamed(answer, { method, pathname, seconds }, hasRetryAfter, now);
  const { status = 500, body, headers } = named ?? fault;
  const code = "InternalServerError";
  const sent = body ?? { error: { code, message: "A fault of the sandbox's admin endpoint." } };
  const text = typeof sent === "string" ? sent : JSON.stringify(sent);
  const isEmpty = status === 204 || status === 304 || body === null;
  return new Response(isEmpty ? null : text, {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
}

async function dispatch(request: Request, url: URL, parts: Parts): Promise<Answer> {
  if (isEntraPath(url.pathname)) return { response: await parts.entra(request) };
  if (/^\/+metadata\/endpoints\/?$/i.test(url.pathname)) {
    const version = url.searchParams.get("api-version") ?? "2015-01-01";
    return { response: Response.json(cloudMetadata(url.origin, version)) };
  }
  return parts.arm(request);
}
