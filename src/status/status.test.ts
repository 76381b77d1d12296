import { describe, expect, test } from "vitest";
import type { Verdict } from "../apply/outcome.ts";
import type { Desired } from "../desired/desired.ts";
import type { DocumentRef } from "../model/document.ts";
import {
  binding,
  desired,
  document,
  grantOf,
  namedVm,
  planWith as somePlan,
  wanted,
} from "../plan/fixtures.ts";
import type { Change, Held, HeldReason, Plan } from "../plan/plan.ts";
import { type Conditions, orphanStatusFrom, statusFrom } from "./status.ts";

const identityDocument = document("UserAssignedIdentity");
const world: Desired = desired(wanted({ bindings: [binding([namedVm("vm-1")], [grantOf("Reader")])] }));

function changeOf(id: string, of: DocumentRef = document()): Change {
  return {
    id,
    kind: "attach",
    identityId: "/one",
    document: { ...of, line: 7 },
    subject: { kind: "target", targetId: "/vm" },
    reason: "listed",
    needs: [],
  };
}

function heldOf(reason: HeldReason): Held {
  return {
    change: changeOf(reason),
    reason,
    message: `It is ${reason}.`,
    cure: "Do this.",
    digest: "d",
    releasable: false,
  };
}

function planWith(changes: readonly Change[], held: readonly Held[] = [], more: Partial<Plan> = {}): Plan {
  return somePlan({ changes, held, ...more });
}

/** "Ready UpToDate", "Stalled NotOwned", "- Suspended": the one condition that is true, and the reason. */
function short(conditions: Conditions | undefined): string {
  const holding = (conditions ?? []).filter((one) => one.status === "True").map((one) => one.type);
  return `${holding.join("+") || "-"} ${conditions?.[0].reason}`;
}

const failed: Verdict = { state: "failed", code: "AuthorizationFailed", message: "No." };
const busy: Verdict = { state: "failed", code: "TooManyRequests", message: "Later.", transient: true };
const done: Verdict = { state: "applied", message: "Done." };

describe("conditions of a binding", () => {
  test.each<readonly [string, readonly (Verdict | undefined)[], readonly HeldReason[], string]>([
    ["nothing to do", [], [], "Ready UpToDate"],
    ["all applied", [done, done], [], "Ready Applied"],
    ["not made yet", [undefined], [], "Reconciling Planned"],
    [
      "not visible yet",
      [{ state: "propagating", code: "NotVisibleYet", message: "" }],
      [],
      "Reconciling NotVisibleYet",
    ],
    ["failed for now", [busy], [], "Reconciling TooManyRequests"],
    ["failed for good", [failed], [], "Stalled AuthorizationFailed"],
    ["failed for good goes before failed for now", [busy, done, failed], [], "Stalled AuthorizationFailed"],
    ["a code that is no reason", [{ state: "failed", code: "429", message: "" }], [], "Stalled Failed"],
    ["no code", [{ state: "propagating", message: "" }], [], "Reconciling Propagating"],
    [
      "stopped",
      [{ state: "skipped", code: "Stopped", message: "", transient: true }],
      [],
      "Reconciling Stopped",
    ],
    [
      "waits for what has failed",
      [{ state: "skipped", code: "WaitsFor", message: "" }],
      [],
      "Stalled WaitsFor",
    ],
    [
      "a foreign identity was lost",
      [{ ...done, code: "ForeignIdentityLost" }],
      [],
      "Stalled ForeignIdentityLost",
    ],
    ["held for a person", [done], ["NotOwned"], "Stalled NotOwned"],
    ["held until Azure is done", [], ["TargetBusy"], "Reconciling TargetBusy"],
    [
      "held until the subscription can be read",
      [],
      ["SubscriptionUnknown"],
      "Reconciling SubscriptionUnknown",
    ],
    ["suspended", [], ["Suspended"], "- Suspended"],
    ["suspended, and something else is wrong", [busy], ["Suspended"], "Reconciling TooManyRequests"],
  ])("%s", (_, verdicts, reasons, expected) => {
    const changes = verdicts.map((__, i) => changeOf(String(i)));
    const outcomes = verdicts.flatMap((verdict, i) => {
      const change = changes[i];
      return verdict && change ? [{ ...verdict, change }] : [];
    });
    const [identity, bound] = statusFrom(world, planWith(changes, reasons.map(heldOf)), outcomes);
    expect(short(bound?.conditions)).toBe(expected);
    expect(bound?.conditions.map((one) => one.type)).toEqual(["Ready", "Reconciling", "Stalled"]);
    expect(short(identity?.conditions)).toBe("Ready UpToDate");
  });
});

test("each document has its own changes, whatever their lines, with outcomes, held and revision", () => {
  const [mine, its] = [changeOf("mine"), changeOf("its", identityDocument)];
  const outcomes = [
    { ...done, change: mine },
    { ...failed, change: its },
  ];
  const [identity, bound] = statusFrom(world, planWith([mine, its], [heldOf("NotOwned")]), outcomes);
  expect(identity?.document).toEqual(identityDocument);
  expect(identity?.observedRevision).toBe("r1");
  expect(identity?.outcomes).toEqual([outcomes[1]]);
  expect(identity?.held).toEqual([]);
  expect(bound?.document).toEqual(document());
  expect(bound?.outcomes).toEqual([outcomes[0]]);
  expect(bound?.held.map((one) => one.reason)).toEqual(["NotOwned"]);
});

test("the message is the leading obstacle's, with its cure and how many more there are", () => {
  const plan = planWith([], [heldOf("NotOwned"), heldOf("Privileged"), heldOf("TargetBusy")]);
  const [, bound] = statusFrom(world, plan, []);
  expect(bound?.conditions[0].message).toBe("It is NotOwned. Do this. 2 more changes are not made.");
});

test("an orphan is never Ready and says what to do", () => {
  const orphan = { identityId: "/one", targets: [], roles: [], credentials: [] };
  const plan = planWith([], [], { orphans: [orphan] });
  const [status] = orphanStatusFrom(plan);
  expect(status?.orphan).toBe(orphan);
  expect(short(status?.conditions)).toBe("Stalled Orphan");
  expect(status?.conditions[0].message).toContain("lifecycle Released or Absent");
});
