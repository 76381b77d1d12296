// What passes the fence before the socket, with and without a lease.
import { getEventListeners } from "node:events";
import { createHttpHeaders, createPipelineRequest, type PipelineRequest } from "@azure/core-rest-pipeline";
import { expect, test } from "vitest";
import { Failure } from "../model/failure.ts";
import { fencedClient } from "./fence.ts";

const arm = "https://management.azure.com";
const vm = `${arm}/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v`;

function fenceOf(mayWrite: boolean) {
  const ended = new AbortController();
  const sent: string[] = [];
  const client = fencedClient(
    {
      sendRequest: async (request) => {
        sent.push(request.method);
        return { request, status: 200, headers: createHttpHeaders() };
      },
    },
    { mayWrite: () => mayWrite, ended: ended.signal },
  );
  return { client, ended, sent };
}

const requestOf = (method: PipelineRequest["method"], url = vm): PipelineRequest =>
  createPipelineRequest({ method, url });

test("rule 23: without the lease reads pass, and no write does", async () => {
  const { client, sent } = fenceOf(false);
  await client.sendRequest(requestOf("GET"));
  await client.sendRequest(requestOf("POST", `${arm}/providers/Microsoft.ResourceGraph/resources`));
  for (const method of ["PUT", "PATCH", "DELETE", "POST"] as const) {
    await expect(client.sendRequest(requestOf(method))).rejects.toMatchObject({
      class: "transient",
      details: { code: "LeaseLost" },
    });
  }
  expect(sent).toEqual(["GET", "POST"]);
});

test("with the lease everything passes", async () => {
  const { client, sent } = fenceOf(true);
  for (const method of ["GET", "PUT", "PATCH", "DELETE"] as const)
    await client.sendRequest(requestOf(method));
  expect(sent).toEqual(["GET", "PUT", "PATCH", "DELETE"]);
});

test("rule 23: a write that is under way when the lease ends is cut, and told as what may have happened", async () => {
  const ended = new AbortController();
  const client = fencedClient(
    {
      sendRequest: ({ abortSignal }) =>
        new Promise((_, reject) => {
          abortSignal?.addEventListener("abort", () => reject(new DOMException("cut", "AbortError")));
        }),
    },
    { mayWrite: () => true, ended: ended.signal },
  );
  const own = new AbortController();
  const [cut, aborted] = [requestOf("PATCH"), requestOf("PATCH")];
  aborted.abortSignal = own.signal;
  const answers = [client.sendRequest(aborted), client.sendRequest(cut)];
  own.abort();
  await expect(answers[0]).rejects.toMatchObject({ name: "AbortError" });
  const reason = new Failure("transient", "ended", { code: "LeaseLost", mayHaveHappened: true });
  ended.abort(reason);
  await expect(answers[1]).rejects.toBe(reason);
});

test("a write belongs to the term that it was sent in, and leaves nothing at a term that lasts", async () => {
  const terms = [new AbortController(), new AbortController()];
  let present = terms[0];
  const client = fencedClient(
    {
      sendRequest: ({ abortSignal }) =>
        new Promise((_, reject) => {
          abortSignal?.addEventListener("abort", () => reject(new DOMException("cut", "AbortError")));
        }),
    },
    {
      mayWrite: () => true,
      get ended() {
        return present?.signal ?? AbortSignal.abort();
      },
    },
  );
  const own = new AbortController();
  const request = requestOf("PATCH");
  request.abortSignal = own.signal;
  const answer = client.sendRequest(request);
  present = terms[1];
  const reason = new Failure("transient", "ended", { code: "LeaseLost", mayHaveHappened: true });
  terms[0]?.abort(reason);
  await expect(answer).rejects.toBe(reason);
  expect(request.abortSignal).toBe(own.signal);
  const again = client.sendRequest(request);
  own.abort();
  await expect(again).rejects.toMatchObject({ name: "AbortError" });
  for (const { signal } of terms) {
    expect(getEventListeners(signal, "abort")).toEqual([]);
    const sets = Object.getOwnPropertySymbols(signal).map((symbol) => Reflect.get(signal, symbol) as unknown);
    expect(sets.filter((one) => one instanceof Set && one.size > 0)).toEqual([]);
  }
});
