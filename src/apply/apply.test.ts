import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leaseLost } from "../model/lease.ts";
import type { Change, Operation } from "../plan/plan.ts";
import type { AuditEvent } from "./audit.ts";
import { applyTo, type FakeAzure, fakeAzure } from "./fake-azure.ts";
import {
  change,
  failure,
  identity,
  identityId,
  jumpingClock,
  lateInstance,
  linesOf,
  operation,
  patchOf,
  planOfOne,
  planWith,
  vm,
  vmId,
} from "./fixtures.ts";
import type { ApplyObserver } from "./options.ts";
import { quarantineAfter } from "./quarantine.ts";

const scope = "/subscriptions/s/resourceGroups/kv";
const refused = failure("terminal", "AuthorizationFailed", { status: 403, correlationId: "c-1" });
const later = failure("transient", "TooManyRequests", { retryAfterInMs: 4_000 });

const grant = (id: string, more: Partial<Operation> = {}): Operation =>
  operation(
    id,
    {
      kind: "putAssignment",
      identityId: identityId("one"),
      principalId: "p",
      scope: `${scope}-${id}`,
      roleGuid: id,
      roleName: "Reader",
    },
    more,
  );

/** One grant for each name; the second part of a row names what it needs. */
const grants = (needs: Readonly<Record<string, readonly string[]>>) =>
  planWith(
    Object.entries(needs).map(([id, needed]) => change(id, "grant", { needs: needed })),
    Object.keys(needs).map((id) => grant(id)),
  );

