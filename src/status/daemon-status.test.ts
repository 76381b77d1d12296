import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Verdict } from "../apply/outcome.ts";
import { documentKey } from "../model/document.ts";
import { binding, desired, document, grantOf, namedVm, vm, wanted } from "../plan/fixtures.ts";
import type { Change, HeldReason, Subject } from "../plan/plan.ts";
import type { DaemonEvent, RefusalReason } from "./daemon-event.ts";
import { type DaemonStatus, daemonStatusAfter } from "./daemon-status.ts";
import { bounds } from "./daemon-status-text.ts";
import {
  changeOf,
  conditionsOf,
  documentStatusOf,
  done,
  failed,
  heldOf,
  outcomeOf,
  passEnded,
  planWith,
  statusOf,
  turnEnded,
  turnOf,
  turnStarted,
} from "./fixtures.ts";
import { type Conditions, statusFrom } from "./status.ts";

const key = documentKey(document());

/** "Ready 10, Reconciling 10, Stalled 5": when each condition last changed. */
function times(status: DaemonStatus): string {
  const conditions = status.documents.get(key)?.conditions ?? [];
  return conditions.map(({ type, lastTransitionAtInMs }) => `${type} ${lastTransitionAtInMs}`).join(", ");
}

describe("when a condition last changed", () => {
  const ready = conditionsOf("Ready");
  const busy = conditionsOf("Reconciling", "Planned", "Not yet.");
  test.each<readonly [string, readonly Conditions[], string]>([
    ["never", [ready], "Ready 1, Reconciling 1, Stalled 1"],
    ["not since", [ready, ready, ready], "Ready 1, Reconciling 1, Stalled 1"],
    [
      "not with reason and message",
      [busy, conditionsOf("Reconciling", "TargetBusy", "Busy.")],
      "Ready 1, Reconciling 1, Stalled 1",
    ],
    ["with the status, each for itself", [ready, busy], "Ready 2, Reconciling 2, Stalled 1"],
    ["and back", [ready, busy, ready], "Ready 3, Reconciling 3, Stalled 1"],
    [
      "from one trouble to another",
      [ready, busy, conditionsOf("Stalled"), conditionsOf("Suspended")],
      "Ready 2, Reconciling 3, Stalled 4",
    ],
  ])("%s", (_, conditions, expected) => {
    const events = conditions.map((now, i) =>
      passEnded(i + 1, { documents: [documentStatusOf({ conditions: now })] }),
    );
    expect(times(statusOf(...events))).toBe(expected);
  });

  test("reason and message are those of now", () => {
    const first = passEnded(1, { documents: [documentStatusOf({ conditions: busy })] });
    const now = conditionsOf("Reconciling", "TargetBusy", "Busy.");
    const status = statusOf(first, passEnded(2, { documents: [documentStatusOf({ conditions: now })] }));
    expect(status.documents.get(key)?.conditions[1]).toMatchObject({
      reason: "TargetBusy",
      message: "Busy.",
    });
  });
});

