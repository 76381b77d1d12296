import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../../desired/desired.ts";
import { idKey, nameOf } from "../../model/arm-id.ts";
import type { FederatedCredential, Identity } from "../../model/identity.ts";
import { ownerTag, principalMark, principalTag } from "../../model/identity.ts";
import type { Observed } from "../../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
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
import type { Change, Plan, Subject } from "../plan.ts";
import { planFor } from "../plan-for.ts";
import type { BlastRadius, Effect, Power } from "./blast.ts";
import { blastRadiusOf } from "./radius.ts";

const otherId = identityId.replace("id-orders", "id-other");
const otherPrincipal = {
  principalId: "aaaaaaaa-0000-4000-8000-000000000002",
  clientId: "cccccccc-0000-4000-8000-000000000002",
};
const otherTags = { [ownerTag]: "prod", [principalTag]: principalMark(otherPrincipal) };
const other: Identity = live({ id: otherId, ...otherPrincipal, tags: otherTags });
const trust: FederatedCredential = {
  name: "main",
  issuer: "https://issuer.example",
  subject: "repo:contoso/orders",
  audience: "api://AzureADTokenExchange",
};
const generous = { ...policy, limits: { removals: { count: 100, percent: 100 }, additions: { count: 500 } } };

function ofOrders(names: readonly string[], roles: readonly string[] = []): DesiredIdentity {
  return wanted({
    bindings: [
      binding(
        names.map(namedVm),
        roles.map((role) => grantOf(role)),
      ),
    ],
  });
}

function ofOther(names: readonly string[], roles: readonly string[] = []): DesiredIdentity {
  const document = { ...wanted().document, name: "other" };
  return { ...ofOrders(names, roles), id: otherId, document };
}

/** "id-orders: vm-1, vm-2 gain Reader on kv" */
function linesOf(radius: readonly BlastRadius[]): readonly string[] {
  return radius.flatMap(({ identityId: id, effects }) =>
    effects.map((one) => `${nameOf(id)}: ${lineOf(one)}`),
  );
}

function lineOf({ kind, power, conditions, formerConditions, holders }: Effect): string {
  const who = holders.map((h) => (h.kind === "target" ? nameOf(h.targetId) : h.subject)).join(", ");
  const before = formerConditions ? ` [${formerConditions}]→` : "";
  const now = formerConditions || conditions.length > 0 ? `[${conditions}]` : "";
  return `${who} ${kind} ${powerName(power)}${before || (now && " ")}${now}`;
}

function powerName(power: Power): string {
  if (power.kind === "azureRole") return `${power.roleName} on ${nameOf(power.scope)}`;
  return `${power.kind === "databaseRole" ? power.role : power.permission} in ${power.database.database}`;
}

function planned(identities: readonly DesiredIdentity[], seen: Observed): Plan {
  return planFor(desired(...identities), seen, generous);
}

const secrets = assignment(secretsUser);
const otherSecrets = assignment(secretsUser, { id: "/other/1", principalId: otherPrincipal.principalId });

