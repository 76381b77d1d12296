// Whatever is wanted and whatever is there: doing what the plan says leaves nothing to do, and touches nothing else.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Desired, DesiredIdentity, DesiredTarget } from "../desired/desired.ts";
import { identityIdFrom, idKey, nameOf } from "../model/arm-id.ts";
import { assignmentNameFor } from "../model/assignment-name.ts";
import { assignmentMarker, type RoleAssignment } from "../model/grant.ts";
import {
  type FederatedCredential,
  type Identity,
  ownerTag,
  principalMark,
  principalTag,
  tagOf,
} from "../model/identity.ts";
import { attachmentsAfter, type Target } from "../model/target.ts";
import type { Observed } from "../observed/observed.ts";
import {
  binding,
  document,
  grantOf,
  namedVm,
  observed,
  owner,
  policy as plainPolicy,
  reader,
  secretsUser,
  subscription,
  vaultScope,
  vm,
  wanted,
} from "./fixtures.ts";
import type { Change, Plan } from "./plan.ts";
import { noReleases, planFor } from "./plan-for.ts";

const names = ["a", "b", "c"] as const;
const machines = ["vm-1", "vm-2", "vm-3"] as const;
const roles = [reader, secretsUser, owner];
const idOf = (name: string) => identityIdFrom(subscription, "rg", name);
const principalOf = (name: string) => ({ principalId: `p-${name}`, clientId: `c-${name}` });

const trust = (name: string): FederatedCredential => ({
  name,
  issuer: "https://issuer",
  subject: name,
  audience: "a",
});
const policy = { ...plainPolicy, federatedCredentials: [{ issuer: "https://issuer", subject: "allowed" }] };

const selector: DesiredTarget = {
  kind: "virtualMachines",
  subscriptionId: subscription,
  resourceGroups: ["rg"],
  matchTags: { app: "a" },
  document: document(),
};

const wantedIdentity = (name: string): fc.Arbitrary<DesiredIdentity> =>
  fc
    .record({
      lifecycle: fc.constantFrom("Present", "Present", "Released", "Absent"),
      adoptionPolicy: fc.constantFrom("Never", "Additive"),
      prunePolicy: fc.constantFrom("Additive", "Authoritative"),
      tags: fc.constantFrom({}, { team: "x" }),
      targets: fc.subarray([...machines]),
      grants: fc.subarray(roles),
      suspended: fc.boolean(),
      selects: fc.constantFrom(false, false, true),
      trusts: fc.constantFrom(undefined, [], ["allowed"], ["allowed", "other"]),
    })
    .map(({ targets, grants, suspended, selects, trusts, ...spec }) =>
      wanted({
        ...spec,
        ...(trusts && { federatedCredentials: trusts.map(trust) }),
        id: idOf(name),
        document: document("UserAssignedIdentity", name),
        bindings:
          spec.lifecycle === "Present"
            ? [
                binding(
                  [...targets.map(namedVm), ...(selects ? [selector] : [])],
                  grants.map((r) => grantOf(r.roleName)),
                  suspended,
                ),
              ]
            : [],
      }),
    );

const liveIdentity = (name: string): fc.Arbitrary<Identity> =>
  fc
    .constantFrom(
      {},
      { [ownerTag]: "prod" },
      { [ownerTag]: "prod", [principalTag]: principalMark(principalOf(name)) },
      { [ownerTag]: "test" },
      { [ownerTag]: "prod", [principalTag]: "dead/dead" },
    )
    .map((tags) => ({ id: idOf(name), location: "westeurope", ...principalOf(name), tags }));

const references = {
  alive: principalOf,
  dead: (name: string) => principalOf(`dead-${name}`),
  nothing: () => ({}),
} as const;

const target = (name: string): fc.Arbitrary<Target> =>
  fc
    .record({
      attached: fc.subarray(["a", "b", "c", "foreign"]),
      systemAssigned: fc.boolean(),
      managedBy: fc.constantFrom(undefined, undefined, "/aks"),
      tags: fc.constantFrom({}, { app: "a" }),
      // What a reference shows of an identity that was deleted and made again, or what all others show.
      shown: fc.constantFrom("alive" as const, "alive" as const, "dead" as const, "nothing" as const),
    })
    .map(({ attached, systemAssigned, managedBy, tags, shown }) =>
      vm(name, [], {
        tags,
        attachments: {
          systemAssigned,
          userAssigned: attached.map((n) => ({ id: idOf(n), ...references[shown](n) })),
        },
        ...(managedBy !== undefined && { managedBy }),
      }),
    );

