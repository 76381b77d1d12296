import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { FailureClass } from "../model/failure.ts";
import { answerFailure } from "./failures.ts";

// Recorded answers of the real Azure; the folder lies beside the repository, and CI demands it.
const folder = resolve(process.env.BINDERY_AZURE_DATA ?? "../shared", "azure-recordings");
const files = ["errors.json", "errors-quoted.json"];
const isThere = files.every((file) => existsSync(resolve(folder, file)));
if (!isThere) process.stderr.write(`skipped: no recorded errors in ${folder}\n`);

interface Exchange {
  readonly method: string;
  readonly status: number | null;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody: unknown;
  readonly note?: string;
}

const exchanges: readonly Exchange[] = isThere
  ? files.flatMap((file) => JSON.parse(readFileSync(resolve(folder, file), "utf8")).exchanges)
  : [];

/** What each recorded code must mean; the delay where Azure named one. */
const meanings: Readonly<Record<string, { class: FailureClass; delays?: readonly number[] }>> = {
  NoRegisteredProviderFound: { class: "terminal" },
  InvalidApiVersionParameter: { class: "terminal" },
  MissingApiVersionParameter: { class: "terminal" },
  InvalidResourceType: { class: "terminal" },
  MissingSubscription: { class: "terminal" },
  InvalidSubscriptionId: { class: "terminal" },
  SubscriptionNotFound: { class: "terminal" },
  ResourceGroupNotFound: { class: "terminal" },
  ResourceNotFound: { class: "terminal" },
  FailedIdentityOperation: { class: "terminal" },
  AuthorizationFailed: { class: "terminal" },
  LinkedAuthorizationFailed: { class: "terminal" },
  ScopeLocked: { class: "terminal" },
  MissingSubscriptionRegistration: { class: "terminal" },
  InvalidRequestContent: { class: "terminal" },
  ExpiredAuthenticationToken: { class: "transient", delays: [1_000] },
  Conflict: { class: "transient", delays: [10_000] },
  PreconditionFailed: { class: "transient", delays: [0] },
  SubscriptionRequestsThrottled: { class: "transient", delays: [6_000] },
  ResourceRequestsThrottled: { class: "transient", delays: [324_000] },
  RetryableError: { class: "transient", delays: [14_000] },
  TooManyRequests: { class: "transient", delays: [2_000, 10_000, 20_000, 30_000] },
  ServerTimeout: { class: "transient" },
  GatewayTimeout: { class: "transient" },
  InternalServerError: { class: "transient" },
  ServiceUnavailable: { class: "transient" },
};

test.skipIf(!isThere).each(exchanges.map((e) => [`${e.status} ${e.note ?? ""}`, e] as const))(
  "%s",
  (_, exchange) => {
    const headers = new Map(Object.entries(exchange.responseHeaders ?? {}));
    const failure = answerFailure({
      ...(exchange.status === null ? {} : { status: exchange.status }),
      body: exchange.responseBody,
      headers,
      method: exchange.method,
    });
    const meaning = meanings[failure.details.code];
    expect(meaning, failure.details.code).toBeDefined();
    expect(failure.class).toBe(meaning?.class);
    if (meaning?.delays) expect(meaning.delays).toContain(failure.details.retryAfterInMs);
    expect(failure.message).not.toMatch(/^\s*<|^Azure answered/);
  },
);

test.skipIf(!isThere)("a recorded missing identity is named as the culprit, a refused removal is not", () => {
  const culprits = exchanges
    .filter((e) => JSON.stringify(e.responseBody).includes("FailedIdentityOperation"))
    .map((e) => answerFailure({ status: 400, body: e.responseBody }).details.culprits?.length ?? 0);
  expect(culprits).toEqual([1, 1, 0]);
});