test.each<[string, readonly DesiredIdentity[], Observed, readonly string[]]>([
  [
    "nothing changes, nothing is said",
    [ofOrders(["vm-1"])],
    observed({ identities: [live()], targets: [vm("vm-1", [identityId])] }),
    [],
  ],
  [
    "a new grant is gained by all that are attached, by those that this plan attaches, and not by those it detaches",
    [ofOrders(["vm-1", "vm-2"], ["Reader"])],
    observed({
      identities: [live()],
      targets: [vm("vm-1", [identityId]), vm("vm-2"), vm("vm-3", [identityId])],
    }),
    ["id-orders: vm-1, vm-2 gain Reader on kv"],
  ],
  [
    "a machine that is newly attached gains everything that the identity has, whoever gave it",
    [wanted({ prunePolicy: "Additive", bindings: [binding([namedVm("vm-1"), namedVm("vm-2")])] })],
    observed({
      identities: [live()],
      targets: [vm("vm-1", [identityId]), vm("vm-2")],
      assignments: [secrets, assignment(reader, { scope: group, description: "by hand" })],
    }),
    ["id-orders: vm-2 gain Reader on rg", "id-orders: vm-2 gain Key Vault Secrets User on kv"],
  ],
  [
    "several bindings together: one attaches, another grants",
    [
      wanted({
        bindings: [binding([namedVm("vm-1")]), binding([], [grantOf("Reader")]), binding([namedVm("vm-2")])],
      }),
    ],
    observed({ identities: [live()], targets: [vm("vm-1"), vm("vm-2")] }),
    ["id-orders: vm-1, vm-2 gain Reader on kv"],
  ],
  [
    "a detached machine loses everything, a revoked role is lost by all that stay",
    [ofOrders(["vm-1"], ["Key Vault Secrets User"])],
    observed({
      identities: [live()],
      targets: [vm("vm-1", [identityId]), vm("vm-2", [identityId])],
      assignments: [secrets, assignment(reader)],
    }),
    ["id-orders: vm-2 lose Key Vault Secrets User on kv", "id-orders: vm-1, vm-2 lose Reader on kv"],
  ],
  [
    "a swap of identities with the same role is neither gain nor loss, what they differ in is",
    [ofOrders([], ["Key Vault Secrets User"]), ofOther(["vm-1"], ["Key Vault Secrets User", "Reader"])],
    observed({
      identities: [live(), other],
      targets: [vm("vm-1", [identityId])],
      assignments: [secrets, otherSecrets],
    }),
    ["id-other: vm-1 gain Reader on kv"],
  ],
  [
    "what an orphan on the same machine gives already is not gained",
    [ofOrders(["vm-1"], ["Key Vault Secrets User"])],
    observed({
      identities: [live(), other],
      targets: [vm("vm-1", [otherId]), vm("vm-2", [otherId])],
      assignments: [otherSecrets],
    }),
    [],
  ],
  [
    "an identity that is created, attached and granted at once",
    [ofOrders(["vm-1"], ["Reader"])],
    observed({ targets: [vm("vm-1")] }),
    ["id-orders: vm-1 gain Reader on kv"],
  ],
  [
    "what is held is neither gained nor lost",
    [ofOrders(["vm-1", "vm-gone"], ["Owner"])],
    observed({ identities: [live()], targets: [vm("vm-1", [identityId])] }),
    [],
  ],
  [
    "resources of other types hold the identity too",
    [wanted({ prunePolicy: "Additive", bindings: [binding([], [grantOf("Reader")])] })],
    observed({
      identities: [live()],
      targets: [vm("site", [identityId], { kind: "other", type: "Microsoft.Web/sites" })],
    }),
    ["id-orders: site gain Reader on kv"],
  ],
])("%s", (_, identities, seen, lines) => {
  expect(linesOf(planned(identities, seen).blastRadius)).toEqual(lines);
});

describe("conditions", () => {
  const under = (condition?: string) =>
    wanted({
      bindings: [binding([namedVm("vm-1")], [grantOf("Key Vault Secrets User", vaultScope, condition)])],
    });
  const seen = (condition?: string) =>
    observed({
      identities: [live()],
      targets: [vm("vm-1", [identityId])],
      assignments: [condition === undefined ? secrets : { ...secrets, condition }],
    });

  test.each([
    ["comes", under("a"), seen(), "[]→[a]"],
    ["goes", under(), seen("a"), "[a]→[]"],
    ["becomes another", under("b"), seen("a"), "[a]→[b]"],
  ])("one that %s alters the role", (_, identity, world, words) => {
    const lines = linesOf(planned([identity], world).blastRadius);
    expect(lines).toEqual([`id-orders: vm-1 alter Key Vault Secrets User on kv ${words}`]);
  });

  test("limits nothing where another identity of the machine has the role without one", () => {
    const world = observed({
      identities: [live(), other],
      targets: [vm("vm-1", [], { attachments: { systemAssigned: false, userAssigned: [live(), other] } })],
      assignments: [secrets, otherSecrets],
    });
    const identities = [under("a"), ofOther(["vm-1"], ["Key Vault Secrets User"])];
    const plan = planned(identities, world);
    expect(plan.changes.map(({ kind }) => kind)).toEqual(["update"]);
    expect(plan.blastRadius).toEqual([]);
  });
});