describe("a document", () => {
  const other = documentStatusOf({ document: { ...document(), name: "other" } });

  test("vanishes with the revision that does not have it any more, and begins anew if it comes back", () => {
    const both = passEnded(1, { documents: [documentStatusOf(), other] });
    const one = passEnded(2, { documents: [other] });
    expect([...statusOf(both, one).documents.keys()]).toEqual([documentKey(other.document)]);
    expect(times(statusOf(both, one, passEnded(3)))).toBe("Ready 3, Reconciling 3, Stalled 3");
  });

  test("keeps the last revision under which it was Ready", () => {
    const stalled = documentStatusOf({ observedRevision: "r2", conditions: conditionsOf("Stalled") });
    const later = documentStatusOf({ observedRevision: "r3" });
    const applied = (...events: readonly DaemonEvent[]) =>
      statusOf(...events).documents.get(key)?.lastAppliedRevision;
    expect(applied(passEnded(1, { documents: [stalled] }))).toBeUndefined();
    expect(applied(passEnded(1), passEnded(2, { documents: [stalled] }))).toBe("r1");
    expect(
      applied(passEnded(1), passEnded(2, { documents: [stalled] }), passEnded(3, { documents: [later] })),
    ).toBe("r3");
  });

  test("is tried again when the backoff says, and in the next turn where it says nothing", () => {
    const retry = (...events: readonly DaemonEvent[]) =>
      statusOf(...events).documents.get(key)?.nextRetryAtInMs;
    const waits = turnEnded(2, { backoff: new Map([[key, 60_000]]) });
    expect(retry(passEnded(1), waits)).toBe(60_000);
    expect(retry(passEnded(1), waits, passEnded(3))).toBe(60_000);
    expect(retry(passEnded(1), waits, passEnded(3), turnEnded(4))).toBeUndefined();
    expect(
      retry(passEnded(1), turnEnded(2, { backoff: new Map([["IdentityBinding/x/y", 9]]) })),
    ).toBeUndefined();
  });

  test("keeps the outcomes of the last pass that had any", () => {
    const change = changeOf("c");
    const outcomes = [outcomeOf(change, failed)];
    const tried = passEnded(1, {
      plan: planWith([change]),
      outcomes,
      documents: [documentStatusOf({ outcomes })],
    });
    const entry = statusOf(tried, passEnded(2)).documents.get(key);
    expect(entry?.attachments.listed).toEqual([]);
    expect(entry?.lastOutcomes).toMatchObject({ passId: "pass-1", atInMs: 1, count: 1 });
    expect(entry?.lastOutcomes?.listed).toMatchObject([
      { state: "Failed", reason: "AuthorizationFailed", message: "No." },
    ]);
  });
});

describe("the things that a document wants", () => {
  const verdicts: readonly (readonly [string, Verdict | undefined, string])[] = [
    ["no outcome", undefined, "Planned"],
    ["applied", done, "Applied"],
    ["failed", failed, "Failed"],
    ["skipped", { state: "skipped", message: "" }, "Skipped"],
    ["propagating", { state: "propagating", message: "" }, "Propagating"],
  ];
  test.each(verdicts)("%s", (_, verdict, state) => {
    const change = changeOf("c");
    const outcomes = verdict ? [outcomeOf(change, verdict)] : [];
    const documents = [documentStatusOf({ outcomes })];
    const status = statusOf(passEnded(1, { plan: planWith([change]), outcomes, documents }));
    expect(status.documents.get(key)?.attachments.listed).toMatchObject([
      { state, what: "/vm-1", resource: "/vm-1", file: "orders.yaml", line: 1, change: "attach" },
    ]);
  });

  const role: Subject = { kind: "role", scope: "/kv", roleGuid: "g", roleName: "Reader" };
  const inDatabase = { database: { server: "s.example", database: "d" }, userName: "u" };
  test.each<readonly [string, Subject, "attachments" | "grants" | "others", string | undefined]>([
    ["a target", { kind: "target", targetId: "/vm" }, "attachments", "/vm"],
    ["instances", { kind: "instances", targetId: "/vmss" }, "attachments", "/vmss"],
    ["a role", role, "grants", "/kv"],
    ["a user", { kind: "databaseUser", ...inDatabase }, "grants", "s/d"],
    ["a database role", { kind: "databaseRole", role: "r", ...inDatabase }, "grants", "s/d"],
    ["tags", { kind: "tags", set: { a: "b" }, remove: {} }, "others", undefined],
    ["an identity", { kind: "identity" }, "others", undefined],
  ])("%s", (_, subject, where, resource) => {
    const change = changeOf("c", { subject });
    const documents = [documentStatusOf({ held: [heldOf(change)] })];
    const entry = statusOf(passEnded(1, { documents })).documents.get(key);
    const listed = { attachments: 0, grants: 0, others: 0, [where]: 1 };
    const found = (["attachments", "grants", "others"] as const).map((part) => [
      part,
      entry?.[part].listed.length,
    ]);
    expect(Object.fromEntries(found)).toEqual(listed);
    expect(entry?.[where].listed[0]).toMatchObject({ state: "Held", reason: "NotOwned" });
    expect(entry?.[where].listed[0]?.resource).toBe(resource);
    expect(entry?.held).toMatchObject([{ reason: "NotOwned", cure: "Do this.", count: 1 }]);
  });

  test("are up to date where the plan has nothing to say", () => {
    const world = desired(
      wanted({ bindings: [binding([namedVm("vm-1"), namedVm("vm-2")], [grantOf("Reader")])] }),
    );
    const change = changeOf("c", { subject: { kind: "target", targetId: vm("vm-2").id } });
    const plan = planWith([{ ...change, identityId: wanted().id }]);
    const documents = statusFrom(world, plan, []);
    const entry = statusOf(passEnded(1, { plan, documents })).documents.get(key);
    expect(entry?.attachments.counts).toEqual({ Planned: 1, UpToDate: 1 });
    expect(entry?.attachments.listed.map(({ state, what }) => `${state} ${what}`)).toEqual([
      "Planned vm-2",
      "UpToDate vm-1",
    ]);
    expect(entry?.grants.listed).toMatchObject([{ state: "UpToDate", what: "Reader on kv" }]);
  });
});

