import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../../desired/desired.ts";
import { identityIdFrom, idKey } from "../../model/arm-id.ts";
import { byText } from "../../model/order.ts";
import type { Self } from "../../model/ports.ts";
import type { Observed } from "../../observed/observed.ts";
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
  policy,
  principal,
  reader,
  subscription,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "../fixtures.ts";
import { planFor } from "../plan-for.ts";

const trust = { name: "main", issuer: "https://issuer", subject: "s", audience: "a" };
const all: Partial<DesiredIdentity> = {
  tags: { team: "x" },
  federatedCredentials: [trust],
  bindings: [binding([namedVm("vm-1")], [grantOf("Reader")])],
};
const allHeld = (reason: string) =>
  ["update tags team", "update credential main", "attach vm-1", "grant Reader"].map((l) => `${reason}: ${l}`);

interface Case {
  readonly want?: Partial<DesiredIdentity>;
  readonly protect?: readonly string[];
  readonly self?: Partial<Self>;
  readonly see?: Parameters<typeof observed>[0];
  readonly change?: Partial<Observed>;
}

function planned({ want = all, protect = [], self = {}, see = {}, change = {} }: Case): readonly string[] {
  const credentials = new Map([[idKey(identityId), []]]);
  const seen = observed({ identities: [live()], targets: [vm("vm-1")], ...see }, { credentials, ...change });
  const federatedCredentials = [{ issuer: "https://issuer", subject: "s" }];
  return linesOf(
    planFor(
      desired(wanted(want)),
      { ...seen, self: { ...seen.self, ...self } },
      { ...policy, federatedCredentials, protected: protect },
    ),
  );
}

/** A scale set whose instances lag behind. */
const lateSet: Case = {
  want: {
    bindings: [
      binding([
        {
          kind: "virtualMachineScaleSet",
          id: vmId("set"),
          instanceUpgrade: "Automatic",
          document: document(),
        },
      ]),
    ],
  },
  see: {
    targets: [
      vm("set", [identityId], {
        kind: "virtualMachineScaleSet",
        upgradeMode: "Manual",
        orchestrationMode: "Uniform",
      }),
    ],
  },
  change: {
    instances: new Map([
      [
        idKey(vmId("set")),
        [
          {
            instanceId: "0",
            attachments: { systemAssigned: false, userAssigned: [] },
            isProtected: false,
            hasLatestModel: false,
          },
        ],
      ],
    ]),
  },
};

const rest = ["update tags team", "update credential main"];

describe("rule 17: protected ids are never a subject of a change (Protected)", () => {
  test.each<[string, Case, readonly string[]]>([
    [
      "an identity, with its tags, trust, attachments and roles",
      { protect: [identityId.toUpperCase()] },
      allHeld("Protected"),
    ],
    ["a target", { protect: [vmId("VM-1")] }, [...rest, "grant Reader", "Protected: attach vm-1"]],
    ["a scope", { protect: [vaultScope] }, [...rest, "attach vm-1", "Protected: grant Reader"]],
    [
      "what lies below a protected resource",
      {
        want: { bindings: [binding([], [grantOf("Reader", `${vaultScope}/secrets/s`)])] },
        protect: [vaultScope],
      },
      ["Protected: grant Reader"],
    ],
    [
      "a resource of a name that begins the same",
      { want: { bindings: [binding([], [grantOf("Reader", `${vaultScope}2`)])] }, protect: [vaultScope] },
      ["grant Reader"],
    ],
    [
      "a scope above it is a change of that scope",
      { want: { bindings: [binding([], [grantOf("Reader", group)])] }, protect: [vaultScope] },
      ["grant Reader"],
    ],
    [
      "a scale set, with the update of its instances",
      { ...lateSet, protect: [vmId("set").toUpperCase()] },
      ["Protected: update instances of set"],
    ],
    ["another scale set", { ...lateSet, protect: [vmId("set-2")] }, ["update instances of set"]],
    [
      "what would be taken away there",
      { want: {}, see: { assignments: [assignment(reader)], targets: [] }, protect: [vaultScope] },
      ["Protected: revoke Reader"],
    ],
    [
      "a deletion",
      { want: { lifecycle: "Absent" }, see: { targets: [] }, protect: [identityId] },
      ["Protected: delete id-orders"],
    ],
  ])("%s", (_, input, expected) => {
    expect(planned(input).toSorted(byText)).toEqual(expected.toSorted(byText));
  });
});

describe("rule 17: Bindery's own identity is never a subject of a change (OwnIdentity)", () => {
  const ownId = identityIdFrom(subscription, "rg", "id-bindery");
  const own = live({ id: ownId, principalId: "own", clientId: "own", tags: {} });
  const atOwn: Partial<DesiredIdentity> = { bindings: [binding([], [grantOf("Reader", ownId)])] };

  test.each<[string, Case, readonly string[]]>([
    [
      "by its principal",
      { self: { principalId: principal.principalId.toUpperCase() } },
      allHeld("OwnIdentity"),
    ],
    ["by its id", { self: { resourceId: identityId.toUpperCase() } }, allHeld("OwnIdentity")],
    ["a role at it, by its id", { want: atOwn, self: { resourceId: ownId } }, ["OwnIdentity: grant Reader"]],
    [
      "a role at it, by its principal",
      { want: atOwn, self: { principalId: "own" }, see: { identities: [live(), own] } },
      ["OwnIdentity: grant Reader"],
    ],
    [
      "a role below it",
      {
        want: { bindings: [binding([], [grantOf("Reader", `${ownId}/federatedIdentityCredentials/x`)])] },
        self: { resourceId: ownId },
      },
      ["OwnIdentity: grant Reader"],
    ],
    [
      "a role at its lock, by its principal, in other letters",
      {
        want: {
          bindings: [
            binding(
              [],
              [grantOf("Reader", `${ownId.toUpperCase()}/providers/Microsoft.Authorization/locks/l`)],
            ),
          ],
        },
        self: { principalId: "own" },
        see: { identities: [live(), own] },
      },
      ["OwnIdentity: grant Reader"],
    ],
    [
      "a role at one whose name begins the same",
      {
        want: { bindings: [binding([], [grantOf("Reader", `${ownId}-2`)])] },
        self: { resourceId: ownId },
      },
      ["grant Reader"],
    ],
    [
      "a role at the group that it lies in",
      { want: { bindings: [binding([], [grantOf("Reader", group)])] }, self: { resourceId: ownId } },
      ["grant Reader"],
    ],
    ["a role at another identity", { want: atOwn, see: { identities: [live(), own] } }, ["grant Reader"]],
  ])("%s", (_, input, expected) => {
    expect(planned(input).toSorted(byText)).toEqual(expected.toSorted(byText));
  });
});
