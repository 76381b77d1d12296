import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Operation } from "../plan/plan.ts";
import { change, identityId, operation, planWith } from "./fixtures.ts";
import { runInOrder } from "./schedule.ts";

const upgrade = (id: string, after: readonly string[] = []): Operation =>
  operation(id, { kind: "upgradeInstances", targetId: id }, { after });

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Runs operations and notes what starts and ends in which order. */
async function events(operations: readonly Operation[], concurrency: number): Promise<string[]> {
  const log: string[] = [];
  const plan = planWith(
    operations.map((one) => change(one.id, "update")),
    operations,
  );
  await runInOrder(plan, concurrency, async ({ id }) => {
    log.push(`start ${id}`);
    await tick();
    log.push(`end ${id}`);
  });
  return log;
}

test("an operation starts when all that it waits for have ended", async () => {
  const log = await events([upgrade("c", ["a", "b"]), upgrade("a"), upgrade("b")], 8);
  expect(log).toEqual(["start a", "start b", "end a", "end b", "start c", "end c"]);
});

test("a change's needs are waited for although `after` does not name their operation", async () => {
  const log: string[] = [];
  const changes = [change("later", "update", { needs: ["first"] }), change("first", "update")];
  await runInOrder(planWith(changes, [upgrade("later"), upgrade("first")]), 8, ({ id }) => {
    log.push(id);
    return Promise.resolve();
  });
  expect(log).toEqual(["first", "later"]);
});

test("writes to one identity go one after the other, those to different ones side by side", async () => {
  const tags = (id: string, name: string): Operation =>
    operation(id, { kind: "deleteTags", identityId: identityId(name), tags: {} });
  const log = await events([tags("a1", "a"), tags("a2", "A"), tags("b1", "b")], 8);
  expect(log.slice(0, 2)).toEqual(["start a1", "start b1"]);
  expect(log.indexOf("start a2")).toBeGreaterThan(log.indexOf("end a1"));
});

test("a wait outside makes room, and who comes back goes before who has not begun", async () => {
  const log: string[] = [];
  const operations = ["a", "b", "c"].map((id) => upgrade(id));
  const plan = planWith(
    operations.map((one) => change(one.id, "update")),
    operations,
  );
  await runInOrder(plan, 1, async ({ id }, outside) => {
    log.push(`start ${id}`);
    await tick();
    if (id === "a") await outside(tick);
    log.push(`end ${id}`);
  });
  expect(log).toEqual(["start a", "start b", "end b", "end a", "start c", "end c"]);
});

describe("what is no possible order is refused before anything runs", () => {
  test.each([
    ["a circle", [upgrade("a", ["b"]), upgrade("b", ["a"])], "wait for each other"],
    ["an operation that is not there", [upgrade("a", ["x"])], "waits for x"],
  ])("%s", async (_, operations, message) => {
    await expect(events(operations, 8)).rejects.toThrow(message);
  });

  test("no room at all", async () => {
    await expect(events([upgrade("a")], 0)).rejects.toThrow("concurrency");
  });
});

/** Up to 20 operations; each waits for some of those before it, and some leave their place for a while. */
const graph = fc
  .integer({ min: 1, max: 20 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, i) =>
        fc.record({ after: fc.subarray(Array.from({ length: i }, (__, j) => j)), leaves: fc.boolean() }),
      ),
    ),
  );

test("for any graph: nothing starts before what it waits for has ended, all run once, the bound holds", async () => {
  await fc.assert(
    fc.asyncProperty(graph, fc.integer({ min: 1, max: 5 }), async (nodes, concurrency) => {
      const operations = nodes.map((node, i) => upgrade(String(i), node.after.map(String))).toReversed();
      const plan = planWith(
        operations.map((one) => change(one.id, "update")),
        operations,
      );
      const ended = new Set<string>();
      const started: string[] = [];
      let working = 0;
      await runInOrder(plan, concurrency, async ({ id, after }, outside) => {
        expect(after.every((one) => ended.has(one))).toBe(true);
        started.push(id);
        working += 1;
        expect(working).toBeLessThanOrEqual(concurrency);
        await tick();
        working -= 1;
        if (nodes[Number(id)]?.leaves) await outside(tick);
        working += 1;
        expect(working).toBeLessThanOrEqual(concurrency);
        working -= 1;
        ended.add(id);
      });
      expect(started).toHaveLength(operations.length);
      expect(new Set(started)).toEqual(new Set(operations.map((one) => one.id)));
    }),
    { numRuns: 60 },
  );
});
