import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../desired/desired.ts";
import { identityIdFrom, idKey } from "../model/arm-id.ts";
import { ownerTag, principalMark, principalTag, pruneTag } from "../model/identity.ts";
import type { Observed } from "../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  owner,
  policy,
  principal,
  reader,
  type Seen,
  secretsUser,
  subscription,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "./fixtures.ts";
import { noReleases, planFor } from "./plan-for.ts";

interface Row {
  readonly name: string;
  readonly want: Partial<DesiredIdentity>;
  readonly see: Seen;
  readonly change?: Partial<Observed>;
  readonly plan: readonly string[];
}

const foreign = identityIdFrom(subscription, "rg", "id-foreign");
const oneVm = [binding([namedVm("vm-1")])];
const otherType = vm("kv", [identityId], { kind: "other", type: "Microsoft.Web/sites" });
const selector = (
  resourceGroups: readonly string[] | "*",
  matchTags: Record<string, string> = { app: "orders" },
) =>
  binding([
    {
      kind: "virtualMachines",
      subscriptionId: subscription,
      resourceGroups,
      matchTags,
      document: document(),
    },
  ]);
const tagged = { tags: { App: "orders" } };
const unowned = live({ tags: {} });

const rows: readonly Row[] = [
  // existence
  {
    name: "creates what is missing and records its principal",
    want: { bindings: oneVm },
    see: { targets: [vm("vm-1")] },
    plan: ["create id-orders", "update tags principal", "attach vm-1"],
  },
  {
    name: "plans nothing when all is as wanted",
    want: { bindings: oneVm },
    see: { identities: [live()], targets: [vm("vm-1", [identityId])] },
    plan: [],
  },
  {
    name: "compares attachments without case",
    want: { bindings: oneVm },
    see: { identities: [live()], targets: [vm("vm-1", [identityId.toUpperCase()])] },
    plan: [],
  },
  {
    name: "does not create without a location",
    want: { location: undefined as never, bindings: oneVm },
    see: { targets: [vm("vm-1")] },
    plan: [
      "LocationMissing: create id-orders",
      "DependencyHeld: update tags principal",
      "DependencyHeld: attach vm-1",
    ],
  },
  {
    name: "takes nothing from what only carries our owner tag: anybody could have written it",
    want: { bindings: oneVm },
    see: {
      identities: [live({ tags: { [ownerTag]: "prod" } })],
      targets: [vm("vm-1"), vm("vm-2", [identityId])],
      assignments: [assignment(reader, { description: "somebody's" })],
    },
    plan: [
      `update tags ${pruneTag},principal`,
      "attach vm-1",
      "AdoptionPending: detach vm-2",
      "AdoptionPending: revoke Reader",
    ],
  },
  {
    name: "finishes a creation that was cut short",
    want: {},
    see: { identities: [live({ tags: { [ownerTag]: "prod" } })] },
    plan: ["update tags principal"],
  },
  {
    name: "keeps listed tags, whatever their key's case, and leaves others alone",
    want: { tags: { Cost: "42", team: "a" } },
    see: { identities: [live({ tags: { ...live().tags, cost: "42", team: "b", other: "x" } })] },
    plan: ["update tags team"],
  },
  // ownership
  {
    name: "never touches what carries no tag",
    want: { bindings: oneVm },
    see: { identities: [unowned], targets: [vm("vm-1")] },
    plan: ["NotOwned: adopt tags bindery-owner,bindery-prune,principal", "NotOwned: attach vm-1"],
  },
  {
    name: "does not list what an unowned identity has too much",
    want: {},
    see: { identities: [unowned], targets: [vm("vm-1", [identityId])] },
    plan: ["NotOwned: adopt tags bindery-owner,bindery-prune,principal"],
  },
  {
    name: "never touches another owner's, adoption or not",
    want: { adoptionPolicy: "Additive", bindings: oneVm },
    see: { identities: [live({ tags: { [ownerTag]: "test" } })], targets: [vm("vm-1")] },
    plan: ["OwnedByAnother: adopt tags bindery-owner,bindery-prune,principal", "OwnedByAnother: attach vm-1"],
  },
  {
    name: "holds when the owner tag was stripped",
    want: { adoptionPolicy: "Additive" },
    see: { identities: [live({ tags: { [principalTag]: principalMark(principal) } })] },
    plan: ["OwnershipLost: adopt tags bindery-owner,bindery-prune,principal"],
  },
  {
    name: "sees a stripped tag by the marker of an assignment",
    want: { adoptionPolicy: "Additive" },
    see: { identities: [unowned], assignments: [assignment(reader)] },
    plan: ["OwnershipLost: adopt tags bindery-owner,bindery-prune,principal"],
  },
  {
    name: "rule 1: gives nothing for a copied tag",
    want: {},
    see: { identities: [live({ principalId: "new" }), live({ id: foreign })] },
    plan: ["NotOwned: adopt tags bindery-owner,bindery-prune,principal"],
  },
  {
    name: "holds a recreated identity",
    want: {},
    see: { identities: [live({ principalId: "new" })] },
    plan: ["Recreated: adopt tags bindery-owner,bindery-prune,principal"],
  },
  {
    name: "adopts additively and holds what there was",
    want: { adoptionPolicy: "Additive", bindings: oneVm },
    see: { identities: [unowned], targets: [vm("vm-1"), vm("vm-2", [identityId])] },
    plan: ["adopt tags bindery-owner,bindery-prune,principal", "attach vm-1", "AdoptionPending: detach vm-2"],
  },
  {
    name: "keeps holding after the adoption",
    want: { adoptionPolicy: "Additive" },
    see: {
      identities: [live({ tags: { ...live().tags, [pruneTag]: "pending" } })],
      targets: [vm("vm-2", [identityId])],
    },
    plan: ["AdoptionPending: detach vm-2"],
  },
  {
    name: "ends the adoption when nothing is too much",
    want: { adoptionPolicy: "Additive" },
    see: { identities: [live({ tags: { ...live().tags, [pruneTag]: "pending" } })] },
    plan: ["update tags -bindery-prune"],
  },
  // attachments
  {
    name: "detaches what no document lists",
    want: {},
    see: { identities: [live()], targets: [vm("vm-1", [identityId, foreign])] },
    plan: ["detach vm-1"],
  },
  {
    name: "takes nothing away under Additive",
    want: { prunePolicy: "Additive" },
    see: { identities: [live()], targets: [vm("vm-1", [identityId])], assignments: [assignment(reader)] },
    plan: [],
  },
  {
    name: "leaves ignored targets alone",
    want: { ignore: { targets: [group], roleAssignments: [] } },
    see: { identities: [live()], targets: [vm("vm-1", [identityId])] },
    plan: [],
  },
  {
    name: "leaves types alone that it cannot change",
    want: {},
    see: { identities: [live()], targets: [otherType] },
    plan: [],
  },
  {
    name: "rule 7: never detaches managed machines and flexible instances",
    want: {},
    see: {
      identities: [live()],
      targets: [
        vm("vm-1", [identityId], { managedBy: "/x" }),
        vm("vm-2", [identityId], { scaleSetId: "/y" }),
      ],
    },
    plan: [],
  },
  {
    name: "holds the attach of a target that is not there",
    want: { bindings: oneVm },
    see: { identities: [live()] },
    plan: ["TargetNotFound: attach vm-1"],
  },
  {
    name: "holds what a suspended binding wants, and does not detach it",
    want: { bindings: [binding([namedVm("vm-1"), namedVm("vm-2")], [], true)] },
    see: { identities: [live()], targets: [vm("vm-1"), vm("vm-2", [identityId])] },
    plan: ["Suspended: attach vm-1"],
  },
  {
    name: "attaches to what a selector matches",
    want: { bindings: [selector(["RG"])] },
    see: {
      identities: [live()],
      targets: [
        vm("vm-1", [], tagged),
        vm("vm-2", [], { tags: { app: "Orders" } }),
        vm("vm-3", [], { ...tagged, managedBy: "/x" }),
      ],
    },
    plan: ["attach vm-1"],
  },
  {
    name: "holds a selector over a whole subscription",
    want: { bindings: [selector("*")] },
    see: { identities: [live()], targets: [vm("vm-1", [], tagged)] },
    plan: ["WholeSubscription: attach vm-1"],
  },
  {
    name: "holds removals where a subscription is unknown",
    want: { bindings: oneVm },
    see: { identities: [live()], targets: [vm("vm-1"), vm("vm-2", [identityId])] },
    change: { unknown: new Map([[subscription, "no access"]]) },
    plan: ["attach vm-1", "ObservationIncomplete: detach vm-2"],
  },
  {
    name: "holds removals of what could not be read",
    want: {},
    see: { identities: [live()], targets: [vm("vm-2", [identityId])] },
    change: { unreadable: new Map([[idKey(vmId("vm-2")), "500"]]) },
    plan: ["ObservationIncomplete: detach vm-2"],
  },
  {
    name: "holds everything of an identity that a list shows and a read of its own did not",
    want: { bindings: oneVm, tags: { team: "x" } },
    see: { identities: [live()], targets: [vm("vm-1"), vm("vm-2", [identityId])] },
    change: { unreadable: new Map([[idKey(identityId), "429"]]) },
    plan: [
      "ObservationIncomplete: update tags team",
      "ObservationIncomplete: attach vm-1",
      "ObservationIncomplete: detach vm-2",
    ],
  },
  // grants
  {
    name: "grants what is listed",
    want: { bindings: [binding([], [grantOf("key vault secrets user")])] },
    see: { identities: [live()] },
    plan: ["grant Key Vault Secrets User"],
  },
  {
    name: "compares assignments by scope, principal and role",
    want: { bindings: [binding([], [grantOf("Reader")])] },
    see: { identities: [live()], assignments: [assignment(reader, { scope: vaultScope.toUpperCase() })] },
    plan: [],
  },
  {
    name: "updates a condition",
    want: { bindings: [binding([], [grantOf("Reader", vaultScope, "x")])] },
    see: { identities: [live()], assignments: [assignment(reader)] },
    plan: ["update Reader"],
  },
  {
    name: "revokes what no document lists",
    want: {},
    see: { identities: [live()], assignments: [assignment(reader)] },
    plan: ["revoke Reader"],
  },
  {
    name: "holds what Privileged Identity Management will end",
    want: {},
    see: { identities: [live()], assignments: [assignment(reader, { until: "2026-12-01T00:00:00.000Z" })] },
    plan: ["TimeBound: revoke Reader"],
  },
  {
    name: "leaves ignored assignments alone",
    want: { ignore: { targets: [], roleAssignments: [group] } },
    see: { identities: [live()], assignments: [assignment(reader)] },
    plan: [],
  },
  {
    name: "never revokes above the estate",
    want: {},
    see: {
      identities: [live()],
      assignments: [assignment(reader, { scope: "/providers/Microsoft.Management/managementGroups/root" })],
    },
    plan: [],
  },
  {
    name: "holds an unknown role, and takes nothing away at its scope",
    want: { bindings: [binding([], [grantOf("Raeder")])] },
    see: { identities: [live()], assignments: [assignment(reader)] },
    plan: ["RoleNotFound: grant Raeder"],
  },
  {
    name: "holds a scope that is not there",
    want: { bindings: [binding([], [grantOf("Reader")])] },
    see: { identities: [live()] },
    change: { missingScopes: new Set([idKey(vaultScope)]) },
    plan: ["ScopeNotFound: grant Reader"],
  },
  {
    name: "holds a privileged role",
    want: { bindings: [binding([], [grantOf("Owner")])] },
    see: { identities: [live()] },
    plan: ["Privileged: grant Owner"],
  },
  {
    name: "holds any role above a resource group",
    want: { bindings: [binding([], [grantOf("Reader", `/subscriptions/${subscription}`)])] },
    see: { identities: [live()] },
    plan: ["Privileged: grant Reader"],
  },
  // the end
  {
    name: "releases: tags off, nothing else",
    want: { lifecycle: "Released" },
    see: { identities: [live()], targets: [vm("vm-1", [identityId])], assignments: [assignment(reader)] },
    plan: ["release tags -bindery-owner,-bindery-principal"],
  },
  {
    name: "holds the release of what only carries our tags",
    want: { lifecycle: "Released" },
    see: { identities: [live({ principalId: "new" })] },
    plan: ["Recreated: release tags -bindery-owner,-bindery-principal"],
  },
  {
    name: "empties before it deletes",
    want: { lifecycle: "Absent", prunePolicy: "Additive" },
    see: { identities: [live()], targets: [vm("vm-1", [identityId])], assignments: [assignment(reader)] },
    plan: ["detach vm-1", "revoke Reader", "NotEmpty: delete id-orders"],
  },
  {
    name: "Absent detaches managed machines too",
    want: { lifecycle: "Absent" },
    see: { identities: [live()], targets: [vm("vm-1", [identityId], { managedBy: "/x" })] },
    plan: ["detach vm-1", "NotEmpty: delete id-orders"],
  },
  {
    name: "deletes what is empty",
    want: { lifecycle: "Absent" },
    see: { identities: [live()], targets: [vm("vm-1")] },
    plan: ["delete id-orders"],
  },
  {
    name: "does not delete what another type uses",
    want: { lifecycle: "Absent" },
    see: { identities: [live()], targets: [otherType] },
    plan: ["InUse: delete id-orders"],
  },
  {
    name: "does not delete while anything in the estate is unknown",
    want: { lifecycle: "Absent" },
    see: { identities: [live()] },
    change: { unknown: new Map([[subscription, "no access"]]) },
    plan: ["ObservationIncomplete: delete id-orders"],
  },
  {
    name: "does not delete what is not ours",
    want: { lifecycle: "Absent", adoptionPolicy: "Additive" },
    see: { identities: [unowned], targets: [vm("vm-1", [identityId])] },
    plan: ["NotOwned: delete id-orders"],
  },
  { name: "has nothing to do where Absent is absent", want: { lifecycle: "Absent" }, see: {}, plan: [] },
];

