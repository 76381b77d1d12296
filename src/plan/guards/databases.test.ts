import { describe, expect, test } from "vitest";
import type { DesiredDatabase } from "../../desired/desired.ts";
import { type DatabaseUser, databaseKey } from "../../model/database.ts";
import type { Policy } from "../../model/policy.ts";
import { database, deadSid, reads, ref, rights, tagged, user } from "../diff/fixtures.ts";
import { binding, desired, document, linesOf, live, observed, policy, wanted } from "../fixtures.ts";
import { planFor } from "../plan-for.ts";

const server = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Sql/servers/sql-orders";
const roles = ["db_owner", "db_datareader", "db_securityadmin", "db_accessadmin", "db_ddladmin"].map(
  (name) => ({
    name,
    isFixed: true,
  }),
);

function linesFor(
  change: Partial<DesiredDatabase>,
  policyChange: Partial<Policy> = {},
  database = "orders",
): readonly string[] {
  const ref = { server: "sql-orders.database.windows.net", database };
  const resource = { id: `${server}/databases/${database}`, ref, status: "Online" };
  const grant = {
    ref,
    userName: "u",
    userFrom: "Sid",
    roles: [],
    permissions: [],
    document: document(),
    ...change,
  };
  const contents = { rights, isReadOnly: false, users: [], roles, schemas: [] };
  const plan = planFor(
    desired(wanted({ bindings: [binding([], [], false, [grant as DesiredDatabase])] })),
    observed(
      { identities: [live({ tags: { ...live().tags, "bindery-sql-1": `${ref.server}/${database}` } })] },
      { databases: new Map([[`${ref.server}/${database}`, { kind: "read", resource, contents }]]) },
    ),
    { ...policy, ...policyChange },
  );
  return linesOf(plan).filter((line) => line !== `grant user u in sql-orders/${database}`);
}

const onDatabase = { class: "database" } as const;
const onSchema = { class: "schema", schema: "sales" } as const;
const allow = (roleName: string, scope = `${server}/databases/orders`, identity = "team/orders") => ({
  privileged: [{ identity, roleName, scope }],
});
const isProtected = ["user u", "db_datareader"].map(
  (what) => `Protected: grant ${what} in sql-orders/orders`,
);
const inMaster = `${server}/databases/master`;

test.each<readonly [string, Partial<DesiredDatabase>, Partial<Policy>, string, readonly string[]]>([
  [
    "db_datareader is not privileged",
    { roles: ["db_datareader"] },
    {},
    "orders",
    ["grant db_datareader in sql-orders/orders"],
  ],
  [
    "db_ddladmin neither",
    { roles: ["db_ddladmin"] },
    {},
    "orders",
    ["grant db_ddladmin in sql-orders/orders"],
  ],
  ["db_owner is", { roles: ["DB_OWNER"] }, {}, "orders", ["Privileged: grant DB_OWNER in sql-orders/orders"]],
  [
    "so is db_securityadmin",
    { roles: ["db_securityadmin"] },
    {},
    "orders",
    ["Privileged: grant db_securityadmin in sql-orders/orders"],
  ],
  [
    "and db_accessadmin",
    { roles: ["db_accessadmin"] },
    {},
    "orders",
    ["Privileged: grant db_accessadmin in sql-orders/orders"],
  ],
  [
    "anything in master",
    { roles: ["db_datareader"] },
    {},
    "master",
    ["Privileged: grant user u in sql-orders/master", "Privileged: grant db_datareader in sql-orders/master"],
  ],
  [
    "where the policy allows a role, it allows the user that takes",
    { roles: ["db_datareader"] },
    allow("db_datareader", inMaster),
    "master",
    ["grant db_datareader in sql-orders/master"],
  ],
  [
    "but not the other way round",
    { roles: ["db_datareader"] },
    allow("CONNECT", inMaster),
    "master",
    ["Privileged: grant db_datareader in sql-orders/master"],
  ],
  [
    "the policy allows it",
    { roles: ["db_owner"] },
    allow("db_owner"),
    "orders",
    ["grant db_owner in sql-orders/orders"],
  ],
  [
    "not for another role",
    { roles: ["db_owner"] },
    allow("db_accessadmin"),
    "orders",
    ["Privileged: grant db_owner in sql-orders/orders"],
  ],
  [
    "nor for another identity",
    { roles: ["db_owner"] },
    allow("db_owner", undefined, "team/other"),
    "orders",
    ["Privileged: grant db_owner in sql-orders/orders"],
  ],
  [
    "nor in another database",
    { roles: ["db_owner"] },
    allow("db_owner", `${server}/databases/x`),
    "orders",
    ["Privileged: grant db_owner in sql-orders/orders"],
  ],
  [
    "CONTROL on a schema",
    { permissions: [{ permission: "CONTROL", securable: onSchema }] },
    {},
    "orders",
    ["Privileged: grant CONTROL on schema::sales in sql-orders/orders"],
  ],
  [
    "which is allowed for that schema",
    { permissions: [{ permission: "CONTROL", securable: onSchema }] },
    allow("control on schema::sales"),
    "orders",
    ["grant CONTROL on schema::sales in sql-orders/orders"],
  ],
  [
    "and not for the whole database with it",
    { permissions: [{ permission: "CONTROL", securable: onDatabase }] },
    allow("CONTROL on schema::sales"),
    "orders",
    ["Privileged: grant CONTROL on database in sql-orders/orders"],
  ],
  [
    "an allowance that names no securable says too little",
    { permissions: [{ permission: "CONTROL", securable: onDatabase }] },
    allow("CONTROL"),
    "orders",
    ["Privileged: grant CONTROL on database in sql-orders/orders"],
  ],
  [
    "SELECT on the database is not privileged",
    { permissions: [{ permission: "SELECT", securable: onDatabase }] },
    {},
    "orders",
    ["grant SELECT on database in sql-orders/orders"],
  ],
  [
    "ALTER on the database",
    { permissions: [{ permission: "ALTER", securable: onDatabase }] },
    {},
    "orders",
    ["Privileged: grant ALTER on database in sql-orders/orders"],
  ],
  [
    "ALTER on a schema is not",
    { permissions: [{ permission: "ALTER", securable: onSchema }] },
    {},
    "orders",
    ["grant ALTER on schema::sales in sql-orders/orders"],
  ],
  [
    "a protected database",
    { roles: ["db_datareader"] },
    { protected: [`${server}/databases/orders`] },
    "orders",
    isProtected,
  ],
  ["a protected server", { roles: ["db_datareader"] }, { protected: [server] }, "orders", isProtected],
])("%s", (_, change, policyChange, database, lines) => {
  expect(linesFor(change, policyChange, database)).toEqual(lines);
});

