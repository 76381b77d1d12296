import { expect, test } from "vitest";
import type { DesiredTarget } from "../../desired/desired.ts";
import { idKey } from "../../model/arm-id.ts";
import { ownerTag } from "../../model/identity.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  secretsUser,
  subscription,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "../fixtures.ts";
import { explainResource, resourcesNamed } from "./explain.ts";
import { renderExplanationJson, renderExplanationText } from "./render.ts";

const foreignId = identityId.replace("id-orders", "id-foreign");
const selector: DesiredTarget = {
  kind: "virtualMachines",
  subscriptionId: subscription,
  resourceGroups: ["rg"],
  matchTags: { app: "orders" },
  document: { ...document(), line: 12 },
};
const wants = desired(
  wanted({
    bindings: [
      binding(
        [{ ...namedVm("vm-1"), document: { ...document(), line: 9 } }, selector, namedVm("vm-missing")],
        [grantOf("Key Vault Secrets User"), grantOf("Reader", `/subscriptions/${subscription}`)],
      ),
      { ...binding([namedVm("vm-2")], [], true) },
    ],
    ignore: { roleAssignments: [], targets: [vmId("vm-aks")] },
  }),
);
const seen = observed({
  identities: [live(), live({ id: foreignId, principalId: "f", tags: { [ownerTag]: "other" } })],
  targets: [
    vm("vm-1", [identityId, foreignId], {
      attachments: { systemAssigned: true, userAssigned: [{ id: identityId }, { id: foreignId }] },
      tags: { app: "orders" },
    }),
    vm("vm-2", [identityId]),
    vm("vm-rogue", [identityId]),
    vm("vm-aks", [identityId]),
    vm("vm-bare"),
  ],
  assignments: [assignment(secretsUser), assignment(reader, { scope: group })],
});
const explain = (id: string) => explainResource(id, wants, seen, policy);

test("a target: every identity on it with document and line, the foreign one with its owner", () => {
  const answer = explain(vmId("VM-1"));
  expect(answer).toMatchObject({ kind: "target", systemAssigned: true });
  expect(renderExplanationText(answer)).toBe(`${vmId("VM-1")}
As the documents are at revision r1.
System-assigned identity: yes.

Attached
  id-orders  listed by team/orders (orders.yaml:9); matches the selector of team/orders (orders.yaml:12); the identity is owned by this instance
  id-foreign  not ours: no document lists it; the identity is owned by other

Has through them
  id-orders: Reader on subscription 00000000  not there, though listed by team/orders (orders.yaml:1)
  id-orders: Reader on resource group rg (marked by prod)  nobody: no document lists it
  id-orders: Key Vault Secrets User on kv (marked by prod)  listed by team/orders (orders.yaml:1)

Who has roles on it
  id-orders: Reader on subscription 00000000 (inherited)  not there, though listed by team/orders (orders.yaml:1)
  id-orders: Reader on resource group rg (inherited, marked by prod)  nobody: no document lists it
`);
});

test.each([
  ["vm-2", "Declared", [{ how: "named", suspended: true }]],
  ["vm-rogue", "Undeclared", []],
  ["vm-aks", "Ignored", []],
  ["vm-missing", "Missing", [{ how: "named", suspended: false }]],
])("attachment to %s is %s", (name, standing, wishes) => {
  expect(explain(vmId(name)).attachments).toMatchObject([{ identityId, standing, wishes }]);
});

test("a target with nothing says so", () => {
  const answer = explainResource(vmId("vm-bare"), desired(), observed({ targets: [vm("vm-bare")] }), policy);
  expect(renderExplanationText(answer)).toContain("No identity is attached here");
});

test("a scope: assignments made there and above, declared and not", () => {
  const answer = explain(vaultScope);
  expect(answer.kind).toBe("scope");
  expect(answer.assignments.map((a) => [a.roleName, a.standing, a.inherited, a.markedBy])).toEqual([
    ["Reader", "Missing", true, undefined],
    ["Reader", "Undeclared", true, "prod"],
    ["Key Vault Secrets User", "Declared", false, "prod"],
  ]);
});

