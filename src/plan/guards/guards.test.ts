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
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  policy,
  reader,
  type Seen,
  subscription,
  vm,
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

test.each([
  ["it could not be asked", new Map([[idKey(identityId), { resourceIds: [], unknown: "403" }]])],
  ["it has not been asked", new Map()],
])("an identity is not deleted while nobody can tell what else refers to it: %s", (_, references) => {
  expect(lines({ want: { lifecycle: "Absent" }, change: { references } })).toEqual([
    "ObservationIncomplete: delete id-orders",
  ]);
});
