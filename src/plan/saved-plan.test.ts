import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idKey } from "../model/arm-id.ts";
import type { Observed } from "../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
  grantOf,
  group,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  owner,
  policy,
  reader,
  type Seen,
  vm,
  wanted,
} from "./fixtures.ts";
import { operationsFor } from "./operations.ts";
import type { Plan } from "./plan.ts";
import { noReleases, planFor } from "./plan-for.ts";
import { narrowed, type SavedChange, type SavedPlan } from "./saved-plan.ts";
import { policyDigestOf, refusalsOf } from "./saved-plan-fit.ts";

type Row = Parameters<typeof wanted>[0] & {
  readonly seen?: Seen;
  readonly release?: readonly string[];
};

const identities = [live()];
const bound = { bindings: [binding([namedVm("vm-1"), namedVm("vm-2")], [grantOf("Reader")])] };
const twoMachines = { identities, targets: [vm("vm-1"), vm("vm-2")] };

function worldOf({ seen = {}, release = [], ...document }: Row): { plan: Plan; observed: Observed } {
  const world = observed(seen);
  const releases = { ...noReleases, digests: new Set(release) };
  const generous = { ...policy, limits: { removals: { count: 99, percent: 100 }, additions: { count: 99 } } };
  return { plan: planFor(desired(wanted(document)), world, generous, releases), observed: world };
}

/** As the file has it: what JSON drops is dropped. */
function savedOf({ changes, held }: Pick<Plan, "changes" | "held">): SavedPlan {
  const of = (change: Plan["changes"][number], heldAs?: string): SavedChange => ({
    ...(JSON.parse(JSON.stringify(change)) as SavedChange),
    ...(heldAs !== undefined && { heldAs }),
  });
  return {
    revision: "r1",
    owner: "prod",
    cloud: "public",
    tenantId: "t",
    policyDigest: policyDigestOf(policy),
    digest: "d",
    savedAt: "1970-01-01T00:00:00.000Z",
    savedAtInMs: 0,
    changes: [...changes.map((c) => of(c)), ...held.map((h) => of(h.change, h.reason))],
  };
}

function narrowedLines(
  saved: SavedPlan,
  { plan, observed: world }: ReturnType<typeof worldOf>,
  created: readonly string[] = [],
): { done: readonly string[]; left: readonly string[] } {
  const result = narrowed(plan, world, { saved, created: new Set(created.map(idKey)) });
  return {
    done: linesOf({ ...result.plan, held: [] }),
    left: result.leftOut.map((one) => `${one.reason}${one.missed ? " missed" : ""}: ${one.words}`),
  };
}

const absent = { lifecycle: "Absent" as const };
const attached = [vm("vm-1", [identityId])];
const other = { ...live().tags };

type Case = [
  name: string,
  saved: Row,
  fresh: Row,
  done: readonly string[],
  left: readonly string[],
  created?: readonly string[],
];

