import { expect, test } from "vitest";
import type { DatabaseUser } from "../../model/database.ts";
import { database, deadSid, execute, planWith, reads, user } from "../diff/fixtures.ts";

const clerks = (count: number) => Array.from({ length: count }, (_, i) => `clerks-${i}`);
const granted = { ...execute, state: "GRANT" } as const;
const theirs = user({ name: "other", sid: "0x01", marker: "", roles: clerks(9) });
const dead = (roles: number) => user({ name: "id-orders-old", sid: deadSid, roles: clerks(roles) });

/** What an identity keeps of these roles, beside five that no document lists any more. */
function linesOf(kept: number, change: Partial<DatabaseUser>, others: readonly DatabaseUser[] = []) {
  const roles = [...clerks(kept), ...["a", "b", "c", "d", "e"].map((name) => `left-${name}`)];
  const { changes, held } = planWith({
    want: { bindings: reads({ roles: clerks(kept), permissions: change.permissions ? [execute] : [] }) },
    there: database([user({ roles, ...change }), ...others], {
      roles: roles.map((name) => ({ name, isFixed: false })),
    }),
  });
  const revoked = changes.filter(({ kind, subject }) => kind === "revoke" && subject.kind === "databaseRole");
  const limited = held.filter(({ reason }) => reason === "TooManyRemovals");
  return {
    revoked: revoked.length,
    said: [...new Set(limited.map(({ message }) => message.split(" users")[0]))],
  };
}

/** A fifth may go, users counted like what they may do. */
test.each<[string, number, Partial<DatabaseUser>, readonly DatabaseUser[], number, readonly string[]]>([
  ["five of a user with 24 roles", 19, {}, [], 5, []],
  ["five of one with 23", 18, {}, [], 0, ["This would take away 5 of 24"]],
  ["its permissions count", 18, { permissions: [granted] }, [], 5, []],
  ["what others have does not", 18, {}, [theirs], 0, ["This would take away 5 of 24"]],
  ["a dead principal's user goes too, and counts", 18, {}, [dead(4)], 0, ["This would take away 6 of 29"]],
  ["with all that it may do", 18, {}, [dead(5)], 5, []],
])("%s", (_, kept, change, others, revoked, said) => {
  expect(linesOf(kept, change, others)).toEqual({ revoked, said });
});
