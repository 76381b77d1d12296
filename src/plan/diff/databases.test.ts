import { expect, test } from "vitest";
import { identityIdFrom } from "../../model/arm-id.ts";
import { databaseKey, databaseName, sidFrom } from "../../model/database.ts";
import type { ObservedDatabase } from "../../observed/observed.ts";
import {
  binding,
  desired,
  linesOf,
  live,
  observed,
  policy,
  principal,
  subscription,
  wanted,
} from "../fixtures.ts";
import { planFor } from "../plan-for.ts";
import {
  type DatabaseCase,
  database,
  deadClientId,
  deadSid,
  execute,
  grant,
  key,
  planWith,
  reads,
  ref,
  resource,
  rights,
  sid,
  tagged,
  user,
} from "./fixtures.ts";

const other = identityIdFrom(subscription, "rg", "id-other");

interface Row extends DatabaseCase {
  readonly name: string;
  readonly plan: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: "nothing there: memory, user, role",
    want: { bindings: reads() },
    see: [live()],
    there: database([]),
    plan: [
      "update tags bindery-sql-1",
      "grant user id-orders in sql-orders/orders",
      "grant db_datareader in sql-orders/orders",
    ],
  },
  {
    name: "all as wanted",
    want: { bindings: reads() },
    there: database([user({ roles: ["DB_DataReader"] })]),
    plan: [],
  },
  {
    name: "a user of another name with the identity's SID is its user",
    want: { bindings: reads() },
    there: database([user({ name: "renamed" })]),
    plan: ["grant db_datareader in sql-orders/orders"],
  },
  {
    name: "permissions come and go; CONNECT stays",
    want: { bindings: reads({ roles: [], permissions: [execute] }) },
    there: database([
      user({
        permissions: [
          { permission: "CONNECT", securable: { class: "database" }, state: "GRANT" },
          { permission: "SELECT", securable: { class: "schema", schema: "sales" }, state: "GRANT" },
          { permission: "DELETE", securable: { class: "schema", schema: "sales" }, state: "DENY" },
        ],
      }),
    ]),
    plan: [
      "grant EXECUTE on schema::sales in sql-orders/orders",
      "revoke SELECT on schema::sales in sql-orders/orders",
    ],
  },
  {
    name: "what is too much goes",
    want: { bindings: reads() },
    there: database([user({ roles: ["db_datareader", "db_datawriter"] })]),
    plan: ["revoke db_datawriter in sql-orders/orders"],
  },
  {
    name: "not under Additive",
    want: { bindings: reads(), prunePolicy: "Additive" },
    there: database([user({ roles: ["db_datareader", "db_datawriter"] })]),
    plan: [],
  },
  {
    name: "a user without our marker only gets",
    want: { bindings: reads() },
    there: database([user({ marker: "", roles: ["db_datawriter"] })]),
    plan: ["grant db_datareader in sql-orders/orders"],
  },
  {
    name: "nobody wants it any more: the user goes",
    there: database([user({ roles: ["db_datareader"] })]),
    plan: ["revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "a user without our marker is left, and forgotten",
    there: database([user({ marker: "" })]),
    plan: ["update tags -bindery-sql-1"],
  },
  { name: "when it is gone it is forgotten", there: database([]), plan: ["update tags -bindery-sql-1"] },
  { name: "a dropped database is forgotten", there: { kind: "gone" }, plan: ["update tags -bindery-sql-1"] },
  {
    name: "what may not be seen is not forgotten, and said",
    there: database([], { rights: { ...rights, seesAll: false } }),
    plan: ["DatabaseNotVisible: revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "what may not be seen is not pruned under Additive",
    want: { prunePolicy: "Additive" },
    there: database([], { rights: { ...rights, seesAll: false } }),
    plan: [],
  },
  {
    name: "a grant would lift the DENY of somebody",
    want: { bindings: reads({ roles: [], permissions: [execute] }) },
    there: database([user({ permissions: [{ ...execute, state: "DENY" }] })]),
    plan: ["PermissionDenied: grant EXECUTE on schema::sales in sql-orders/orders"],
  },
  {
    name: "a DENY of something else is in nobody's way",
    want: { bindings: reads({ roles: [], permissions: [execute] }) },
    there: database([user({ permissions: [{ ...execute, permission: "SELECT", state: "DENY" }] })]),
    plan: ["grant EXECUTE on schema::sales in sql-orders/orders"],
  },
  {
    name: "what cannot be read is not forgotten, and said",
    there: { kind: "unknown", reason: "DatabaseUnreadable", message: "40613", cure: "wait" },
    plan: ["DatabaseUnreadable: revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "a sleeping one is left alone",
    want: { bindings: reads() },
    there: { kind: "asleep", resource },
    plan: [],
  },
  {
    name: "what may not be seen is not absent",
    want: { bindings: reads() },
    there: database([], { rights: { ...rights, seesAll: false } }),
    plan: [
      "DatabaseNotVisible: grant user id-orders in sql-orders/orders",
      "DatabaseNotVisible: grant db_datareader in sql-orders/orders",
    ],
  },
  {
    name: "a database that is not there",
    want: { bindings: reads() },
    there: { kind: "gone" },
    plan: ["DatabaseNotFound: grant db_datareader in sql-orders/orders"],
  },
  {
    name: "a replica",
    want: { bindings: reads() },
    there: database([user()], { isReadOnly: true }),
    plan: ["DatabaseReadOnly: grant db_datareader in sql-orders/orders"],
  },
  {
    name: "a role that is not there",
    want: { bindings: reads({ roles: ["db_datareeder"] }) },
    there: database([user()]),
    plan: ["RoleNotFound: grant db_datareeder in sql-orders/orders"],
  },
  {
    name: "fixed roles need db_owner, others ALTER ANY ROLE",
    want: { bindings: reads({ roles: ["db_datareader", "clerks"] }) },
    there: database([user()], { rights: { ...rights, isOwner: false, controls: false } }),
    plan: [
      "grant clerks in sql-orders/orders",
      "DatabaseRightMissing: grant db_datareader in sql-orders/orders",
    ],
  },
  {
    name: "what a stale user leaves to the one that takes its place needs CONTROL",
    want: { bindings: reads({ roles: ["clerks"], permissions: [execute], replaceUserWithSid: deadSid }) },
    there: database([user({ sid: deadSid, permissions: [{ ...execute, state: "GRANT" }] })], {
      rights: { ...rights, isOwner: false, controls: false },
    }),
    plan: [
      "DatabaseRightMissing: update user id-orders in sql-orders/orders",
      "DependencyHeld: grant clerks in sql-orders/orders",
    ],
  },
  {
    name: "so does a schema of a user that goes",
    there: database([user({ ownedSchemas: ["sales"] })], {
      rights: { ...rights, isOwner: false, controls: false },
    }),
    plan: ["DatabaseRightMissing: revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "a user that has nothing of its own goes without",
    there: database([user()], { rights: { ...rights, isOwner: false, controls: false } }),
    plan: ["revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "a name that somebody else has",
    want: { bindings: reads() },
    there: database([user({ sid: deadSid, marker: "" })]),
    plan: [
      "UserNameTaken: grant user id-orders in sql-orders/orders",
      "DependencyHeld: grant db_datareader in sql-orders/orders",
    ],
  },
  {
    name: "our user of a dead principal gives way when a person says so",
    want: { bindings: reads() },
    there: database([user({ sid: deadSid, roles: ["db_datareader", "db_datawriter"] })]),
    plan: ["Recreated: update user id-orders in sql-orders/orders"],
  },
  {
    name: "and one that the document names",
    want: { bindings: reads({ replaceUserWithSid: deadSid }) },
    there: database([user({ sid: deadSid, marker: "" })]),
    plan: ["update user id-orders in sql-orders/orders", "grant db_datareader in sql-orders/orders"],
  },
  {
    name: "what carries our mark but is a living identity's does not go",
    see: [tagged(), live({ id: other, principalId: "p", clientId: deadClientId, tags: {} })],
    there: database([user({ sid: deadSid })]),
    plan: ["UserConflict: revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "but not that of a living identity",
    want: { bindings: reads({ replaceUserWithSid: deadSid }) },
    see: [tagged(), live({ id: other, principalId: "p", clientId: deadClientId, tags: {} })],
    there: database([user({ sid: deadSid, marker: "" })]),
    plan: [
      "UserConflict: update user id-orders in sql-orders/orders",
      "DependencyHeld: grant db_datareader in sql-orders/orders",
    ],
  },
  {
    name: "its own user goes before one that was made from a login, whose mark is another's",
    want: { bindings: reads() },
    there: database([
      user({ name: "a-login", sid: `${sid}AADE`, marker: "" }),
      user({ roles: ["db_datareader"] }),
    ]),
    plan: [],
  },
  {
    name: "a login's user is never dropped, what it may do goes",
    there: database([user({ sid: `${sid}AADE`, roles: ["db_datareader"] })]),
    plan: [
      "revoke db_datareader in sql-orders/orders",
      "UserNotDroppable: revoke user id-orders in sql-orders/orders",
    ],
  },
  {
    name: "one that owns objects neither",
    there: database([user({ ownedObjects: ["sales.orders"] })]),
    plan: ["UserNotDroppable: revoke user id-orders in sql-orders/orders"],
  },
  {
    name: "the wanted name is somebody else's although a stale user could give way",
    want: { bindings: reads() },
    there: database([user({ name: "old", sid: deadSid }), user({ sid: "0x01", marker: "" })]),
    plan: [
      "UserNameTaken: update user id-orders in sql-orders/orders",
      "DependencyHeld: grant db_datareader in sql-orders/orders",
    ],
  },
  {
    name: "of two stale users the one with the wanted name gives way, the other goes",
    want: { bindings: [binding([], [], false, [grant({ replaceUserWithSid: deadSid })])] },
    there: database([
      user({ name: "old", sid: sidFrom("eeeeeeee-0000-4000-8000-000000000001") }),
      user({ sid: deadSid, roles: ["db_datareader"] }),
    ]),
    plan: ["update user id-orders in sql-orders/orders", "revoke user old in sql-orders/orders"],
  },
  {
    name: "Absent: the user goes first",
    want: { lifecycle: "Absent" },
    there: database([user()]),
    plan: ["revoke user id-orders in sql-orders/orders", "NotEmpty: delete id-orders"],
  },
  {
    name: "Absent: then it is forgotten, and the identity waits for that",
    want: { lifecycle: "Absent" },
    there: database([]),
    plan: ["update tags -bindery-sql-1", "NotEmpty: delete id-orders"],
  },
  {
    name: "an identity that is yet to be created",
    want: { bindings: reads() },
    see: [],
    there: database([]),
    plan: [
      "create id-orders",
      "update tags principal",
      "update tags bindery-sql-1",
      "grant user id-orders in sql-orders/orders",
      "grant db_datareader in sql-orders/orders",
    ],
  },
];

test.each(rows)("$name", ({ plan: lines, ...one }) => {
  expect(linesOf(planWith(one))).toEqual(lines);
});

test("a release lets a stale user give way with what is still listed", () => {
  const stale = user({ sid: deadSid, roles: ["db_datareader", "db_datawriter"], ownedSchemas: ["sales"] });
  const seen = observed({ identities: [tagged()] }, { databases: new Map([[key, database([stale])]]) });
  const want = desired(wanted({ bindings: reads() }));
  const digest = planFor(want, seen, policy).held[0]?.digest ?? "";
  const { changes } = planFor(want, seen, { ...policy, releases: [digest] });
  expect(changes.map(({ subject }) => subject)).toMatchObject([
    {
      kind: "databaseUser",
      clientId: principal.clientId,
      sid: deadSid,
      replaces: { name: "id-orders", roles: ["db_datareader"], ownedSchemas: ["sales"] },
    },
  ]);
});

test("what tags cannot remember is held: nothing is given there, and what they remember goes on", () => {
  const refs = Array.from({ length: 21 }, (_, i) => ({ ...ref, database: `${"x".repeat(120)}${i}` }));
  const [first = ref, ...more] = refs;
  const databases = new Map(
    refs.map((one) => {
      const there = { ...database([]), resource: { ...resource, ref: one } };
      return [databaseKey(one), there as ObservedDatabase] as const;
    }),
  );
  const bindings = [
    binding(
      [],
      [],
      false,
      [first, ...more].map((one) => grant({ ref: one })),
    ),
  ];
  const identities = [tagged({ "bindery-sql-1": databaseKey(first) })];
  const plan = planFor(desired(wanted({ bindings })), observed({ identities }, { databases }), policy);
  expect(linesOf(plan).slice(0, 3)).toEqual([
    `grant user id-orders in ${databaseName(first)}`,
    `grant db_datareader in ${databaseName(first)}`,
    "MemoryFull: update tags ",
  ]);
  expect(plan.held.slice(1).map((h) => h.reason)).toEqual(
    more.flatMap(() => ["DependencyHeld", "DependencyHeld"]),
  );
});

test("a tag goes only after the one that remembers the same instead has been written", () => {
  const see = tagged({ "bindery-sql-1": `${ref.server}/dropped`, "bindery-sql-2": key });
  const databases = new Map<string, ObservedDatabase>([
    [`${ref.server}/dropped`, { kind: "gone" }],
    [key, database([user({ roles: ["db_datareader"] })])],
  ]);
  const want = desired(wanted({ bindings: reads() }));
  const { changes } = planFor(want, observed({ identities: [see] }, { databases }), policy);
  expect(changes.map(({ subject }) => subject)).toMatchObject([
    { set: { "bindery-sql-1": key } },
    { remove: { "bindery-sql-2": key } },
  ]);
  expect(changes[1]?.needs).toContain(changes[0]?.id);
});

test("under Additive a stale user gives way with all that can be written, and no more", () => {
  const onSchema = { class: "schema", schema: "sales" } as const;
  const permissions = [
    { permission: "CONNECT", securable: { class: "database" }, state: "GRANT" },
    { permission: "SELECT", securable: onSchema, state: "GRANT" },
    { permission: "DELETE", securable: onSchema, state: "DENY" },
    { permission: "SELECT", securable: { class: "other", what: "a column" }, state: "GRANT" },
  ] as const;
  const stale = user({ sid: deadSid, permissions });
  const seen = observed({ identities: [tagged()] }, { databases: new Map([[key, database([stale])]]) });
  const { held } = planFor(desired(wanted({ bindings: reads(), prunePolicy: "Additive" })), seen, policy);
  const carried = held.flatMap(({ change: { subject } }) =>
    subject.kind === "databaseUser" ? (subject.replaces?.permissions ?? []) : [],
  );
  expect(carried.map(({ permission, securable }) => [permission, securable])).toEqual([["SELECT", onSchema]]);
});
