import { describe, expect, test } from "vitest";
import type { Quarantine } from "../apply/quarantine.ts";
import type { Backoff } from "./backoff.ts";
import { type DueFacts, dueAfter } from "./due.ts";

const now = Date.UTC(2026, 0, 1);
const minute = 60_000;
const interval = 5 * minute;
const plain: DueFacts = {
  result: { end: "converged" },
  isStandby: false,
  quarantine: new Map(),
  backoff: new Map(),
  failures: 0,
  followUps: 0,
  nowInMs: now,
  random: () => 0.5,
};

const goneOn: DueFacts["result"] = { end: "failed", failure: { code: "RevisionMovedOn", message: "" } };
const until = (...inMs: number[]): Backoff =>
  new Map(inMs.map((one) => [`d${one}`, { failures: 1, untilInMs: now + one, why: { message: "" } }]));
const pairs = (inMs: number): Quarantine =>
  new Map([["p", { rejections: 1, untilInMs: now + inMs, verdict: { state: "failed", message: "" } }]]);

describe("the next turn comes", () => {
  test.each<[string, Partial<DueFacts>, string]>([
    ["after the interval", {}, "interval 300"],
    ["give or take a tenth: early", { random: () => 0 }, "interval 270"],
    ["give or take a tenth: late", { random: () => 1 }, "interval 330"],
    ["soon, while something is under way", { followUps: 1 }, "followUp 15"],
    ["less soon, the longer it is", { followUps: 3 }, "followUp 60"],
    ["no later for it", { followUps: 9 }, "interval 300"],
    ["when a document may be tried again", { backoff: until(90_000, 40_000) }, "retry 40"],
    ["when a pair may be tried again", { quarantine: pairs(50_000), backoff: until(90_000) }, "retry 50"],
    ["but not at once", { backoff: until(10, 20) }, "retry 15"],
    ["after the interval, if that is sooner", { backoff: until(40 * minute) }, "interval 300"],
    ["whatever could have been tried already", { quarantine: pairs(-1), backoff: until(0) }, "interval 300"],
    ["soon after a failure", { result: { end: "failed" }, failures: 1 }, "retry 15"],
    ["later after more failures", { result: { end: "failed" }, failures: 4 }, "retry 120"],
    ["never later than the interval", { result: { end: "failed" }, failures: 40 }, "retry 300"],
    [
      "when Azure asks for it after a failure",
      { result: { end: "failed", failure: { code: "", message: "", retryAfterInMs: 100_000 } }, failures: 1 },
      "retry 100",
    ],
    [
      "but within the interval",
      { result: { end: "failed", failure: { code: "", message: "", retryAfterInMs: 1e9 } }, failures: 1 },
      "retry 300",
    ],
    ["at once, when another one has gone on to another revision", { result: goneOn, failures: 1 }, "retry 0"],
    ["but not again and again", { result: goneOn, failures: 2 }, "retry 30"],
    ["when a dry run is due", { result: { end: "reported", reportsBecause: "DryRun" } }, "interval 300"],
    [
      "without regard to what is left alone when nothing is written",
      { result: { end: "reported", reportsBecause: "DryRun" }, backoff: until(40_000) },
      "interval 300",
    ],
    ["never by itself in a standby", { isStandby: true, backoff: until(40_000) }, "never"],
    [
      "again in a standby that could not report",
      { isStandby: true, result: { end: "failed" }, failures: 2 },
      "retry 30",
    ],
  ])("%s", (_, facts, expected) => {
    const due = dueAfter({ ...plain, ...facts }, { intervalInMs: interval });
    expect(due ? `${due.reason} ${due.inMs / 1000}` : "never").toBe(expected);
  });
});

test("no pause is longer than a short interval", () => {
  const soon = dueAfter({ ...plain, followUps: 1, backoff: until(10) }, { intervalInMs: 2_000 });
  expect(soon?.inMs).toBe(2_000);
});
