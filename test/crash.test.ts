// A run that is cut at any request, before or after Azure acted, and then begun again comes to the same end.
import type { HttpClient } from "@azure/core-rest-pipeline";
import { beforeAll, expect, test } from "vitest";
import { type EmbeddedAzure, embeddedAzure } from "./support/embedded-azure.ts";
import { type Harness, harnessOn } from "./support/harness.ts";
import { firstRevision, referenceSeed, secondRevision, stateOf } from "./support/reference-scenario.ts";

let azure: EmbeddedAzure;
/** Puts back what stood after the first revision. */
let rewind: () => void;
let reference: { readonly state: string; readonly requests: number };

beforeAll(async () => {
  azure = await embeddedAzure();
  await azure.renew(referenceSeed);
  await binderyOn().apply(firstRevision);
  azure.advance(120_000);
  rewind = azure.remember();
  const counting = cutAt(Number.POSITIVE_INFINITY, "before");
  await binderyOn(counting.client).apply(secondRevision);
  azure.advance(120_000);
  reference = { state: stateOf(azure.world), requests: counting.sent() };
}, 60_000);

function binderyOn(client: HttpClient = azure.send): Harness {
  return harnessOn(azure.wiring(() => 0.5, client));
}

/** A client whose process dies at one request: that one is cut before or after it acted, later ones are never sent. */
function cutAt(number: number, when: "before" | "after"): { client: HttpClient; sent: () => number } {
  let sent = 0;
  const client: HttpClient = {
    async sendRequest(request) {
      sent += 1;
      if (sent > number || (sent === number && when === "before")) throw new Error("the process is gone");
      const answer = await azure.send.sendRequest(request);
      if (sent >= number) throw new Error("the process is gone");
      return answer;
    },
  };
  return { client, sent: () => sent };
}

async function survives(number: number, when: "before" | "after"): Promise<void> {
  rewind();
  const at = `cut ${when} request ${number}`;
  const cut = binderyOn(cutAt(number, when).client).apply(secondRevision);
  await cut.catch((error: unknown) => expect(String(error), at).toContain("the process is gone"));
  await binderyOn().apply(secondRevision);
  azure.advance(120_000);
  expect(stateOf(azure.world), at).toBe(reference.state);
  const left = await binderyOn().plan(secondRevision);
  expect(
    left.changes.map((change) => change.id),
    at,
  ).toEqual([]);
}

test("the reference scenario does everything", () => {
  expect(reference.state).toMatchSnapshot();
  expect(reference.requests).toBeGreaterThan(50);
});

test.each(["before", "after"] as const)(
  "cut %s every request",
  async (when) => {
    for (let number = 1; number <= reference.requests; number += 1) await survives(number, when);
  },
  300_000,
);
