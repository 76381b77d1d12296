import { expect, test } from "vitest";
import { idKey, nameOf } from "../../model/arm-id.ts";
import type { FederatedCredential } from "../../model/identity.ts";
import type { Observed } from "../../observed/observed.ts";
import {
  assignment,
  document,
  group,
  identityId,
  live,
  observed,
  owner,
  principal,
  reader,
  vaultScope,
  vm,
  vmId,
} from "../fixtures.ts";
import type { Change, ChangeKind, Subject } from "../plan.ts";
import { blastRadiusOf } from "./radius.ts";

/** id-orders, id-b and id-c, each with a machine that is called like it. */
const [ids, principals] = [
  [identityId, `${group}/id-b`, `${group}/id-c`],
  [principal.principalId, "b", "c"],
];
const identities = ids.map((id, i) => live({ id, principalId: principals[i] ?? "", clientId: `${i}` }));
const machines = ids.map((id) => vm(`vm-${nameOf(id)}`, [id]));
const hire: FederatedCredential = { name: "n", issuer: "i", subject: "repo:orders", audience: "a" };

function changeOf(kind: ChangeKind, subject: Subject, id = identityId): Change {
  const common = { identityId: id, document: document(), subject, reason: "", needs: [] };
  return { id: JSON.stringify([kind, id, subject]), kind, ...common };
}

function role(definition: typeof reader, scope = vaultScope, principalId?: string): Subject {
  const { guid, roleName } = definition;
  return { kind: "role", scope, roleGuid: guid, roleName, ...(principalId !== undefined && { principalId }) };
}

function target(name: string): Subject {
  return { kind: "target", targetId: vmId(name) };
}

/** "id-orders: vm-1 gain Reader on kv" */
function linesOf(world: Observed, changes: readonly Change[]): readonly string[] {
  return blastRadiusOf(world, changes).flatMap((radius) =>
    radius.effects.map(({ kind, power, holders }) => {
      const who = holders.map((h) => (h.kind === "target" ? nameOf(h.targetId) : h.subject)).join(", ");
      const what = power.kind === "azureRole" ? `${power.roleName} on ${nameOf(power.scope)}` : power.kind;
      return `${nameOf(radius.identityId)}: ${who} ${kind} ${what}`;
    }),
  );
}

test("who comes to privileged power is first, then who loses it, then everybody else; whatever the changes' order", () => {
  const [, b = "", c = ""] = ids;
  const world = observed({
    identities,
    targets: machines,
    assignments: [assignment(owner, { id: "/b", principalId: "b" })],
  });
  const changes = [
    changeOf("grant", role(reader)),
    changeOf("revoke", role(owner), b),
    changeOf("grant", role(owner), c),
  ];
  expect(linesOf(world, changes)).toEqual([
    "id-c: vm-id-c gain Owner on kv",
    "id-b: vm-id-b lose Owner on kv",
    "id-orders: vm-id-orders gain Reader on kv",
  ]);
});

test("a condition that goes off a privileged role counts as coming to power", () => {
  const [, b = ""] = ids;
  const condition = "@Resource[a] == 'b'";
  const world = observed({
    identities,
    targets: machines,
    assignments: [
      assignment(owner, { id: "/a" }),
      assignment(owner, { id: "/b", principalId: "b", condition }),
    ],
  });
  const changes = [changeOf("revoke", role(owner)), changeOf("update", role(owner), b)];
  expect(linesOf(world, changes)).toEqual([
    "id-b: vm-id-b alter Owner on kv",
    "id-orders: vm-id-orders lose Owner on kv",
  ]);
});

test("of what one identity loses and gains, the privileged comes first, wherever it reaches", () => {
  const world = observed({
    identities,
    targets: machines,
    assignments: [assignment(reader, { scope: group }), assignment(owner)],
  });
  const lost = [changeOf("revoke", role(reader, group)), changeOf("revoke", role(owner))];
  expect(linesOf(world, [...lost, changeOf("grant", role(reader, vmId("x")))])).toEqual([
    "id-orders: vm-id-orders lose Owner on kv",
    "id-orders: vm-id-orders gain Reader on x",
    "id-orders: vm-id-orders lose Reader on rg",
  ]);
});

const mine = assignment(reader);
const dead = assignment(reader, { id: "/dead", principalId: "dead" });
const revokeOfDead = changeOf("revoke", role(reader, vaultScope, "dead"));

test.each<[string, Observed, readonly Change[], readonly string[]]>([
  [
    "what is attached in the place of a dead entry did not work before",
    observed({ identities, targets: [vm("vm-1", [identityId])], assignments: [mine] }),
    [changeOf("attach", target("vm-1"))],
    ["id-orders: vm-1 gain Reader on kv"],
  ],
  [
    "what else is on a machine does not hide what is new there",
    observed({ identities, targets: [vm("vm-1", ids)] }),
    [changeOf("grant", role(reader))],
    ["id-orders: vm-1 gain Reader on kv"],
  ],
  [
    "the first one that is ever trusted gains everything",
    observed({ identities, assignments: [mine] }),
    [changeOf("update", { kind: "credential", credential: hire, remove: false })],
    ["id-orders: repo:orders gain Reader on kv"],
  ],
  [
    "a dead principal's role takes nothing from the living one, which has it too",
    observed({ identities, targets: machines, assignments: [dead, mine] }),
    [revokeOfDead],
    [],
  ],
  [
    "the living one's own role is lost",
    observed({ identities, targets: machines, assignments: [dead, mine] }),
    [changeOf("revoke", role(reader, vaultScope, principal.principalId.toUpperCase()))],
    ["id-orders: vm-id-orders lose Reader on kv"],
  ],
  [
    "what an identity gets that is created again is gained, though the dead principal's goes after it",
    observed({ targets: [vm("vm-1")], assignments: [dead] }),
    [
      changeOf("create", { kind: "identity" }),
      changeOf("grant", role(reader)),
      changeOf("attach", target("vm-1")),
      revokeOfDead,
    ],
    ["id-orders: vm-1 gain Reader on kv"],
  ],
  [
    "a credential that goes leaves the others",
    observed(
      { identities, assignments: [mine] },
      { credentials: new Map([[idKey(identityId), [hire, { ...hire, name: "m", subject: "repo:other" }]]]) },
    ),
    [changeOf("update", { kind: "credential", credential: hire, remove: true })],
    ["id-orders: repo:orders lose Reader on kv"],
  ],
])("%s", (_, world, changes, lines) => {
  expect(linesOf(world, changes)).toEqual(lines);
});
