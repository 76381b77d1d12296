// What goes wrong in Azure by itself: faults of requests, and operations that end in another way than the usual.

/** A fault for the sandbox's admin endpoint. */
export interface Trouble {
  readonly after: number;
  readonly times: number;
  readonly method: "*" | "GET" | "PATCH" | "PUT" | "DELETE" | "POST";
  readonly shape: keyof typeof troubleShapes;
}

const limited = (code: string, message: string): object => ({ error: { code, message } });

/** Azure's ways of failing for a while. */
export const troubleShapes = {
  throttled: {
    status: 429,
    headers: { "retry-after": "2" },
    body: limited(
      "SubscriptionRequestsThrottled",
      "Number of requests exceeded. Please try again after '2' seconds.",
    ),
  },
  throttledSilently: { status: 429, body: limited("TooManyRequests", "Too many requests.") },
  throttledByCompute: {
    status: 429,
    headers: { "retry-after": "31" },
    body: limited(
      "OperationNotAllowed",
      "The server rejected the request because too many requests have been received.",
    ),
  },
  internal: { status: 500, body: limited("InternalServerError", "Something went wrong.") },
  gateway: { status: 502, body: "<html>Bad gateway</html>" },
  busy: { status: 503, headers: { "retry-after": "5" }, body: limited("ServerTimeout", "Busy.") },
  timeoutAfterDone: { status: 504, applied: true, body: limited("GatewayTimeout", "No answer in time.") },
  errorAfterDone: {
    status: 500,
    applied: true,
    body: limited("InternalServerError", "Something went wrong."),
  },
  cutBefore: { cut: "before" },
  cutAfter: { cut: "after" },
} as const;

export const modes = [
  "late",
  "failed",
  "failedThoughApplied",
  "succeededBeforeVisible",
  "cancelled",
  "endless",
  "urlGone404",
  "urlGone410",
  "withoutHeader",
] as const;

/** An operation of a machine or scale set that goes another way than the usual. */
export interface ModeRule {
  readonly mode: (typeof modes)[number];
  readonly after: number;
  readonly times: number;
}
