import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heldReasons } from "../plan/held-reasons.ts";
import { warningCodes } from "../plan/warning-codes.ts";
import type { DaemonEvent, RefusalReason, TurnEnd, WakeReason } from "../status/daemon-event.ts";
import { planWith } from "../status/fixtures.ts";
import {
  changeOf,
  heldOf,
  outcomeOf,
  passEnded,
  statusOf,
  turnEnded,
  turnStarted,
  warningOf,
} from "./fixtures.ts";
import { azureLimits, azureOperations } from "./labels.ts";
import { type Metrics, metricsFor } from "./metrics.ts";
import { webhookResults } from "./webhook.ts";

function metrics(): Metrics {
  return metricsFor({ version: "1.2.3", ofProcess: false });
}

async function lines(of: Metrics): Promise<readonly string[]> {
  return (await of.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

async function after(...events: readonly DaemonEvent[]): Promise<readonly string[]> {
  const all = metrics();
  for (const event of events) all.observe(event);
  return await lines(all);
}

const refusal = { reason: "NonFastForward", message: "No." } as const;
const [one, two] = [changeOf("one"), changeOf("two", "grant")];

describe("what is shown after these events", () => {
  test.each<readonly [string, readonly DaemonEvent[], readonly string[]]>([
    [
      "nothing has happened",
      [],
      [
        'bindery_turns_total{end="failed"} 0',
        'bindery_changes_total{kind="attach",outcome="failed"} 0',
        'bindery_revision_refused{reason="BrokenRevision"} 0',
        'bindery_webhook_calls_total{result="refused"} 0',
        "bindery_foreign_identities_lost_total 0",
        "bindery_last_success_timestamp_seconds 0",
        'bindery_build_info{version="1.2.3"} 1',
      ],
    ],
    [
      "a turn that converged",
      [turnStarted({ reasons: ["start", "webhook"] }), turnEnded("converged")],
      [
        'bindery_turns_total{end="converged"} 1',
        'bindery_turn_wakes_total{reason="start"} 1',
        'bindery_turn_wakes_total{reason="webhook"} 1',
        'bindery_turn_wakes_total{reason="interval"} 0',
        "bindery_turn_duration_seconds_sum 5",
        "bindery_turn_duration_seconds_count 1",
        "bindery_last_turn_timestamp_seconds 15",
        "bindery_last_success_timestamp_seconds 15",
      ],
    ],
    [
      "a turn that failed, with a clock that was set back",
      [turnStarted({ atInMs: 99_000 }), turnEnded("failed", { backoff: new Map([["a", 1]]) })],
      [
        'bindery_turns_total{end="failed"} 1',
        "bindery_turn_duration_seconds_sum 0",
        "bindery_last_turn_timestamp_seconds 15",
        "bindery_last_success_timestamp_seconds 0",
        "bindery_documents_in_backoff 1",
      ],
    ],
    [
      "a standby's report is no success",
      [turnStarted({ reportsBecause: "Standby" }), passEnded(planWith([one])), turnEnded("reported")],
      [
        'bindery_passes_total{mode="report"} 1',
        'bindery_passes_total{mode="apply"} 0',
        'bindery_reports_only{reason="Standby"} 1',
        'bindery_pending_changes{kind="attach"} 1',
        "bindery_last_success_timestamp_seconds 0",
      ],
    ],
    [
      "a dry run's report is",
      [turnStarted({ reportsBecause: "DryRun" }), turnEnded("reported")],
      ['bindery_reports_only{reason="DryRun"} 1', "bindery_last_success_timestamp_seconds 15"],
    ],
    [
      "nobody reports any more",
      [turnStarted({ reportsBecause: "Standby" }), turnStarted()],
      ['bindery_reports_only{reason="Standby"} 0'],
    ],
    [
      "a pass with an outcome of each kind",
      [
        turnStarted(),
        passEnded(
          planWith([one, two], { held: [heldOf("NotOwned"), heldOf("NotOwned", "b"), heldOf("InUse")] }),
          {
            outcomes: [outcomeOf(one), outcomeOf(two, "skipped", "Contested")],
            documents: [statusOf("Ready"), statusOf("Stalled", "b"), statusOf(undefined, "c")],
            orphans: [],
          },
        ),
      ],
      [
        'bindery_passes_total{mode="apply"} 1',
        "bindery_pass_duration_seconds_sum 2",
        'bindery_changes_total{kind="attach",outcome="applied"} 1',
        'bindery_changes_total{kind="grant",outcome="skipped"} 1',
        'bindery_pending_changes{kind="attach"} 0',
        'bindery_pending_changes{kind="grant"} 1',
        "bindery_contested_changes 1",
        'bindery_held_changes{reason="NotOwned"} 2',
        'bindery_held_changes{reason="InUse"} 1',
        'bindery_documents{kind="IdentityBinding",condition="Ready"} 1',
        'bindery_documents{kind="IdentityBinding",condition="Stalled"} 1',
        'bindery_documents{kind="IdentityBinding",condition="Suspended"} 1',
        'bindery_documents{kind="IdentityBinding",condition="Reconciling"} 0',
      ],
    ],
    [
      "a warning of the plan and of applying counts once",
      [
        passEnded(planWith([], { warnings: [warningOf("ForeignTrust")] }), {
          warnings: [warningOf("ForeignTrust"), warningOf("ForeignIdentityLost")],
        }),
      ],
      [
        'bindery_warnings{code="ForeignTrust"} 1',
        'bindery_warnings{code="ForeignIdentityLost"} 1',
        "bindery_foreign_identities_lost_total 1",
      ],
    ],
    [
      "a revision that is refused beside the one in force",
      [{ kind: "sourceLooked", atInMs: 1, source: { inForce: "ab".repeat(20), refusal } }],
      [
        "bindery_revision_in_force 1",
        'bindery_revision_info{revision="abababababab"} 1',
        'bindery_revision_refused{reason="NonFastForward"} 1',
        'bindery_revision_refused{reason="BrokenRevision"} 0',
      ],
    ],
    [
      "and accepted then",
      [
        { kind: "sourceLooked", atInMs: 1, source: { inForce: "ab".repeat(20), refusal } },
        { kind: "sourceLooked", atInMs: 2, source: { inForce: "cd".repeat(20) } },
      ],
      [
        'bindery_revision_info{revision="cdcdcdcdcdcd"} 1',
        'bindery_revision_refused{reason="NonFastForward"} 0',
      ],
    ],
    ["a leader", [{ kind: "leadership", atInMs: 1, role: "leader" }], ["bindery_leader 1"]],
    ["one alone", [{ kind: "leadership", atInMs: 1, role: "alone" }], ["bindery_leader 1"]],
    [
      "a leader that is none any more",
      [
        { kind: "leadership", atInMs: 1, role: "leader" },
        { kind: "leadership", atInMs: 2, role: "standby" },
      ],
      ["bindery_leader 0"],
    ],
  ])("%s", async (_, events, expected) => {
    expect(await after(...events)).toEqual(expect.arrayContaining([...expected]));
  });
});

test("what is not held, warned of or in force any more has no series", async () => {
  const shown = await after(
    { kind: "sourceLooked", atInMs: 1, source: { inForce: "ab".repeat(20) } },
    { kind: "sourceLooked", atInMs: 1, source: {} },
    passEnded(planWith([], { held: [heldOf("NotOwned")] }), { warnings: [warningOf("ForeignTrust")] }),
    passEnded(planWith([])),
  );
  expect(shown.filter((line) => /^bindery_(held_changes|warnings|revision_info)/.test(line))).toEqual([]);
});

test("drift is what comes up once the revision has been brought about", async () => {
  const healed = { outcomes: [outcomeOf(one)] };
  const rollOut = [turnStarted(), passEnded(planWith([one]), healed), turnEnded()];
  expect(await after(...rollOut)).toContain('bindery_drift_total{kind="attach"} 0');
  expect(await after(...rollOut, ...rollOut)).toContain('bindery_drift_total{kind="attach"} 1');
  const next = passEnded(planWith([one], { revision: "r2" }), healed);
  expect(await after(...rollOut, turnStarted(), next)).toContain('bindery_drift_total{kind="attach"} 0');
});

test("requests, waits and quotas are counted by closed words", async () => {
  const all = metrics();
  const operation = "Microsoft.Compute/virtualMachines";
  all.azureRequest({ method: "GET", operation, status: 200, durationInMs: 1500 });
  all.azureRequest({ method: "GET", operation, status: 429 });
  all.azureRequest({ method: "TRACE", operation: "Secret/things", status: 0 });
  all.azureWait({ key: "graph/user-quota/tenant", inMs: 334 });
  all.azureQuota({ key: "arm/subscription-reads/subscription", remaining: 9 });
  all.azureQuota({ key: "arm/subscription-reads/subscription", remaining: 11 });
  all.webhookCall("accepted");
  expect(await lines(all)).toEqual(
    expect.arrayContaining([
      `bindery_azure_requests_total{operation="${operation}",method="GET",status="200"} 1`,
      `bindery_azure_requests_total{operation="${operation}",method="GET",status="429"} 1`,
      'bindery_azure_requests_total{operation="other",method="other",status="none"} 1',
      `bindery_azure_request_duration_seconds_sum{operation="${operation}"} 1.5`,
      `bindery_azure_request_duration_seconds_count{operation="${operation}"} 1`,
      'bindery_azure_throttle_waits_total{limit="graph/user-quota/tenant"} 1',
      'bindery_azure_throttle_wait_seconds_total{limit="graph/user-quota/tenant"} 0.334',
      'bindery_azure_quota_remaining{limit="arm/subscription-reads/subscription"} 9',
      'bindery_webhook_calls_total{result="accepted"} 1',
    ]),
  );
  all.observe(turnStarted());
  all.azureQuota({ key: "arm/subscription-reads/subscription", remaining: 11 });
  expect(await lines(all)).toContain(
    'bindery_azure_quota_remaining{limit="arm/subscription-reads/subscription"} 11',
  );
});

test("two sets of metrics share nothing", async () => {
  const [first, second] = [metrics(), metrics()];
  first.webhookCall("cut");
  expect(await lines(second)).toContain('bindery_webhook_calls_total{result="cut"} 0');
});

const marker = "team-secret";
const name = fc.string({ unit: "binary" }).map((text) => `${marker}${text}`);
const kinds = [
  "create",
  "adopt",
  "release",
  "update",
  "attach",
  "detach",
  "grant",
  "revoke",
  "delete",
] as const;
const states = ["applied", "propagating", "skipped", "failed"] as const;
const ends: readonly TurnEnd[] = ["converged", "unfinished", "stopped", "reported", "deadline", "failed"];
const reasons: readonly WakeReason[] = ["start", "interval", "revision", "webhook", "signal", "retry"];
const refusals: readonly RefusalReason[] = ["BrokenRevision", "SourceUnreadable", "BrokenPolicy"];

const change = fc
  .record({ id: name, kind: fc.constantFrom(...kinds) })
  .map(({ id, kind }) => changeOf(id, kind));
const event: fc.Arbitrary<DaemonEvent> = fc.oneof(
  fc.record({
    kind: fc.constant("sourceLooked" as const),
    atInMs: fc.nat(),
    source: fc.record({
      inForce: name,
      refusal: fc.record({ reason: fc.constantFrom(...refusals), revision: name, message: name }),
    }),
  }),
  fc.record({ kind: fc.constant("stopping" as const), atInMs: fc.nat(), why: name }),
  fc.subarray([...reasons]).map((some) => turnStarted({ reasons: some })),
  fc
    .record({ end: fc.constantFrom(...ends), document: name, message: name })
    .map(({ end, document, message }) =>
      turnEnded(end, { backoff: new Map([[document, 1]]), failure: { code: message, message } }),
    ),
  fc
    .record({
      changes: fc.array(change, { maxLength: 4 }),
      state: fc.constantFrom(...states),
      code: name,
      reason: fc.constantFrom(...heldReasons),
      warning: fc.constantFrom(...warningCodes),
      documents: fc.array(name, { maxLength: 3 }),
      revision: name,
    })
    .map(({ changes, state, code, reason, warning, documents, revision }) =>
      passEnded(planWith(changes, { revision, held: [heldOf(reason)] }), {
        outcomes: changes.map((one) => outcomeOf(one, state, code)),
        warnings: [warningOf(warning, code)],
        documents: documents.map((one) => statusOf("Stalled", one)),
      }),
    ),
);

/** Every word that may stand in a label, by label; numbers and hexadecimal digits by their form. */
const allowed: Readonly<Record<string, ReadonlySet<string> | RegExp>> = {
  end: new Set(ends),
  mode: new Set(["apply", "report"]),
  outcome: new Set(states),
  kind: new Set([...kinds, "UserAssignedIdentity", "IdentityBinding"]),
  condition: new Set(["Ready", "Reconciling", "Stalled", "Suspended"]),
  code: new Set(warningCodes),
  operation: new Set([...azureOperations, "other"]),
  limit: new Set([...azureLimits, "other"]),
  method: new Set(["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT", "other"]),
  result: new Set(webhookResults),
  reason: new Set<string>([
    ...heldReasons,
    ...["start", "interval", "revision", "webhook", "signal", "leadership", "followUp", "retry"],
    ...["BrokenRevision", "NonFastForward", "CommitNotSigned", "SourceUnreadable", "BrokenPolicy"],
    ...["PolicyNeedsRestart", "DryRun", "Standby", "NoGoodRevision"],
  ]),
  status: /^([1-5]\d\d|none)$/,
  revision: /^[0-9a-f]{12}$/,
  version: /^1\.2\.3$/,
  le: /^(\+Inf|\d+(\.\d+)?)$/,
};

function isAllowed(label: string, value: string): boolean {
  const words = allowed[label];
  return words instanceof RegExp ? words.test(value) : words?.has(value) === true;
}

test("whatever happens, labels hold words of closed sets only", async () => {
  const request = fc.record({ method: name, operation: name, status: fc.integer(), durationInMs: fc.nat() });
  const wait = fc.record({ key: name, inMs: fc.integer() });
  const everything = fc.record({
    events: fc.array(event, { maxLength: 12 }),
    requests: fc.array(request, { maxLength: 4 }),
    waits: fc.array(wait, { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(everything, async ({ events, requests, waits }) => {
      const all = metrics();
      for (const one of events) all.observe(one);
      for (const one of requests) all.azureRequest(one);
      for (const one of waits) {
        all.azureWait(one);
        all.azureQuota({ key: one.key, remaining: one.inMs });
      }
      const text = await all.text();
      expect(text).not.toContain(marker);
      const labels = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      expect(labels.filter(([, label = "", value = ""]) => !isAllowed(label, value))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("the check of labels would see another word", () => {
  expect(isAllowed("operation", "Microsoft.Compute/virtualMachines/vm-orders")).toBe(false);
  expect(isAllowed("name", "orders")).toBe(false);
});
