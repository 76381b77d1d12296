// The failures that Azure is known to answer with, by name, so that a fault need not spell them out.
import { armErrors } from "./arm/errors.ts";
import { ArmError } from "./arm/provider.ts";
import { GraphRefusal, rateLimited, refusalBody } from "./graph/refusal.ts";

/** What a named answer is told about the request that it strikes. */
export interface StruckRequest {
  readonly method: string;
  /** The path without the query. */
  readonly pathname: string;
  /** How long to wait, in seconds, where the failure tells. */
  readonly seconds: number;
}

/** A failure as it goes over the wire; a body that is a string is sent as it is. */
export interface FailureAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function subscriptionOf({ pathname }: StruckRequest): string {
  return /\/subscriptions\/([^/]+)/i.exec(pathname)?.[1] ?? "";
}

function page(status: number, title: string): FailureAnswer {
  const body = `<html><head><title>${status} ${title}</title></head><body><center><h1>${status} ${title}</h1></center></body></html>`;
  return { status, headers: { "content-type": "text/html" }, body };
}

function hiccup(status: number, code: string, message: string): ArmError {
  return new ArmError(status, code, message, { headers: { "x-ms-failure-cause": "gateway" } });
}

const timedOut =
  "The request timed out. Diagnostic information: timestamp '20260112T040713Z', subscription id '', tracking id '', request correlation id ''.";

/** By name. Texts are those of the errors that the sandbox itself answers with, or recorded by azure-cli in 2020. */
const answers = {
  armThrottled: (r: StruckRequest) =>
    armErrors.subscriptionThrottled(r.method === "GET" ? "read" : "write", subscriptionOf(r), "", r.seconds),
  armStorageThrottled: (r: StruckRequest) =>
    armErrors.storageThrottled(
      subscriptionOf(r),
      `${r.method}/SUBSCRIPTIONS/RESOURCEGROUPS/PROVIDERS`,
      r.seconds,
    ),
  providerThrottled: (r: StruckRequest) =>
    armErrors.resourceRequestsThrottled("Microsoft.Authorization", r.seconds),
  computeThrottled: (r: StruckRequest) => armErrors.computeThrottled("HighCostGet30Min", r.seconds),
  identityThrottled: (r: StruckRequest) =>
    armErrors.identityThrottled(`resource ${decodeURI(r.pathname)}`, r.seconds),
  nestedIdentityThrottled: (r: StruckRequest) =>
    armErrors.identityOperationThrottled(decodeURI(r.pathname), "subscription", r.seconds),
  retryable: (r: StruckRequest) => armErrors.retryableError(r.seconds),
  retryableDueToAnotherOperation: (r: StruckRequest) =>
    new ArmError(429, "RetryableErrorDueToAnotherOperation", "A retryable error occurred.", {
      headers: { "retry-after": String(r.seconds) },
    }),
  graphThrottled: () => rateLimited(),
  /** App Service has no `error` envelope, and capital keys (recorded 2020). */
  appServiceThrottled: (r: StruckRequest) => {
    const message = "Too many requests have been sent for this subscription.";
    const body = { Code: "429", Message: message, Target: null, Details: [{ Message: message }] };
    return new ArmError(429, "429", message, { headers: { "retry-after": String(r.seconds) }, body });
  },
  conflict: () => armErrors.concurrentRequest(),
  serverTimeout: () => hiccup(503, "ServerTimeout", timedOut),
  gatewayTimeout: () =>
    hiccup(504, "GatewayTimeout", "The gateway did not receive a response from 'Microsoft.Compute' in time."),
  internalServerError: () => armErrors.internalServerError(),
  html500: () => page(500, "Internal Server Error"),
  html502: () => page(502, "Bad Gateway"),
  html503: () => page(503, "Service Unavailable"),
} as const satisfies Readonly<Record<string, (r: StruckRequest) => ArmError | GraphRefusal | FailureAnswer>>;

/** The name of a failure. */
export type FaultAnswer = keyof typeof answers;

/** All names. */
export const faultAnswers = Object.keys(answers) as [FaultAnswer, ...FaultAnswer[]];

/** The failure of that name; `hasRetryAfter` false leaves the header out, as some of Azure's answers do. */
export function failureNamed(
  name: FaultAnswer,
  request: StruckRequest,
  hasRetryAfter: boolean,
  now: number,
): FailureAnswer {
  const made = answers[name](request);
  if (made instanceof GraphRefusal) {
    return { status: made.status, headers: {}, body: refusalBody(made, now) };
  }
  const { "retry-after": _, ...others } = made.headers;
  return { status: made.status, headers: hasRetryAfter ? made.headers : others, body: made.body };
}
