// Convergence under adversity: any documents on any world, with somebody else at work, faults, and every switch.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anyCase, type Case } from "./adversity/case.ts";
import { type Result, runCase } from "./adversity/run-case.ts";
import { type EmbeddedAzure, embeddedAzure } from "./support/embedded-azure.ts";

const seed = Number(process.env.ADVERSITY_SEED ?? 20_261_122);
const path = process.env.ADVERSITY_PATH;
const factor = process.env.SOAK === undefined ? 1 : 10;

describe.each([
  ["in process", "function", Number(process.env.ADVERSITY_RUNS ?? 400 * factor)],
  ["over sockets", "sockets", Number(process.env.ADVERSITY_SOCKET_RUNS ?? 60 * factor)],
] as const)("%s", (name, transport, runs) => {
  let azure: EmbeddedAzure;
  beforeAll(async () => {
    azure = await embeddedAzure(transport);
  });
  afterAll(() => azure.close());

  test(`${runs} cases of seed ${seed} come to rest and harm nothing`, async () => {
    const results: Result[] = [];
    const property = fc.asyncProperty(anyCase, async (one: Case) => {
      const result = await runCase(azure, one);
      results.push(result);
      expect(result.problems).toEqual([]);
    });
    const how = { seed, numRuns: runs, endOnFailure: process.env.ADVERSITY_SHRINK === undefined };
    await fc.assert(property, { ...how, ...(path !== undefined && { path }) });
    process.stdout.write(`${summaryOf(name, results)}\n`);
    const judged = results.reduce((sum, r) => sum + r.judged, 0);
    expect(judged).toBeGreaterThan(results.length / 2);
  }, 3_600_000);
});

function summaryOf(name: string, results: readonly Result[]): string {
  const sum = (of: (r: Result) => number): number => results.reduce((total, r) => total + of(r), 0);
  const held = Object.entries(
    Object.groupBy(
      results.flatMap((r) => r.held),
      (reason) => reason,
    ),
  );
  const most = Math.max(...results.map((r) => r.applies));
  return [
    `adversity ${name}: ${results.length} cases, seed ${seed}, ${sum((r) => r.writes)} writes,`,
    `${sum((r) => r.judged)} identities judged, at rest after at most ${most} applies;`,
    `held: ${held.map(([reason, all]) => `${reason} ${all?.length}`).join(", ")}`,
  ].join(" ");
}
