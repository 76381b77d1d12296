import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../../desired/desired.ts";
import { identityIdFrom, idKey } from "../../model/arm-id.ts";
import { type FederatedCredential, ownerTag, principalMark, principalTag } from "../../model/identity.ts";
import type { Observed } from "../../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  subscription,
  vm,
  vmId,
  wanted,
} from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { planFor } from "../plan-for.ts";

const issuer = "https://issuer";
const open = {
  ...policy,
  federatedCredentials: [{ issuer, subject: "**" }],
  limits: { removals: { count: 1_000, percent: 100 }, additions: { count: 1_000 } },
};

function planned(
  want: Partial<DesiredIdentity>,
  see: Parameters<typeof observed>[0] = {},
  change: Partial<Observed> = {},
): Plan {
  return planFor(desired(wanted(want)), observed({ identities: [live()], ...see }, change), open);
}

function countsOf({ changes, held }: Plan): Record<string, number> {
  const names = [...changes.map((c) => c.kind), ...held.map((h) => `${h.reason}: ${h.change.kind}`)];
  return Object.fromEntries([...Map.groupBy(names, (n) => n)].map(([name, all]) => [name, all.length]));
}

describe("rule 20: no more than 4,000 role assignments in a subscription", () => {
  const grants = [binding([], [grantOf("Reader"), grantOf("Reader", group)])];
  const counted = (count: number): Partial<Observed> => ({
    assignmentCounts: new Map([[subscription, count]]),
  });

  test.each<[string, Parameters<typeof planned>, Record<string, number>]>([
    ["the last two fit", [{ bindings: grants }, {}, counted(3_998)], { grant: 2 }],
    [
      "one of two would not: none is made",
      [{ bindings: grants }, {}, counted(3_999)],
      { "QuotaExceeded: grant": 2 },
    ],
    ["nobody could count", [{ bindings: grants }], { grant: 2 }],
    [
      "one that is held takes no room",
      [{ bindings: [binding([], [grantOf("Reader"), grantOf("Owner")])] }, {}, counted(3_999)],
      { grant: 1, "Privileged: grant": 1 },
    ],
    [
      "one that is there needs no room",
      [{ bindings: grants }, { assignments: [assignment(reader)] }, counted(3_999)],
      { grant: 1 },
    ],
    [
      "a revoke makes no room: it comes later",
      [
        { bindings: grants },
        { assignments: [assignment(reader, { scope: `${group}-2`, id: `${group}-2/a` })] },
        counted(4_000),
      ],
      { "QuotaExceeded: grant": 2, revoke: 1 },
    ],
  ])("%s", (_, [want, see, change], expected) => {
    expect(countsOf(planned(want, see, change))).toEqual(expected);
  });

  test("identities share the room, and the rest of each goes on", () => {
    const id = identityIdFrom(subscription, "rg", "id-b");
    const other = wanted({
      id,
      document: document("UserAssignedIdentity", "b"),
      bindings: [binding([], [grantOf("Reader")])],
    });
    const plan = planFor(
      desired(wanted({ bindings: grants, tags: { a: "b" } }), other),
      observed({ identities: [live()] }, counted(3_998)),
      open,
    );
    expect(countsOf(plan)).toEqual({ create: 1, update: 2, "QuotaExceeded: grant": 3 });
    expect(new Set(plan.held.map((h) => h.digest)).size).toBe(1);
    expect(plan.held.every((h) => !h.releasable)).toBe(true);
  });
});

describe("rule 20: no more than 20 federated credentials of an identity", () => {
  const made = (count: number, name = "c"): readonly FederatedCredential[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `${name}${i}`,
      issuer,
      subject: `${name}${i}`,
      audience: "a",
    }));
  const there = (live: readonly FederatedCredential[]) => ({
    credentials: new Map([[idKey(identityId), live]]),
  });

  test.each<[string, Parameters<typeof planned>, Record<string, number>]>([
    ["twenty fit", [{ federatedCredentials: made(20) }, {}, there(made(18))], { update: 2 }],
    [
      "what is not listed stays under Additive and takes room",
      [
        { federatedCredentials: made(19), prunePolicy: "Additive" },
        {},
        there([...made(17), ...made(2, "x")]),
      ],
      { "QuotaExceeded: update": 2 },
    ],
    [
      "one that goes makes room: it goes first",
      [{ federatedCredentials: made(20) }, {}, there([...made(18), ...made(2, "x")])],
      { update: 4 },
    ],
    [
      "one that is overwritten goes on where another has no room",
      [
        {
          federatedCredentials: [
            ...made(1).map((c) => ({ ...c, audience: "b" })),
            ...made(20).slice(1),
            ...made(1, "x"),
          ],
          prunePolicy: "Additive",
        },
        {},
        there(made(20)),
      ],
      { update: 1, "QuotaExceeded: update": 1 },
    ],
    [
      "one that is overwritten takes none",
      [
        { federatedCredentials: made(20).map((c) => ({ ...c, audience: "b" })), prunePolicy: "Additive" },
        {},
        there(made(20)),
      ],
      { update: 20 },
    ],
  ])("%s", (_, [want, see, change], expected) => {
    expect(countsOf(planned(want, see, change))).toEqual(expected);
  });
});

