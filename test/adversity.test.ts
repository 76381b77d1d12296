// Convergence under adversity: any documents on any world, with somebody else at work, faults, and every switch.
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Result } from "./adversity/run-case.ts";
import type { Found, Share } from "./adversity/slice.ts";

const {
  ADVERSITY_SEED: seedText = "20261122",
  ADVERSITY_PATH: path,
  ADVERSITY_SHRINK: shrink,
  SOAK: soak,
} = process.env;
const seed = Number(seedText);
/** With room for what is young, less has to be cleared away: a case leaves hardly anything behind. */
const execArgv = ["--max-semi-space-size=64"];
const factor = soak === undefined ? 1 : 10;

describe.each([
  ["in process", "function", Number(process.env.ADVERSITY_RUNS ?? 2000 * factor)],
  ["over sockets", "sockets", Number(process.env.ADVERSITY_SOCKET_RUNS ?? 200 * factor)],
] as const)("%s", (name, transport, runs) => {
  test(`${runs} cases of seed ${seed} come to rest and harm nothing`, async () => {
    const of = path === undefined ? Math.min(availableParallelism(), 8) : 1;
    const found = await Promise.all(
      Array.from({ length: of }, (_, slice) =>
        foundBy({
          transport,
          seed,
          runs,
          slice,
          of,
          shrinks: shrink !== undefined,
          ...(path !== undefined && { path }),
        }),
      ),
    );
    expect(found.flatMap(({ failure }) => failure ?? [])).toEqual([]);
    const results = found.flatMap((f) => f.results);
    process.stdout.write(`${summaryOf(name, results)}\n`);
    if (path === undefined) expect(results).toHaveLength(runs);
    const judged = results.reduce((sum, r) => sum + r.judged, 0);
    if (path === undefined) expect(judged).toBeGreaterThanOrEqual(results.length / 2);
    if (path === undefined && transport === "sockets") {
      const databases = results.flatMap((r) => r.databases ?? []);
      expect(databases).toHaveLength(runs);
      expect(databases.reduce((sum, d) => sum + d.judged, 0)).toBeGreaterThanOrEqual(runs / 4);
    }
  }, 3_600_000);
});

/** What a process of its own finds in its share. */
async function foundBy(share: Share): Promise<Found> {
  const child = fork(fileURLToPath(new URL("adversity/slice.ts", import.meta.url)), { execArgv });
  child.send(share);
  const message = once(child, "message");
  const end = once(child, "exit").then(([code]) => {
    throw new Error(`The process of slice ${share.slice} ended with ${code}.`);
  });
  const [found] = await Promise.race([message, end]);
  end.catch(() => undefined);
  return found as Found;
}

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
    ...(results.some((r) => r.databases)
      ? [
          `; in databases ${sum((r) => r.databases?.writes ?? 0)} writes, ${sum((r) => r.databases?.readings ?? 0)} readings,`,
          `${sum((r) => r.databases?.deeds ?? 0)} deeds, ${sum((r) => r.databases?.judged ?? 0)} users judged`,
        ]
      : []),
  ].join(" ");
}
