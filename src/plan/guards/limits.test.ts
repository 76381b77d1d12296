import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../../desired/desired.ts";
import { identityIdFrom } from "../../model/arm-id.ts";
import { ownerTag, principalMark, principalTag } from "../../model/identity.ts";
import type { Policy } from "../../model/policy.ts";
import {
  assignment,
  binding,
  desired,
  document,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  subscription,
  vm,
  wanted,
} from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { planFor } from "../plan-for.ts";

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `vm-${i + from}`);
const attached = (count: number) => numbers(count).map((name) => vm(name, [identityId]));
const keeps = (count: number) => [binding(numbers(count).map(namedVm))];
const limits = (removals: Partial<Policy["limits"]["removals"]>, additions = 500): Partial<Policy> => ({
  limits: { removals: { ...policy.limits.removals, ...removals }, additions: { count: additions } },
});

function planned(
  want: Partial<DesiredIdentity>,
  see: Parameters<typeof observed>[0],
  policyChange: Partial<Policy> = {},
  digests: readonly string[] = [],
): Plan {
  return planFor(
    desired(wanted(want)),
    observed({ identities: [live()], ...see }),
    { ...policy, ...policyChange },
    { digests: new Set(digests), changes: new Set() },
  );
}

function countsOf({ changes, held }: Plan): Record<string, number> {
  const names = [...changes.map((c) => c.kind), ...held.map((h) => `${h.reason}: ${h.change.kind}`)];
  return Object.fromEntries([...Map.groupBy(names, (n) => n)].map(([name, all]) => [name, all.length]));
}

describe("rule 15: more removals than the limit are held, all of them (TooManyRemovals)", () => {
  test.each([
    ["just as many as the limit go", 60, 50, {}, { detach: 10 }],
    ["one more holds them all", 60, 49, {}, { "TooManyRemovals: detach": 11 }],
    ["four of four are no share", 4, 0, {}, { detach: 4 }],
    ["five of twenty-five are the limit", 25, 20, {}, { detach: 5 }],
    ["five of twenty-four are over it", 24, 19, {}, { "TooManyRemovals: detach": 5 }],
    ["a limit of none holds one", 3, 2, limits({ count: 0 }), { "TooManyRemovals: detach": 1 }],
    ["a wider limit lets them go", 60, 0, limits({ count: 60, percent: 100 }), { detach: 60 }],
  ])("%s", (_, machines, kept, policyChange, expected) => {
    expect(
      countsOf(planned({ bindings: keeps(kept) }, { targets: attached(machines) }, policyChange)),
    ).toEqual(expected);
  });

  test("nothing is kept back of what goes beside them", () => {
    const see = { targets: [...attached(12), vm("vm-new")] };
    const plan = planned({ bindings: [binding([namedVm("vm-new")])], tags: { team: "x" } }, see);
    expect(countsOf(plan)).toEqual({ attach: 1, update: 1, "TooManyRemovals: detach": 12 });
  });

  test("roles and machines together are measured per kind and in total", () => {
    const roles = Array.from({ length: 3 }, (_, i) =>
      assignment(reader, { scope: `${group}-${i}`, id: `${group}-${i}/a` }),
    );
    const see = { targets: attached(12), assignments: roles };
    expect(countsOf(planned({ bindings: keeps(4) }, see, limits({ percent: 100 })))).toEqual({
      "TooManyRemovals: detach": 8,
      "TooManyRemovals: revoke": 3,
    });
    expect(countsOf(planned({ bindings: keeps(5) }, see, limits({ percent: 100 })))).toEqual({
      detach: 7,
      revoke: 3,
    });
  });

  test("what is suspended, protected or otherwise up to people is no part of them", () => {
    const targets = attached(60);
    const protectedIds = targets.slice(49, 55).map((t) => t.id);
    const plan = planned({ bindings: keeps(49) }, { targets }, { protected: protectedIds });
    expect(countsOf(plan)).toEqual({ detach: 5, "Protected: detach": 6 });
  });

  test("what cannot be read for now is part of them: small passes cannot slice past the limit", () => {
    const targets = attached(60);
    const unreadable = new Map(targets.slice(50).map((t) => [t.id.toLowerCase(), "403"]));
    const plan = planFor(
      desired(wanted({ bindings: keeps(49) })),
      observed({ identities: [live()], targets }, { unreadable }),
      policy,
    );
    expect(countsOf(plan)).toEqual({
      "ObservationIncomplete: detach": 10,
      "TooManyRemovals: detach": 1,
    });
  });
});

