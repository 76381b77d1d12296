import { describe, expect, test } from "vitest";
import type { DesiredIdentity, DesiredTarget } from "../../desired/desired.ts";
import { idKey } from "../../model/arm-id.ts";
import { pruneTag } from "../../model/identity.ts";
import type { Policy } from "../../model/policy.ts";
import type { Observed } from "../../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  identityId,
  linesOf,
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
} from "../fixtures.ts";
import { planFor } from "../plan-for.ts";

const elsewhere = "00000000-0000-4000-8000-000000000002";
const both = new Set([subscription, elsewhere]);
const unknown = new Map([[elsewhere, "403"]]);
const scopeElsewhere = `/subscriptions/${elsewhere}/resourceGroups/rg`;

interface Row {
  readonly want?: Partial<DesiredIdentity>;
  readonly see?: Seen;
  readonly change?: Partial<Observed>;
  readonly policy?: Partial<Policy>;
}

const lines = ({ want, see, change, policy: rules }: Row) =>
  linesOf(
    planFor(
      desired(wanted(want)),
      observed({ identities: [live()], ...see }, { subscriptions: both, ...change }),
      { ...policy, ...rules },
    ),
  );

describe("while another subscription is not fully known", () => {
  test("nothing is deleted: what refers to it may be there", () => {
    expect(lines({ want: { lifecycle: "Absent" } })).toEqual(["delete id-orders"]);
    expect(lines({ want: { lifecycle: "Absent" }, change: { unknown } })).toEqual([
      "ObservationIncomplete: delete id-orders",
    ]);
  });

  test("what is known is pruned all the same", () => {
    expect(lines({ see: { targets: [vm("vm-1", [identityId])] }, change: { unknown } })).toEqual([
      "detach vm-1",
    ]);
  });

  test("a role there is not revoked", () => {
    const there = assignment(reader, { scope: scopeElsewhere, id: `${scopeElsewhere}/a` });
    const change = {
      roles: new Map([subscription, elsewhere].map((s) => [`/subscriptions/${s}`, [reader]])),
    };
    expect(lines({ see: { assignments: [there] }, change })).toEqual(["revoke Reader"]);
    expect(lines({ see: { assignments: [there] }, change: { ...change, unknown } })).toEqual([
      "ObservationIncomplete: revoke Reader",
    ]);
  });
});

test("a federated credential is not taken away where the identity's subscription is not fully known", () => {
  const found = { name: "old", issuer: "https://issuer.example", subject: "s", audience: "api://x" };
  const row = {
    want: { federatedCredentials: [] },
    change: { credentials: new Map([[idKey(identityId), [found]]]) },
  };
  expect(lines(row)).toEqual(["update no credential old"]);
  const doubtful = { ...row.change, unknown: new Map([[subscription, "403"]]) };
  expect(lines({ ...row, change: doubtful })).toEqual(["ObservationIncomplete: update no credential old"]);
});

test("nothing is done for an identity in a subscription that cannot be read", () => {
  expect(lines({ want: { tags: { team: "x" } }, change: { subscriptions: new Set([elsewhere]) } })).toEqual([
    "SubscriptionUnknown: update tags team",
  ]);
});

test("a machine that is being deleted is left alone, and only that one", () => {
  const bindings = [binding([namedVm("vm-1"), namedVm("vm-2")])];
  const targets = [vm("vm-1", [], { provisioningState: "Deleting" }), vm("vm-2")];
  expect(lines({ want: { bindings }, see: { targets } })).toEqual(["attach vm-2", "TargetBusy: attach vm-1"]);
});

test("so are the instances of a scale set that is being deleted, or that nobody could read", () => {
  const bindings = [
    binding([
      {
        kind: "virtualMachineScaleSet",
        id: vmId("set"),
        instanceUpgrade: "Automatic",
        document: document(),
      },
    ]),
  ];
  const instance = {
    instanceId: "0",
    attachments: { systemAssigned: false, userAssigned: [] },
    isProtected: false,
    hasLatestModel: false,
  };
  const set = vm("set", [identityId], {
    kind: "virtualMachineScaleSet",
    upgradeMode: "Manual",
    orchestrationMode: "Uniform",
  });
  const instances = new Map([[idKey(set.id), [instance]]]);
  const row = { want: { bindings }, see: { targets: [set] }, change: { instances } };
  expect(lines(row)).toEqual(["update instances of set"]);
  expect(lines({ ...row, see: { targets: [{ ...set, provisioningState: "Deleting" }] } })).toEqual([
    "TargetBusy: update instances of set",
  ]);
  const unreadable = new Map([[idKey(set.id), "403"]]);
  expect(lines({ ...row, change: { instances, unreadable } })).toEqual([
    "ObservationIncomplete: update instances of set",
  ]);
});

test("what Privileged Identity Management gave for a time is left as it is", () => {
  const bindings = [binding([], [grantOf("Reader", vaultScope, "x")])];
  const given = assignment(reader, { until: "2026-12-01T00:00:00.000Z" });
  const row = { want: { bindings }, see: { assignments: [given] } };
  expect(lines(row)).toEqual(["TimeBound: update Reader"]);
  expect(lines({ ...row, see: { assignments: [assignment(reader)] } })).toEqual(["update Reader"]);
});

test("a selector of a whole subscription is followed only if the policy says so", () => {
  const everything: DesiredTarget = {
    kind: "virtualMachines",
    subscriptionId: subscription,
    resourceGroups: "*",
    matchTags: {},
    document: document(),
  };
  const row = { want: { bindings: [binding([everything])] }, see: { targets: [vm("vm-1")] } };
  expect(lines(row)).toEqual(["WholeSubscription: attach vm-1"]);
  expect(lines({ ...row, policy: { wholeSubscriptionSelectors: "Allow" } })).toEqual(["attach vm-1"]);
});

test("what an adopted identity had waits for a person, unless its document says Absent", () => {
  const adopted = live({ tags: { ...live().tags, [pruneTag]: "pending" } });
  const see = { identities: [adopted], targets: [vm("vm-1", [identityId])] };
  expect(lines({ see })).toEqual(["AdoptionPending: detach vm-1"]);
  expect(lines({ want: { lifecycle: "Absent" }, see })).toEqual([
    "detach vm-1",
    "NotEmpty: delete id-orders",
  ]);
});

test("what is outside the estate does not keep an identity from being deleted", () => {
  const outside = "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/rg";
  const there = assignment(reader, { scope: outside, id: `${outside}/a` });
  const roles = new Map([["/subscriptions/00000000-0000-4000-8000-000000000003", [reader]]]);
  const row = { want: { lifecycle: "Absent" as const }, see: { assignments: [there] }, change: { roles } };
  expect(lines(row)).toContain("delete id-orders");
});
