import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Outcome, OutcomeState } from "../apply/outcome.ts";
import type { Convergence } from "../controller/converge.ts";
import { parsePolicy } from "../manifest/parse-policy.ts";
import { PolicySpec } from "../manifest/schema-policy.ts";
import { Failure } from "../model/failure.ts";
import { defaultLimits } from "../model/policy.ts";
import { binding, desired, live, namedVm, observed, policy, vm, wanted } from "../plan/fixtures.ts";
import type { Plan } from "../plan/plan.ts";
import { planFor } from "../plan/plan-for.ts";
import type { LeftOut } from "../plan/saved-plan.ts";
import { applyLine } from "./apply-line.ts";
import { applyExitCode, applyResultFrom, renderApplyJson, renderApplyText } from "./apply-result.ts";
import { auditSink } from "./audit-sink.ts";
import { CliError, reportError } from "./errors.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { parseDuration } from "./option-values.ts";
import { policyText } from "./policy-template.ts";
import { progressOn } from "./progress.ts";
import { runCli } from "./run-cli.ts";
import { hasColor, isLive } from "./terminal.ts";

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

interface FakeIo extends CliIo {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly raise: (signal: string) => void;
  readonly exits: readonly number[];
}

function fakeIo(isTTY = false, env: CliIo["env"] = {}): FakeIo {
  const listeners = new Set<(signal: string) => void>();
  const exits: number[] = [];
  return {
    stdin: async function* none() {},
    stdout: new Screen(isTTY),
    stderr: new Screen(isTTY),
    env,
    cwd: "/",
    onSignal: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onHangUp: () => () => undefined,
    exit: (code) => void exits.push(code),
    raise: (signal) => {
      for (const listener of listeners) listener(signal);
    },
    exits,
  };
}

const plain = (_: unknown, text: string): string => text;
const plan: Plan = planFor(
  desired(wanted({ bindings: [binding([namedVm("vm-1"), namedVm("vm-2"), namedVm("vm-gone")])] })),
  observed({ identities: [live()], targets: [vm("vm-1"), vm("vm-2")] }),
  policy,
);

test("the command line runs in process, with everything passed in", async () => {
  const io = fakeIo();
  expect(await runCli(["version"], io)).toBe(0);
  expect(io.stdout.text).toMatch(/^bindery \d/);
  expect(await runCli(["vresion"], io)).toBe(3);
  expect(io.stderr.text).toContain("Did you mean version?");
});

test.each([
  ["90", 90_000],
  ["5s", 5_000],
  ["10m", 600_000],
  ["1h", 3_600_000],
])("%s is a duration", (text, inMs) => {
  expect(parseDuration(text)).toBe(inMs);
});

test.each(["", "0", "-1", "1d", "1.5h", "999999h", "Infinity"])("%j is no duration", (text) => {
  expect(() => parseDuration(text)).toThrow("Write a duration");
});

test.each([
  [true, {}, true, true],
  [false, {}, false, false],
  [true, { NO_COLOR: "1" }, false, true],
  [false, { FORCE_COLOR: "1" }, true, false],
  [true, { FORCE_COLOR: "0" }, false, true],
  [true, { NO_COLOR: "1", FORCE_COLOR: "1" }, true, true],
  [true, { TERM: "dumb" }, false, false],
  [true, { CI: "true" }, true, false],
])("terminal %s with %j: colour %s, live %s", (isTTY, env, color, isAlive) => {
  expect(hasColor(new Screen(isTTY), env)).toBe(color);
  expect(isLive(new Screen(isTTY), env)).toBe(isAlive);
});

describe("interruption", () => {
  test("the first signal stops, the second ends the process", () => {
    const io = fakeIo();
    const told: string[] = [];
    {
      using interruption = interruptionOf(io, undefined, (why) => told.push(why));
      io.raise("SIGINT");
      expect(interruption.stop.aborted).toBe(true);
      expect(io.exits).toEqual([]);
      io.raise("SIGTERM");
    }
    io.raise("SIGINT");
    expect({ told, exits: io.exits }).toEqual({ told: ["SIGINT"], exits: [130] });
  });
});