describe("federated credentials", () => {
  const wants = (credentials: readonly FederatedCredential[], roles = ["Reader"]) =>
    wanted({
      federatedCredentials: credentials,
      bindings: [
        binding(
          [],
          roles.map((role) => grantOf(role)),
        ),
      ],
    });
  const change = (remove: boolean, credential = trust): Change =>
    changeOf("update", { kind: "credential", credential, remove });
  const seen = (credentials: readonly FederatedCredential[]) =>
    observed(
      { identities: [live()], assignments: [assignment(reader)] },
      { credentials: new Map([[idKey(identityId), credentials]]) },
    );

  test("whoever is trusted gains what is granted", () => {
    const world = observed(
      { identities: [live()] },
      { credentials: new Map([[idKey(identityId), [trust]]]) },
    );
    expect(linesOf(planned([wants([trust])], world).blastRadius)).toEqual([
      "id-orders: repo:contoso/orders gain Reader on kv",
    ]);
  });

  test.each([
    [
      "newly trusted: gains everything",
      [],
      [change(false)],
      ["id-orders: repo:contoso/orders gain Reader on kv"],
    ],
    [
      "no longer trusted: loses it",
      [trust],
      [change(true)],
      ["id-orders: repo:contoso/orders lose Reader on kv"],
    ],
    [
      "another subject under the same name: one gains, one loses",
      [trust],
      [change(false, { ...trust, name: "MAIN", subject: "repo:fork" })],
      ["id-orders: repo:fork gain Reader on kv", "id-orders: repo:contoso/orders lose Reader on kv"],
    ],
    [
      "another name for the same trust: nothing",
      [trust],
      [change(true), change(false, { ...trust, name: "new" })],
      [],
    ],
  ])("%s", (_, credentials, changes, lines) => {
    expect(linesOf(blastRadiusOf(seen(credentials), changes))).toEqual(lines);
  });
});

test("deleting an identity takes its powers from whoever is left", () => {
  const world = observed(
    { identities: [live()], targets: [vm("vm-1", [identityId])], assignments: [assignment(reader)] },
    { credentials: new Map([[idKey(identityId), [trust]]]) },
  );
  const changes = [changeOf("delete", { kind: "identity" })];
  expect(linesOf(blastRadiusOf(world, changes))).toEqual([
    "id-orders: vm-1, repo:contoso/orders lose Reader on kv",
  ]);
});

test("a dead principal's role that is replaced is gained, and what is attached anew did not work before", () => {
  const dead = assignment(reader, { id: "/dead", principalId: "dead" });
  const world = observed({ identities: [live()], targets: [vm("vm-1", [identityId])], assignments: [dead] });
  const role = { kind: "role", scope: vaultScope, roleGuid: reader.guid, roleName: "Reader" } as const;
  const changes = [
    changeOf("grant", { ...role, principalId: principal.principalId }),
    changeOf("revoke", { ...role, principalId: "dead" }),
    changeOf("attach", { kind: "target", targetId: vmId("vm-1") }),
  ];
  expect(linesOf(blastRadiusOf(world, changes))).toEqual(["id-orders: vm-1 gain Reader on kv"]);
});

describe("privileged", () => {
  const allow = [{ identity: "team/orders", roleName: "Owner", scope: group }];
  const grants = [grantOf("Reader"), grantOf("Owner", group)];
  const seen = observed({
    identities: [live(), other],
    targets: [vm("vm-1"), vm("vm-2")],
    assignments: [assignment(owner, { id: "/old", scope: vaultScope })],
  });
  const plan = planFor(
    desired(ofOther(["vm-2"], ["Reader"]), wanted({ bindings: [binding([namedVm("vm-1")], grants)] })),
    seen,
    { ...generous, privileged: allow },
  );

  test("effects come first, with the reason", () => {
    const mine = plan.blastRadius.find(({ identityId: id }) => id === identityId);
    expect(mine?.effects.map(({ power }) => [powerName(power), power.privileged])).toEqual([
      ["Owner on rg", "it permits every action (*)"],
      ["Reader on kv", undefined],
    ]);
    expect(mine?.document?.name).toBe("orders");
  });

  test("so do identities that have them", () => {
    const world = observed({
      identities: [other, live()],
      targets: [vm("vm-1", [identityId]), vm("vm-2", [otherId])],
    });
    const changes = [
      { ...changeOf("grant", roleSubject(reader, vaultScope)), identityId: otherId },
      changeOf("grant", roleSubject(owner, group)),
    ];
    expect(linesOf(blastRadiusOf(world, changes))).toEqual([
      "id-orders: vm-1 gain Owner on rg",
      "id-other: vm-2 gain Reader on kv",
    ]);
  });

  test("a role that nobody could read is among them", () => {
    const world = observed(
      { identities: [live()], targets: [vm("vm-1", [identityId])] },
      { roles: new Map() },
    );
    const [radius] = blastRadiusOf(world, [changeOf("grant", roleSubject(reader, vaultScope))]);
    expect(radius?.effects[0]?.power.privileged).toBe("its definition is not known");
  });
});

function roleSubject({ guid, roleName }: typeof reader, scope: string): Subject {
  return { kind: "role", scope, roleGuid: guid, roleName };
}

function changeOf(kind: Change["kind"], subject: Subject): Change {
  const { document } = wanted();
  const id = `${kind} ${JSON.stringify(subject)}`;
  return {
    id,
    kind,
    identityId,
    identityDocument: document,
    document,
    subject,
    reason: "because",
    needs: [],
  };
}
