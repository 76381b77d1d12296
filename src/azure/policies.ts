// What every request to Azure must pass before a token is attached to it: host, method, size, time.
import type {
  PipelinePolicy,
  PipelineRequest,
  PipelineResponse,
  SendRequest,
} from "@azure/core-rest-pipeline";
import { Failure } from "../model/failure.ts";
import { answerFailure } from "./failures.ts";

/** One answer of Azure, for counters and traces. */
export interface RequestEvent {
  readonly method: string;
  /** What was asked, without names: the ARM type of the path ("Microsoft.Compute/virtualMachines"). */
  readonly operation: string;
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly correlationId: string;
  /** From sending, waits for limits not counted, until the answer; undefined if nothing was sent. */
  readonly durationInMs?: number;
}

/** When requests were sent last, in milliseconds since any instant: what stands before the waits reads it behind them. */
export type SentTimes = WeakMap<PipelineRequest, number>;

/** Notes when a request is sent; to stand behind whatever lets requests wait. */
export function sentTimesPolicy(times: SentTimes): PipelinePolicy {
  return {
    name: "bindery-sent-times",
    async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
      times.set(request, performance.now());
      return await next(request);
    },
  };
}

/** Requests, next links and operation URLs may go to these hosts only ("management.azure.com", with port if any). */
export function hostsPolicy(hosts: readonly string[]): PipelinePolicy {
  return {
    name: "bindery-hosts",
    async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
      refuseForeignHost(request.url, hosts);
      return await next(request);
    },
  };
}

/**
 * Answers that failed, redirects included, become Failures while their body is still as it came: the newer SDKs keep
 * only the fields that they know. A HEAD has no body, and its 404 is an answer.
 */
export function answersPolicy(): PipelinePolicy {
  return {
    name: "bindery-answers",
    async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
      const response = await next(request);
      const { status, headers, bodyAsText } = response;
      if (status < 300 || (request.method === "HEAD" && status === 404)) return response;
      throw answerFailure({ status, headers, body: bodyAsText, method: request.method });
    },
  };
}

function refuseForeignHost(url: string, hosts: readonly string[]): void {
  const { protocol, host, username, password } = new URL(url);
  if (protocol === "https:" && hosts.includes(host) && username === "" && password === "") return;
  throw new Failure(
    "terminal",
    `A request was to go to ${protocol}//${host}, which is not of this cloud (${hosts.join(", ")}); it was not sent.`,
    { code: "ForeignHost" },
  );
}

const graphPath = /^\/providers\/microsoft\.resourcegraph\/resources$/i;

/** True if a request changes nothing: GET, HEAD, and the query of Resource Graph, which is a POST. */
export function isReadOnly(method: string, url: string): boolean {
  if (method === "GET" || method === "HEAD") return true;
  return method === "POST" && graphPath.test(new URL(url).pathname);
}

/** In a dry run nothing that writes leaves the process. */
export function dryRunPolicy(): PipelinePolicy {
  return {
    name: "bindery-dry-run",
    async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
      if (isReadOnly(request.method, request.url)) return next(request);
      const path = new URL(request.url).pathname;
      throw new Failure("terminal", `A dry run must not write: ${request.method} ${path} was not sent.`, {
        code: "DryRunRefused",
      });
    },
  };
}

/** A request that takes longer, or whose answer is larger, is given up. */
export interface RequestBounds {
  readonly timeoutInMs: number;
  readonly answerInBytes: number;
}

/** Gives up requests that exceed the bounds; their Failure is transient for time and terminal for size. */
export function boundsPolicy(bounds: RequestBounds): PipelinePolicy {
  return {
    name: "bindery-bounds",
    async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
      const own = new AbortController();
      const mayHaveHappened = isReadOnly(request.method, request.url) ? {} : { mayHaveHappened: true };
      const timer = setTimeout(() => {
        const text = `Azure did not answer within ${bounds.timeoutInMs / 1000} seconds.`;
        own.abort(new Failure("transient", text, { code: "RequestTimedOut", ...mayHaveHappened }));
      }, bounds.timeoutInMs);
      request.onDownloadProgress = ({ loadedBytes }): void => {
        if (loadedBytes <= bounds.answerInBytes) return;
        const text = `Azure's answer is larger than ${bounds.answerInBytes} bytes.`;
        own.abort(new Failure("terminal", text, { code: "AnswerTooLarge", ...mayHaveHappened }));
      };
      const signals = [
        own.signal,
        ...(request.abortSignal instanceof AbortSignal ? [request.abortSignal] : []),
      ];
      request.abortSignal = AbortSignal.any(signals);
      try {
        return await next(request);
      } catch (error) {
        throw own.signal.aborted ? own.signal.reason : error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const correlationHeader = "x-ms-correlation-request-id";

/** Gives every request the correlation id of its operation, keeps Azure's answer to it, and reports the request. */
export function correlationPolicy(
  correlationId: () => string,
  onRequest: (event: RequestEvent) => void,
  times: SentTimes = new WeakMap(),
): PipelinePolicy {
  return {
    name: "bindery-correlation",
    async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
      const id = request.headers.get(correlationHeader) ?? correlationId();
      request.headers.set(correlationHeader, id);
      const event = { method: request.method, operation: operationOf(request.url), correlationId: id };
      const report = (status: number): void =>
        onRequest({ ...event, status, ...durationFrom(times.get(request)) });
      try {
        const response = await next(request);
        if (!response.headers.get(correlationHeader)) response.headers.set(correlationHeader, id);
        report(response.status);
        return response;
      } catch (error) {
        report(statusOf(error));
        throw error;
      }
    },
  };
}

function durationFrom(sentAtInMs: number | undefined): Pick<RequestEvent, "durationInMs"> {
  return sentAtInMs === undefined ? {} : { durationInMs: Math.round(performance.now() - sentAtInMs) };
}

function statusOf(error: unknown): number {
  if (error instanceof Failure) return error.details.status ?? 0;
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return 0;
  return typeof error.statusCode === "number" ? error.statusCode : 0;
}

/** The ARM type that a URL addresses, without names, so that counters stay few. */
export function operationOf(url: string): string {
  const { pathname } = new URL(url);
  const afterProvider = /^.*\/providers\/(.+)$/i.exec(pathname)?.[1];
  const segments = (afterProvider ?? pathname).split("/").filter((s) => s !== "");
  if (afterProvider === undefined) {
    return `Microsoft.Resources/${segments.findLast((_, i) => i % 2 === 0)}`;
  }
  const [namespace, ...rest] = segments;
  return [namespace, ...rest.filter((_, i) => i % 2 === 0)].join("/");
}
