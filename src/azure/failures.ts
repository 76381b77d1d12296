// Decides what an error that came out of an Azure SDK means, and gives it to the core as a Failure.
import { isRestError } from "@azure/core-rest-pipeline";
import { idKey } from "../model/arm-id.ts";
import { Failure, type FailureDetails } from "../model/failure.ts";
import { type ErrorBody, errorBodyFrom } from "./failure-body.ts";
import { type AnswerHeaders, delayAskedFor } from "./failure-delay.ts";
import { type Evidence, networkRules, type Rule, ruleFor } from "./failure-rules.ts";

/** An answer that failed, before it is judged. */
export interface FailedAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: AnswerHeaders;
  /** The method of the request; undefined counts as a write. */
  readonly method?: string;
}

/** True for what an AbortSignal causes: never a failure, always passed on. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/**
 * What an error means. The SDK's own error is not kept: it holds the whole request, bearer token included, and a
 * Failure may end in a log. An abort is thrown on as it is. Errors that Azure's libraries raise without an answer
 * (credentials, network, an answer that is none) are judged too; whatever is left is terminal "UnexpectedError".
 */
export function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (isAbort(error)) throw error;
  if (isRestError(error)) {
    const { response, request } = error;
    if (!response) return networkFailure(error.code ?? "REQUEST_SEND_ERROR", error, request?.method);
    if (response.status < 300) return unreadable(response.status, request?.method);
    return answerFailure({
      status: response.status,
      body: response.bodyAsText ?? error.details ?? error.message,
      headers: response.headers,
      ...(request ? { method: request.method } : {}),
    });
  }
  if (!(error instanceof Error)) return unexpected(error);
  return operationFailure(error) ?? credentialFailure(error) ?? socketFailure(error) ?? unexpected(error);
}

/** What a failed answer means. */
export function answerFailure(answer: FailedAnswer): Failure {
  const body = errorBodyFrom(answer.body);
  const evidence = evidenceFrom(answer, body);
  const rule = ruleFor(evidence);
  const retryAfterInMs =
    rule.class === "terminal"
      ? undefined
      : (delayAskedFor(answer.headers, body.texts.join("\n")) ?? rule.delayInMs);
  const culprits = rule.namesCulprits ? culpritsIn(evidence.message) : [];
  const correlationId = answer.headers?.get("x-ms-correlation-request-id");
  const details: FailureDetails = {
    code: codeFor(body, rule, answer.status),
    ...(answer.status === undefined ? {} : { status: answer.status }),
    ...(retryAfterInMs === undefined ? {} : { retryAfterInMs }),
    ...(culprits.length > 0 ? { culprits } : {}),
    ...(correlationId ? { correlationId } : {}),
    ...(rule.mayHaveHappened && isWrite(answer.method) ? { mayHaveHappened: true } : {}),
  };
  return new Failure(
    rule.class,
    body.message ?? rule.message ?? `Azure answered ${answer.status ?? "nothing"}.`,
    details,
  );
}

function evidenceFrom(answer: FailedAnswer, body: ErrorBody): Evidence {
  return {
    codes: body.codes.map((code) => code.toLowerCase()),
    message: body.message ?? "",
    ...(answer.status === undefined ? {} : { status: answer.status }),
    ...(body.nestedStatus ? { nestedStatus: body.nestedStatus.toLowerCase() } : {}),
  };
}

/** A bare number as code ("429") says nothing beside the status. */
function codeFor(body: ErrorBody, rule: Rule, status: number | undefined): string {
  if (status === 412) return "PreconditionFailed";
  if (body.code && !/^\d+$/.test(body.code)) return body.code;
  if (status === 429) return "TooManyRequests";
  return rule.code ?? (status === undefined ? "Unknown" : `Http${status}`);
}

/** Azure accepted, and what it answered is not what the SDK can read. */
function unreadable(status: number, method: string | undefined): Failure {
  const happened = isWrite(method) ? { mayHaveHappened: true } : {};
  const details = { code: "UnreadableAnswer", status, ...happened };
  return new Failure("transient", `Azure answered ${status} with something that cannot be read.`, details);
}

function isWrite(method: string | undefined): boolean {
  return method !== "GET" && method !== "HEAD";
}

/**
 * The ids of user-assigned identities that a message names. Azure echoes them as stored, often in lower case, and
 * joins several by commas inside one pair of quotes (aad-pod-identity #339, #515).
 */
export function culpritsIn(message: string): string[] {
  const ids = message.match(/\/subscriptions\/[^\s'",]+?\/userassignedidentities\/[\w-]+/gi) ?? [];
  return [...new Map(ids.map((id) => [idKey(id), id])).values()];
}

/** The SDK's words for a long-running operation that ended badly; the code stands only in the text. */
function operationFailure(error: Error): Failure | undefined {
  const [, code, message] =
    /^The long-running operation has failed\.(?: ([\w-]+)\.)? ?([\s\S]*)$/.exec(error.message) ?? [];
  if (message === undefined) return;
  const text = message || error.message;
  const failure = answerFailure({ body: { error: { code: code ?? "OperationFailed", message: text } } });
  return new Failure(failure.class, failure.message, { ...failure.details, mayHaveHappened: true });
}

const credentialErrors = new Set([
  "AuthenticationError",
  "AggregateAuthenticationError",
  "AuthenticationRequiredError",
  "CredentialUnavailableError",
]);

/** How MSAL and Node put that Entra did not answer. */
const passingTrouble =
  /network_error|endpoints_resolution_error|temporarily_unavailable|ECONN|ETIMEDOUT|EAI_AGAIN/;

function credentialFailure(error: Error): Failure | undefined {
  if (!credentialErrors.has(error.name)) return;
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
  const isRefused = /^Authentication/.test(error.name) || error.message.includes("AADSTS");
  const code = isRefused ? "SignInFailed" : "CredentialUnavailable";
  const troubled = status === 429 || (status ?? 0) >= 500 || passingTrouble.test(error.message);
  return new Failure(troubled ? "transient" : "terminal", error.message, {
    code,
    ...(status ? { status } : {}),
  });
}

function socketFailure(error: Error): Failure | undefined {
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return code !== undefined && code in networkRules ? networkFailure(code, error) : undefined;
}

function networkFailure(code: string, error: Error, method?: string): Failure {
  const rule =
    networkRules[code] ?? (/^(ERR_)?(SSL|TLS|CERT)/.test(code) ? { class: "terminal" } : undefined);
  const { class: failureClass, mayHaveHappened } = rule ?? {
    class: "transient",
    mayHaveHappened: true as const,
  };
  const happened = mayHaveHappened && isWrite(method) ? { mayHaveHappened } : {};
  return new Failure(failureClass, error.message, { code, ...happened });
}

function unexpected(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(
    "terminal",
    message,
    { code: "UnexpectedError", mayHaveHappened: true },
    { cause: error },
  );
}