test.each([
  [["manifests"], {}, "bindery apply manifests"],
  [["a", "-"], { policy: "p.yaml", cloud: "china" }, "bindery apply a - --policy p.yaml --cloud china"],
  [
    ["a"],
    { cloud: "china", sqlEncrypt: "tds7" as const },
    "bindery apply a --cloud china --sql-encrypt tds7",
  ],
  [["a"], { sqlEncrypt: "strict" as const }, "bindery apply a"],
  [["my team/$(x)"], { policy: "it's" }, "bindery apply 'my team/$(x)' --policy 'it'\\''s'"],
])("the plan of %j with %j is applied by %s", (paths, options, line) => {
  expect(applyLine(paths, options)).toBe(line);
});

describe("errors", () => {
  test.each([
    [new CliError(3, "Bad."), 3, "error: Bad.\n"],
    [new Failure("terminal", "Not yours.", { code: "ForeignTenant" }), 4, "error: ForeignTenant: Not yours."],
    [
      new Failure("transient", "Later.", { code: "Busy", correlationId: "c-1" }),
      1,
      "error: Busy: Later. (correlation id c-1)\n",
    ],
    [new Error("odd\u001b[2J"), 1, "error: this is a bug in Bindery: Error: odd\\u{1b}[2J\n"],
  ])("%s gives %i", (error, code, text) => {
    const io = fakeIo();
    expect(reportError(error, io)).toBe(code);
    expect(io.stderr.text).toContain(text);
    expect(io.stderr.text).not.toContain("    at ");
  });

  test("BINDERY_DEBUG shows where a bug is", () => {
    const io = fakeIo(false, { BINDERY_DEBUG: "1" });
    reportError(new Error("odd"), io);
    expect(io.stderr.text).toContain("    at ");
  });
});

describe("audit lines", () => {
  const event = { phase: "intent", summary: "\u202E" } as never;
  test.each([
    ["no terminal", false, undefined, true],
    ["a terminal", true, undefined, false],
    ["a terminal that is asked to show them", true, "-", true],
  ])("%s", async (_, isTTY, option, shown) => {
    const io = fakeIo(isTTY);
    await using sink = await auditSink(option, io);
    await sink.write(event);
    expect(io.stderr.text.includes('{"phase":"intent","summary":"\\u202e"}\n')).toBe(shown);
  });
});

test("the policy of init is a valid policy, whatever things are called", () => {
  const text = policyText({
    owner: "prod",
    tenantId: "00000000-0000-4000-8000-00000000000a",
    tenantName: "Contoso\n  evil: yes",
    subscriptions: [
      {
        subscriptionId: "00000000-0000-4000-8000-000000000001",
        displayName: "a\r\n      - b",
        tenantId: "",
        state: "Enabled",
      },
      {
        subscriptionId: "00000000-0000-4000-8000-000000000002",
        displayName: "off",
        tenantId: "",
        state: "Disabled",
      },
    ],
  });
  const parsed = parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(text) });
  expect(parsed.diagnostics).toEqual([]);
  expect(parsed.policy?.spec).toMatchObject({
    owner: "prod",
    estate: { subscriptions: ["00000000-0000-4000-8000-000000000001"], managementGroups: [] },
    selectors: { wholeSubscription: "Deny" },
    privileged: { allow: [] },
    federatedCredentials: { allow: [] },
    namespaces: [],
    limits: defaultLimits,
    releases: [],
  });
  // A key that the policy can have and init does not write would have to be guessed.
  for (const key of Object.keys(PolicySpec.shape)) expect(text).toMatch(new RegExp(`^  (# )?${key}:`, "m"));
});