describe("what a change needs", () => {
  test("what needs a failed change is dropped with its reason, and what needs that too; the rest goes on", async () => {
    const azure = fakeAzure({ faults: [{ on: "putAssignment kv-a", throws: refused }] });
    const report = await applyTo(azure, grants({ a: [], b: ["a"], c: ["b"], d: [] }));
    expect(linesOf(report)).toEqual([
      "a: failed AuthorizationFailed",
      "b: skipped WaitsFor",
      "c: skipped WaitsFor",
      "d: applied",
    ]);
    expect(report.outcomes[1]).toMatchObject({
      message: 'This waits for "grant", which was failed: Azure says AuthorizationFailed.',
    });
    expect(report.outcomes[1]).not.toHaveProperty("transient");
  });

  test("what waits for something that may recover comes again soon itself", async () => {
    const azure = fakeAzure({ faults: [{ on: "putAssignment kv-a", throws: later, times: 99 }] });
    const report = await applyTo(azure, grants({ a: [], b: ["a"] }));
    expect(report.outcomes[1]).toMatchObject({ code: "WaitsFor", transient: true });
  });

  test("what is not visible yet is good enough", async () => {
    const azure = fakeAzure();
    const ports = { ...azure, readAssignment: () => Promise.resolve(undefined) };
    const report = await applyTo(ports, grants({ a: [], b: ["a"] }));
    expect(linesOf(report)).toEqual(["a: propagating NotVisibleYet", "b: propagating NotVisibleYet"]);
  });

  test("a change that needs a held one is not made", async () => {
    const held = {
      change: change("a", "create"),
      reason: "LocationMissing" as const,
      message: "",
      cure: "",
      digest: "",
      releasable: false,
    };
    const plan = planWith([change("b", "grant", { needs: ["a"] })], [grant("b")], { held: [held] });
    const azure = fakeAzure();
    const report = await applyTo(azure, plan);
    expect(report.outcomes).toMatchObject([{ state: "skipped", code: "WaitsFor" }]);
    expect(report.outcomes[0]?.message).toContain("held (LocationMissing)");
    expect(azure.log).toEqual([]);
  });

  test("an attach waits until the grant has ended, and is made although the grant failed", async () => {
    const azure = fakeAzure({
      targets: [vm("vm")],
      faults: [
        { on: "putAssignment kv-a", throws: later },
        { on: "putAssignment kv-a", throws: refused },
      ],
    });
    const patch = operation("it", patchOf(vm("vm"), ["one"]), { changeIds: ["one"], after: ["a"] });
    const plan = planWith([change("one", "attach"), change("a", "grant")], [patch, grant("a")]);
    expect(linesOf(await applyTo(azure, plan))).toEqual(["one: applied", "a: failed AuthorizationFailed"]);
    expect(azure.log.lastIndexOf("putAssignment kv-a")).toBeLessThan(
      azure.log.indexOf("patchAttachments vm"),
    );
  });

  test("a key whose change was dropped is left out of the PATCH, and a detach beside it too", async () => {
    const azure = fakeAzure({
      targets: [vm("vm", ["old"])],
      faults: [{ on: "readIdentity new", throws: refused }],
    });
    const create = {
      kind: "createIdentity",
      identityId: identityId("new"),
      location: "x",
      tags: {},
    } as const;
    const changes = [
      change("create", "create"),
      change("new", "attach", { needs: ["create"], identityId: identityId("new") }),
      change("other", "attach", { identityId: identityId("other") }),
      change("old", "detach", { identityId: identityId("old") }),
    ];
    const plan = planWith(changes, [
      operation("create", create),
      operation("it", patchOf(vm("vm", ["old"]), ["new", "other"], ["old"]), {
        changeIds: ["new", "other", "old"],
        after: ["create"],
      }),
    ]);
    expect(linesOf(await applyTo(azure, plan))).toEqual([
      "create: failed AuthorizationFailed",
      "new: skipped WaitsFor",
      "other: applied",
      "old: skipped SwapIncomplete",
    ]);
    expect(azure.log).toContain("= UserAssigned +other");
  });

  test("a change of two operations has one outcome, the worse one", async () => {
    const azure = fakeAzure({ faults: [{ on: "putAssignment kv-b", throws: refused }] });
    const plan = planWith(
      [change("both", "update")],
      [grant("a", { changeIds: ["both"] }), grant("b", { changeIds: ["both"], after: ["a"] })],
    );
    expect(linesOf(await applyTo(azure, plan))).toEqual(["both: failed AuthorizationFailed"]);
  });

  test("a change of two operations is visible only when both are", async () => {
    const azure = fakeAzure();
    let reads = 0;
    const ports: FakeAzure = {
      ...azure,
      readAssignment: async (id, signal) => {
        reads += 1;
        return reads === 1 ? undefined : await azure.readAssignment(id, signal);
      },
    };
    const both = [grant("a", { changeIds: ["both"] }), grant("b", { changeIds: ["both"], after: ["a"] })];
    const plan = planWith([change("both", "update")], both);
    const report = await applyTo(ports, plan, { retry: { visibilityInMs: 0 } });
    expect(linesOf(report)).toEqual(["both: propagating NotVisibleYet"]);
    expect(azure.log).toContain("readAssignment new");
  });

  test("what earlier passes have settled is not tried again", async () => {
    const plan = grants({ a: [], b: ["a"], c: [] });
    const azure = fakeAzure({ faults: [{ on: "putAssignment kv-a", throws: refused }] });
    const [first] = (await applyTo(azure, plan)).outcomes;
    const again = fakeAzure();
    const settled = new Map(first ? [["a", first]] : []);
    expect(linesOf(await applyTo(again, plan, { settled }))).toEqual([
      "a: failed AuthorizationFailed",
      "b: skipped WaitsFor",
      "c: applied",
    ]);
    expect(again.log).not.toContain("putAssignment kv-a");
  });

  test("what was rejected on a target is left alone there until its time is over, and the rest is attached", async () => {
    const keys = planOfOne(patchOf(vm("vm"), ["bad", "good"]));
    const subject = { kind: "target", targetId: vmId("vm") } as const;
    const plan = { ...keys, changes: keys.changes.map((one) => ({ ...one, subject })) };
    const culprits = [identityId("bad")];
    const named = failure("terminal", "LinkedAuthorizationFailed", { status: 403, culprits });
    const azure = fakeAzure({ targets: [vm("vm")], faults: [{ on: "patchAttachments vm", throws: named }] });
    const { outcomes } = await applyTo(azure, plan);
    expect(outcomes.map((o) => [o.change.identityId, o.state, o.quarantine])).toEqual([
      [identityId("bad"), "failed", "begins"],
      [identityId("good"), "applied", undefined],
    ]);
    const startedAtInMs = Date.UTC(2026, 0, 1);
    for (const [sinceInMs, state] of [
      [-1, "failed"],
      [-60_000, "applied"],
    ] as const) {
      const quarantine = quarantineAfter(new Map(), outcomes, startedAtInMs + sinceInMs);
      const again = await applyTo(fakeAzure({ targets: [vm("vm")] }), plan, { quarantine });
      expect(again.outcomes.map((o) => o.state)).toEqual([state, "applied"]);
    }
  });
});