test.each(rows)("$name", ({ want, see, change, plan }) => {
  const result = planFor(desired(wanted(want)), observed(see, change), policy);
  expect(linesOf(result)).toEqual(plan);
});

test("an allowed privileged grant is made, and only at exactly that scope", () => {
  const want = wanted({ bindings: [binding([], [grantOf("Owner"), grantOf("Owner", group)])] });
  const allow = { identity: "team/orders", roleName: "owner", scope: vaultScope.toLowerCase() };
  const result = planFor(desired(want), observed({ identities: [live()] }), {
    ...policy,
    privileged: [allow],
  });
  expect(linesOf(result)).toEqual(["grant Owner", "Privileged: grant Owner"]);
});

describe("rule 18: a release names one held set by its digest", () => {
  const want = wanted({ adoptionPolicy: "Additive" });
  const adopted = live({ tags: { ...live().tags, [pruneTag]: "pending" } });
  const see = (...names: string[]) =>
    observed({ identities: [adopted], targets: names.map((name) => vm(name, [identityId])) });

  test("a digest releases exactly the set it was made for", () => {
    const digest = planFor(desired(want), see("vm-1", "vm-2"), policy).held[0]?.digest ?? "";
    const releases = { ...noReleases, digests: new Set([digest]) };
    const released = planFor(desired(want), see("vm-1", "vm-2"), policy, releases);
    expect(linesOf(released)).toEqual(["detach vm-1", "detach vm-2", "update tags -bindery-prune"]);
    const grown = planFor(desired(want), see("vm-1", "vm-2", "vm-3"), policy, releases);
    expect(linesOf(grown)).toEqual([
      "AdoptionPending: detach vm-1",
      "AdoptionPending: detach vm-2",
      "AdoptionPending: detach vm-3",
    ]);
    const later = planFor({ ...desired(want), revision: "r2" }, see("vm-1", "vm-2"), policy, releases);
    expect(later.changes).toEqual([]);
  });

  test("what is left of a released set stays released", () => {
    const digest = planFor(desired(want), see("vm-1", "vm-2"), policy).held[0]?.digest ?? "";
    const first = planFor(desired(want), see("vm-1", "vm-2"), policy, {
      ...noReleases,
      digests: new Set([digest]),
    });
    const rest = planFor(desired(want), see("vm-2"), policy, {
      digests: new Set(),
      changes: new Set(first.released),
    });
    expect(rest.changes.map((c) => c.kind)).toContain("detach");
  });

  test("a hold that only a cure can lift is not released by its digest", () => {
    const unownedPlan = planFor(desired(wanted({})), observed({ identities: [unowned] }), policy);
    const digests = new Set(unownedPlan.held.map((h) => h.digest));
    const again = planFor(desired(wanted({})), observed({ identities: [unowned] }), policy, {
      ...noReleases,
      digests,
    });
    expect(linesOf(again)).toEqual(linesOf(unownedPlan));
  });
});

