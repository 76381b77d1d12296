// Waits for a write that Azure has accepted and still works on: where to ask, how often, and when to give up.
import type { PipelineResponse } from "@azure/core-rest-pipeline";
import { Failure } from "../model/failure.ts";
import type { Clock, RunningWrite } from "../model/ports.ts";
import { ask } from "./call.ts";
import { type AnswerHeaders, delayAskedFor } from "./failure-delay.ts";
import { answerFailure } from "./failures.ts";
import type { Line } from "./pipeline.ts";

/** What it takes to poll. */
export interface PollingParts {
  readonly line: Pick<Line, "get">;
  readonly clock: Clock;
  /** After this time the operation is given up; 20 minutes by default. */
  readonly deadlineInMs?: number;
}

/** The answer to a write: what it says about where to ask for the end. */
export interface Accepted {
  readonly status: number;
  readonly headers: AnswerHeaders;
}

const defaultDeadlineInMs = 20 * 60_000;

/**
 * Compute sends no Retry-After on short updates, and refills 15 polls a minute for one operation: start fast, as most
 * identity changes take 3-6 s, then keep below the refill.
 */
const delaysInMs = [1_000, 2_000, 4_000, 8_000];
const steadyDelayInMs = 15_000;

/** The write behind an answer. Its URL is Azure's, signed and opaque: it is asked verbatim, if the hosts policy lets it. */
export function runningWriteFrom(accepted: Accepted, parts: PollingParts): RunningWrite {
  const operation = operationFrom(accepted);
  return {
    async ended(signal): Promise<void> {
      if (operation) await poll(operation, parts, signal);
    },
  };
}

interface RunningOperation {
  readonly url: string;
  /** A status document says how it stands; a Location says it by its HTTP status. */
  readonly kind: "statusDocument" | "location";
  readonly firstDelayInMs?: number;
  readonly correlationId?: string;
}

function operationFrom({ headers }: Accepted): RunningOperation | undefined {
  const statusUrl = headers.get("azure-asyncoperation");
  const url = statusUrl ?? headers.get("location");
  if (!url) return;
  const [firstDelayInMs, correlationId] = [
    delayAskedFor(headers, ""),
    headers.get("x-ms-correlation-request-id"),
  ];
  return {
    url,
    kind: statusUrl ? "statusDocument" : "location",
    ...(firstDelayInMs === undefined ? {} : { firstDelayInMs }),
    ...(correlationId ? { correlationId } : {}),
  };
}

async function poll(operation: RunningOperation, parts: PollingParts, signal: AbortSignal): Promise<void> {
  const { clock, deadlineInMs = defaultDeadlineInMs } = parts;
  const deadline = clock.now() + deadlineInMs;
  let askedDelayInMs = operation.firstDelayInMs;
  for (let round = 0; ; round++) {
    const waitInMs = askedDelayInMs ?? delaysInMs[round] ?? steadyDelayInMs;
    if (clock.now() + waitInMs > deadline) throw timedOut(operation, deadlineInMs);
    await clock.sleep(waitInMs, signal);
    const state = await stateOf(operation, parts, signal);
    if (state.failure) throw happened(state.failure);
    if (state.ended) return;
    askedDelayInMs = state.delayInMs;
  }
}

/** How an operation stands: at work, over, or failed for good. */
interface State {
  readonly ended: boolean;
  readonly failure?: Failure;
  readonly delayInMs?: number | undefined;
}

async function stateOf(
  operation: RunningOperation,
  parts: PollingParts,
  signal: AbortSignal,
): Promise<State> {
  try {
    const answer = await ask(() => parts.line.get(operation.url, signal, operation.correlationId));
    return operation.kind === "location" ? locationState(answer) : documentState(answer);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return troubled(error);
  }
}

function troubled(failure: Failure): State {
  const { status, retryAfterInMs } = failure.details;
  // Azure has forgotten the operation: how it ended is for a fresh read of the resource to find out.
  if (status === 404 || status === 410) return { ended: true };
  // A poll that does not get through says nothing about the operation.
  return failure.class === "transient"
    ? { ended: false, delayInMs: retryAfterInMs }
    : { ended: true, failure };
}

function locationState(answer: PipelineResponse): State {
  return answer.status === 202 ? running(answer) : { ended: true };
}

function documentState(answer: PipelineResponse): State {
  const document = documentFrom(answer.bodyAsText);
  switch (document.status?.toLowerCase()) {
    case "succeeded":
      return { ended: true };
    case "failed":
      return {
        ended: true,
        failure: answerFailure({
          body: { error: document.error ?? { code: "OperationFailed" } },
          headers: quiet(answer.headers),
        }),
      };
    case "canceled":
    case "cancelled":
      return {
        ended: true,
        failure: new Failure("transient", "Azure cancelled the operation.", { code: "OperationCanceled" }),
      };
    case undefined:
      // No status document: a 202 goes on, anything else is over, and a fresh read shows what came of it.
      return answer.status === 202 ? running(answer) : { ended: true };
    default:
      return running(answer);
  }
}

/** The headers belong to the poll, not to the operation that failed: only its correlation id is of use. */
function quiet(headers: AnswerHeaders): AnswerHeaders {
  return { get: (name) => (name === "x-ms-correlation-request-id" ? headers.get(name) : undefined) };
}

function running(answer: PipelineResponse): State {
  return { ended: false, delayInMs: delayAskedFor(answer.headers, "") };
}

function documentFrom(text: string | null | undefined): { status?: string; error?: unknown } {
  if (!text) return {};
  try {
    const { status, error } = JSON.parse(text) as Record<string, unknown>;
    return { ...(typeof status === "string" ? { status } : {}), ...(error ? { error } : {}) };
  } catch {
    // Not JSON, so no status document; what that means is decided by the HTTP status.
    return {};
  }
}

/** Whatever became of an operation that was accepted, it may have changed something. */
function happened(failure: Failure): Failure {
  return new Failure(failure.class, failure.message, { ...failure.details, mayHaveHappened: true });
}

function timedOut(operation: RunningOperation, deadlineInMs: number): Failure {
  const text = `Azure still works on the change after ${Math.round(deadlineInMs / 60_000)} minutes.`;
  const correlationId = operation.correlationId ? { correlationId: operation.correlationId } : {};
  return new Failure("transient", text, {
    code: "OperationTimedOut",
    mayHaveHappened: true,
    ...correlationId,
  });
}
