import { expect, test } from "vitest";
import type { Change } from "../plan/plan.ts";
import { change, identityId, vmId } from "./fixtures.ts";
import type { Outcome, Verdict } from "./outcome.ts";
import { type Quarantine, quarantineAfter, quarantineVerdict, quarantineWithin } from "./quarantine.ts";

const minute = 60_000;

function attach(identity: string, vm: string): Change {
  const subject = { kind: "target", targetId: vmId(vm) } as const;
  return change(`attach ${identity} ${vm}`, "attach", { identityId: identityId(identity), subject });
}

const refused: Verdict = {
  state: "failed",
  code: "LinkedAuthorizationFailed",
  message: "No right to assign.",
  quarantine: "begins",
};
const outcome = (verdict: Verdict, of = attach("a", "vm-1")): Outcome => ({ ...verdict, change: of });

/** The quarantine after rejections at these times. */
function after(...times: readonly number[]): Quarantine {
  return times.reduce<Quarantine>((q, at) => quarantineAfter(q, [outcome(refused)], at), new Map());
}

function isLeftAlone(quarantine: Quarantine, at: number, of = attach("a", "vm-1")): boolean {
  return quarantineVerdict(quarantine, of, at) !== undefined;
}

test.each([
  [1, 15_000],
  [2, 30_000],
  [3, minute],
  [6, 8 * minute],
  [9, 60 * minute],
  [40, 60 * minute],
])("after %i rejections it is left alone for %i ms", (rejections, delayInMs) => {
  const quarantine = after(...Array.from({ length: rejections }, () => 1000));
  expect(isLeftAlone(quarantine, 1000 + delayInMs - 1)).toBe(true);
  expect(isLeftAlone(quarantine, 1000 + delayInMs)).toBe(false);
});

test("only the same identity on the same target, in whatever spelling", () => {
  const quarantine = after(0);
  expect(isLeftAlone(quarantine, 1, attach("b", "vm-1"))).toBe(false);
  expect(isLeftAlone(quarantine, 1, attach("a", "vm-2"))).toBe(false);
  const upper = { ...attach("a", "vm-1"), identityId: identityId("a").toUpperCase() };
  expect(isLeftAlone(quarantine, 1, upper)).toBe(true);
  const grant = change("g", "grant", { identityId: identityId("a") });
  expect(isLeftAlone(quarantine, 1, grant)).toBe(false);
});

test("the verdict is Azure's own, with the time, and does not count as another rejection", () => {
  const verdict = quarantineVerdict(after(0), attach("a", "vm-1"), 1);
  expect(verdict).toEqual({
    state: "failed",
    code: "LinkedAuthorizationFailed",
    message: "No right to assign. It is left alone until 1970-01-01T00:00:15.000Z.",
    quarantine: "stands",
  });
  if (!verdict) throw new Error("no verdict");
  const before = after(0);
  expect(quarantineAfter(before, [outcome(verdict)], 2)).toEqual(before);
});

test("what went through is free, and a failure of another kind changes nothing", () => {
  const before = after(0, 0, 0);
  expect(quarantineAfter(before, [outcome({ state: "applied", message: "" })], minute).size).toBe(0);
  const busy: Verdict = { state: "failed", code: "InProgress", message: "", transient: true };
  expect(quarantineAfter(before, [outcome(busy)], minute)).toEqual(before);
});

test("a rejection after the time is over goes on where the last one left off", () => {
  expect(isLeftAlone(after(0, 20_000), 49_999)).toBe(true);
  expect(isLeftAlone(after(0, 20_000), 50_000)).toBe(false);
});

test("what has not been tried for an hour after its time is forgotten", () => {
  expect(quarantineAfter(after(0), [], 60 * minute + 14_999).size).toBe(1);
  expect(quarantineAfter(after(0), [], 60 * minute + 15_000).size).toBe(0);
});

test("after the clock was set back nothing is left alone for longer than an hour", () => {
  const before = after(100 * minute);
  expect(isLeftAlone(before, 99 * minute)).toBe(true);
  const [within, earlier] = [quarantineWithin(before, 99 * minute), quarantineWithin(before, 0)];
  expect(within).toEqual(before);
  expect([isLeftAlone(earlier, 60 * minute - 1), isLeftAlone(earlier, 60 * minute)]).toEqual([true, false]);
});