describe("source, role, turn and stop", () => {
  const looked = (
    atInMs: number,
    inForce?: string,
    reason?: RefusalReason,
    revision = "bad",
  ): DaemonEvent => ({
    kind: "sourceLooked",
    atInMs,
    source: {
      ...(inForce !== undefined && { inForce }),
      ...(reason && { refusal: { reason, revision, message: `${reason} at ${atInMs}.` } }),
    },
  });

  test("a revision is in force since it came, a refusal since that revision was refused for that reason", () => {
    const at = (...events: readonly DaemonEvent[]) => {
      const { source } = statusOf(...events);
      return [source.inForceSinceInMs, source.refusal?.sinceInMs, source.lookedAtInMs];
    };
    expect(at(looked(1, "a"), looked(2, "a"))).toEqual([1, undefined, 2]);
    expect(at(looked(1, "a"), looked(2, "b"))).toEqual([2, undefined, 2]);
    expect(at(looked(1, "a"), looked(2, "a", "BrokenRevision"), looked(3, "a", "BrokenRevision"))).toEqual([
      1, 2, 3,
    ]);
    expect(at(looked(1, "a", "BrokenRevision"), looked(2, "a", "BrokenRevision", "worse"))).toEqual([
      1, 2, 2,
    ]);
    expect(at(looked(1, "a", "BrokenRevision"), looked(2, "a", "SourceUnreadable"))).toEqual([1, 2, 2]);
    expect(at(looked(1, "a"), looked(2, undefined, "BrokenRevision"))).toEqual([undefined, 2, 2]);
    const later = statusOf(looked(1, "a", "BrokenRevision"), looked(2, "a", "BrokenRevision"));
    expect(later.source.refusal?.message).toBe("BrokenRevision at 2.");
    expect(statusOf(looked(1, "a", "BrokenRevision"), looked(2, "b")).source.refusal).toBeUndefined();
  });

  test("a role is held since it changed, and a stop is told of once", () => {
    const role = (atInMs: number, which: "leader" | "standby"): DaemonEvent => ({
      kind: "leadership",
      atInMs,
      role: which,
    });
    const status = statusOf(role(1, "standby"), role(2, "leader"), role(3, "leader"));
    expect([status.role, status.roleSinceInMs]).toEqual(["leader", 2]);
    const stopping = (atInMs: number, why: string): DaemonEvent => ({ kind: "stopping", atInMs, why });
    expect(statusOf(stopping(1, "SIGTERM"), stopping(2, "SIGINT")).stopping).toEqual({
      why: "SIGTERM",
      sinceInMs: 1,
    });
  });

  test("a turn is shown while it runs, with its pass, and its end afterwards", () => {
    const plan = planWith([changeOf("c")]);
    const planned: DaemonEvent = {
      kind: "passPlanned",
      atInMs: 2,
      pass: { id: "p", turn: 7, number: 1 },
      plan,
    };
    const running = statusOf(turnEnded(0), turnStarted(1, 7, "DryRun"), planned);
    expect(running.turn).toMatchObject({
      turn: 7,
      startedAtInMs: 1,
      reportsBecause: "DryRun",
      pass: { id: "p" },
    });
    expect(running.nextTurnAtInMs).toBeUndefined();
    const over = statusOf(turnStarted(1, 7, "DryRun"), planned, turnEnded(3, { turn: 7, end: "deadline" }));
    expect(over.turn).toBeUndefined();
    expect(over.lastTurn).toMatchObject({ turn: 7, startedAtInMs: 1, endedAtInMs: 3, end: "deadline" });
    expect(over.nextTurnAtInMs).toBe(300_003);
    expect(over.history).toMatchObject([
      { id: "p", end: "deadline", endedAtInMs: 3, changes: { attach: { planned: 1 } } },
    ]);
  });

  test("turns that failed are counted until one does not, and only a good end is a success", () => {
    const fails: DaemonEvent = {
      ...turnEnded(5, { turn: 2, end: "failed" }),
      failure: { code: "SignInFailed", message: "No." },
    } as DaemonEvent;
    const once = statusOf(...turnOf(0, 1, {}), turnStarted(4, 2), fails);
    expect(once).toMatchObject({ failedTurns: 1, lastSuccess: { atInMs: 10, revision: "r1" } });
    expect(once.lastTurn?.failure).toEqual({ code: "SignInFailed", message: "No." });
    expect(statusOf(fails, fails).failedTurns).toBe(2);
    expect(statusOf(fails, ...turnOf(10, 3, {})).failedTurns).toBe(0);
    const reported = (why: "DryRun" | "Standby") =>
      statusOf(turnStarted(1, 1, why), passEnded(2), turnEnded(3, { end: "reported" })).lastSuccess?.atInMs;
    expect([reported("DryRun"), reported("Standby")]).toEqual([3, undefined]);
  });
});

