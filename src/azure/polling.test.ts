import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from "@azure/core-rest-pipeline";
import { expect, test } from "vitest";
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import { answerFailure } from "./failures.ts";
import { runningWriteFrom } from "./polling.ts";

const url = "https://management.azure.com/operations/1?t=x&c=y";
const signal = new AbortController().signal;

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Polls these answers one after the other (the last one for ever), and remembers what was asked and waited for. */
async function poll(first: Record<string, string>, answers: readonly (Answer | Error)[]) {
  const [asked, waits]: [string[], number[]] = [[], []];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    async sleep(inMs) {
      waits.push(inMs);
      now += inMs;
    },
  };
  const get = async (address: string): Promise<PipelineResponse> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(address);
    if (answer instanceof Error) throw answer;
    const { status = 200, body, headers } = answer ?? {};
    if (status >= 300)
      throw answerFailure({ status, body, headers: createHttpHeaders(headers), method: "GET" });
    const bodyAsText = typeof body === "string" ? body : (JSON.stringify(body) as string | undefined);
    return {
      status,
      headers: createHttpHeaders(headers),
      request: createPipelineRequest({ url }),
      ...(bodyAsText === undefined ? {} : { bodyAsText }),
    };
  };
  const write = runningWriteFrom(
    { status: 200, headers: createHttpHeaders(first) },
    { line: { get }, clock },
  );
  const outcome = await write.ended(signal).then(
    () => "ended" as const,
    (error: unknown) => error,
  );
  return { asked, waits, outcome };
}

const document = { "azure-asyncoperation": url, location: "https://management.azure.com/never-asked" };
const running = { body: { status: "InProgress" } };
const succeeded = { body: { status: "Succeeded" } };

test("without a URL there is nothing to wait for", async () => {
  expect(await poll({}, [])).toEqual({ asked: [], waits: [], outcome: "ended" });
});

test("a status document is asked verbatim, ever more slowly", async () => {
  const { asked, waits, outcome } = await poll(document, [
    ...Array.from({ length: 6 }, () => running),
    succeeded,
  ]);
  expect(outcome).toBe("ended");
  expect(new Set(asked)).toEqual(new Set([url]));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test("Azure's own delays win", async () => {
  const { waits } = await poll({ ...document, "retry-after": "7" }, [
    { ...running, headers: { "retry-after": "3" } },
    running,
    succeeded,
  ]);
  expect(waits).toEqual([7_000, 3_000, 4_000]);
});

test.each([
  ["a Location that has ended with a body", [{ status: 202 }, { status: 200, body: {} }]],
  ["a Location that has ended without", [{ status: 202 }, { status: 204 }]],
])("%s", async (_, answers) => {
  const { asked, outcome } = await poll({ location: url }, answers);
  expect(outcome).toBe("ended");
  expect(asked).toHaveLength(2);
});

test.each([404, 410])("%d: Azure has forgotten the operation, which a fresh read settles", async (status) => {
  expect((await poll(document, [running, { status, body: "" }])).outcome).toBe("ended");
});

test("a document without a status is over", async () => {
  expect(
    (
      await poll(document, [
        { status: 202, body: "" },
        { status: 200, body: "" },
      ])
    ).asked,
  ).toHaveLength(2);
});

test.each([
  [
    "throttled",
    {
      status: 429,
      headers: { "retry-after": "9" },
      body: { error: { code: "TooManyRequests", message: "" } },
    },
    9_000,
  ],
  ["unwell", { status: 503, body: "<html>" }, 2_000],
  ["cut off", new Failure("transient", "cut", { code: "ECONNRESET" }), 2_000],
])("a poll that is %s says nothing about the operation", async (_, trouble, waitInMs) => {
  const { waits, outcome } = await poll(document, [trouble, succeeded]);
  expect(outcome).toBe("ended");
  expect(waits).toEqual([1_000, waitInMs]);
});

test("a poll that is refused ends the waiting, and the write may have happened", async () => {
  const { outcome } = await poll(document, [
    { status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } },
  ]);
  expect(outcome).toMatchObject({
    class: "terminal",
    details: { code: "AuthorizationFailed", mayHaveHappened: true },
  });
});

test("a URL of another host is passed on as the hosts policy refuses it", async () => {
  const refusal = new Failure("terminal", "not of this cloud", { code: "ForeignHost" });
  expect((await poll(document, [refusal])).outcome).toMatchObject({
    class: "terminal",
    details: { code: "ForeignHost" },
  });
});

const id = "/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/i";

test.each([
  [
    "an identity that is gone",
    {
      status: "Failed",
      error: {
        code: "FailedIdentityOperation",
        message: `Status: 'BadRequest'. Resource '${id}' was not found.`,
      },
    },
    {
      class: "terminal",
      details: { code: "FailedIdentityOperation", culprits: [id], mayHaveHappened: true },
    },
  ],
  [
    "a conflict that it names",
    { status: "Failed", error: { code: "AnotherOperationInProgress", message: "busy" } },
    { class: "transient", details: { code: "AnotherOperationInProgress", mayHaveHappened: true } },
  ],
  [
    "nothing that it names",
    { status: "Failed" },
    { class: "terminal", details: { code: "OperationFailed", mayHaveHappened: true } },
  ],
  [
    "being cancelled",
    { status: "Canceled" },
    { class: "transient", details: { code: "OperationCanceled", mayHaveHappened: true } },
  ],
])("an operation fails by %s", async (_, body, expected) => {
  const { outcome } = await poll(document, [running, { body, headers: { "retry-after": "99" } }]);
  expect(outcome).toBeInstanceOf(Failure);
  expect(outcome).toMatchObject(expected);
});

test("an operation that never ends is given up after twenty minutes", async () => {
  const { waits, outcome } = await poll(document, [running]);
  expect(outcome).toMatchObject({
    class: "transient",
    message: "Azure still works on the change after 20 minutes.",
    details: { code: "OperationTimedOut", mayHaveHappened: true },
  });
  expect(waits.reduce((a, b) => a + b)).toBeLessThanOrEqual(20 * 60_000);
});

test("a poll that asks to wait beyond the deadline is not waited for", async () => {
  const { waits, outcome } = await poll({ ...document, "retry-after": "3600" }, [running]);
  expect(waits).toEqual([]);
  expect(outcome).toMatchObject({ details: { code: "OperationTimedOut" } });
});