describe("what an apply came to", () => {
  const pass = (states: readonly OutcomeState[]) => ({
    plan,
    leftOut: [],
    report: {
      outcomes: plan.changes.map((change, i) => outcome(change, states[i] ?? "applied")),
      warnings: [],
    },
  });
  const idle = { plan, leftOut: [], report: { outcomes: [], warnings: [] } };
  const converged = (passes: readonly unknown[], end: Convergence["end"] = "converged") =>
    applyResultFrom({ passes, end } as Convergence);

  test.each([
    ["all applied, one held", converged([pass([])]), 0, 2],
    ["a failure", converged([pass(["failed"])]), 1, 1],
    ["a failure that a later pass mended", converged([pass(["failed"]), pass(["applied"])]), 0, 2],
    ["a failure for good that the next plan does not show", converged([pass(["failed"]), idle]), 1, 1],
    ["lag only", converged([pass(["propagating"])]), 0, 2],
    ["stopped", converged([pass(["applied", "skipped"])], "stopped"), 1, 1],
    ["passes used up", converged([pass([])], "unfinished"), 1, 1],
    ["stopped before anything", converged([], "stopped"), 1, 1],
  ])("%s", (_, result, code, detailed) => {
    expect([applyExitCode(result, false), applyExitCode(result, true)]).toEqual([code, detailed]);
  });

  const left = (reason: LeftOut["reason"], missed = false): LeftOut => {
    const words = "attach vm-\u001b[2J";
    return { reason, message: "It moved.", id: "i", kind: "attach", identityId: "/x", words, missed };
  };
  const leaving = (first: readonly LeftOut[], last: readonly LeftOut[]) =>
    converged([
      { ...pass([]), leftOut: first },
      { ...idle, plan: { ...plan, held: [] }, leftOut: last },
    ]);

  test.each([
    ["what is so already needs nobody", leaving([left("AlreadySo"), left("TargetGone")], []), 0, 0],
    ["what has come up since remains", leaving([], [left("NotInPlan")]), 0, 2],
    ["what was approved and not done is a failure", leaving([], [left("Changed", true)]), 1, 1],
    ["as the last pass sees it", leaving([left("Changed", true)], []), 0, 0],
    ["later passes see their own work", leaving([], [left("AlreadySo")]), 0, 0],
  ])("of a saved plan: %s", (_, result, code, detailed) => {
    expect([applyExitCode(result, false), applyExitCode(result, true)]).toEqual([code, detailed]);
  });

  test("of a saved plan as text, in two sections", () => {
    const unneeded = Array.from({ length: 22 }, () => left("AlreadySo"));
    const text = renderApplyText(leaving(unneeded, [left("NotInPlan"), left("AlreadySo")]), plain);
    expect(text).toContain(
      "Not done, because of the saved plan (1)\n  attach vm-\\u{1b}[2J\n    NotInPlan: It moved.\n",
    );
    expect(text).toContain(
      "In the saved plan, and not needed any more (22)\n  attach vm-\\u{1b}[2J (AlreadySo)\n",
    );
    expect(text).toContain("  … and 2 more, which --output json lists\n");
    expect(text).toMatch(/; 1 left out\.\n$/);
  });

  test("as text, failures first and one summary line", () => {
    expect(renderApplyText(converged([pass(["failed"])]), plain)).toBe(`Failed (1)
  attach vm-1 (team/orders)
    ScopeLocked: It is locked. (correlation id c-1)

Applied: 1 attach; 1 failed, 1 held.
`);
  });

  test("as JSON", () => {
    const context = { cloud: "public", tenantId: "t", owner: "prod", revision: "r1" };
    expect(JSON.parse(renderApplyJson(converged([pass(["failed"])]), context))).toMatchObject({
      apiVersion: "bindery.dev/apply/v1",
      end: "converged",
      outcomes: [{ state: "applied" }, { state: "failed", code: "ScopeLocked", correlationId: "c-1" }],
      held: [{ reason: "TargetNotFound" }],
      summary: { applied: 1, failed: 1, held: 1 },
    });
  });
});

