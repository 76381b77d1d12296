import { describe, expect, test } from "vitest";
import type { DatabaseRights, DatabaseUser } from "../../model/database.ts";
import { linesOf } from "../fixtures.ts";
import { type DatabaseCase, database, deadSid, execute, planWith, reads, rights, user } from "./fixtures.ts";

const none = { isOwner: false, altersUsers: false, altersRoles: false, controls: false };

interface Row {
  readonly name: string;
  readonly has: Partial<DatabaseRights>;
  readonly want?: DatabaseCase["want"];
  readonly users: readonly DatabaseUser[];
  readonly plan: readonly string[];
  /** The statement that the first held change asks for. */
  readonly cure?: string;
}

const nothing = { bindings: reads({ roles: [] }) };
const clerk = { bindings: reads({ roles: ["clerks"] }) };
const stale = (change: Partial<DatabaseUser> = {}) => user({ sid: deadSid, ...change });
const instead = (roles: readonly string[]) => ({ bindings: reads({ roles, replaceUserWithSid: deadSid }) });
const alterUser = "GRANT ALTER ANY USER TO [bindery];";
const alterRole = "GRANT ALTER ANY ROLE TO [bindery];";
const control = "GRANT CONTROL TO [bindery];";
const owner = "ALTER ROLE [db_owner] ADD MEMBER [bindery];";

const rows: readonly Row[] = [
  {
    name: "a user that gets nothing takes ALTER ANY USER alone",
    has: { altersUsers: true },
    want: nothing,
    users: [],
    plan: ["grant user id-orders in sql-orders/orders"],
  },
  {
    name: "and is held without",
    has: { altersRoles: true },
    want: nothing,
    users: [],
    plan: ["DatabaseRightMissing: grant user id-orders in sql-orders/orders"],
    cure: alterUser,
  },
  {
    name: "a role that is not fixed takes ALTER ANY ROLE",
    has: { altersUsers: true },
    want: clerk,
    users: [user()],
    plan: ["DatabaseRightMissing: grant clerks in sql-orders/orders"],
    cure: alterRole,
  },
  {
    name: "a permission takes CONTROL",
    has: { altersUsers: true, altersRoles: true },
    want: { bindings: reads({ roles: [], permissions: [execute] }) },
    users: [user()],
    plan: ["DatabaseRightMissing: grant EXECUTE on schema::sales in sql-orders/orders"],
    cure: control,
  },
  {
    name: "CONTROL stands for both",
    has: { controls: true },
    want: { bindings: reads({ roles: ["clerks"], permissions: [execute] }) },
    users: [],
    plan: [
      "grant user id-orders in sql-orders/orders",
      "grant clerks in sql-orders/orders",
      "grant EXECUTE on schema::sales in sql-orders/orders",
    ],
  },
  {
    name: "but not for a fixed role, in whatever case it is written",
    has: { controls: true },
    want: { bindings: reads({ roles: ["DB_DataReader"] }) },
    users: [user()],
    plan: ["DatabaseRightMissing: grant DB_DataReader in sql-orders/orders"],
    cure: owner,
  },
  {
    name: "what is taken away takes the same",
    has: { altersUsers: true },
    want: nothing,
    users: [user({ roles: ["clerks"] })],
    plan: ["DatabaseRightMissing: revoke clerks in sql-orders/orders"],
    cure: alterRole,
  },
  {
    name: "a role of a user that goes takes CONTROL",
    has: { altersUsers: true, altersRoles: true },
    users: [user({ ownedRoles: ["clerks"] })],
    plan: ["DatabaseRightMissing: revoke user id-orders in sql-orders/orders"],
    cure: control,
  },
  {
    name: "memberships of a user that goes take nothing more",
    has: { altersUsers: true },
    users: [user({ roles: ["clerks", "db_datareader"] })],
    plan: ["revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "a stale user that leaves nothing gives way with ALTER ANY USER alone",
    has: { altersUsers: true },
    want: instead([]),
    users: [stale()],
    plan: ["update user id-orders in sql-orders/orders"],
  },
  {
    name: "memberships that it leaves take ALTER ANY ROLE",
    has: { altersUsers: true },
    want: instead(["clerks"]),
    users: [stale({ roles: ["clerks"] })],
    plan: ["DatabaseRightMissing: update user id-orders in sql-orders/orders"],
    cure: alterRole,
  },
  {
    name: "those in fixed roles db_owner",
    has: { altersUsers: true, altersRoles: true, controls: true },
    want: instead(["db_datareader"]),
    users: [stale({ roles: ["db_datareader"] })],
    plan: ["DatabaseRightMissing: update user id-orders in sql-orders/orders"],
    cure: owner,
  },
];

describe("what Bindery's own user must be able to do (DatabaseRightMissing)", () => {
  test.each(rows)("$name", ({ has, want, users, plan: lines, cure }) => {
    const there = database(users, { rights: { ...rights, ...none, ...has } });
    const plan = planWith({ there, ...(want && { want }) });
    expect(linesOf(plan)).toEqual(lines);
    expect(plan.held[0]?.cure).toBe(cure && `Run in orders: ${cure}`);
  });
});

describe("what stands in the way of a change", () => {
  test("of a grant: a DENY of the same, whatever the user has besides", () => {
    const permissions = [
      { permission: "CONNECT", securable: { class: "database" }, state: "GRANT" },
      { ...execute, state: "DENY" },
    ] as const;
    const want = { bindings: reads({ roles: [], permissions: [execute] }) };
    expect(linesOf(planWith({ want, there: database([user({ permissions })]) }))).toEqual([
      "PermissionDenied: grant EXECUTE on schema::sales in sql-orders/orders",
    ]);
  });

  test.each([
    ["a person's word", { sid: deadSid }, {}],
    ["the document's", { sid: deadSid, marker: "" }, { replaceUserWithSid: deadSid }],
  ])("of a repair: a DENY that would go with the old user, although it gives way by %s", (_, old, change) => {
    const permissions = [
      { permission: "DELETE", securable: { class: "other", what: "a column" }, state: "DENY" },
    ] as const;
    const plan = planWith({
      want: { bindings: reads(change) },
      there: database([user({ ...old, permissions })]),
    });
    expect(linesOf(plan)).toEqual([
      "PermissionDenied: update user id-orders in sql-orders/orders",
      "DependencyHeld: grant db_datareader in sql-orders/orders",
    ]);
    expect(plan.held.map((h) => h.releasable)).toEqual([false, false]);
    expect(plan.held[0]?.message).toContain("denies id-orders DELETE on a column in sql-orders/orders");
  });

  test("of a drop: what the user has granted on, to whom", () => {
    const there = database([user({ granteesOf: ["somebody"] })]);
    const { held } = planWith({ there });
    expect(held.map((h) => h.reason)).toEqual(["UserNotDroppable"]);
    expect(held[0]?.message).toContain("cannot be dropped: it has granted rights to somebody.");
  });

  test.each([
    ["db_datareeder", "Nearest names: db_datareader, db_datawriter."],
    ["xyz", "Create the role, or correct its name."],
  ])("of a grant: a role that is not there, %s", (role, cure) => {
    const { held } = planWith({ want: { bindings: reads({ roles: [role] }) }, there: database([user()]) });
    expect(held[0]?.cure).toBe(cure);
  });
});
