// What is told of requests to databases: each once, with its kind and time, a failed one with a code, never what was sent.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Failure } from "../model/failure.ts";
import { type SqlRequestEvent, toldRequests } from "./request-events.ts";

const ref = { server: "sql-orders.database.windows.net", database: "orders" };

test("an answer is handed on and told with its time", async () => {
  const events: SqlRequestEvent[] = [];
  const told = toldRequests(ref, (event) => void events.push(event));
  expect(await told("read", () => sleep(30, "rows"))).toBe("rows");
  expect(events).toEqual([{ ...ref, kind: "read", durationInMs: expect.any(Number) }]);
  expect(events[0]?.durationInMs).toBeGreaterThanOrEqual(25);
});

test.each([
  ["Azure's code", new Failure("terminal", "secret", { code: "DatabaseUnavailable" }), "DatabaseUnavailable"],
  ["a word for a cut", new DOMException("secret", "AbortError"), "Cut"],
])("a failure is handed on and told with %s", async (_, error, code) => {
  const events: SqlRequestEvent[] = [];
  const told = toldRequests(ref, (event) => void events.push(event));
  await expect(told("write", () => Promise.reject(error))).rejects.toBe(error);
  expect(events).toEqual([{ ...ref, kind: "write", durationInMs: expect.any(Number), code }]);
});

test("nobody has to listen", async () => {
  expect(await toldRequests(ref, undefined)("connect", async () => 1)).toBe(1);
});