describe("rule 20: no more than 50 tags of an identity, Bindery's own among them", () => {
  const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, "x"]));
  const bound = { bindings: [binding([namedVm("vm-1")])] };
  const machine = { targets: [vm("vm-1")] };

  test.each<[string, Parameters<typeof planned>, Record<string, number>]>([
    ["fifty fit", [{ tags: tags(48) }], { update: 1 }],
    ["fifty-one do not", [{ tags: tags(49) }], { "QuotaExceeded: update": 1 }],
    [
      "a change of one that is there",
      [{ tags: { T0: "y" } }, { identities: [live({ tags: { ...live().tags, ...tags(48) } })] }],
      { update: 1 },
    ],
    ["a create with its two", [{ tags: tags(48) }, { identities: [] }], { create: 1, update: 1 }],
    [
      "a create with one more, and all that needs it",
      [
        { tags: tags(49), ...bound },
        { identities: [], ...machine },
      ],
      { "QuotaExceeded: create": 1, "QuotaExceeded: update": 1, "DependencyHeld: attach": 1 },
    ],
    [
      "an adoption that would bring one too many",
      [
        { adoptionPolicy: "Additive", ...bound },
        { identities: [live({ tags: tags(48) })], ...machine },
      ],
      { "QuotaExceeded: adopt": 1, "DependencyHeld: attach": 1 },
    ],
    [
      "tags that go need no room",
      [{ lifecycle: "Released" }, { identities: [live({ tags: { ...live().tags, ...tags(60) } })] }],
      { release: 1 },
    ],
  ])("%s", (_, [want, see, change], expected) => {
    expect(countsOf(planned(want, see, change))).toEqual(expected);
  });
});

describe("rule 20: no more than 150 identities in one request of a target", () => {
  /** So many identities leave the machines, and so many come to them: those that leave stand first. */
  const many = (leaving: number, coming: number, names: readonly string[] = ["vm-1"]) => {
    const all = Array.from({ length: leaving + coming }, (_, i) => {
      const principal = { principalId: `p-${i}`, clientId: `c-${i}` };
      const id = identityIdFrom(subscription, "rg", `id-${i}`);
      const tags = { [ownerTag]: "prod", [principalTag]: principalMark(principal) };
      const bindings = i < leaving ? [] : [binding(names.map(namedVm), [grantOf("Reader")])];
      return {
        want: wanted({ id, document: document("UserAssignedIdentity", `i${i}`), bindings }),
        live: live({ id, ...principal, tags }),
      };
    });
    const attached = all.slice(0, leaving).map((one) => one.live.id);
    return planFor(
      desired(...all.map((one) => one.want)),
      observed({
        identities: all.map((one) => one.live),
        targets: names.map((name) => vm(name, attached)),
      }),
      open,
    );
  };

  test.each<[string, Plan, Record<string, number>]>([
    ["as many fit", many(150, 0), { detach: 150 }],
    ["the rest leaves with a later pass", many(152, 0), { detach: 150, "RequestFull: detach": 2 }],
    ["or comes with one", many(0, 152), { grant: 152, attach: 150, "RequestFull: attach": 2 }],
    ["what comes goes first", many(80, 75), { grant: 75, attach: 75, detach: 75, "RequestFull: detach": 5 }],
    ["each target has a request of its own", many(0, 100, ["vm-1", "vm-2"]), { grant: 100, attach: 200 }],
  ])("%s", (_, plan, expected) => {
    expect(countsOf(plan)).toEqual(expected);
    for (const { change } of plan.held) expect(change.subject).toMatchObject({ targetId: vmId("vm-1") });
  });

  test("which is one operation", () => {
    expect(many(152, 0).operations).toHaveLength(1);
  });
});
