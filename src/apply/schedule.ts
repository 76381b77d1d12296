// Decides when each operation of a plan starts: after those it waits for, one at a time per identity, within a bound.
import { idKey } from "../model/arm-id.ts";
import { databaseKey } from "../model/database.ts";
import type { Operation, Plan } from "../plan/plan.ts";
import { type Outside, slotsFrom } from "./slots.ts";

/**
 * Runs every operation once: when all that it waits for have ended, and when there is a place among at most
 * `concurrency` working ones. An operation waits for those of its `after`, and for those that realise a change
 * which one of its own changes needs. Throws before anything runs if the plan is no possible order.
 *
 * @param run must not reject: what it meets is its own to keep
 */
export async function runInOrder(
  plan: Plan,
  concurrency: number,
  run: (operation: Operation, outside: Outside) => Promise<void>,
): Promise<void> {
  const waitsFor = prerequisites(plan);
  const slots = slotsFrom(concurrency);
  const ended = new Map<string, Promise<void>>();
  const lastOfKey = new Map<string, Promise<void>>();
  const runOne = async (operation: Operation): Promise<void> => {
    await Promise.all((waitsFor.get(operation.id) ?? []).map((id) => ended.get(id)));
    const key = serialKey(operation);
    const turn = key === undefined ? undefined : lastOfKey.get(key);
    const work = (turn ?? Promise.resolve()).then(() => slots.inside((outside) => run(operation, outside)));
    if (key !== undefined) lastOfKey.set(key, work);
    await work;
  };
  for (const operation of inPossibleOrder(plan.operations, waitsFor)) {
    ended.set(operation.id, runOne(operation));
  }
  await Promise.all(ended.values());
}

/**
 * What is written one after the other: Azure answers 409 to concurrent writes of the federated credentials of an
 * identity, and its identity provider allows one write per identity in four seconds anyway.
 */
function serialKey({ action }: Operation): string | undefined {
  switch (action.kind) {
    case "createIdentity":
    case "mergeTags":
    case "deleteTags":
    case "putCredential":
    case "deleteCredential":
    case "deleteIdentity":
      return idKey(action.identityId);
    case "patchTarget":
    case "upgradeInstances":
    case "putAssignment":
    case "deleteAssignment":
      return;
    // Concurrent changes of users in one database wait for each other's locks, and may be chosen as the deadlock's victim.
    case "changeDatabase":
      return databaseKey(action.database.ref);
  }
}

/** The operations that each one waits for. */
function prerequisites(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const needs = new Map(plan.changes.map((change) => [change.id, change.needs]));
  const realisedBy = Map.groupBy(
    plan.operations.flatMap((o) => o.changeIds.map((changeId) => ({ changeId, id: o.id }))),
    (entry) => entry.changeId,
  );
  const pairs = plan.operations.map((operation): [string, string[]] => {
    const needed = operation.changeIds.flatMap((id) => needs.get(id) ?? []);
    const ids = needed.flatMap((id) => (realisedBy.get(id) ?? []).map((entry) => entry.id));
    return [operation.id, [...new Set([...operation.after, ...ids])].filter((id) => id !== operation.id)];
  });
  return new Map(pairs);
}

/** Sorts so that everything comes after what it waits for, else as the plan has it. */
function inPossibleOrder(
  operations: readonly Operation[],
  waitsFor: ReadonlyMap<string, readonly string[]>,
): readonly Operation[] {
  const byId = new Map(operations.map((o) => [o.id, o]));
  const pairs = operations.flatMap((o) => (waitsFor.get(o.id) ?? []).map((first) => ({ first, next: o })));
  const stray = pairs.find(({ first }) => !byId.has(first));
  if (stray) throw new Error(`operation ${stray.next.id} waits for ${stray.first}, which is not in the plan`);
  const followers = Map.groupBy(pairs, (pair) => pair.first);
  const open = new Map(operations.map((o) => [o.id, waitsFor.get(o.id)?.length ?? 0]));
  const ordered = operations.filter((o) => open.get(o.id) === 0);
  // What becomes free while the list is walked is walked too.
  for (const operation of ordered) {
    for (const { next } of followers.get(operation.id) ?? []) {
      const rest = (open.get(next.id) ?? 0) - 1;
      open.set(next.id, rest);
      if (rest === 0) ordered.push(next);
    }
  }
  if (ordered.length < operations.length) throw new Error("operations of the plan wait for each other");
  return ordered;
}