describe("the history", () => {
  test("has the last 20 passes, in numbers", () => {
    const changes = [changeOf("a"), changeOf("b"), changeOf("c", { kind: "grant" })];
    const outcomes = changes.slice(0, 2).map((change, i) => outcomeOf(change, i === 0 ? done : failed));
    const plan = planWith(changes, {
      held: [heldOf(changeOf("h"), "Privileged"), heldOf(changeOf("i"), "Privileged")],
    });
    const turns = Array.from({ length: 50 }, (_, i) => turnOf(i * 100, i + 1, { plan, outcomes }));
    const { history } = statusOf(...turns.flat());
    expect(history.map(({ turn }) => turn)).toEqual(Array.from({ length: 20 }, (_, i) => i + 31));
    expect(history.at(-1)).toEqual({
      id: "pass-50",
      turn: 50,
      number: 1,
      startedAtInMs: 4900,
      endedAtInMs: 4910,
      revision: "r1",
      changes: { attach: { applied: 1, failed: 1 }, grant: { planned: 1 } },
      held: { Privileged: 2 },
      drift: 1,
      end: "converged",
    });
  });
});

describe("drift", () => {
  const [a, b] = [changeOf("a"), changeOf("b")];
  const made = { plan: planWith([a]), outcomes: [outcomeOf(a)] };
  const nothing = { plan: planWith([]) };
  const holds = { plan: planWith([], { held: [heldOf(b)] }) };
  const undone = { plan: planWith([b]), outcomes: [outcomeOf(b, failed)] };
  const other = { plan: planWith([a], { revision: "r2" }), outcomes: [outcomeOf(a)] };
  type Turn = readonly [
    Partial<Extract<DaemonEvent, { kind: "passEnded" }>>,
    ("deadline" | "reported" | "failed")?,
  ];
  test.each<readonly [string, readonly Turn[], number]>([
    ["what the first turn finds", [[made]], 0],
    ["what comes up afterwards", [[nothing], [made]], 1],
    ["the same again, after it was made", [[made], [made], [made]], 2],
    ["what was left undone", [[undone], [undone]], 0],
    ["what was held, and is released", [[holds], [undone]], 0],
    ["what another revision wants", [[nothing], [other]], 0],
    ["after a turn that was cut short", [[nothing, "deadline"], [made]], 0],
    [
      "in a dry run, each difference once",
      [
        [nothing, "reported"],
        [undone, "reported"],
        [undone, "reported"],
      ],
      1,
    ],
    ["after a turn that could not even plan", [[nothing], [nothing], [made]], 1],
  ])("%s", (_, turns, total) => {
    const events = turns.flatMap(([pass, end], i) => turnOf(i * 100, i + 1, pass, end ?? "converged"));
    const { drift, history } = statusOf(...events);
    expect(drift.total).toBe(total);
    expect(history.reduce((sum, pass) => sum + pass.drift, 0)).toBe(total);
    expect(drift.last === undefined).toBe(total === 0);
  });

  test("is not what a later pass of the turn finds", () => {
    const second = passEnded(120, { ...made, pass: { id: "p", turn: 2, number: 2 } });
    const [started, first] = turnOf(100, 2, nothing);
    expect(
      statusOf(...turnOf(0, 1, nothing), ...[started, first, second].flatMap((one) => one ?? [])).drift.total,
    ).toBe(0);
  });

  test("survives a turn that failed before it had a plan", () => {
    const fails = turnEnded(50, { turn: 2, end: "failed" });
    expect(statusOf(...turnOf(0, 1, nothing), fails, ...turnOf(100, 3, made)).drift.total).toBe(1);
  });
});