describe("what is postponed", () => {
  const later = { state: "skipped", code: "BackingOff", message: "Left alone.", transient: true } as const;

  test("is not tried, nor is what needs it; both say that they wait for longer than a pass", async () => {
    const azure = fakeAzure();
    const plan = grants({ a: [], b: ["a"], c: [] });
    const report = await applyTo(azure, plan, { postponed: ({ id }) => (id === "a" ? later : undefined) });
    expect(linesOf(report)).toEqual(["a: skipped BackingOff", "b: skipped WaitsFor", "c: applied"]);
    expect(report.outcomes.map(({ postponed }) => postponed)).toEqual([true, true, undefined]);
    expect(azure.log).toEqual(["putAssignment kv-c", "readAssignment new"]);
  });

  test("is asked only about what has not failed for good before", async () => {
    const asked: string[] = [];
    const plan = grants({ a: [], b: [] });
    const settled = new Map(
      plan.changes.slice(0, 1).map((one) => [one.id, { change: one, state: "failed", message: "" } as const]),
    );
    const report = await applyTo(fakeAzure(), plan, { settled, postponed: ({ id }) => void asked.push(id) });
    expect([linesOf(report), [...new Set(asked)]]).toEqual([["a: failed", "b: applied"], ["b"]]);
  });
});

describe("a plan that contradicts itself is refused before anything is asked of Azure", () => {
  test.each([
    ["a change without an operation", planWith([change("a", "grant")], []), "no operation realises"],
    ["an operation without a change", planWith([], [grant("a", { changeIds: [] })]), "realises no change"],
    ["an operation for a change that is not there", planWith([], [grant("a")]), "not in the plan"],
  ])("%s", async (_, plan, message) => {
    const azure = fakeAzure();
    await expect(applyTo(azure, plan)).rejects.toThrow(message);
    expect(azure.log).toEqual([]);
  });
});

test("a delay delays its own operation only, even where there is one place", async () => {
  const azure = fakeAzure({ faults: [{ on: "putAssignment kv-a", throws: later }] });
  const plan = grants({ a: [], b: [] });
  await applyTo(azure, plan, { concurrency: 1 });
  expect(azure.log.filter((one) => one.startsWith("putAssignment"))).toEqual([
    "putAssignment kv-a",
    "putAssignment kv-b",
    "putAssignment kv-a",
  ]);
});

