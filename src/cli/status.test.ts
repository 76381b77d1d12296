import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { document } from "../plan/fixtures.ts";
import type { DaemonEvent } from "../status/daemon-event.ts";
import { documentOutputFrom } from "../status/daemon-status-document-output.ts";
import { type StatusOutput, statusOutputFrom } from "../status/daemon-status-output.ts";
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
  turnStarted,
} from "../status/fixtures.ts";
import { DocumentAnswer, StatusAnswer } from "./status-answer.ts";
import { renderDocumentStatusText } from "./status-document-text.ts";
import { documentNews, statusNews } from "./status-news.ts";
import { renderStatusText } from "./status-text.ts";
import { durationWords } from "./status-words.ts";

const view = { paint: (_: unknown, text: string) => text, nowInMs: 200_000 };
const identity = document("UserAssignedIdentity");
const [attach, grant, waits] = [changeOf("a"), changeOf("g", { kind: "grant" }), changeOf("h")];
const release = { ...heldOf(waits, "Privileged"), releasable: true };
const outcomes = [outcomeOf(attach, done), outcomeOf(grant, { ...failed, correlationId: "c-1" })];

function looked(atInMs: number, isRefused = true): DaemonEvent {
  const refusal = { reason: "BrokenRevision", revision: "r2", message: "It has 3 errors." } as const;
  return { kind: "sourceLooked", atInMs, source: { inForce: "r1", ...(isRefused && { refusal }) } };
}

const stalled = documentStatusOf({
  conditions: conditionsOf("Stalled", "Privileged", "It is Privileged. Do this."),
  held: [release],
  outcomes,
});
const pass = passEnded(80_000, {
  startedAtInMs: 68_000,
  plan: planWith([attach, grant], { held: [release] }),
  outcomes,
  documents: [documentStatusOf({ document: identity }), stalled],
  warnings: [{ code: "Orphan" as never, message: "Look." }],
  orphans: [
    {
      orphan: { identityId: "/id-old", targets: [], roles: [], credentials: [] },
      conditions: conditionsOf("Stalled", "Orphan", "No document names /id-old any more."),
    },
  ],
});
const backoff = new Map([["IdentityBinding/team/orders", 260_000]]);
const events: readonly DaemonEvent[] = [
  { kind: "leadership", atInMs: 10_000, role: "leader" },
  looked(20_000),
  turnStarted(60_000),
  pass,
  turnEnded(80_000, { backoff }),
];
const troubled = statusOf(...events);
const output = statusOutputFrom(troubled);
const good = statusOutputFrom(statusOf(looked(1, false), turnStarted(2), passEnded(3), turnEnded(4)));

function answerOf(one: StatusOutput): StatusAnswer {
  return StatusAnswer.parse(JSON.parse(JSON.stringify(one)));
}