test("a swap goes in one PATCH, and while the one that comes is held the one that goes stays", () => {
  const comes = identityIdFrom(subscription, "rg", "id-new");
  const newcomer = wanted({ id: comes, document: document("UserAssignedIdentity", "new"), bindings: oneVm });
  const second = live({
    id: comes,
    principalId: "p2",
    clientId: "c2",
    tags: { [ownerTag]: "prod", [principalTag]: "p2/c2" },
  });
  const see = { identities: [live(), second], targets: [vm("vm-1", [identityId])] };
  const plan = planFor(desired(wanted(), newcomer), observed(see), policy);
  expect(plan.operations.map((o) => o.action.kind)).toEqual(["patchTarget"]);
  const held = planFor(
    desired(wanted(), newcomer),
    observed({ ...see, identities: [live(), { ...second, tags: {} }] }),
    policy,
  );
  expect(linesOf(held)).toContain("SwapIncomplete: detach vm-1");
});

test("operations wait: grants before attaches, attaches before revokes, everything before a delete", () => {
  const want = wanted({ bindings: [binding([namedVm("vm-1")], [grantOf(secretsUser.roleName)])] });
  const see = { targets: [vm("vm-1")] };
  const { operations } = planFor(desired(want), observed(see), policy);
  const kinds = new Map(operations.map((o) => [o.id, o.action.kind]));
  const waits = operations.map((o) => [o.action.kind, o.after.map((id) => kinds.get(id))]);
  expect(waits).toEqual([
    ["createIdentity", []],
    ["mergeTags", ["createIdentity"]],
    ["putAssignment", ["createIdentity"]],
    ["patchTarget", ["createIdentity", "putAssignment"]],
  ]);
});

test("orphans are shown with all that they still can, and never touched", () => {
  const trust = { name: "ci", issuer: "https://ci", subject: "repo:a", audience: "api" };
  const seen = {
    identities: [live()],
    targets: [vm("vm-1", [identityId])],
    assignments: [assignment(owner)],
  };
  const credentials = new Map([[idKey(identityId), [trust]]]);
  const plan = planFor(desired(), observed(seen, { credentials }), policy);
  expect(plan.changes).toEqual([]);
  expect(plan.orphans).toEqual([
    {
      identityId,
      targets: [vmId("vm-1")],
      credentials: [trust],
      roles: [{ roleName: "Owner", scope: vaultScope }],
    },
  ]);
});

test("the same input in another order gives the same plan", () => {
  const second = wanted({ id: foreign, document: document("UserAssignedIdentity", "a") });
  const see = observed({ targets: [vm("vm-1")] });
  expect(planFor(desired(wanted(), second), see, policy)).toEqual(
    planFor(desired(second, wanted()), see, policy),
  );
});
