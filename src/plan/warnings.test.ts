import { expect, test } from "vitest";
import type { DesiredIdentity } from "../desired/desired.ts";
import { identityIdFrom } from "../model/arm-id.ts";
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
  vm,
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

const rows: {
  name: string;
  want?: Partial<DesiredIdentity>;
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
    name: "a role above the estate",
    see: { assignments: [assignment(reader, { scope: "/" })] },
    codes: ["InheritedAssignment"],
  },
  { name: "another location", want: { location: "northeurope" }, see: {}, codes: ["LocationDiffers"] },
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

test.each(rows)("$name", ({ want, see, change, codes }) => {
  const plan = planFor(desired(wanted(want)), observed({ identities: [live()], ...see }, change), policy);
  expect(plan.warnings.map((w) => w.code)).toEqual(codes);
});
