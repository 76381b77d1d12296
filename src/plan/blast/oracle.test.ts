import fc from "fast-check";
import { expect, test } from "vitest";
import { idKey } from "../../model/arm-id.ts";
import type { RoleDefinition } from "../../model/grant.ts";
import {
  assignment,
  document,
  identityId,
  live,
  observed,
  owner,
  reader,
  secretsUser,
  vaultScope,
  vm,
} from "../fixtures.ts";
import type { Change, ChangeKind, Subject } from "../plan.ts";
import { blastRadiusOf } from "./radius.ts";

const machines = ["vm-0", "vm-1", "vm-2"];
const roles: readonly RoleDefinition[] = [reader, owner, secretsUser];
const identities = [0, 1, 2].map((i) => {
  const principalId = `aaaaaaaa-0000-4000-8000-00000000000${i}`;
  return live({ id: `${identityId}-${i}`, principalId, clientId: principalId });
});

/** Which of the nine pairs (identity, machine or role) stand, before and after. */
const pairs = fc.array(fc.boolean(), { minLength: 9, maxLength: 9 });
const worlds = fc.record({ attached: pairs, attachedAfter: pairs, has: pairs, hasAfter: pairs });

function changeOf(kind: ChangeKind, identity: number, subject: Subject): Change {
  const change = {
    kind,
    identityId: identities[identity]?.id ?? "",
    document: document(),
    subject,
    reason: "",
    needs: [],
  };
  return { id: JSON.stringify([change.kind, change.identityId, subject]), ...change };
}

/** The change that turns one state of a pair into the other. */
function changesFor(
  before: readonly boolean[],
  after: readonly boolean[],
  kinds: readonly [ChangeKind, ChangeKind],
  subjectOf: (second: number) => Subject,
): readonly Change[] {
  return before.flatMap((was, i) => {
    if (was === after[i]) return [];
    return [changeOf(was ? kinds[1] : kinds[0], Math.floor(i / 3), subjectOf(i % 3))];
  });
}

/** "vm-0 Reader" for every role that a machine can use. */
function accessIn(attached: readonly boolean[], has: readonly boolean[]): ReadonlySet<string> {
  const access = new Set<string>();
  for (const identity of [0, 1, 2]) {
    for (const [m, machine] of machines.entries()) {
      for (const [r, { roleName }] of roles.entries()) {
        if (attached[identity * 3 + m] && has[identity * 3 + r]) access.add(`${machine} ${roleName}`);
      }
    }
  }
  return access;
}

test("gains and losses are what each machine can use after, against before, whatever changes at once", () => {
  fc.assert(
    fc.property(worlds, ({ attached, attachedAfter, has, hasAfter }) => {
      const seen = observed({
        identities,
        targets: machines.map((name, m) =>
          vm(
            name,
            identities.filter((_, i) => attached[i * 3 + m]).map(({ id }) => id),
          ),
        ),
        assignments: identities.flatMap(({ principalId }, i) =>
          roles
            .filter((_, r) => has[i * 3 + r])
            .map((role) => assignment(role, { principalId, id: `/${i}/${role.guid}` })),
        ),
      });
      const changes = [
        ...changesFor(attached, attachedAfter, ["attach", "detach"], (m) => ({
          kind: "target",
          targetId: vm(machines[m] ?? "").id,
        })),
        ...changesFor(has, hasAfter, ["grant", "revoke"], (r) => ({
          kind: "role",
          scope: vaultScope,
          roleGuid: roles[r]?.guid ?? "",
          roleName: roles[r]?.roleName ?? "",
        })),
      ];
      const found = { gain: new Set<string>(), lose: new Set<string>(), alter: new Set<string>() };
      for (const { kind, power, holders } of blastRadiusOf(seen, changes).flatMap((one) => one.effects)) {
        for (const holder of holders) {
          const machine = machines.find(
            (name) => holder.kind === "target" && idKey(vm(name).id) === idKey(holder.targetId),
          );
          found[kind].add(`${machine} ${power.kind === "azureRole" ? power.roleName : ""}`);
        }
      }
      const [before, after] = [accessIn(attached, has), accessIn(attachedAfter, hasAfter)];
      expect(found).toEqual({
        gain: after.difference(before),
        lose: before.difference(after),
        alter: new Set(),
      });
    }),
  );
});
