import { expect, test } from "vitest";
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
  owner,
  policy,
  principal,
  reader,
  secretsUser,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "../fixtures.ts";
import { explainResource } from "./explain.ts";
import { renderExplanationText } from "./render.ts";

const otherId = `${identityId}-2`;
const otherVault = vaultScope.replace("/rg/", "/rg-b/");
const farVm = vmId("vm-1", "rg-b");
const farTwin = identityId.replace("/rg/", "/rg-b/");
const condition = "@Resource[x] == 'y'";

/** Two declared identities beside each other, and a twin of the first in another group that nobody declares. */
const wants = desired(
  wanted({
    bindings: [
      binding(
        [namedVm("vm-1")],
        [
          grantOf("Reader"),
          grantOf("Key Vault Secrets User", vaultScope, condition),
          grantOf("Key Vault Secrets User", otherVault, condition),
        ],
      ),
    ],
    ignore: { roleAssignments: [vmId("x"), vmId("vm-9")], targets: [vmId("vm-8"), vmId("vm-9")] },
  }),
  wanted({
    id: otherId,
    document: document("UserAssignedIdentity", "other"),
    bindings: [binding([namedVm("vm-2")], [grantOf("Reader"), grantOf("Reader", otherVault)])],
  }),
);
const seen = observed({
  identities: [
    live(),
    live({ id: otherId, principalId: "p2", clientId: "c2" }),
    live({ id: farTwin, principalId: "p3", clientId: "c3", tags: {} }),
  ],
  targets: [
    vm("vm-1", [identityId, farTwin]),
    { ...vm("vm-1", [identityId]), id: farVm },
    vm("vm-9", [identityId]),
  ],
  assignments: [
    assignment(reader, { id: "/other", principalId: "p2" }),
    assignment(secretsUser, { condition }),
    assignment(owner, { id: "/own", scope: vmId("vm-9"), description: "by hand" }),
    assignment(owner, { id: "/twin", principalId: "p3", description: "by hand" }),
  ],
});
const page = (id: string) => renderExplanationText(explainResource(id, wants, seen, policy));

test("the page of an identity has its own alone, each called by what is not another's name", () => {
  const listed = "listed by team/orders (orders.yaml:1)";
  expect(page(identityId)).toBe(`${identityId}
As the documents are at revision r1.
Declared by ${listed.slice(10)}: lifecycle Present, prunePolicy Authoritative.
It is owned by this instance.
Principal ${principal.principalId}, client ${principal.clientId}.

Attached
  rg/vm-1  ${listed}
  rg-b/vm-1  nobody: no document lists it
  vm-9  nobody: its document leaves it to others (ignore)

Roles
  Key Vault Secrets User on rg-b/kv (with a condition)  not there, though ${listed}
  Owner on vm-9  nobody: its document leaves it to others (ignore)
  Key Vault Secrets User on rg/kv (with a condition, marked by prod)  ${listed}
  Reader on rg/kv  not there, though ${listed}
`);
  const { assignments } = explainResource(identityId, wants, seen, policy);
  expect(assignments.map((one) => [one.condition, one.orphaned])).toEqual([
    [condition, false],
    [undefined, false],
    [condition, false],
    [undefined, false],
  ]);
});

test("the page of a machine says whose each role is, and which twin is meant", () => {
  const listed = "listed by team/orders (orders.yaml:1)";
  expect(page(vmId("vm-1"))).toContain(`Attached
  rg/id-orders  ${listed}; the identity is owned by this instance
  rg-b/id-orders  not ours: no document lists it; the identity is without an owner tag, not ours

Has through them
  rg/id-orders: Key Vault Secrets User on rg-b/kv (with a condition)  not there, though ${listed}
  rg/id-orders: Owner on vm-9  nobody: its document leaves it to others (ignore)
  rg/id-orders: Key Vault Secrets User on rg/kv (with a condition, marked by prod)  ${listed}
  rg-b/id-orders: Owner on rg/kv  not ours: no document lists it
  rg/id-orders: Reader on rg/kv  not there, though ${listed}
`);
});

test("the page of a scope says whose each role is, and which twin is meant", () => {
  const listed = "listed by team/orders (orders.yaml:1)";
  expect(page(vaultScope)).toContain(`Who has roles on it
  rg/id-orders: Key Vault Secrets User (with a condition, marked by prod)  ${listed}
  rg-b/id-orders: Owner  not ours: no document lists it
  rg/id-orders: Reader  not there, though ${listed}
  id-orders-2: Reader (marked by prod)  ${listed}
`);
});

const { tags } = live();
const ownerOnly = { [ownerTag]: "prod" };

test.each([
  ["not there yet", observed()],
  ["without an owner tag, not ours", observed({ identities: [live({ tags: {} })] })],
  [
    "no longer tagged as ours",
    observed({ identities: [live({ tags: {} })], assignments: [assignment(reader, { scope: group })] }),
  ],
  ["owned by dev", observed({ identities: [live({ tags: { [ownerTag]: "dev" } })] })],
  ["owned by this instance", observed({ identities: [live()] })],
  [
    "owned by this instance, its creation is unfinished",
    observed({ identities: [live({ tags: ownerOnly })] }),
  ],
  [
    "with a copied owner tag, not ours",
    observed({ identities: [live({ principalId: "p9", clientId: "c9", tags }), live({ id: otherId })] }),
  ],
  [
    "deleted and created again by someone else",
    observed({ identities: [live({ principalId: "p9", clientId: "c9" })] }),
  ],
])("an identity %s", (words, world) => {
  const text = renderExplanationText(explainResource(identityId, desired(wanted()), world, policy));
  expect(text).toContain(`\nIt is ${words}.\n`);
  const isThere = world.identities.size > 0;
  expect(text.includes("It does not exist in Azure.")).toBe(!isThere);
  expect(text.includes("It is attached to nothing and has no role, as far as this credential can see.")).toBe(
    world.assignments.size === 0,
  );
});