describe("the JSON of a status", () => {
  test("is what the command reads, field by field", () => {
    expect(answerOf(output)).toEqual(output);
    const one = documentOutputFrom(troubled, document());
    expect(DocumentAnswer.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
  });

  test("has these keys, in this order", () => {
    const keys =
      "apiVersion asOf ready version cloud tenantId owner source startedAt role roleSince revision turn lastTurn " +
      "failedTurns nextTurnAt lastSuccess stopping drift summary documents orphans warnings history";
    expect(Object.keys(output)).toEqual(keys.split(" "));
    expect(Object.keys(documentOutputFrom(troubled, document()) ?? {})).toEqual(
      (
        "apiVersion kind namespace name file line ready conditions observedRevision lastAppliedRevision nextRetryAt " +
        "observedAt attachments grants others selectors held lastOutcomes"
      ).split(" "),
    );
  });

  test("tells times in ISO 8601 and counts documents by condition", () => {
    expect(output).toMatchObject({
      asOf: "1970-01-01T00:01:20.000Z",
      ready: false,
      roleSince: "1970-01-01T00:00:10.000Z",
      nextTurnAt: "1970-01-01T00:06:20.000Z",
      summary: { documents: 2, ready: 1, reconciling: 0, stalled: 1, suspended: 0, held: 1, orphans: 1 },
      revision: { inForce: "r1", refusal: { reason: "BrokenRevision", revision: "r2" } },
      history: [{ turn: 1, number: 1, changes: { attach: { applied: 1 }, grant: { failed: 1 } } }],
    });
    expect(output.documents[1]?.nextRetryAt).toBe("1970-01-01T00:04:20.000Z");
  });

  test("has a word in docs/status.md for every key", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/status.md"), "utf8");
    const words = new Set(
      [...page.matchAll(/`([^`\n]+)`/g)].flatMap(([, text]) => text?.match(/\w+/g) ?? []),
    );
    /** Their keys are kinds, states and reasons. */
    const counted = /^(changes|counts|attachments|grants|held)$/;
    const keysOf = (value: unknown, of = ""): readonly string[] => {
      if (Array.isArray(value)) return value.flatMap((one) => keysOf(one));
      if (typeof value !== "object" || value === null) return [];
      return Object.entries(value).flatMap(([key, one]) => [
        ...(counted.test(of) && typeof one !== "string" && key !== "counts" && key !== "things" ? [] : [key]),
        ...keysOf(one, key),
      ]);
    };
    const running = statusOutputFrom(statusOf(...events, turnStarted(90_000, 2)));
    const keys = [output, running, documentOutputFrom(troubled, document())].flatMap((one) => keysOf(one));
    expect(new Set(keys).size).toBeGreaterThan(80);
    expect([...new Set(keys)].filter((key) => !words.has(key))).toEqual([]);
  });

  test("knows no document that the revision does not have", () => {
    expect(documentOutputFrom(troubled, { ...document(), name: "other" })).toBeUndefined();
    expect(documentOutputFrom(troubled, { ...document(), kind: "Other" })).toBeUndefined();
  });

  const fails = turnEnded(5, { turn: 2, end: "failed" });
  const base = [looked(1, false), turnStarted(2), passEnded(3), turnEnded(4)];
  const anew: DaemonEvent = { kind: "sourceLooked", atInMs: 5, source: { inForce: "r2" } };
  test("the text says of which revision the documents are", () => {
    const text = renderStatusText(answerOf(statusOutputFrom(statusOf(...base, anew))), view);
    expect(text).toContain("Revision   r2 in force");
    expect(text).toContain("the documents below are those of r1");
  });
  test.each<readonly [string, readonly DaemonEvent[], boolean]>([
    ["all is as it should be", base, true],
    ["no pass has ended", [looked(1, false)], false],
    ["nothing is in force", [turnStarted(2), passEnded(3), turnEnded(4)], false],
    ["a revision has come that no pass has seen yet", [...base, anew], false],
    ["a revision is refused", [...base, looked(5)], false],
    ["the last turn failed", [...base, fails], false],
    [
      "a document is suspended",
      [
        looked(1, false),
        passEnded(3, { documents: [documentStatusOf({ conditions: conditionsOf("Suspended") })] }),
      ],
      false,
    ],
    ["there is an orphan", [looked(1, false), pass], false],
  ])("ready: %s", (_, all, ready) => {
    expect(statusOutputFrom(statusOf(...all)).ready).toBe(ready);
  });
});

test("the text has the headline, the refusal, documents that are not Ready first, and what is held with its cure", () => {
  expect(renderStatusText(answerOf(output), view)).toBe(`Bindery 0.1.0: leader for 3 min, owner prod
Azure      cloud public, tenant tttttttt
Source     git+https://git.example/identities, ref main
Revision   r1 in force for 3 min
Refused    BrokenRevision for 3 min, revision r2
           It has 3 errors.
Last pass  2 min ago, 12 s long: 1 attach applied, 1 grant failed; 1 held
Last turn  turn 1 converged 2 min ago
Now        the next turn in 3 min

Documents: 1 Ready, 1 Stalled
  Stalled  Privileged  for 2 min  IdentityBinding team/orders       attachments 1 Failed, 1 Held, 1 Applied; again in 60 s
    It is Privileged. Do this.
  Ready    UpToDate    for 2 min  UserAssignedIdentity team/orders

Held
  Privileged  1 change of IdentityBinding team/orders
    It is Privileged.
    → Do this.
    → Or approve it: add 0123456789abcdef01234567 to the policy's \`releases\`.

Orphans (1)
  No document names /id-old any more.

Warnings of the last pass (1)
  Orphan  Look.
`);
});

test("the text of a document has its things, the most urgent first", () => {
  const one = DocumentAnswer.parse(documentOutputFrom(troubled, document()));
  expect(renderDocumentStatusText(one, view)).toBe(`IdentityBinding team/orders (orders.yaml:1)
Stalled for 2 min: Privileged
  It is Privileged. Do this.
Revision r1, observed 2 min ago
Last applied: none since the daemon has started
Tried again in 60 s

Attachments: 1 Failed, 1 Held, 1 Applied
  Failed   grant /vm-1
    AuthorizationFailed: No. (correlation id c-1)
  Held     attach /vm-1
    Privileged: It is Privileged.
  Applied  attach /vm-1

Held
  Privileged  1 change of IdentityBinding team/orders
    It is Privileged.
    → Do this.
    → Or approve it: add 0123456789abcdef01234567 to the policy's \`releases\`.

Last outcomes, of pass pass-80000 2 min ago
  Applied  attach /vm-1
  Failed   grant /vm-1
    AuthorizationFailed: No. (correlation id c-1)
`);
});

test("many documents that are Ready are folded, none of the others", () => {
  const [ready, bad] = [good.documents[0], output.documents[1]];
  const documents = [...Array.from({ length: 50 }, () => ready), ...Array.from({ length: 50 }, () => bad)];
  const text = renderStatusText(StatusAnswer.parse({ ...output, documents }), view);
  expect(text).toContain("… and 30 more that are Ready");
  expect(text.match(/^ {2}Stalled/gm)).toHaveLength(50);
});

describe("what is told where nothing can be drawn again", () => {
  const news = (before: StatusOutput | undefined, now: StatusOutput) =>
    statusNews(before && answerOf(before), answerOf(now)).map((line) => line.replace(/^\S+ {2}/, ""));

  test("at first the headline and what is not Ready", () => {
    expect(news(undefined, good)).toEqual([
      "role  not known yet, owner prod",
      "revision  r1",
      "documents  1 Ready",
    ]);
    expect(news(undefined, output)).toEqual([
      "role  leader, owner prod",
      "revision  r1",
      "refused  BrokenRevision r2: It has 3 errors.",
      "pass 1.1  1 attach applied, 1 grant failed; 1 held",
      "documents  1 Ready, 1 Stalled",
      "IdentityBinding team/orders  Stalled Privileged: It is Privileged. Do this.",
      "orphan  /id-old",
    ]);
  });

  test("then only what changes", () => {
    expect(news(output, output)).toEqual([]);
    expect(news(output, statusOutputFrom(statusOf(...events, looked(90_000))))).toEqual([]);
    expect(news(good, output)).toEqual([
      "role  leader, owner prod",
      "refused  BrokenRevision r2: It has 3 errors.",
      "pass 1.1  1 attach applied, 1 grant failed; 1 held",
      "UserAssignedIdentity team/orders  Ready UpToDate",
      "IdentityBinding team/orders  Stalled Privileged: It is Privileged. Do this.",
      "orphan  /id-old",
    ]);
    expect(news(output, { ...good, role: "leader" })).toEqual([
      "refused  nothing any more",
      "IdentityBinding team/orders  Ready UpToDate",
      "UserAssignedIdentity team/orders  vanished with the revision that had it",
      "no orphan any more  /id-old",
    ]);
  });

  test("of one document, when it stands otherwise", () => {
    const [[before], now] = [answerOf(good).documents, answerOf(output).documents[1]];
    if (!(before && now)) throw new Error("There are documents.");
    expect(documentNews(before, before, "T")).toEqual([]);
    expect(documentNews(undefined, before, "T")).toEqual(["T  IdentityBinding team/orders  Ready UpToDate"]);
    expect(documentNews(before, now, "T")).toEqual([
      "T  IdentityBinding team/orders  Stalled Privileged: It is Privileged. Do this.",
    ]);
  });
});

test.each([
  [0, "0 s"],
  [-5_000, "0 s"],
  [119_000, "119 s"],
  [120_000, "2 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 days"],
])("%i ms are %s", (inMs, words) => {
  expect(durationWords(0, inMs)).toBe(words);
});
