import { describe, expect, test } from "vitest";
import type { DatabaseRef } from "../../model/database.ts";
import { document, group, identityId, planWith, subscription, vaultScope, vmId } from "../fixtures.ts";
import type { Change, Orphan, Plan, Subject, Warning } from "../plan.ts";
import { namesOf, subjectWords, summaryWords, warnedIn } from "./change-words.ts";
import { placeOf } from "./names.ts";

const database: DatabaseRef = { server: "sql-orders.database.windows.net", database: "orders" };
const inDatabase = { database, userName: "id-orders" };
const role = { kind: "role", scope: vaultScope, roleGuid: "g", roleName: "Reader" } as const;
const tags = { kind: "tags", set: {}, remove: {} } as const;
const trust = {
  name: "gh",
  issuer: "https://issuer.example",
  subject: "repo:x",
  audience: "api://AzureADTokenExchange",
} as const;
const credential = { kind: "credential", credential: trust } as const;
const permission = { ...inDatabase, kind: "databasePermission", permission: "SELECT" } as const;
const user = { ...inDatabase, kind: "databaseUser" } as const;
const goes = { ownedSchemas: [], ownedRoles: [] };
const scaleSet = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-1`;

function change(subject: Subject, parts: Partial<Change> = {}): Change {
  return {
    id: "c",
    kind: "update",
    identityId,
    document: document(),
    subject,
    reason: "because",
    needs: [],
    ...parts,
  };
}

const rows: readonly (readonly [Subject, string])[] = [
  [{ kind: "identity" }, "id-orders"],
  [{ kind: "identity", location: "westeurope" }, "id-orders in westeurope"],
  [{ ...tags, set: { a: "1" } }, "tag a=1"],
  [{ ...tags, set: { a: "1", b: "2" } }, "tags a=1, b=2"],
  [{ ...tags, set: { a: "1" }, recordPrincipal: true }, "tags a=1, bindery-principal"],
  [{ ...tags, remove: { a: "1" } }, "without tag a"],
  [{ ...tags, set: { a: "1" }, remove: { b: "2", c: "3" } }, "tag a=1; without tags b, c"],
  [{ ...credential, remove: false }, "federated credential gh (repo:x of https://issuer.example)"],
  [
    { ...credential, credential: { ...trust, audience: "api" }, remove: false },
    "federated credential gh (repo:x of https://issuer.example with the audience api)",
  ],
  [{ ...credential, remove: true }, "without federated credential gh (repo:x of https://issuer.example)"],
  [{ kind: "target", targetId: vmId("vm-1") }, "vm-1"],
  [{ kind: "instances", targetId: scaleSet }, "instances of vmss-1"],
  [role, "Reader on kv"],
  [{ ...role, condition: "@Resource[x] StringEquals 'y'" }, "Reader on kv (with a condition)"],
  [{ ...permission, securable: { class: "database" } }, "SELECT in sql-orders/orders"],
  [
    { ...permission, securable: { class: "schema", schema: "sales" } },
    "SELECT on schema::sales in sql-orders/orders",
  ],
  [
    { ...permission, securable: { class: "object", schema: "sales", object: "orders" } },
    "SELECT on object::sales.orders in sql-orders/orders",
  ],
  [{ ...inDatabase, kind: "databaseRole", role: "db_owner" }, "db_owner in sql-orders/orders"],
  [user, "user id-orders in sql-orders/orders"],
  [{ ...user, drops: { ...goes, roles: [] } }, "user id-orders in sql-orders/orders"],
  [
    { ...user, drops: { ...goes, roles: ["db_owner", "clerks"] } },
    "user id-orders in sql-orders/orders (with db_owner, clerks)",
  ],
  [
    { ...user, drops: { roles: [], ownedSchemas: ["sales"], ownedRoles: [] } },
    "user id-orders in sql-orders/orders (dbo gets schema sales)",
  ],
  [
    { ...user, drops: { roles: ["clerks"], ownedSchemas: ["sales", "hr"], ownedRoles: ["keepers"] } },
    "user id-orders in sql-orders/orders (with clerks; dbo gets schema sales, schema hr, role keepers)",
  ],
  [
    { ...user, replaces: { ...goes, name: "id-old", roles: ["clerks"], permissions: [] } },
    "user id-orders in sql-orders/orders (in place of id-old)",
  ],
];

test.each(rows)("%j is told as %s", (subject, words) => {
  const one = change(subject);
  expect(subjectWords(one, namesOf(planWith({ changes: [one] })))).toBe(words);
});

describe("what a plan mentions is told apart", () => {
  const elsewhere = (id: string): string => id.replace("/rg/", "/rg-b/");
  const twin = (id: string): string => id.replace(subscription, subscription.replace(/1$/, "2"));
  const orphan: Orphan = { identityId: elsewhere(identityId), targets: [], roles: [], credentials: [] };
  const effect = { kind: "gain", conditions: [] } as const;
  const power = {
    kind: "azureRole",
    roleGuid: "g",
    roleName: "Reader",
    scope: elsewhere(vaultScope),
  } as const;
  const held = (one: Change) =>
    ({ change: one, reason: "NotOwned", message: "m", cure: "c", digest: "d", releasable: false }) as const;
  const holder = (targetId: string) =>
    ({
      kind: "target",
      targetId,
      targetKind: "virtualMachine",
      type: "Microsoft.Compute/virtualMachines",
    }) as const;

  test.each<[string, string, string, Partial<Plan>]>([
    [
      "a scope of one change from that of another",
      vaultScope,
      "rg/kv",
      { changes: [role, { ...role, scope: elsewhere(vaultScope) }].map((one) => change(one)) },
    ],
    [
      "a target from another",
      vmId("vm-1"),
      "rg/vm-1",
      { changes: ["rg", "rg-b"].map((rg) => change({ kind: "target", targetId: vmId("vm-1", rg) })) },
    ],
    [
      "a scale set from another",
      scaleSet,
      "rg/vmss-1",
      { changes: [scaleSet, elsewhere(scaleSet)].map((targetId) => change({ kind: "instances", targetId })) },
    ],
    [
      "an identity from one that is held",
      identityId,
      "rg/id-orders",
      { changes: [change(tags)], held: [held(change(tags, { identityId: elsewhere(identityId) }))] },
    ],
    [
      "an identity from an orphan",
      identityId,
      "rg/id-orders",
      { changes: [change(tags)], orphans: [orphan] },
    ],
    [
      "a target from an orphan's",
      vmId("vm-1"),
      "rg/vm-1",
      {
        changes: [change({ kind: "target", targetId: vmId("vm-1") })],
        orphans: [{ ...orphan, targets: [vmId("vm-1", "rg-b")] }],
      },
    ],
    [
      "a scope from an orphan's",
      vaultScope,
      "rg/kv",
      {
        changes: [change(role)],
        orphans: [{ ...orphan, roles: [{ roleName: "Reader", scope: elsewhere(vaultScope) }] }],
      },
    ],
    [
      "an identity from one in the blast radius",
      identityId,
      "rg/id-orders",
      { changes: [change(tags)], blastRadius: [{ identityId: elsewhere(identityId), effects: [] }] },
    ],
    [
      "a scope from one in the blast radius",
      vaultScope,
      "rg/kv",
      {
        changes: [change(role)],
        blastRadius: [{ identityId, effects: [{ ...effect, power, holders: [] }] }],
      },
    ],
    [
      "holders in the blast radius",
      vmId("vm-1"),
      "rg/vm-1",
      {
        blastRadius: [
          {
            identityId,
            effects: [{ ...effect, power, holders: ["rg", "rg-b"].map((rg) => holder(vmId("vm-1", rg))) }],
          },
        ],
      },
    ],
  ])("%s: %s is called %s", (_, id, name, parts) => {
    expect(namesOf(planWith(parts))(id)).toBe(name);
  });

  test("a subscription from another that begins alike", () => {
    const changes = [identityId, twin(identityId)].map((id) => change(tags, { identityId: id }));
    expect(placeOf(identityId, namesOf(planWith({ changes })))).toBe(`rg, subscription ${subscription}`);
  });
});

describe("counts", () => {
  const warning: Warning = { code: "LastIdentity", message: "m" };
  const orphan: Orphan = { identityId, targets: [], roles: [], credentials: [] };
  test.each<[Partial<Plan>, string]>([
    [{}, "Nothing to do."],
    [{ warnings: [warning] }, "Nothing to do; 1 warning."],
    [{ warnings: [warning, warning], orphans: [orphan, orphan] }, "Nothing to do; 2 warnings, 2 orphans."],
    [{ changes: [change(tags), change(tags)], orphans: [orphan] }, "Plan: 2 to update; 1 orphan."],
  ])("%j is summed up as %s", (parts, words) => {
    expect(summaryWords(planWith(parts))).toBe(words);
  });
});

test("a change shows the codes of all warnings about it, and what they are about", () => {
  const warnings: readonly Warning[] = [
    { code: "LastIdentity", message: "m", changeIds: ["a"] },
    { code: "PermissionMissing", message: "m", changeIds: ["a", "b"], about: "x/write" },
    { code: "LastIdentity", message: "about none" },
  ];
  expect([...warnedIn({ warnings })]).toEqual([
    ["a", "LastIdentity, PermissionMissing: x/write"],
    ["b", "PermissionMissing: x/write"],
  ]);
});