describe("Absent and Released are exempt per identity and count in the total", () => {
  const others = Array.from({ length: 12 }, (_, i) => {
    const principal = { principalId: `p-${i}`, clientId: `c-${i}` };
    const id = identityIdFrom(subscription, "rg", `id-${i}`);
    const tags = { [ownerTag]: "prod", [principalTag]: principalMark(principal) };
    const want = wanted({ id, document: document("UserAssignedIdentity", `i${i}`) });
    return { want, live: live({ id, ...principal, tags }) };
  });
  const planOver = (absent: number, lifecycle: "Absent" | "Released") =>
    planFor(
      desired(...others.map(({ want }, i) => (i < absent ? { ...want, lifecycle } : want))),
      observed({ identities: others.map((o) => o.live) }),
      { ...policy, ...limits({ percent: 100 }) },
    );

  test.each(["Absent", "Released"] as const)("%s", (lifecycle) => {
    const kind = lifecycle === "Absent" ? "delete" : "release";
    expect(countsOf(planOver(10, lifecycle))).toEqual({ [kind]: 10 });
    expect(countsOf(planOver(11, lifecycle))).toEqual({ [`TooManyRemovals: ${kind}`]: 11 });
  });

  test("one with six machines among many others", () => {
    const userAssigned = others.slice(0, 1).map((o) => o.live);
    const more = Array.from({ length: 60 }, (_, i) =>
      vm(`o-${i}`, [], { attachments: { systemAssigned: false, userAssigned } }),
    );
    const keptByOther = binding(more.map((t) => namedVm(t.id.split("/").at(-1) ?? "")));
    const plan = planFor(
      desired(wanted({ lifecycle: "Absent" }), { ...(others[0]?.want ?? wanted()), bindings: [keptByOther] }),
      observed({ identities: [live(), ...others.map((o) => o.live)], targets: [...attached(6), ...more] }),
      policy,
    );
    expect(countsOf(plan)).toEqual({ detach: 6, "NotEmpty: delete": 1 });
  });
});

describe("additions", () => {
  test("as many as the limit go, one more holds them all", () => {
    const see = { targets: numbers(4).map((name) => vm(name)) };
    expect(countsOf(planned({ bindings: keeps(4) }, see, limits({}, 4)))).toEqual({ attach: 4 });
    expect(countsOf(planned({ bindings: keeps(4) }, see, limits({}, 3)))).toEqual({
      "TooManyAdditions: attach": 4,
    });
  });
});

describe("a release", () => {
  const see = { targets: attached(60) };
  const digestOf = (plan: Plan) => plan.held[0]?.digest ?? "";

  test.each([
    ["on the command line", (digest: string) => planned({ bindings: keeps(40) }, see, {}, [digest])],
    ["in the policy", (digest: string) => planned({ bindings: keeps(40) }, see, { releases: [digest] })],
  ])("%s lets the set go", (_, planWith) => {
    const held = planned({ bindings: keeps(40) }, see);
    expect(new Set(held.held.map((h) => h.digest)).size).toBe(1);
    const plan = planWith(digestOf(held));
    expect(countsOf(plan)).toEqual({ detach: 20 });
    expect(plan.released).toHaveLength(20);
  });

  test("does not fit another set", () => {
    const digest = digestOf(planned({ bindings: keeps(40) }, see));
    expect(countsOf(planned({ bindings: keeps(39) }, see, {}, [digest]))).toEqual({
      "TooManyRemovals: detach": 21,
    });
  });

  test("does not fit another revision", () => {
    const digest = digestOf(planned({ bindings: keeps(40) }, see));
    const plan = planFor(
      { ...desired(wanted({ bindings: keeps(40) })), revision: "r2" },
      observed({ identities: [live()], ...see }),
      { ...policy, releases: [digest] },
    );
    expect(countsOf(plan)).toEqual({ "TooManyRemovals: detach": 20 });
  });
});