const world = fc
  .record({
    want: fc.subarray([...names]).chain((some) => fc.tuple(...some.map(wantedIdentity))),
    identities: fc.subarray([...names]).chain((some) => fc.tuple(...some.map(liveIdentity))),
    targets: fc.tuple(...machines.map(target)),
    assignments: fc.array(
      fc.record({ who: fc.constantFrom(...names, "foreign"), role: fc.constantFrom(...roles) }),
    ),
    trusted: fc.tuple(...names.map(() => fc.subarray(["allowed", "other"]))),
    stale: fc.uniqueArray(
      fc.record({ who: fc.constantFrom(...names), role: fc.constantFrom(...roles), own: fc.boolean() }),
      { selector: ({ who, role }) => `${who} ${role.guid}` },
    ),
  })
  .map(({ want, identities, targets, assignments, stale, trusted }) => ({
    desired: { revision: "r", identities: want } satisfies Desired,
    seen: observed(
      {
        identities,
        targets,
        assignments: [
          ...assignments.map(({ who, role }) => assignmentOf(who, role.guid)),
          ...stale.map(({ who, role, own }) => staleOf(who, role.guid, own)),
        ],
      },
      {
        credentials: new Map(
          identities.map(({ id }) => [
            idKey(id),
            (trusted[names.findIndex((n) => idOf(n) === id)] ?? []).map(trust),
          ]),
        ),
      },
    ),
  }));

function assignmentOf(who: string, roleGuid: string): RoleAssignment {
  const id = `${vaultScope}/providers/Microsoft.Authorization/roleAssignments/${who}-${roleGuid}`;
  return { id, scope: vaultScope, principalId: principalOf(who).principalId, roleGuid };
}