const table: Case[] = [
  [
    "what has not moved is done, all of it",
    { ...bound, seen: twoMachines },
    { ...bound, seen: twoMachines },
    ["attach vm-1", "attach vm-2", "grant Reader"],
    [],
  ],
  [
    "what is so already is told",
    { ...bound, seen: twoMachines },
    { ...bound, seen: { ...twoMachines, targets: [vm("vm-1", [identityId]), vm("vm-2")] } },
    ["attach vm-2", "grant Reader"],
    ["AlreadySo: attach vm-1"],
  ],
  [
    "a machine that a selector does not find any more is gone",
    { bindings: [], seen: { identities, targets: attached } },
    { bindings: [], seen: { identities, targets: [] } },
    [],
    ["TargetGone: detach vm-1"],
  ],
  [
    "what has come up since is left out",
    { bindings: [binding([namedVm("vm-1")])], seen: { identities, targets: [vm("vm-1")] } },
    {
      bindings: [binding([namedVm("vm-1")])],
      seen: { identities, targets: [vm("vm-1"), vm("vm-9", [identityId])] },
    },
    ["attach vm-1"],
    ["NotInPlan: detach vm-9"],
  ],
  [
    "what is held now is told",
    { ...bound, seen: twoMachines },
    { ...bound, seen: { identities, targets: [vm("vm-2")] } },
    ["attach vm-2", "grant Reader"],
    ["NowHeld: attach vm-1"],
  ],
  [
    "what was held and is free without a release is left out",
    { ...bound, seen: { identities, targets: [vm("vm-2")] } },
    { ...bound, seen: twoMachines },
    ["attach vm-2", "grant Reader"],
    ["WasHeld: attach vm-1"],
  ],
  [
    "another principal is another change",
    { bindings: [binding([], [grantOf("Reader")])], seen: { identities } },
    {
      bindings: [binding([], [grantOf("Reader")])],
      seen: { identities: [live({ principalId: "dddddddd-0000-4000-8000-000000000001", tags: untagged() })] },
    },
    [],
    ["NotInPlan: update tag bindery-principal", "Changed missed: grant Reader on kv"],
  ],
  [
    "other tags are another change",
    { tags: { a: "1" }, seen: { identities } },
    { tags: { a: "2" }, seen: { identities } },
    [],
    ["Changed missed: update tag a=2"],
  ],
  [
    "ids in another case are the same",
    { ...bound, seen: twoMachines },
    {
      ...bound,
      seen: { identities, targets: twoMachines.targets.map((t) => ({ ...t, id: t.id.toUpperCase() })) },
    },
    ["attach VM-1", "attach VM-2", "grant Reader"],
    [],
  ],
  [
    "an identity that has come up since by other hands gets nothing that names its principal",
    { ...bound, seen: { targets: twoMachines.targets } },
    { ...bound, seen: twoMachines },
    ["attach vm-1", "attach vm-2"],
    [
      "AlreadySo: create id-orders",
      "AlreadySo: update tags of id-orders",
      "Changed missed: grant Reader on kv",
    ],
  ],
  [
    "an identity that this apply has created gets all that was planned for it",
    { ...bound, seen: { targets: twoMachines.targets } },
    { ...bound, seen: twoMachines },
    ["attach vm-1", "attach vm-2", "grant Reader"],
    ["AlreadySo: create id-orders", "AlreadySo: update tags of id-orders"],
    [identityId],
  ],
  [
    "what needs something left out is left out",
    { ...bound, location: "northeurope", seen: { targets: twoMachines.targets } },
    { ...bound, seen: { targets: twoMachines.targets } },
    [],
    [
      "Changed missed: create id-orders in westeurope",
      "NeedLeftOut missed: update tag bindery-principal",
      "NeedLeftOut missed: attach vm-1",
      "NeedLeftOut missed: attach vm-2",
      "NeedLeftOut missed: grant Reader on kv",
    ],
  ],
  [
    "a deletion that waited until the identity is empty follows",
    { ...absent, seen: { identities, targets: attached } },
    { ...absent, seen: { identities, targets: [vm("vm-1")] } },
    ["delete id-orders"],
    ["AlreadySo: detach vm-1"],
  ],
  [
    "a deletion that the saved plan does not list does not",
    { seen: { identities } },
    { ...absent, seen: { identities } },
    [],
    ["NotInPlan: delete id-orders"],
  ],
  [
    "a deletion of another principal does not",
    { ...absent, seen: { identities } },
    {
      ...absent,
      seen: { identities: [live({ principalId: "dddddddd-0000-4000-8000-000000000001", tags: untagged() })] },
    },
    [],
    ["Changed missed: delete id-orders"],
  ],
];

/** Our owner tag without a principal: ours, unfinished. */
function untagged(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(other).filter(([key]) => key === "bindery-owner"));
}

test.each(table)("%s", (_, before, now, done, left, created) => {
  expect(narrowedLines(savedOf(worldOf(before).plan), worldOf(now), created)).toEqual({ done, left });
});