test("an orphan is known since it was first seen, and forgotten when it is none any more", () => {
  const orphan = {
    identityId: "/ID-OLD",
    targets: Array.from({ length: 80 }, (_, i) => `/vm-${i}`),
    roles: [{ roleName: "Reader", scope: "/kv" }],
    credentials: [],
  };
  const orphans = [{ orphan, conditions: conditionsOf("Stalled", "Orphan", "No document names it.") }];
  const [entry] = statusOf(passEnded(1, { orphans }), passEnded(2, { orphans })).orphans;
  expect(entry).toMatchObject({ identityId: "/ID-OLD", targetCount: 80, roleCount: 1, credentialCount: 0 });
  expect(entry?.targets).toHaveLength(bounds.orphanPowers);
  expect(entry?.conditions[2]).toMatchObject({ status: "True", lastTransitionAtInMs: 1 });
  expect(statusOf(passEnded(1, { orphans }), passEnded(2)).orphans).toEqual([]);
});

describe("whatever happens", () => {
  const text = fc.string({ unit: "binary", minLength: 0, maxLength: 3_000 });
  const time = fc.integer({ min: 0, max: 9_999 });
  const pass = fc.record({
    id: fc.uuid(),
    turn: fc.integer({ min: 1, max: 4 }),
    number: fc.integer({ min: 1, max: 3 }),
  });
  const some = fc.integer({ min: 0, max: 400 });
  const many = (count: number, of: string): readonly Change[] =>
    Array.from({ length: count }, (_, i) =>
      changeOf(`${of}-${i}`, { kind: i % 2 === 0 ? "attach" : "detach" }),
    );
  const ended = fc
    .record({
      atInMs: time,
      pass,
      message: text,
      changes: some,
      held: some,
      documents: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ atInMs, pass: ref, message, changes, held, documents }): DaemonEvent => {
      const planned = many(changes, "c");
      const verdict: Verdict = { state: "failed", code: message, message, correlationId: message };
      const outcomes = planned.slice(0, changes / 2).map((change) => outcomeOf(change, verdict));
      const waiting = many(held, "h").map((change, i) => ({
        ...heldOf(change, (["NotOwned", "Privileged"] satisfies HeldReason[])[i % 2]),
        digest: String(i),
        message,
        cure: message,
      }));
      const conditions = conditionsOf("Stalled", "Failed", message);
      const all = Array.from({ length: documents }, (_, i) =>
        documentStatusOf({
          document: { ...document(), name: `d-${i}` },
          conditions,
          outcomes,
          held: waiting,
        }),
      );
      const mine = planned.map((change) => ({ ...change, document: { ...document(), name: "d-0" } }));
      const warnings = waiting.map(() => ({ code: "Orphan" as never, message }));
      return passEnded(atInMs, {
        pass: ref,
        plan: planWith(mine, { held: waiting }),
        outcomes,
        documents: all,
        warnings,
      });
    });
  const event: fc.Arbitrary<DaemonEvent> = fc.oneof(
    ended,
    fc.record({
      kind: fc.constant("passPlanned" as const),
      atInMs: time,
      pass,
      plan: some.map((count) => planWith(many(count, "c"))),
    }),
    fc.tuple(time, fc.integer({ min: 1, max: 4 })).map(([atInMs, turn]) => turnStarted(atInMs, turn)),
    fc
      .tuple(time, fc.integer({ min: 1, max: 4 }), fc.constantFrom("converged" as const, "failed" as const))
      .map(([atInMs, turn, end]) => turnEnded(atInMs, { turn, end, backoff: new Map([["x/y/z", 1]]) })),
    fc.record({ kind: fc.constant("stopping" as const), atInMs: time, why: text }),
    fc.record({
      kind: fc.constant("sourceLooked" as const),
      atInMs: time,
      source: fc.record({
        refusal: fc.record({ reason: fc.constant("BrokenRevision" as const), message: text }),
      }),
    }),
  );

  /** Every text in a value. */
  function* textsIn(value: unknown): Iterable<string> {
    if (typeof value === "string") yield value;
    else if (value instanceof Map || value instanceof Set) for (const one of value) yield* textsIn(one);
    else if (typeof value === "object" && value !== null)
      yield* Object.values(value).flatMap((one) => [...textsIn(one)]);
  }

  test("the status stays within its bounds", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const status = statusOf(...events);
        expect(status.history.length).toBeLessThanOrEqual(bounds.passes);
        expect(status.warnings.length).toBeLessThanOrEqual(bounds.warnings);
        for (const entry of status.documents.values()) {
          for (const { listed } of [entry.attachments, entry.grants, entry.others]) {
            expect(listed.length).toBeLessThanOrEqual(bounds.entries);
          }
          expect(entry.held.length).toBeLessThanOrEqual(bounds.held);
          expect(entry.lastOutcomes?.listed.length ?? 0).toBeLessThanOrEqual(bounds.outcomes);
        }
        const lastPass = events.findLast((one) => one.kind === "passEnded");
        const last = lastPass ? [...lastPass.plan.changes, ...lastPass.plan.held] : [];
        expect(status.documents.size).toBe(lastPass?.documents.length ?? 0);
        expect(status.drift.known.size).toBeLessThanOrEqual(last.length);
        expect(Math.max(0, ...[...textsIn(status)].map((one) => one.length))).toBeLessThanOrEqual(
          bounds.message,
        );
      }),
      { numRuns: 60 },
    );
  });

  test("a status is never changed: what was read stays as it was", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), event, (events, next) => {
        const before = statusOf(...events);
        const copy = structuredClone(before);
        daemonStatusAfter(before, next);
        expect(before).toEqual(copy);
      }),
      { numRuns: 20 },
    );
  });
});
