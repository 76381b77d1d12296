import { describe, expect, test } from "vitest";
import type { DatabasePermission, DatabaseRole, DatabaseUser } from "../../model/database.ts";
import { database, deadSid, planWith, reads, ref, user } from "../diff/fixtures.ts";
import { databasePrivilegeOf, privilegesOf } from "./database-privilege.ts";

const onDatabase = { class: "database" } as const;
const onSchema = { class: "schema", schema: "sales" } as const;
const granted = (permission: string, change: Partial<DatabasePermission> = {}): DatabasePermission => ({
  permission,
  securable: onDatabase,
  state: "GRANT",
  ...change,
});
const role = (name: string, change: Partial<DatabaseRole> = {}): DatabaseRole => ({
  name,
  isFixed: false,
  ...change,
});
const clerks = { kind: "databaseRole", database: ref, userName: "u", role: "clerks" } as const;
const ordinary = "it gives power over access, or over everything there";

describe("a role of one's own is what its members get with it", () => {
  test.each<[string, readonly DatabaseRole[], string | undefined]>([
    ["nothing", [role("clerks")], undefined],
    ["reading", [role("clerks", { roles: ["db_datareader"], permissions: [granted("SELECT")] })], undefined],
    ["a role that is not there", [], undefined],
    ["everything, by a fixed role", [role("clerks", { roles: ["db_datareader", "db_owner"] })], "db_owner"],
    ["its letters aside", [role("CLERKS", { roles: ["DB_Owner"] })], "DB_Owner"],
    [
      "everything, by a role that has another one",
      [role("clerks", { roles: ["deputies"] }), role("deputies", { roles: ["db_securityadmin"] })],
      "db_securityadmin",
    ],
    [
      "everything, by the permission of another one",
      [role("clerks", { roles: ["deputies"] }), role("deputies", { permissions: [granted("CONTROL")] })],
      "CONTROL on database",
    ],
    [
      "power over users",
      [role("clerks", { permissions: [granted("ALTER ANY USER")] })],
      "ALTER ANY USER on database",
    ],
    [
      "a schema, to grant on",
      [
        role("clerks", {
          permissions: [granted("CONTROL", { securable: onSchema, state: "GRANT_WITH_GRANT_OPTION" })],
        }),
      ],
      "CONTROL on schema::sales",
    ],
    [
      "what it is denied",
      [role("clerks", { permissions: [granted("CONTROL", { state: "DENY" })] })],
      undefined,
    ],
    [
      "each other, in a circle that no database has",
      [role("clerks", { roles: ["deputies"] }), role("deputies", { roles: ["clerks"] })],
      undefined,
    ],
    [
      "the power of a role that it is no member of",
      [role("clerks"), role("x", { roles: ["db_owner"] })],
      undefined,
    ],
  ])("%s", (_, roles, through) => {
    const why = through === undefined ? undefined : `${ordinary}, through ${through}`;
    expect(databasePrivilegeOf(clerks, roles)).toBe(why);
    expect(privilegesOf(clerks, roles)).toEqual(through === undefined ? [] : ["clerks"]);
  });
});

test("a fixed role and a permission need no other reason, and in master that is the reason", () => {
  const roles = [role("clerks", { roles: ["db_owner"] })];
  expect(databasePrivilegeOf({ ...clerks, role: "db_owner" }, roles)).toBe(ordinary);
  const control = { ...clerks, kind: "databasePermission", ...granted("CONTROL") } as const;
  expect(databasePrivilegeOf(control, roles)).toBe(ordinary);
  const inMaster = { ...clerks, database: { ...ref, database: "Master" } };
  expect(databasePrivilegeOf(inMaster, roles)).toBe("what is given in master reaches the whole server");
});

describe("in a plan", () => {
  const roles = [role("clerks", { roles: ["deputies"] }), role("deputies", { roles: ["db_owner"] })];
  const held = (users: readonly DatabaseUser[], want = {}) =>
    planWith({
      want: { bindings: reads(want), prunePolicy: "Additive" },
      there: database(users, { roles }),
    }).held.map(({ reason, message, cure }) => ({ reason, message, cure }));

  test("it is held, says through what, and the policy may allow it by its own name", () => {
    expect(held([user()], { roles: ["clerks"] })).toEqual([
      {
        reason: "Privileged",
        message: `clerks in sql-orders/orders is privileged: ${ordinary}, through db_owner.`,
        cure: expect.stringContaining("roleName: clerks, scope: "),
      },
    ]);
  });

  test("a dead principal's user does not hand it on", () => {
    const left = held([user({ sid: deadSid, roles: ["clerks"] })], {
      roles: [],
      replaceUserWithSid: deadSid,
    });
    expect(left).toMatchObject([{ reason: "Privileged", message: expect.stringContaining("clerks in ") }]);
  });
});