describe("stop and abort", () => {
  const observing = (on: Partial<ApplyObserver>): ApplyObserver => ({
    started: () => undefined,
    retrying: () => undefined,
    ended: () => undefined,
    ...on,
  });

  test("a stop lets what runs end, and says of the rest that it was not begun", async () => {
    const stop = new AbortController();
    const azure = fakeAzure();
    const observer = observing({ started: () => stop.abort() });
    const plan = grants({ a: [], b: [], c: ["b"] });
    const report = await applyTo(azure, plan, { concurrency: 1, stop: stop.signal, observer });
    expect(linesOf(report)).toEqual(["a: applied", "b: skipped Stopped", "c: skipped WaitsFor"]);
    expect(azure.log).toEqual(["putAssignment kv-a", "readAssignment new"]);
  });

  test("rule 23: of what a lost lease has kept from beginning, the lease is the reason", async () => {
    const stop = new AbortController();
    const observer = observing({ started: () => stop.abort(leaseLost("The lease is gone.")) });
    const plan = grants({ a: [], b: [] });
    const report = await applyTo(fakeAzure(), plan, { concurrency: 1, stop: stop.signal, observer });
    expect(linesOf(report)).toEqual(["a: applied", "b: skipped LeaseLost"]);
    expect(report.outcomes[1]).toMatchObject({ message: "Not begun: The lease is gone.", transient: true });
  });

  test("a stop ends retries: what failed last is the outcome", async () => {
    const stop = new AbortController();
    const azure = fakeAzure({ faults: [{ on: "putAssignment kv-a", throws: later }] });
    const observer = observing({ retrying: () => stop.abort() });
    const report = await applyTo(azure, grants({ a: [] }), { stop: stop.signal, observer });
    expect(report.outcomes).toMatchObject([{ state: "failed", code: "TooManyRequests", transient: true }]);
  });

  test("a handover leaves what Azure has accepted to the next pass, and is a stop besides", async () => {
    const handOver = new AbortController();
    const azure = fakeAzure({ targets: [vm("vm-1"), vm("vm-2")] });
    const endless: FakeAzure = {
      ...azure,
      patchAttachments: async (patch, signal) => {
        if (patch.targetId === vmId("vm-2")) await azure.patchAttachments(patch, signal);
        else setImmediate(() => handOver.abort(new Error("the grace period is over")));
        return { ended: () => new Promise(() => undefined) };
      },
    };
    const plan = planWith(
      [change("one", "attach"), change("two", "attach"), change("c", "grant", { needs: ["one"] })],
      [
        operation("one", patchOf(vm("vm-1"), ["one"])),
        operation("two", patchOf(vm("vm-2"), ["two"])),
        grant("c"),
      ],
    );
    const report = await applyTo(endless, plan, { handOver: handOver.signal });
    expect(linesOf(report)).toEqual(["one: propagating InProgress", "two: applied", "c: skipped Stopped"]);
    expect(report.outcomes[0]).toMatchObject({
      transient: true,
      message: "Azure has accepted it and still works on it; the next pass shows how it ended.",
    });
  });

  test("after a handover nothing that is accepted is polled even once, and nothing is waited for to be seen", async () => {
    const handOver = new AbortController();
    const azure = fakeAzure({ targets: [vm("vm-1")] });
    const polled: string[] = [];
    const late: FakeAzure = {
      ...azure,
      patchAttachments: async () => {
        handOver.abort();
        return { ended: async () => void polled.push("polled") };
      },
    };
    const clock = jumpingClock();
    const startedAtInMs = clock.now();
    const plan = planOfOne(patchOf(vm("vm-1"), ["a"]));
    const report = await applyTo(late, plan, { handOver: handOver.signal, clock });
    expect(linesOf(report)).toEqual(["a: propagating InProgress"]);
    expect([polled, clock.now() - startedAtInMs]).toEqual([[], 0]);
  });

  test("an abort cuts what runs at once, even what does not listen", async () => {
    const abort = new AbortController();
    const deaf = {
      ...fakeAzure(),
      putAssignment: () => {
        setImmediate(() => abort.abort(new Error("second Ctrl-C")));
        return new Promise<never>(() => undefined);
      },
    };
    const report = await applyTo(deaf, grants({ a: [], b: [] }), { concurrency: 1, abort: abort.signal });
    expect(linesOf(report)).toEqual(["a: failed Aborted", "b: skipped Stopped"]);
    expect(report.outcomes[0]?.transient).toBe(true);
  });
});

