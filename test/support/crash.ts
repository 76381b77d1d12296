// What a run of the reference scenario that was cut must come to when it is begun again, however it was cut.
import type { HttpClient } from "@azure/core-rest-pipeline";
import { expect } from "vitest";
import type { EmbeddedAzure } from "./embedded-azure.ts";
import { type Harness, harnessOn } from "./harness.ts";
import { firstRevision, secondRevision, stateOf } from "./reference-scenario.ts";

/** On which side of Azure's deed a run is cut. */
export type Side = "before" | "after";

/** Longer than any lag: what was written is seen by everybody. */
const settledInMs = 120_000;

/** Bindery in this process. */
export function binderyOn(azure: EmbeddedAzure, client?: HttpClient): Harness {
  return harnessOn(azure.wiring(() => 0.5, client));
}

/** Brings a world to where the second revision comes; what it gives brings it there again. */
export async function beforeSecondRevision(azure: EmbeddedAzure, seed: string): Promise<() => void> {
  await azure.renew(seed);
  await binderyOn(azure).apply(firstRevision);
  azure.advance(settledInMs);
  return azure.remember();
}

/** Everything that is there once all lags are over, in one text. */
export function settledState(azure: EmbeddedAzure): string {
  azure.advance(settledInMs);
  return stateOf(azure.world);
}

/** The end of an uncut run: the same to the last tag, marker, key and assignment, and nothing left to do. */
export async function expectTheSameEnd(azure: EmbeddedAzure, state: string, at: string): Promise<void> {
  expect(settledState(azure), at).toBe(state);
  const left = await binderyOn(azure).plan(secondRevision);
  expect(
    left.changes.map((change) => change.id),
    at,
  ).toEqual([]);
}
