// A run that is cut at any request, before or after Azure acted, and then begun again comes to the same end.
import type { HttpClient } from "@azure/core-rest-pipeline";
import { beforeAll, expect, test } from "vitest";
import {
  beforeSecondRevision,
  binderyOn,
  expectTheSameEnd,
  type Side,
  settledState,
} from "./support/crash.ts";
import { type EmbeddedAzure, embeddedAzure } from "./support/embedded-azure.ts";
import { referenceSeed, secondRevision } from "./support/reference-scenario.ts";

let azure: EmbeddedAzure;
/** Puts back what stood after the first revision. */
let rewind: () => void;
let reference: { readonly state: string; readonly requests: number };

beforeAll(async () => {
  azure = await embeddedAzure();
  rewind = await beforeSecondRevision(azure, referenceSeed);
  const counting = cutAt(Number.POSITIVE_INFINITY, "before");
  await binderyOn(azure, counting.client).apply(secondRevision);
  reference = { state: settledState(azure), requests: counting.sent() };
});

/** A client whose process dies at one request: that one is cut before or after it acted, later ones are never sent. */
function cutAt(number: number, side: Side): { client: HttpClient; sent: () => number } {
  let sent = 0;
  const client: HttpClient = {
    async sendRequest(request) {
      sent += 1;
      if (sent > number || (sent === number && side === "before")) throw new Error("the process is gone");
      const answer = await azure.send.sendRequest(request);
      if (sent >= number) throw new Error("the process is gone");
      return answer;
    },
  };
  return { client, sent: () => sent };
}

async function survives(number: number, side: Side): Promise<void> {
  rewind();
  const at = `cut ${side} request ${number}`;
  const cut = binderyOn(azure, cutAt(number, side).client).apply(secondRevision);
  await cut.catch((error: unknown) => expect(String(error), at).toContain("the process is gone"));
  await binderyOn(azure).apply(secondRevision);
  await expectTheSameEnd(azure, reference.state, at);
}

test("the reference scenario does everything", () => {
  expect(reference.state).toMatchSnapshot();
  expect(reference.requests).toBeGreaterThan(50);
});

test.each(["before", "after"] as const)(
  "cut %s every request",
  async (side) => {
    for (let number = 1; number <= reference.requests; number += 1) await survives(number, side);
  },
  300_000,
);
