import { expect, test } from "vitest";
import type { DesiredIdentity } from "../desired/desired.ts";
import { identityIdFrom } from "../model/arm-id.ts";
import { assignmentNameFor } from "../model/assignment-name.ts";
import { ownerTag, principalTag } from "../model/identity.ts";
import type { Target } from "../model/target.ts";
import type { Observed } from "../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
  document,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  type Seen,
  subscription,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "./fixtures.ts";
import { planFor } from "./plan-for.ts";

const foreign = identityIdFrom(subscription, "rg", "id-foreign");
const oneVm = [binding([namedVm("vm-1")])];
const nothing = binding([
  {
    kind: "virtualMachines",
    subscriptionId: subscription,
    resourceGroups: ["rg"],
    matchTags: { a: "b" },
    document: document(),
  },
]);
const manual = {
  kind: "virtualMachineScaleSet",
  upgradeMode: "Manual",
  orchestrationMode: "Uniform",
} as const;

const upgraded = {
  kind: "virtualMachineScaleSet",
  instanceUpgrade: "Automatic",
  document: document(),
} as const;
const otherId = identityIdFrom(subscription, "rg", "id-other");
const other = wanted({
  id: otherId,
  document: document("UserAssignedIdentity", "other"),
  bindings: [binding([namedVm("vm-1")])],
});
const otherLive = live({
  id: otherId,
  principalId: "p-other",
  clientId: "c-other",
  tags: { [ownerTag]: "prod", [principalTag]: "p-other/c-other" },
});
const deadName = assignmentNameFor(vaultScope, "p-dead", reader.guid);
const dead = assignment(reader, {
  id: `${vaultScope}/providers/Microsoft.Authorization/roleAssignments/${deadName}`,
  principalId: "p-dead",
});