/** Our assignment for a principal that is dead; with a name of somebody else's it is a copy that only looks like ours. */
function staleOf(who: string, roleGuid: string, own: boolean): RoleAssignment {
  const { principalId } = principalOf(`dead-${who}`);
  const name = own ? assignmentNameFor(vaultScope, principalId, roleGuid) : `copy-${who}-${roleGuid}`;
  const id = `${vaultScope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  const description = assignmentMarker("prod", idOf(who));
  return { id, scope: vaultScope, principalId, roleGuid, description };
}

interface Live {
  readonly identities: Map<string, Identity>;
  readonly targets: Map<string, Target>;
  readonly assignments: Map<string, RoleAssignment>;
  readonly credentials: Map<string, readonly FederatedCredential[]>;
}

/** The world after Azure has done all that a plan says: a model of its own, knowing nothing of operations. */
function after(seen: Observed, plan: Plan): Observed {
  const live = {
    identities: new Map(seen.identities),
    targets: new Map(seen.targets),
    assignments: new Map(seen.assignments),
    credentials: new Map(seen.credentials),
  };
  for (const change of plan.changes) doneTo(live, change);
  return { ...seen, ...live };
}

function doneTo(live: Live, change: Change): void {
  const { subject } = change;
  if (subject.kind === "identity") existenceDone(live, change, subject.tags ?? {});
  if (subject.kind === "tags") tagsDone(live, change, subject);
  if (subject.kind === "credential") credentialDone(live, change, subject);
  if (subject.kind === "target") targetDone(live, change, subject.targetId);
  if (subject.kind === "role" && change.kind === "revoke")
    live.assignments.delete(idKey(subject.assignmentId ?? ""));
  if (subject.kind === "role" && change.kind === "grant") {
    const made = assignmentOf(nameOf(change.identityId), subject.roleGuid);
    live.assignments.set(idKey(made.id), made);
  }
}

function credentialDone(
  { credentials }: Live,
  { identityId }: Change,
  { credential, remove }: Extract<Change["subject"], { kind: "credential" }>,
): void {
  const others = (credentials.get(idKey(identityId)) ?? []).filter(({ name }) => name !== credential.name);
  credentials.set(idKey(identityId), remove ? others : [...others, credential]);
}

function existenceDone(
  { identities, credentials }: Live,
  { kind, identityId: id }: Change,
  tags: Identity["tags"],
): void {
  credentials.set(idKey(id), []);
  if (kind === "delete") identities.delete(idKey(id));
  else identities.set(idKey(id), { id, location: "westeurope", ...principalOf(nameOf(id)), tags });
}

function tagsDone(
  { identities }: Live,
  { identityId }: Change,
  subject: Extract<Change["subject"], { kind: "tags" }>,
): void {
  const identity = identities.get(idKey(identityId));
  if (!identity) throw new Error(`no ${identityId}`);
  const kept = Object.entries(identity.tags).filter(([key]) => tagOf(subject.remove, key) === undefined);
  const mark = subject.recordPrincipal ? { [principalTag]: principalMark(identity) } : {};
  identities.set(idKey(identityId), {
    ...identity,
    tags: { ...Object.fromEntries(kept), ...subject.set, ...mark },
  });
}

function targetDone({ targets }: Live, { kind, identityId }: Change, targetId: string): void {
  const target = targets.get(idKey(targetId));
  if (!target) throw new Error(`no ${targetId}`);
  const [come, go] = kind === "attach" ? [[identityId], []] : [[], [identityId]];
  const without = attachmentsAfter(target.attachments, [], [identityId]);
  const { userAssigned, systemAssigned } = attachmentsAfter(without, come, go);
  const filled = userAssigned.map((a) => (a.id === identityId ? { ...a, ...principalOf(nameOf(a.id)) } : a));
  targets.set(idKey(targetId), { ...target, attachments: { systemAssigned, userAssigned: filled } });
}

function isForeign(change: Change): boolean {
  return change.identityId === idOf("foreign");
}

test("rule 13: within three passes nothing is left to do, and nothing foreign was touched", () => {
  fc.assert(
    fc.property(world, ({ desired, seen }) => {
      let now = seen;
      for (let pass = 1; pass <= 3; pass++) {
        const plan = planFor(desired, now, policy);
        expect(plan.changes.filter(isForeign)).toEqual([]);
        now = after(now, plan);
      }
      expect(planFor(desired, now, policy).changes).toEqual([]);
      const copies = (of: Observed) => [...of.assignments.keys()].filter((id) => id.includes("/copy-"));
      expect(copies(now)).toEqual(copies(seen));
      for (const [key, before] of seen.targets) {
        const left = now.targets.get(key);
        expect(left?.attachments.systemAssigned).toBe(before.attachments.systemAssigned);
        const hadForeign = before.attachments.userAssigned.some((a) => a.id === idOf("foreign"));
        expect(left?.attachments.userAssigned.some((a) => a.id === idOf("foreign"))).toBe(hadForeign);
      }
    }),
    { numRuns: 500 },
  );
});

test("nothing that is not ours and not to be taken over is ever changed", () => {
  fc.assert(
    fc.property(world, ({ desired, seen }) => {
      const { changes } = planFor(desired, seen, policy);
      for (const { identityId, kind, subject } of changes) {
        const live = seen.identities.get(idKey(identityId));
        const tag = live && tagOf(live.tags, ownerTag);
        const adopts = desired.identities.some((i) => i.id === identityId && i.adoptionPolicy === "Additive");
        expect(live === undefined || tag === "prod" || (adopts && tag === undefined)).toBe(true);
        const isStale = subject.kind === "role" && subject.principalId?.startsWith("p-dead-");
        if (live && tag !== "prod" && !isStale)
          expect(["adopt", "attach", "grant", "update"]).toContain(kind);
      }
    }),
    { numRuns: 500 },
  );
});

test("every change is done or held, never both, and every operation stands for changes of the plan", () => {
  fc.assert(
    fc.property(world, ({ desired, seen }) => {
      const plan = planFor(desired, seen, policy);
      const done = plan.changes.map((c) => c.id);
      const ids = [...done, ...plan.held.map((h) => h.change.id)];
      expect(new Set(ids).size).toBe(ids.length);
      expect(plan.operations.flatMap((o) => o.changeIds).toSorted()).toEqual(done.toSorted());
      const starts = new Map(plan.operations.map((o, i) => [o.id, i]));
      for (const [i, o] of plan.operations.entries())
        for (const id of o.after) expect(starts.get(id)).toBeLessThan(i);
    }),
    { numRuns: 500 },
  );
});

test("nobody is trusted whom the policy does not allow, and nothing collapsed takes away", () => {
  fc.assert(
    fc.property(world, ({ desired, seen }) => {
      const plan = planFor(desired, seen, policy);
      for (const { subject } of plan.changes)
        if (subject.kind === "credential" && !subject.remove) expect(subject.credential.name).toBe("allowed");
      const dead = plan.selectors.filter(({ matched }) => matched === 0).map(({ identityId }) => identityId);
      const detached = plan.changes.filter((c) => c.kind === "detach").map((c) => c.identityId);
      expect(detached.filter((id) => dead.includes(id))).toEqual([]);
      for (const { matched, attached, new: fresh, leaving } of plan.selectors)
        expect(matched).toBe(attached + fresh - leaving);
    }),
    { numRuns: 500 },
  );
});

test("what a person may release can be released, in a few rounds, and then it converges", () => {
  fc.assert(
    fc.property(world, ({ desired, seen }) => {
      const digests = new Set<string>();
      const planOf = (now: Observed) => {
        for (let round = 1; ; round++) {
          const plan = planFor(desired, now, policy, { ...noReleases, digests });
          const more = plan.held.filter((h) => h.releasable && !digests.has(h.digest));
          if (more.length === 0) return plan;
          expect(round).toBeLessThan(6);
          for (const { digest } of more) digests.add(digest);
        }
      };
      expect(planOf(seen).held.filter((h) => h.releasable)).toEqual([]);
      let now = seen;
      for (let pass = 1; pass <= 4; pass++) now = after(now, planOf(now));
      expect(planOf(now).changes).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