test("a bug ends the apply loudly, after what runs has ended, and starts nothing more", async () => {
  const azure = fakeAzure();
  const ports: FakeAzure = {
    ...azure,
    readAssignment: () => Promise.reject(new TypeError("undefined is not a function")),
  };
  const events: AuditEvent[] = [];
  const audit = async (event: AuditEvent) => void events.push(event);
  await expect(applyTo(ports, grants({ a: [], b: [] }), { concurrency: 1, audit })).rejects.toThrow(
    TypeError,
  );
  expect(azure.log).toEqual(["putAssignment kv-a"]);
  expect(events.at(-1)?.changes[0]).toMatchObject({ state: "failed", code: "InternalError" });
});

describe("audit", () => {
  const planned = planOfOne(patchOf(vm("vm"), ["a", "b"]));

  async function audited(azure: FakeAzure, plan = planned): Promise<AuditEvent[]> {
    const events: AuditEvent[] = [];
    await applyTo(azure, plan, { audit: async (event) => void events.push(event) });
    return events;
  }

  test("two events per operation: the intent before anything is asked, the outcome after it", async () => {
    const azure = fakeAzure({ targets: [vm("vm")] });
    const lengths: number[] = [];
    await applyTo(azure, planned, { audit: async () => void lengths.push(azure.log.length) });
    expect(lengths).toEqual([0, azure.log.length]);
  });

  test("they say who, when, why, for which document, and what became of it", async () => {
    const azure = fakeAzure({ faults: [{ on: "putAssignment kv-a", throws: refused }] });
    const [intent, outcome] = await audited(azure, grants({ a: [] }));
    expect(intent).toEqual({
      phase: "intent",
      time: "2026-01-01T00:00:00.000Z",
      owner: "prod",
      revision: "r1",
      operation: "a",
      action: "putAssignment",
      summary: `assign Reader at ${scope}-a`,
      changes: [
        {
          id: "a",
          kind: "grant",
          identity: identityId("one"),
          document: {
            kind: "IdentityBinding",
            namespace: "team",
            name: "orders",
            file: "orders.yaml",
            line: 1,
          },
          reason: "a test wants it",
          subject: "identity",
        },
      ],
    });
    expect(outcome).toEqual({
      ...intent,
      phase: "outcome",
      changes: [
        {
          ...intent?.changes[0],
          state: "failed",
          message: refused.message,
          code: "AuthorizationFailed",
          correlationId: "c-1",
        },
      ],
    });
  });

  test("both carry the correlation id under which the operation's requests were sent", async () => {
    const azure = fakeAzure({ targets: [vm("vm")] });
    const [events, sent]: [AuditEvent[], number[]] = [[], []];
    await applyTo(azure, planned, {
      audit: async (event) => void events.push(event),
      correlated: async (run) => {
        await run("c-1");
        sent.push(azure.log.length);
      },
    });
    expect(events.map((e) => e.correlationId)).toEqual(["c-1", "c-1"]);
    expect(sent).toEqual([azure.log.length]);
  });

  test("what never starts is not audited", async () => {
    const azure = fakeAzure({ faults: [{ on: "putAssignment kv-a", throws: refused }] });
    const events = await audited(azure, grants({ a: [], b: ["a"] }));
    expect(events.map((one) => `${one.phase} ${one.operation}`)).toEqual(["intent a", "outcome a"]);
  });

  test("without its intent on record nothing is written", async () => {
    const azure = fakeAzure();
    const audit = () => Promise.reject(new Error("disk full"));
    await expect(applyTo(azure, grants({ a: [] }), { audit })).rejects.toThrow("disk full");
    expect(azure.log).toEqual([]);
  });
});

