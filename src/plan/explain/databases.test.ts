import { expect, test } from "vitest";
import type { DesiredDatabase } from "../../desired/desired.ts";
import { type DatabaseUser, databaseKey, databaseName, sidFrom } from "../../model/database.ts";
import { assignmentMarker } from "../../model/grant.ts";
import type { Observed, ObservedDatabase } from "../../observed/observed.ts";
import {
  binding,
  desired,
  document,
  group,
  identityId,
  live,
  observed,
  policy,
  principal,
  vaultScope,
  wanted,
} from "../fixtures.ts";
import { explainResource, resourcesNamed } from "./explain.ts";
import { renderExplanationJson, renderExplanationText } from "./render.ts";

const server = "sql-orders.database.windows.net";
const ref = { server, database: "orders" };
const [other, asleep] = [
  { server, database: "billing" },
  { server, database: "Night" },
];
const execute = { permission: "EXECUTE", securable: { class: "schema", schema: "sales" } } as const;
const connect = { permission: "CONNECT", securable: { class: "database" }, state: "GRANT" } as const;
const rights = {
  user: "bindery",
  seesAll: true,
  isOwner: true,
  altersUsers: true,
  altersRoles: true,
  controls: true,
};
const marker = assignmentMarker("prod", identityId);
const foreignId = identityId.replace("id-orders", "id-foreign");

function user(name: string, clientId: string, change: Partial<DatabaseUser> = {}): DatabaseUser {
  return {
    name,
    sid: sidFrom(clientId),
    type: "E",
    roles: [],
    permissions: [connect],
    ownedSchemas: [],
    ownedRoles: [],
    ownedObjects: [],
    granteesOf: [],
    ...change,
  };
}

function grant(change: Partial<DesiredDatabase> = {}): DesiredDatabase {
  const doc = { ...document(), line: 9 };
  return {
    ref,
    userName: "id-orders",
    userFrom: "Sid",
    roles: ["DB_DataReader", "clerks"],
    permissions: [],
    document: doc,
    ...change,
  };
}

function database(users: readonly DatabaseUser[], name = "orders", seesAll = true): ObservedDatabase {
  const id = `${group}/providers/Microsoft.Sql/servers/sql-orders/databases/${name}`;
  const contents = { rights: { ...rights, seesAll }, isReadOnly: false, users, roles: [], schemas: [] };
  return {
    kind: "read",
    resource: { id, ref: { server, database: name }, status: "Online" },
    contents,
  };
}

const foreignClient = "eeeeeeee-0000-4000-8000-000000000001";
const users = [
  user("id-orders", principal.clientId, {
    marker,
    roles: ["db_datareader", "db_datawriter"],
    permissions: [connect, { ...execute, state: "DENY" }],
  }),
  user("theirs", foreignClient, { permissions: [connect, { ...execute, state: "GRANT" }] }),
  user("old", "dddddddd-0000-4000-8000-000000000001", { marker, roles: ["db_owner"] }),
  user("person", "99999999-0000-4000-8000-000000000001", { roles: ["db_owner"] }),
];
const wants = desired(
  wanted({
    bindings: [
      binding([], [], false, [
        grant(),
        grant({ ref: other, roles: ["db_datareader"] }),
        grant({ ref: asleep }),
      ]),
    ],
  }),
);
const seen = observed(
  {
    identities: [
      live({ tags: { ...live().tags, "bindery-sql-1": `${server}/orders,gone` } }),
      live({ id: foreignId, principalId: "f", clientId: foreignClient, tags: {} }),
    ],
  },
  {
    databases: new Map<string, ObservedDatabase>([
      [databaseKey(ref), database(users)],
      [databaseKey(other), database([], "billing", false)],
      [
        databaseKey(asleep),
        { kind: "asleep", resource: { id: `${group}/x`, ref: asleep, status: "Paused" } },
      ],
      [`${server}/gone`, { kind: "gone" }],
    ]),
  },
);
const text = (id: string) => renderExplanationText(explainResource(id, wants, seen, policy));

test("a database: who may do what, wanted, missing, too much, denied, foreign, dead; people are left out", () => {
  const listed = "listed by team/orders (orders.yaml:9)";
  expect(text(`${server}/Orders`)).toBe(`${server}/Orders
As the documents are at revision r1.

In databases
  id-foreign: user theirs in sql-orders/orders  not ours: no document lists it
  id-foreign: EXECUTE on schema::sales in sql-orders/orders  not ours: no document lists it
  id-orders: user id-orders in sql-orders/orders (marked by prod)  ${listed}
  id-orders: user old in sql-orders/orders (of a principal that is gone, marked by prod)  nobody: no document lists it
  id-orders: clerks in sql-orders/orders  not there, though ${listed}
  id-orders: db_datareader in sql-orders/orders (marked by prod)  ${listed}
  id-orders: db_datawriter in sql-orders/orders (marked by prod)  nobody: no document lists it
  id-orders: db_owner in sql-orders/orders (of a principal that is gone, marked by prod)  nobody: no document lists it
  id-orders: DENY of EXECUTE on schema::sales in sql-orders/orders (marked by prod)  not ours: no document lists it
`);
});

