// What the daemon logs: one line for each turn and each piece of news, none for what is as it was.
import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../apply/outcome.ts";
import {
  binding,
  desired,
  document,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  vm,
  wanted,
} from "../plan/fixtures.ts";
import { planFor } from "../plan/plan-for.ts";
import type { DaemonEvent } from "../status/daemon-event.ts";
import type { Condition, Conditions, DocumentStatus } from "../status/status.ts";
import { daemonLines, daemonLog } from "./daemon-log.ts";
import type { Log, LogFields } from "./log.ts";

class Screen extends Writable {
  text = "";
  readonly isTTY: boolean;
  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

type Line = readonly [severity: string, message: string, fields: LogFields];

/** The lines that these events make. */
function linesOf(events: readonly DaemonEvent[], from: "debug" | "info" = "info"): readonly Line[] {
  const lines: Line[] = [];
  const at = (severity: keyof Log) => (fields: LogFields, message: string) => {
    if (severity === "debug" && from === "info") return;
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    lines.push([severity, message, Object.fromEntries(given)]);
  };
  const observe = daemonLines({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
  for (const event of events) observe(event);
  return lines;
}

const plan = planFor(
  desired(wanted({ bindings: [binding([namedVm("vm-1")])] })),
  observed({ identities: [live()], targets: [vm("vm-1")] }),
  policy,
);
const [change] = plan.changes;
if (!change) throw new Error("the plan is empty");

const outcome = (state: Outcome["state"], more: Partial<Outcome> = {}): Outcome => ({
  change,
  state,
  message: "It is so.",
  ...more,
});
const refused = outcome("failed", { code: "ScopeLocked", correlationId: "c-1", message: "It is locked." });

function status(type: Condition["type"] | "Suspended", reason: string): DocumentStatus {
  const conditions = (["Ready", "Reconciling", "Stalled"] as const).map((one) => ({
    type: one,
    status: one === type ? "True" : "False",
    reason,
    message: "It is so.",
  })) as unknown as Conditions;
  return { document: document(), observedRevision: "r1", conditions, outcomes: [], held: [], upToDate: [] };
}

interface PassParts {
  readonly outcomes?: readonly Outcome[];
  readonly documents?: readonly DocumentStatus[];
  readonly more?: object;
}

const pass = { id: "p-1", turn: 1, number: 1 };
const started = { kind: "turnStarted", atInMs: 1_000, turn: 1, reasons: ["interval"] } as const;
const ended = {
  kind: "turnEnded",
  atInMs: 1_750,
  turn: 1,
  end: "converged",
  nextAtInMs: 9_000,
  backoff: new Map(),
} as const;
function passEnded({ outcomes = [], documents = [], more = {} }: PassParts = {}): DaemonEvent {
  const parts = { plan, outcomes, documents, warnings: [], orphans: [], ...more };
  return { kind: "passEnded", atInMs: 1_500, pass, startedAtInMs: 1_000, ...parts };
}
const looked = (source: object): DaemonEvent => ({ kind: "sourceLooked", atInMs: 0, source });

describe("a turn", () => {
  test("is one line with what it came to", () => {
    const passes = [
      passEnded({ outcomes: [outcome("applied")] }),
      passEnded({ outcomes: [outcome("propagating")] }),
    ];
    expect(linesOf([started, ...passes, ended])).toEqual([
      [
        "info",
        "turn ended",
        {
          end: "converged",
          passes: 2,
          revision: "r1",
          applied: 1,
          propagating: 1,
          skipped: 0,
          failed: 0,
          held: 0,
          durationInMs: 750,
        },
      ],
    ]);
  });

  test("that only reports says how much there would be to do", () => {
    expect(linesOf([started, passEnded(), { ...ended, end: "reported" }])[0]?.[2]).toMatchObject({
      end: "reported",
      changes: plan.changes.length,
      applied: 0,
    });
  });

  test.each([
    ["failed", "error"],
    ["deadline", "warn"],
    ["stopped", "info"],
    ["unfinished", "info"],
  ] as const)("that ended %s is told as %s", (end, severity) => {
    const failure =
      end === "failed" ? { failure: { code: "AuthorizationFailed", message: "No right." } } : {};
    const [line] = linesOf([started, { ...ended, end, ...failure }]);
    expect(line?.[0]).toBe(severity);
    expect(line?.[2]).toEqual({
      end,
      passes: 0,
      durationInMs: 750,
      ...(end === "failed" && { code: "AuthorizationFailed", why: "No right." }),
    });
  });

  test("tells its beginning and its plans to who asks for more", () => {
    const lines = linesOf([started, { kind: "passPlanned", atInMs: 1_100, pass, plan }], "debug");
    expect(lines.map(([severity, message]) => [severity, message])).toEqual([
      ["debug", "turn started"],
      ["debug", "pass planned"],
    ]);
  });
});

describe("the source", () => {
  const refusal = { reason: "BrokenRevision", revision: "r2", message: "One mistake." } as const;
  test.each<[string, readonly object[], readonly (readonly [string, string, object])[]]>([
    [
      "that stays as it is",
      [{ inForce: "r1" }, { inForce: "r1" }],
      [["info", "revision in force", { revision: "r1" }]],
    ],
    [
      "that moves on",
      [{ inForce: "r1" }, { inForce: "r2" }],
      [
        ["info", "revision in force", { revision: "r1" }],
        ["info", "revision in force", { revision: "r2" }],
      ],
    ],
    [
      "that is refused, is told once for each refusal",
      [
        { inForce: "r1", refusal },
        { inForce: "r1", refusal: { ...refusal } },
        { inForce: "r1", refusal: { ...refusal, revision: "r3" } },
      ],
      [
        ["info", "revision in force", { revision: "r1" }],
        [
          "warn",
          "revision refused",
          { reason: "BrokenRevision", revision: "r2", inForce: "r1", why: "One mistake." },
        ],
        [
          "warn",
          "revision refused",
          { reason: "BrokenRevision", revision: "r3", inForce: "r1", why: "One mistake." },
        ],
      ],
    ],
    [
      "that goes back to what is in force",
      [{ inForce: "r1", refusal }, { inForce: "r1" }],
      [
        ["info", "revision in force", { revision: "r1" }],
        [
          "warn",
          "revision refused",
          { reason: "BrokenRevision", revision: "r2", inForce: "r1", why: "One mistake." },
        ],
        ["info", "source in order again", { revision: "r1", reason: "BrokenRevision" }],
      ],
    ],
    [
      "of which nothing is good",
      [{ refusal: { reason: "SourceUnreadable", message: "No server." } }],
      [["warn", "revision refused", { reason: "SourceUnreadable", why: "No server." }]],
    ],
  ])("%s", (_, states, lines) => {
    expect(linesOf(states.map(looked))).toEqual(lines);
  });
});

describe("a document", () => {
  const key = "IdentityBinding/team/orders";
  test.each<[string, readonly (readonly [Condition["type"] | "Suspended", string])[], readonly string[]]>([
    ["that is Ready from the start is no news", [["Ready", "UpToDate"]], []],
    [
      "that stays Ready is none either",
      [
        ["Ready", "Applied"],
        ["Ready", "UpToDate"],
      ],
      [],
    ],
    [
      "that stalls is a warning, once",
      [
        ["Stalled", "ScopeLocked"],
        ["Stalled", "ScopeLocked"],
      ],
      ["warn Stalled ScopeLocked"],
    ],
    [
      "that stalls for another reason is told again",
      [
        ["Stalled", "ScopeLocked"],
        ["Stalled", "NotOwned"],
      ],
      ["warn Stalled ScopeLocked", "warn Stalled NotOwned"],
    ],
    [
      "that recovers is told",
      [
        ["Stalled", "ScopeLocked"],
        ["Ready", "UpToDate"],
      ],
      ["warn Stalled ScopeLocked", "info Ready UpToDate"],
    ],
    ["that is suspended is told", [["Suspended", "Suspended"]], ["info NotReady Suspended"]],
  ])("%s", (_, standings, told) => {
    const events = standings.map(([type, reason]) => passEnded({ documents: [status(type, reason)] }));
    const lines = linesOf(events);
    expect(lines.map(([severity, , { condition, reason }]) => `${severity} ${condition} ${reason}`)).toEqual(
      told,
    );
    expect(
      lines.every(([, message, fields]) => message === "condition changed" && fields.document === key),
    ).toBe(true);
  });

  test("an orphan is told by its identity", () => {
    const orphan = { identityId, targets: [], roles: [], credentials: [] };
    const orphans = [{ orphan, conditions: status("Stalled", "Orphan").conditions }];
    const [line] = linesOf([passEnded({ more: { orphans } }), passEnded({ more: { orphans } })]);
    expect(line?.[2]).toMatchObject({ identity: identityId, condition: "Stalled", reason: "Orphan" });
  });
});

describe("a failure", () => {
  test("has document, change, code and correlation id", () => {
    expect(linesOf([passEnded({ outcomes: [refused] })])).toEqual([
      [
        "warn",
        "change failed",
        {
          document: "IdentityBinding/team/orders",
          change: expect.stringContaining("attach vm-1"),
          code: "ScopeLocked",
          transient: false,
          correlationId: "c-1",
          why: "It is locked.",
        },
      ],
    ]);
  });

  test.each([
    ["carried on by a later pass is told once", [refused, refused], 1],
    ["of another try is told again", [refused, { ...refused, correlationId: "c-2" }], 2],
    ["after a pause is told again", [refused, outcome("skipped"), refused], 2],
  ])("%s", (_, outcomes, count) => {
    expect(linesOf(outcomes.map((one) => passEnded({ outcomes: [one] })))).toHaveLength(count);
  });

  test("a warning is told once for as long as it stands", () => {
    const warnings = [{ code: "ForeignIdentityLost", message: "It is gone." }];
    const lines = linesOf([passEnded({ more: { warnings } }), passEnded({ more: { warnings } })]);
    expect(lines).toEqual([["warn", "warning", { code: "ForeignIdentityLost", why: "It is gone." }]]);
  });
});

describe("a line", () => {
  test("has turn and pass while they run, and is JSON with level and time", async () => {
    const stderr = new Screen();
    const { log, observe, aroundPass } = await daemonLog("debug", { stderr });
    log.info({}, "before");
    observe(started);
    await aroundPass(pass, async () => {
      observe({ kind: "passPlanned", atInMs: 0, pass, plan });
      await new Promise((resolve) => setImmediate(resolve));
      log.debug({ status: 201 }, "azure request");
    });
    observe(ended);
    log.info({}, "after");
    const lines = stderr.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as LogFields);
    expect(lines.map(({ msg, turn, passId }) => [msg, turn, passId])).toEqual([
      ["before", undefined, undefined],
      ["turn started", 1, undefined],
      ["pass planned", 1, "p-1"],
      ["azure request", 1, "p-1"],
      ["turn ended", 1, undefined],
      ["after", undefined, undefined],
    ]);
    expect(lines[0]).toMatchObject({ level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  test("is short at a terminal", async () => {
    const stderr = new Screen(true);
    const { observe } = await daemonLog("info", { stderr });
    for (const event of [started, passEnded({ outcomes: [refused] }), ended]) observe(event);
    const [failed, turn, ...rest] = stderr.text
      .split("\n")
      .map((line) => line.replace(/^\d\d:\d\d:\d\d /, ""));
    expect(failed).toMatch(/^warn change failed document=IdentityBinding\/team\/orders change="attach vm-1 /);
    expect(turn).toBe(
      "turn ended end=converged passes=1 revision=r1 applied=0 propagating=0 skipped=0 failed=1 held=0 durationInMs=750",
    );
    expect(rest).toEqual([""]);
  });

  test.each([true, false])("is not written when the log is silent (terminal: %s)", async (isTTY) => {
    const stderr = new Screen(isTTY);
    const { observe } = await daemonLog("silent", { stderr });
    observe({ ...ended, end: "failed" });
    expect(stderr.text).toBe("");
  });
});