describe("what the user of a dead principal leaves to the new one is judged like a grant of it", () => {
  const control = { permission: "CONTROL", securable: onSchema, state: "GRANT" } as const;
  const select = { ...control, permission: "SELECT" } as const;
  test.each<[string, Partial<DatabaseUser>, readonly string[]]>([
    ["ordinary roles and permissions", { roles: ["db_datareader"], permissions: [select] }, []],
    ["a privileged role", { roles: ["db_datareader", "db_owner"] }, ["db_owner"]],
    ["a privileged permission", { permissions: [select, control] }, ["CONTROL on schema::sales"]],
    ["both", { roles: ["db_owner"], permissions: [control] }, ["db_owner, CONTROL on schema::sales"]],
    ...["ALTER ANY ROLE", "ALTER ANY USER", "CREATE USER", "TAKE OWNERSHIP"].map(
      (permission) =>
        [
          `what no document may name: ${permission}`,
          { permissions: [select, { ...control, permission, securable: onDatabase }] },
          [`${permission} on database`],
        ] as [string, Partial<DatabaseUser>, readonly string[]],
    ),
    [
      "names that only sound like it",
      {
        permissions: ["ALTER ANYHOW", "CONTROLLED", "REMOTE CONTROL"].map((permission) => ({
          ...control,
          permission,
        })),
      },
      [],
    ],
  ])("%s", (_, left, privileges) => {
    expect(privilegesHeld(left, "orders")).toEqual(privileges);
  });

  test("in master it is all privileged", () => {
    const left = { roles: ["db_datareader"], permissions: [select] };
    const held = "db_datareader, SELECT on schema::sales, CONNECT";
    expect(privilegesHeld(left, "MASTER")).toEqual([held]);
    expect(privilegesHeld({}, "MASTER")).toEqual(["CONNECT"]);
  });
});

/** What is named as privileged where a user that has this gives way, under a policy that adds only. */
function privilegesHeld(left: Partial<DatabaseUser>, name: string): readonly string[] {
  const at = { ...ref, database: name };
  const resource = { id: `${server}/databases/${name}`, ref: at, status: "Online" };
  const there = database([user({ sid: deadSid, ...left })]);
  const bindings = reads({ ref: at, replaceUserWithSid: deadSid });
  const plan = planFor(
    desired(wanted({ prunePolicy: "Additive", bindings })),
    observed(
      { identities: [tagged({ "bindery-sql-1": `${at.server}/${name}` })] },
      { databases: new Map([[databaseKey(at), { ...there, resource }]]) },
    ),
    policy,
  );
  return plan.held.flatMap(({ reason, message, change }) =>
    reason === "Privileged" && change.kind === "update" ? [message.split(" in ")[0] ?? ""] : [],
  );
}

test("of protected ids just the database and its server protect it", () => {
  const others = [`${server}/databases/orders-2`, `${server}-2`, `${server}/databases`];
  const line = "grant db_datareader in sql-orders/orders";
  const want = { roles: ["db_datareader"] };
  expect(linesFor(want, { protected: others })).toEqual([line]);
  expect(linesFor(want, { protected: [...others, server] })).toEqual(isProtected);
});