test("a server: all its databases that anybody names, and what could not be read", () => {
  const page = text(server.toUpperCase());
  expect(page).toContain(
    "id-orders: db_datareader in sql-orders/billing  not known to be there, though listed",
  );
  for (const doubt of [
    "sql-orders/gone does not exist.",
    "sql-orders/Night is paused and was left asleep: what is there was not read.",
    "Bindery's user may not see all users of sql-orders/billing.",
    "Of a server only databases are read that documents or tags name.",
  ]) {
    expect(page).toContain(`  ${doubt}\n`);
  }
});

test.each([
  [identityId, ["sql-orders/gone", "sql-orders/billing", "sql-orders/Night"]],
  [group, ["sql-orders/billing", "sql-orders/Night"]],
  [`${server}/night`, ["sql-orders/Night"]],
  [foreignId, []],
  [vaultScope, []],
  ["sql-none.database.windows.net", []],
])("the page of %s has doubts about %j", (id, names) => {
  const { doubts, databases } = explainResource(id, wants, seen, policy);
  expect(doubts.flatMap((doubt) => /sql-\w+\/\w+/.exec(doubt) ?? [])).toEqual(names);
  expect(doubts.some((doubt) => doubt.startsWith("Of a server only"))).toBe(id.startsWith("sql-none"));
  const unseenOnes = databases?.filter(({ unseen }) => unseen).map((one) => databaseName(one.database));
  expect([...new Set(unseenOnes)]).toEqual(names.filter((name) => name !== "sql-orders/gone"));
});

test("what nobody has read of a wanted database is not known to be missing, what is gone is", () => {
  const wantsGone = desired(
    wanted({ bindings: [binding([], [], false, [grant({ ref: { server, database: "gone" }, roles: [] })])] }),
  );
  const told = (world: Observed) =>
    renderExplanationText(explainResource(identityId, wantsGone, world, policy));
  expect(told(seen)).toContain("user id-orders in sql-orders/gone  not there, though");
  expect(told({ ...seen, databases: new Map() })).toContain(
    "user id-orders in sql-orders/gone  not known to be there, though",
  );
});

test("a user that somebody else has made for the identity: its roles may be wanted, the rest is not ours", () => {
  const unmarked = user("id-orders", principal.clientId, { roles: ["clerks", "db_owner"] });
  const world = { ...seen, databases: new Map([[databaseKey(ref), database([unmarked])]]) };
  const { databases } = explainResource(`${server}/orders`, wants, world, policy);
  expect(databases?.map(({ what, standing, markedBy }) => [what, standing, markedBy])).toEqual([
    ["user", "Declared", undefined],
    ["DB_DataReader", "Missing", undefined],
    ["clerks", "Declared", undefined],
    ["db_owner", "Foreign", undefined],
  ]);
});

test("what one identity has there is not taken for another's", () => {
  const document2 = { ...document(), name: "second" };
  const second = wanted({
    id: `${identityId}-2`,
    bindings: [
      {
        ...binding([], [], false, [grant({ userName: "second", document: document2 })]),
        document: document2,
      },
    ],
  });
  const both = desired(...wants.identities, second);
  const { databases = [] } = explainResource(second.id, both, seen, policy);
  const wishes = [{ document: document2, how: "grant", suspended: false }];
  const common = { identityId: second.id, database: ref, userName: "second", orphaned: false, wishes };
  expect(databases).toEqual([
    { ...common, kind: "user", what: "user", standing: "Missing" },
    { ...common, kind: "role", what: "DB_DataReader", standing: "Missing" },
    { ...common, kind: "role", what: "clerks", standing: "Missing" },
  ]);
});

test("a database that nobody names", () => {
  expect(text("sql-none.database.windows.net/x")).toContain(
    "sql-none/x was not read: neither a document nor the tags of a declared identity name it.\n\nNo identity has anything there",
  );
});

test("an identity has its databases on its page, and a resource group those within it", () => {
  const page = text(identityId);
  expect(page).toContain(
    "  db_datawriter in sql-orders/orders (marked by prod)  nobody: no document lists it\n",
  );
  expect(page).not.toContain("theirs");
  expect(text(group)).toContain("id-foreign: user theirs in sql-orders/orders");
  const answer = JSON.parse(renderExplanationJson(explainResource(`${server}/orders`, wants, seen, policy)));
  expect(answer).toMatchObject({ kind: "database", databases: expect.any(Array) });
  expect(answer.databases[2]).toEqual({
    identityId,
    database: ref,
    userName: "id-orders",
    kind: "user",
    what: "user",
    markedBy: "prod",
    standing: "Declared",
    orphaned: false,
    wishes: [{ document: { ...document(), line: 9 }, how: "grant", suspended: false }],
  });
});

test.each([
  [`${server}/Orders`, [`${server}/Orders`]],
  [server, [server]],
  ["sql-orders/ORDERS", [`${server}/orders`]],
  ["sql-orders/none", []],
])("%s names %j", (name, ids) => {
  expect(resourcesNamed(name, wants, seen)).toEqual(ids);
});
