import { describe, expect, test } from "vitest";
import { change } from "../apply/fixtures.ts";
import type { Outcome, Verdict } from "../apply/outcome.ts";
import { document } from "../plan/fixtures.ts";
import { type Backoff, backoffAfter, backoffVerdict, backoffWithin } from "./backoff.ts";

const minute = 60_000;
const now = Date.UTC(2026, 0, 1);
const none: Backoff = new Map();

const verdicts = {
  ok: { state: "applied", message: "" },
  lag: { state: "propagating", message: "", transient: true },
  busy: { state: "failed", code: "TooManyRequests", message: "Azure is busy.", transient: true },
  slow: { state: "failed", code: "X", message: "Later.", transient: true, retryAfterInMs: 10 * minute },
  locked: { state: "failed", code: "ScopeLocked", message: "Azure says: locked." },
  running: { state: "failed", code: "InProgress", message: "", transient: true },
  cut: { state: "failed", code: "Aborted", message: "", transient: true },
  lost: { state: "failed", code: "LeaseLost", message: "", transient: true },
  rejected: { state: "failed", code: "FailedIdentityOperation", message: "", quarantine: "begins" },
  skipped: { state: "skipped", code: "Stopped", message: "", transient: true },
} satisfies Record<string, Verdict>;
type Name = keyof typeof verdicts;

/** The outcomes of one pass: what became of the changes of each document. */
type Row = Readonly<Record<string, readonly Name[]>>;

function outcomes(row: Row): Outcome[] {
  return Object.entries(row).flatMap(([name, mine]) =>
    mine.map((verdict, i) => ({
      ...verdicts[verdict],
      change: change(`${name} ${i}`, "attach", { document: document("IdentityBinding", name) }),
    })),
  );
}

/** Documents with minutes left and failures: "a 15 1". */
function after(before: Backoff, passes: readonly Row[], random = 1, nowInMs = now): Backoff {
  return backoffAfter(before, passes.map(outcomes), { nowInMs, random: () => random });
}

const linesOf = (backoff: Backoff): string[] =>
  [...backoff].map(([document, { failures, untilInMs }]) => {
    const name = document.replace("IdentityBinding/team/", "");
    return `${name} ${failures}x ${(untilInMs - now) / 1000} s`;
  });

describe("which documents back off after a turn", () => {
  test.each<[string, Row[], string[]]>([
    ["nothing has happened", [{}], []],
    ["one has failed, the other not", [{ a: ["busy"], b: ["ok"] }], ["a 1x 30 s"]],
    ["for good: longer", [{ a: ["locked"] }], ["a 1x 900 s"]],
    ["one of its changes is enough", [{ a: ["ok", "busy", "lag"] }], ["a 1x 30 s"]],
    ["of two failures the one that stays counts", [{ a: ["busy", "locked"] }], ["a 1x 900 s"]],
    ["Azure asks for more time", [{ a: ["slow"] }], ["a 1x 600 s"]],
    ["it went through in a later pass", [{ a: ["busy"] }, { a: ["ok"] }], []],
    ["it failed in a later pass", [{ a: ["ok"] }, { a: ["busy"] }], ["a 1x 30 s"]],
    ["a later pass did not get to it", [{ a: ["busy"] }, { a: ["skipped"] }], ["a 1x 30 s"]],
    ["a later pass had nothing to do for it", [{ a: ["busy"] }, { b: ["ok"] }], []],
    ["what is under way is no failure", [{ a: ["running"] }], []],
    ["nor what was cut", [{ a: ["cut"], b: ["lost"] }], []],
    ["nor what the quarantine keeps", [{ a: ["rejected", "ok"] }], []],
    ["no pass at all changes nothing", [], []],
  ])("%s", (_, passes, expected) => {
    expect(linesOf(after(none, passes))).toEqual(expected);
  });
});

test("it doubles from failure to failure up to an hour, with chance taking up to half of it", () => {
  let backoff = none;
  const delays = Array.from({ length: 9 }, () => {
    backoff = after(backoff, [{ a: ["busy"] }]);
    return linesOf(backoff)[0]?.split(" ")[2];
  });
  expect(delays).toEqual(["30", "60", "120", "240", "480", "960", "1920", "3600", "3600"]);
  expect(linesOf(after(none, [{ a: ["busy"], b: ["locked"] }], 0))).toEqual(["a 1x 15 s", "b 1x 450 s"]);
});

test("a success ends it; what was not tried keeps it as it was; no turn's passes leave all as they were", () => {
  const before = after(none, [{ a: ["busy"], b: ["busy"], c: ["busy"] }]);
  expect(linesOf(after(before, [{ a: ["lag"], b: ["skipped"], c: ["busy"] }]))).toEqual([
    "b 1x 30 s",
    "c 2x 60 s",
  ]);
  expect(after(before, [])).toEqual(before);
});

test("the verdict says until when and why, and ends when the time has come", () => {
  const backoff = after(after(none, [{ a: ["busy"] }]), [{ a: ["locked"] }]);
  const mine = change("1", "attach", { document: document("IdentityBinding", "a") });
  expect(backoffVerdict(backoff, mine, now + minute)).toEqual({
    state: "skipped",
    code: "BackingOff",
    transient: true,
    retryAfterInMs: 29 * minute,
    message:
      "After 2 failures in a row this document is left alone until 2026-01-01T00:30:00.000Z. The last one: Azure says: locked.",
  });
  expect(backoffVerdict(backoff, mine, now + 30 * minute)).toBeUndefined();
  const other = change("1", "attach", { document: document("IdentityBinding", "b") });
  expect(backoffVerdict(backoff, other, now)).toBeUndefined();
});

test("after the clock was set back nobody is left alone for longer than an hour", () => {
  const backoff = after(none, [{ a: ["busy"], b: ["locked"] }]);
  expect(linesOf(backoffWithin(backoff, now))).toEqual(["a 1x 30 s", "b 1x 900 s"]);
  const yearInMs = 365 * 24 * 60 * minute;
  const later = backoffWithin(backoff, now - yearInMs);
  expect([...later.values()].map(({ untilInMs }) => untilInMs - (now - yearInMs))).toEqual([
    60 * minute,
    60 * minute,
  ]);
});