test("progress: started, retrying and ended of each operation, ended also of what never started", async () => {
  const azure = fakeAzure({
    faults: [
      { on: "putAssignment kv-a", throws: later },
      { on: "putAssignment kv-a", throws: refused },
    ],
  });
  const log: string[] = [];
  const observer: ApplyObserver = {
    started: ({ id }) => log.push(`started ${id}`),
    retrying: ({ id }, cause, delayInMs) => log.push(`retrying ${id} ${cause.details.code} ${delayInMs}`),
    ended: ({ id }, outcomes) => log.push(`ended ${id} ${outcomes.map((one) => one.state).join()}`),
  };
  await applyTo(azure, grants({ a: [], b: ["a"] }), { observer });
  expect(log).toEqual(["started a", "retrying a TooManyRequests 4000", "ended a failed", "ended b skipped"]);
});

/** Up to 12 changes, each needing and following some before it, some refused; and when a stop comes. */
const scenario = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, i) => {
      const earlier = Array.from({ length: i }, (__, j) => String(j));
      return fc.record({
        needs: fc.subarray(earlier),
        after: fc.subarray(earlier),
        ending: fc.constantFrom(undefined, refused, later),
      });
    }),
  ),
);

test("for any graph every change has one outcome, nothing starts too early, and the bound holds", async () => {
  await fc.assert(
    fc.asyncProperty(
      scenario,
      fc.integer({ min: 1, max: 4 }),
      fc.nat(24),
      async (nodes, concurrency, stopsAt) => {
        const stop = new AbortController();
        const changes: Change[] = nodes.map(({ needs }, i) => change(String(i), "grant", { needs }));
        const operations = nodes.map(({ after }, i) => grant(String(i), { after })).toReversed();
        const azure = fakeAzure({
          identities: [identity("one")],
          targets: [vm("vm")],
          faults: nodes.flatMap(({ ending }, i) =>
            ending
              ? [{ on: `putAssignment kv-${i}`, throws: ending, times: ending === refused ? 99 : 1 }]
              : [],
          ),
        });
        const ended = new Set<string>();
        let starts = 0;
        const observer: ApplyObserver = {
          started: ({ id, after }) => {
            starts += 1;
            if (starts > stopsAt) stop.abort();
            const needed = changes[Number(id)]?.needs ?? [];
            expect([...after, ...needed].filter((one) => !ended.has(one))).toEqual([]);
          },
          retrying: () => undefined,
          ended: ({ id }) => void ended.add(id),
        };
        const report = await applyTo(azure, planWith(changes, operations), {
          concurrency,
          observer,
          stop: stop.signal,
        });
        expect(report.outcomes.map((one) => one.change.id)).toEqual(changes.map((one) => one.id));
        expect(azure.busiest()).toBeLessThanOrEqual(concurrency);
        const stateOf = new Map(report.outcomes.map((one) => [one.change.id, one.state]));
        for (const { change: one, state } of report.outcomes) {
          if (state === "applied")
            expect(one.needs.every((need) => stateOf.get(need) === "applied")).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a scale set's instances are upgraded after its PATCH, and not if the attach failed", async () => {
  const set = vm("set");
  const instances = { [set.id]: [lateInstance] };
  const changes = [change("one", "attach"), change("roll", "update", { needs: ["one"] })];
  const plan = planWith(changes, [
    operation("roll", { kind: "upgradeInstances", targetId: vmId("set") }),
    operation("it", patchOf(set, ["one"]), { changeIds: ["one"] }),
  ]);
  const azure = fakeAzure({ targets: [set], instances });
  expect(linesOf(await applyTo(azure, plan))).toEqual(["one: applied", "roll: applied"]);
  expect(azure.log.indexOf("upgradeInstances set")).toBeGreaterThan(
    azure.log.indexOf("patchAttachments set"),
  );
  const faults = [{ on: "patchAttachments set", throws: refused }];
  const bad = fakeAzure({ targets: [set], instances, faults });
  expect(linesOf(await applyTo(bad, plan))).toEqual([
    "one: failed AuthorizationFailed",
    "roll: skipped WaitsFor",
  ]);
});