test("an identity: its document, its targets, its grants", () => {
  const answer = explain(identityId.toUpperCase());
  expect(answer.identity).toMatchObject({
    ownership: "Ours",
    lifecycle: "Present",
    prunePolicy: "Authoritative",
  });
  expect(answer.attachments.map((a) => a.standing)).toEqual([
    "Declared",
    "Declared",
    "Undeclared",
    "Ignored",
    "Missing",
  ]);
  expect(answer.assignments).toHaveLength(3);
  expect(renderExplanationText(answer)).toContain(
    "Declared by team/orders (orders.yaml:1): lifecycle Present",
  );
});

test("an identity of others is explained as such", () => {
  const answer = explain(foreignId);
  expect(answer.identity).toMatchObject({ ownership: "Another", owner: "other" });
  expect(renderExplanationText(answer)).toContain("Declared by nobody.\nIt is owned by other.");
});

test.each([
  ["team/orders", [identityId]],
  ["vm-1", [vmId("vm-1")]],
  ["id-foreign", [foreignId]],
  ["KV", [vaultScope]],
  [group, [group]],
  ["nothing", []],
])("%s names %j", (text, ids) => {
  expect(resourcesNamed(text, wants, seen).map(idKey)).toEqual(ids.map(idKey));
});

test.each([
  ["PrivateLink.database.windows.net", [`${group}/providers/x/zones/privatelink.database.windows.net`]],
  ["app.prod.eu", [vmId("app.prod.eu")]],
  ["sql-x.database.windows.net", ["sql-x.database.windows.net"]],
  ["sql-x.database.windows.net/a b", ["sql-x.database.windows.net/a b"]],
  ["sql-x.database.windows.net,1433", []],
  ["team/a.b.c", []],
  ["a.b", []],
])("%s is a host name only where nothing is called so: %j", (text, ids) => {
  const zone = `${group}/providers/x/zones/privatelink.database.windows.net`;
  const names = desired(wanted({ bindings: [binding([], [grantOf("Reader", zone)])] }));
  expect(resourcesNamed(text, names, observed({ targets: [vm("app.prod.eu")] }))).toEqual(ids);
});

test("what is not known is told", () => {
  const doubtful = observed({}, { unknown: new Map([[subscription, "no \u001b[31mright"]]) });
  const answer = explainResource(vaultScope, desired(), doubtful, policy);
  expect(renderExplanationText(answer)).toContain(
    `Subscription ${subscription} is not fully known: no \\u{1b}[31mright.`,
  );
  expect(JSON.parse(renderExplanationJson(answer))).toMatchObject({
    apiVersion: "bindery.dev/explanation/v1",
  });
});

test("an orphan is called one, wherever it is met", () => {
  const orphanId = identityId.replace("id-orders", "id-old");
  const world = observed({
    identities: [live({ id: orphanId })],
    targets: [vm("vm-1", [orphanId])],
    assignments: [assignment(secretsUser)],
  });
  const of = (id: string) => renderExplanationText(explainResource(id, desired(wanted()), world, policy));
  expect(of(orphanId)).toContain("Declared by nobody any more: an orphan, nothing of it is touched");
  const words = "nobody: no document names the identity any more (an orphan)";
  expect(of(vmId("vm-1"))).toContain(`  id-old  ${words}; the identity is owned by this instance\n`);
  expect(of(vaultScope)).toContain(`  id-old: Key Vault Secrets User (marked by prod)  ${words}\n`);
  const answer = explainResource(vaultScope, desired(wanted()), world, policy);
  expect(answer.assignments).toMatchObject([{ orphaned: true }]);
});

test.each([
  ["a machine that no list shows", vmId("vm-unknown"), "No list shows this resource"],
  [
    "a resource outside the estate",
    vmId("vm-1").replace(subscription, "00000000-0000-4000-8000-00000000000f"),
    "Subscription 00000000-0000-4000-8000-00000000000f is not in the estate, so nothing was read there.",
  ],
])("%s is doubtful", (_, id, words) => {
  expect(renderExplanationText(explain(id))).toContain(words);
});

test("what is known for sure is not", () => {
  for (const id of [vmId("vm-1"), vaultScope, identityId, group]) expect(explain(id).doubts).toEqual([]);
});