describe("progress", () => {
  const [operation] = plan.operations;
  const [change] = plan.changes;
  const busy = new Failure("transient", "Busy.", { code: "TooManyRequests" });
  const lag = new Failure("propagating", "Not yet.", { code: "NotVisibleYet" });

  test("in a log: what ended, and what is tried again", () => {
    if (!operation || !change) throw new Error("The plan is empty.");
    const stream = new Screen();
    using progress = progressOn({ stream, paint: plain, now: () => 0 });
    progress.planned(plan);
    progress.started(operation);
    progress.retrying(operation, busy, 4_000);
    progress.retrying(operation, lag, 1_000);
    progress.ended(operation, [outcome(change, "applied")]);
    expect(stream.text).toBe(
      "retrying     attach vm-1 (team/orders), again in 4 s: TooManyRequests\napplied      attach vm-1 (team/orders)\n",
    );
  });

  test("in a log: longer waits for Azure's limits, each limit once in a minute", () => {
    const stream = new Screen();
    let now = 0;
    using progress = progressOn({ stream, paint: plain, now: () => now });
    const limit = "Compute's UpdateVMResource per resource";
    progress.waiting({ limit, inMs: 4_000 });
    progress.waiting({ limit, inMs: 5_200 });
    now = 59_000;
    progress.waiting({ limit, inMs: 20_000 });
    progress.waiting({ limit: "another", inMs: 7_000 });
    now = 60_000;
    progress.waiting({ limit, inMs: 8_000 });
    expect(stream.text.trimEnd().split("\n")).toEqual([
      `waiting 6 s for Azure's limit: ${limit}`,
      "waiting 7 s for Azure's limit: another",
      `waiting 8 s for Azure's limit: ${limit}`,
    ]);
  });

  test("at a terminal: what waits for Azure's limits, until it goes on", () => {
    const drawn: string[] = [];
    let now = 0;
    const live = Object.assign((text: string) => void drawn.push(text), {
      persist: () => undefined,
      clear: () => undefined,
      done: () => undefined,
    });
    using progress = progressOn({ stream: new Screen(true), paint: plain, live, now: () => now });
    progress.planned(plan);
    progress.waiting({ limit: "a\u001b limit", inMs: 4_000 });
    expect(drawn.at(-1)).toMatch(/2 left\n {2}waiting 4 s for Azure's limit: a\S* limit$/);
    expect(drawn.at(-1)).not.toContain("\u001b");
    now = 4_000;
    progress.planned(plan);
    expect(drawn.at(-1)).toBe("0 of 2 operations done, 2 left");
  });

  test("at a terminal: what runs, what is left, and what has ended above it", () => {
    if (!operation || !change) throw new Error("The plan is empty.");
    const drawn: string[] = [];
    const kept: string[] = [];
    const live = Object.assign((text: string) => void drawn.push(text), {
      persist: (text: string) => void kept.push(text),
      clear: () => undefined,
      done: () => undefined,
    });
    using progress = progressOn({ stream: new Screen(true), paint: plain, live, now: () => 3_000 });
    progress.planned(plan);
    progress.started(operation);
    expect(drawn.at(-1)).toBe("0 of 2 operations done, 2 left\n  … attach vm-1 (team/orders) 0 s");
    progress.retrying(operation, busy, 4_000);
    expect(drawn.at(-1)).toContain("again in 4 s: TooManyRequests");
    progress.ended(operation, [outcome(change, "failed")]);
    expect(drawn.at(-1)).toBe("1 of 2 operations done, 1 left");
    expect(kept).toEqual([
      "failed       attach vm-1 (team/orders): ScopeLocked: It is locked. (correlation id c-1)",
    ]);
  });
});

function outcome(change: Plan["changes"][number], state: OutcomeState): Outcome {
  if (state === "applied") return { change, state, message: "Done." };
  return { change, state, code: "ScopeLocked", message: "It is locked.", correlationId: "c-1" };
}