const rows: {
  name: string;
  want?: Partial<DesiredIdentity>;
  and?: DesiredIdentity[];
  see: Seen;
  change?: Partial<Observed>;
  codes: string[];
}[] = [
  {
    name: "a quiet plan",
    want: { bindings: oneVm },
    see: { targets: [vm("vm-1", [identityId])] },
    codes: [],
  },
  {
    name: "a second identity on a machine",
    want: { bindings: oneVm },
    see: { targets: [vm("vm-1", [foreign])] },
    codes: ["SecondIdentity"],
  },
  {
    name: "a second identity beside a system one",
    want: { bindings: oneVm },
    see: {
      targets: [vm("vm-1", [], { attachments: { systemAssigned: true, userAssigned: [{ id: foreign }] } })],
    },
    codes: [],
  },
  {
    name: "two identities at once on a machine that had none",
    want: { bindings: oneVm },
    and: [other],
    see: { identities: [live(), otherLive], targets: [vm("vm-1")] },
    codes: [],
  },
  {
    name: "a third identity",
    want: { bindings: oneVm },
    see: { targets: [vm("vm-1", [foreign, `${foreign}-2`])] },
    codes: [],
  },
  {
    name: "one that takes another one's place",
    want: {},
    and: [other],
    see: { identities: [live(), otherLive], targets: [vm("vm-1", [identityId])] },
    codes: [],
  },
  {
    name: "the only one, whose reference is renewed",
    want: { bindings: oneVm },
    see: {
      targets: [
        vm("vm-1", [], {
          attachments: { systemAssigned: false, userAssigned: [{ id: identityId, principalId: "p-dead" }] },
        }),
      ],
    },
    codes: [],
  },
  {
    name: "the last identity leaving",
    see: { targets: [vm("vm-1", [identityId])] },
    codes: ["LastIdentity"],
  },
  {
    name: "a manual scale set",
    want: { bindings: oneVm },
    see: { targets: [vm("vm-1", [], manual)] },
    codes: ["ManualUpgrade"],
  },
  {
    name: "a flexible set: its instances are machines of their own",
    want: { bindings: oneVm },
    see: { targets: [vm("vm-1", [], { ...manual, orchestrationMode: "Flexible" })] },
    codes: [],
  },
  {
    name: "a manual set whose instances this plan brings up to date",
    want: { bindings: [binding([{ ...upgraded, id: vmId("vm-1") }])] },
    see: { targets: [vm("vm-1", [], manual)] },
    codes: ["InstanceRollOut"],
  },
  {
    name: "a manual set beside another one whose instances are brought up to date",
    want: { bindings: [binding([{ ...upgraded, id: vmId("vm-1") }, namedVm("vm-2")])] },
    see: { targets: [vm("vm-1", [], manual), vm("vm-2", [], manual)] },
    codes: ["ManualUpgrade", "InstanceRollOut"],
  },
  {
    name: "a managed machine by name",
    want: { bindings: oneVm },
    see: { targets: [vm("vm-1", [identityId], { managedBy: "/aks" })] },
    codes: ["ManagedTarget"],
  },
  {
    name: "a managed machine left attached",
    see: { targets: [vm("vm-1", [identityId], { scaleSetId: "/set" })] },
    codes: ["LeftAttached"],
  },
  {
    name: "a managed machine that an identity leaves as it goes itself",
    want: { lifecycle: "Absent" },
    see: { targets: [vm("vm-1", [identityId, foreign], { scaleSetId: "/set" })] },
    codes: [],
  },
  {
    name: "a selector that matches one machine of two",
    want: { bindings: [nothing] },
    see: { targets: [vm("vm-1", [identityId], { tags: { a: "b" } }), vm("vm-2")] },
    codes: [],
  },
  {
    name: "a selector without a match",
    want: { bindings: [nothing] },
    see: { targets: [vm("vm-1")] },
    codes: ["SelectorMatchesNothing"],
  },
  {
    name: "another type that uses it",
    see: { targets: [vm("site", [identityId], { kind: "other" })] },
    codes: ["SeenNotManaged"],
  },
  {
    name: "another type that uses what nothing is taken from",
    want: { prunePolicy: "Additive" },
    see: { targets: [vm("site", [identityId], { kind: "other" })] },
    codes: [],
  },
  {
    name: "a role above the estate",
    see: { assignments: [assignment(reader, { scope: "/" })] },
    codes: ["InheritedAssignment"],
  },
  { name: "another location", want: { location: "northeurope" }, see: {}, codes: ["LocationDiffers"] },
  {
    name: "another owner's identity that is to be released",
    want: { lifecycle: "Released" },
    see: { identities: [live({ tags: { [ownerTag]: "test" } })] },
    codes: ["OwnedByAnother"],
  },
  { name: "our own that is to be released", want: { lifecycle: "Released" }, see: {}, codes: [] },
  {
    name: "another owner's identity that is wanted: what is held says so",
    see: { identities: [live({ tags: { [ownerTag]: "test" } })] },
    codes: [],
  },
  {
    name: "roles of a dead principal that stay under Additive",
    want: { prunePolicy: "Additive" },
    see: { assignments: [dead] },
    codes: ["DeadAssignments"],
  },
  {
    name: "roles of a dead principal that go with the identity",
    want: { prunePolicy: "Additive", lifecycle: "Absent" },
    see: { assignments: [dead] },
    codes: [],
  },
  {
    name: "an unknown subscription",
    see: {},
    change: { unknown: new Map([[subscription, "403"]]) },
    codes: ["SubscriptionUnknown"],
  },
  {
    name: "an unreadable thing",
    see: {},
    change: { unreadable: new Map([["/x", "500"]]) },
    codes: ["ObservationIncomplete"],
  },
];

test.each(rows)("$name", ({ want, and = [], see, change, codes }) => {
  const plan = planFor(
    desired(wanted(want), ...and),
    observed({ identities: [live()], ...see }, change),
    policy,
  );
  expect(plan.warnings.map((w) => w.code)).toEqual(codes);
});

test("what is said names the manager of a machine, and what the dead have", () => {
  const managed = (change: Partial<Target>) =>
    planFor(
      desired(wanted({ bindings: oneVm })),
      observed({ identities: [live()], targets: [vm("vm-1", [identityId], change)] }),
      policy,
    ).warnings[0]?.message;
  expect(managed({ managedBy: "/aks" })).toContain("managed by /aks");
  expect(managed({ scaleSetId: "/set" })).toContain("managed by /set");
  const seen = observed({ identities: [live()], assignments: [dead] });
  const { warnings } = planFor(desired(wanted({ prunePolicy: "Additive" })), seen, policy);
  expect(warnings[0]?.message).toContain(dead.id);
});