describe("a held set", () => {
  const privileged = { bindings: [binding([], [grantOf("Owner", group)])], seen: { identities } };

  test("of the saved plan goes when a person has released it since", () => {
    const before = worldOf(privileged);
    expect(linesOf(before.plan)).toEqual(["Privileged: grant Owner"]);
    const release = before.plan.held.map((h) => h.digest);
    const now = worldOf({ ...privileged, release });
    expect(narrowedLines(savedOf(before.plan), now)).toEqual({ done: ["grant Owner"], left: [] });
  });

  test("that the saved plan does not show does not go, although a person has released it", () => {
    const release = worldOf(privileged).plan.held.map((h) => h.digest);
    const now = worldOf({ ...privileged, release });
    const left = ["NotInPlan: grant Owner on resource group rg"];
    expect(narrowedLines(savedOf({ changes: [], held: [] }), now)).toEqual({ done: [], left });
  });
});

test("of a swap both go or none: without the attach the detach stays", () => {
  const coming = wanted({ bindings: [binding([namedVm("vm-1")])] });
  const going = { ...wanted(), id: `${identityId}-old` };
  const world = observed({
    identities: [
      live(),
      live({
        id: going.id,
        principalId: "p-old",
        clientId: "c-old",
        tags: { "bindery-owner": "prod", "bindery-principal": "p-old/c-old" },
      }),
    ],
    targets: [vm("vm-1", [going.id])],
  });
  const plan = planFor(desired(coming, going), world, policy);
  const saved = savedOf(plan);
  const withoutAttach = { ...saved, changes: saved.changes.filter(({ kind }) => kind !== "attach") };
  const result = narrowed(plan, world, { saved: withoutAttach, created: new Set() });
  expect(result.plan.changes).toEqual([]);
  expect(result.leftOut.map(({ reason, kind }) => `${reason} ${kind}`)).toEqual([
    "NotInPlan attach",
    "SwapIncomplete detach",
  ]);
});

test("a database user of an identity that this apply has created is the one that was planned, and nobody else's", () => {
  const { plan, observed: world } = worldOf({ tags: { a: "1" }, seen: { identities } });
  const before = { kind: "databaseUser", database: { server: "s", database: "d" }, userName: "u" } as const;
  const facts = { principalId: "p", clientId: "c" };
  const changes = plan.changes.map((change) => ({ ...change, subject: { ...before, ...facts } }));
  const saved = savedOf({ changes: changes.map((change) => ({ ...change, subject: before })), held: [] });
  const leftOutWith = (...created: readonly string[]) =>
    narrowed({ ...plan, changes }, world, { saved, created: new Set(created) }).leftOut.map(
      (one) => one.message,
    );
  expect(leftOutWith(idKey(identityId))).toEqual([]);
  expect(leftOutWith()).toEqual([
    'It is another change than the saved one: principalId was not there, and is "p"; clientId was not there, and is "c".',
  ]);
});

test("the message says how a change differs, and quotes no more than 80 characters", () => {
  const before = worldOf({ tags: { a: "x".repeat(200) }, seen: { identities } });
  const saved = savedOf(before.plan);
  const evil = saved.changes.map((c) => ({ ...c, subject: { ...c.subject, set: "\u001b[2J".repeat(99) } }));
  const { leftOut } = narrowed(before.plan, before.observed, {
    saved: { ...saved, changes: evil },
    created: new Set(),
  });
  expect(leftOut[0]?.message).toMatch(
    /^It is another change than the saved one: set was "\\u\{1b\}\[2J.*…", and is "a"\.$/,
  );
});

describe("rule 22: whatever a saved plan says", () => {
  const worlds = [
    worldOf({ ...bound, seen: twoMachines }),
    worldOf({ ...bound, seen: { targets: twoMachines.targets } }),
    worldOf({
      seen: { identities, targets: attached, assignments: [assignment(reader), assignment(owner)] },
    }),
    worldOf({ ...absent, seen: { identities } }),
  ];
  const real = worlds.flatMap(({ plan }) => savedOf(plan).changes);
  const facts = fc.dictionary(
    fc.constantFrom("kind", "targetId", "scope", "roleName", "principalId", "set", "__proto__"),
    fc.oneof(fc.jsonValue(), fc.constantFrom(...real.map(({ identityId: id }) => id))),
  );
  const change: fc.Arbitrary<SavedChange> = fc
    .record({
      of: fc.constantFrom(...real),
      id: fc.option(fc.string()),
      subject: fc.option(facts),
      heldAs: fc.constantFrom(undefined, "NotEmpty", "DependencyHeld", "Privileged", "Anything"),
    })
    .map(({ of, id, subject, heldAs }) => ({
      ...of,
      id: id ?? of.id,
      subject: subject ?? of.subject,
      ...(heldAs !== undefined && { heldAs }),
    }));

  test("only a part of the fresh plan is done, by the operations of that part", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...worlds),
        fc.uniqueArray(change, { selector: ({ id }) => id, maxLength: 12 }),
        fc.boolean(),
        ({ plan, observed: world }, changes, isNew) => {
          const saved = { ...savedOf({ changes: [], held: [] }), changes };
          const created = new Set(isNew ? [idKey(identityId)] : []);
          const result = narrowed(plan, world, { saved, created });
          const allowed = new Set(result.plan.changes);
          // The very objects of the fresh plan: nothing of the file has got into them.
          expect(plan.changes.filter((one) => allowed.has(one))).toEqual(result.plan.changes);
          expect(allowed.size).toBe(result.plan.changes.length);
          const listed = new Set(changes.map(({ id }) => id));
          expect(result.plan.changes.every(({ id }) => listed.has(id))).toBe(true);
          expect(result.plan.operations).toEqual(operationsFor(result.plan.changes, world));
          expect(result.plan.held).toBe(plan.held);
          const ids = new Set(result.plan.changes.map(({ id }) => id));
          const all = new Set(plan.changes.map(({ id }) => id));
          for (const { needs } of result.plan.changes) {
            expect(needs.filter((id) => all.has(id) && !ids.has(id))).toEqual([]);
          }
        },
      ),
    );
  });
});

describe("a saved plan fits", () => {
  const saved = savedOf({ changes: [], held: [] });
  const now = { ...saved };
  const hour = 3_600_000;
  const age = (timeInMs: number, maxAgeInMs = 24 * hour) => ({ timeInMs, maxAgeInMs });

  test.each([
    ["at once", {}, age(0), []],
    ["up to its last moment", {}, age(24 * hour), []],
    ["not a moment longer", {}, age(24 * hour + 1), [/1970-01-01T00:00:00\.000Z, more than 24 hours ago/]],
    ["not longer than it is said", {}, age(91_000, 90_000), [/more than 90 seconds ago/]],
    ["under a clock that is a little behind", {}, age(-5 * 60_000), []],
    ["not from the future", {}, age(-5 * 60_000 - 1), [/in the future/]],
    ["its tenant in any case", { tenantId: "T" }, age(0), []],
    ["no other tenant", { tenantId: "u" }, age(0), [/for the tenant "t", and this is "u"/]],
    ["no other cloud", { cloud: "china" }, age(0), [/for the cloud "public", and this is "china"/]],
    ["no other owner", { owner: "test" }, age(0), [/for the owner "prod", and this is "test"/]],
    ["no other documents", { revision: "r2" }, age(0), [/they were "r1", and are "r2"/]],
    ["no other policy", { policyDigest: "x" }, age(0), [/The policy has changed since/]],
    ["and says all that does not fit", { owner: "x", revision: "y" }, age(0), [/owner/, /manifests/]],
  ])("%s", (_, change, when, expected) => {
    const refusals = refusalsOf(saved, { ...now, ...change }, when);
    expect(refusals).toEqual(expected.map((one) => expect.stringMatching(one)));
  });

  test.each([
    ["a limit", { limits: { removals: { count: 11, percent: 20 }, additions: { count: 500 } } }],
    ["a release", { releases: ["0".repeat(24)] }],
    ["a protected id", { protected: [identityId] }],
    ["the estate", { estate: { subscriptions: [], managementGroups: ["mg"] } }],
  ])("%s is part of what makes a policy another one", (_, change) => {
    expect(policyDigestOf({ ...policy, ...change })).not.toBe(policyDigestOf(policy));
  });

  test("the order of its keys is not", () => {
    const reordered = Object.fromEntries(Object.entries(policy).toReversed()) as unknown as typeof policy;
    expect(policyDigestOf(reordered)).toBe(policyDigestOf(policy));
  });
});
