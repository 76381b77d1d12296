// Whatever a name is, nothing that Bindery prints can steer a terminal, command a CI runner or become markup.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { intentFrom, outcomeEventFrom } from "../apply/audit.ts";
import type { Outcome, OutcomeState } from "../apply/outcome.ts";
import type { Convergence } from "../controller/converge.ts";
import { renderDiagnostics } from "../manifest/render-diagnostics.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import { Failure } from "../model/failure.ts";
import { ownerTag } from "../model/identity.ts";
import {
  renderRightsCheckJson,
  renderRightsJson,
  renderRoleDefinitions,
} from "../permissions/render-json.ts";
import { renderAzScript, renderSqlScript } from "../permissions/render-scripts.ts";
import { renderRightsCheckText, renderRightsText } from "../permissions/render-text.ts";
import { rightsReportFrom } from "../permissions/report.ts";
import { explainResource } from "../plan/explain/explain.ts";
import type { Explanation } from "../plan/explain/explanation.ts";
import { renderExplanationJson, renderExplanationText } from "../plan/explain/render.ts";
import {
  assignment,
  binding,
  desired,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  subscription,
  vm,
  wanted,
} from "../plan/fixtures.ts";
import type { Plan } from "../plan/plan.ts";
import { planFor } from "../plan/plan-for.ts";
import { renderJson } from "../plan/render/json.ts";
import { renderMarkdown } from "../plan/render/markdown.ts";
import { renderText } from "../plan/render/text.ts";
import { documentOutputFrom } from "../status/daemon-status-document-output.ts";
import { statusOutputFrom } from "../status/daemon-status-output.ts";
import { passEnded, statusOf, turnEnded } from "../status/fixtures.ts";
import { orphanStatusFrom, statusFrom } from "../status/status.ts";
import { applyLine } from "./apply-line.ts";
import { applyResultFrom, renderApplyJson, renderApplyText } from "./apply-result.ts";
import { auditSink } from "./audit-sink.ts";
import { renderSettingsJson, renderSettingsText } from "./config-command.ts";
import { CliError, reportError } from "./errors.ts";
import type { CliIo } from "./io.ts";
import { logFor, terminalLog } from "./log.ts";
import { policyText } from "./policy-template.ts";
import { progressOn } from "./progress.ts";
import { runCli } from "./run-cli.ts";
import type { ToldSetting } from "./settings-values.ts";
import { DocumentAnswer, StatusAnswer } from "./status-answer.ts";
import { renderDocumentStatusText } from "./status-document-text.ts";
import { statusNews } from "./status-news.ts";
import type { AnySubject } from "./status-subject.ts";
import { renderStatusText } from "./status-text.ts";
import { watchStatus } from "./status-watch.ts";

const src = join(import.meta.dirname, "..");

/** What only our own code writes: kinds, states and the like. Everything else may come from outside. */
const ours =
  /^(kind|sign|action|phase|end|state|severity|standing|ownership|how|lifecycle|prunePolicy|targetKind)$/;

/** The value with every text in it that may come from outside spoilt, keys of tags included. */
function spoilt<T>(value: T, text: string, key = "", owner: object = {}): T {
  if (typeof value === "string") {
    const isOurs = ours.test(key) || (key === "reason" && "cure" in owner);
    return (isOurs ? value : `${text}${value}`) as T;
  }
  if (Array.isArray(value)) return value.map((one) => spoilt(one, text, key, owner)) as T;
  if (typeof value !== "object" || value === null || value instanceof Map || value instanceof Set)
    return value;
  const isTags = /^(set|remove|tags|conditions)$/.test(key);
  const entries = Object.entries(value).map(([name, one]) => [
    isTags ? `${text}${name}` : name,
    spoilt(one, text, name, value),
  ]);
  return Object.fromEntries(entries) as T;
}

const orphan = live({
  id: identityId.replace("id-orders", "id-old"),
  principalId: "f-1",
  tags: { [ownerTag]: "prod" },
});
const identity = wanted({
  tags: { cost: "42" },
  federatedCredentials: [
    { name: "main", issuer: "https://i.example", subject: "repo:x", audience: "api://a" },
  ],
  bindings: [
    binding(
      [
        namedVm("vm-1"),
        namedVm("vm-gone"),
        {
          kind: "virtualMachines",
          subscriptionId: subscription,
          resourceGroups: ["rg"],
          matchTags: { app: "orders" },
          document: wanted().document,
        },
      ],
      [grantOf("Key Vault Secrets User", undefined, "a condition"), grantOf("Owner", group)],
    ),
  ],
  ignore: { roleAssignments: [], targets: [] },
});
const seen = observed(
  {
    identities: [live(), orphan],
    targets: [
      vm("vm-1"),
      vm("vm-2", [], { tags: { app: "orders" } }),
      vm("vm-rogue", [identityId, orphan.id]),
      vm("site", [identityId], { kind: "other", type: "Microsoft.Web/sites" }),
    ],
    assignments: [assignment(reader), assignment(reader, { id: "/x/1", principalId: orphan.principalId })],
  },
  { credentials: new Map([[identityId.toLowerCase(), []]]), unreadable: new Map([["/x", "no right"]]) },
);
const generous = {
  ...policy,
  limits: { removals: { count: 99, percent: 100 }, additions: { count: 99 } },
  federatedCredentials: [{ issuer: "https://i.example", subject: "**" }],
};
const plan = planFor(desired(identity), seen, generous);
const inDatabase = {
  identityId,
  database: { server: "sql-orders.database.windows.net", database: "orders" },
  userName: "id-orders",
  markedBy: "prod",
  standing: "Undeclared",
  wishes: [],
  orphaned: false,
} as const;
const explanations: readonly Explanation[] = [
  ...[identityId, orphan.id, vm("vm-rogue").id, group].map((id) =>
    explainResource(id, desired(identity), seen, policy),
  ),
  {
    resourceId: "sql-orders.database.windows.net/orders",
    kind: "database",
    revision: "r1",
    attachments: [],
    assignments: [],
    databases: [
      { ...inDatabase, kind: "user", what: "user", dead: true },
      { ...inDatabase, kind: "permission", what: "SELECT on schema::sales", denied: true },
    ],
    doubts: ["Not all was read."],
  },
];
const diagnostic: Diagnostic = {
  severity: "error",
  file: "orders.yaml",
  line: 1,
  column: 3,
  path: "spec.targets[0]",
  message: '"x" is wrong',
  cure: "write another",
};

function outcomesOf({ changes }: Plan): readonly Outcome[] {
  const states: readonly OutcomeState[] = ["failed", "applied", "skipped", "propagating"];
  return changes.map((change, i) => ({
    change,
    state: states[i % states.length] ?? "failed",
    code: "ScopeLocked",
    message: "It is locked.",
    correlationId: "c-1",
  }));
}

class Screen extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

interface Captured extends CliIo {
  readonly stdout: Screen;
  readonly stderr: Screen;
}

function captured(stdin = "", env: CliIo["env"] = {}): Captured {
  return {
    stdin: async function* once() {
      yield new TextEncoder().encode(stdin);
    },
    stdout: new Screen(),
    stderr: new Screen(),
    env,
    cwd: "/",
    onSignal: () => () => undefined,
    onHangUp: () => () => undefined,
    exit: () => undefined,
  };
}

const context = (text: string) => ({ cloud: text, tenantId: text, owner: text, revision: text });
const applied = (text: string) => {
  const poisoned = spoilt(plan, text);
  const report = { outcomes: outcomesOf(poisoned), warnings: poisoned.warnings };
  return applyResultFrom({
    passes: [{ plan: poisoned, leftOut: [], report }],
    end: "converged",
  } as unknown as Convergence);
};

const toldWith = (text: string): readonly ToldSetting[] => [
  { name: "policy", value: text, origin: { kind: "file", file: text, line: 1 } },
  { name: "paths", value: [text, text], origin: { kind: "argument" } },
];

/** The rights of documents whose every text is spoilt, but for what says which row of the table is meant. */
const rights = (text: string) => {
  const report = rightsReportFrom({
    desired: spoilt(desired(identity, wanted({ lifecycle: "Absent" })), text),
    policy: { ...policy, lease: { blobUrl: text, durationInSeconds: 30 } },
    purpose: "apply",
    roleGuidsAt: new Map(),
    giving: () => text,
  });
  const database = { server: text, database: text };
  const needs = report.needs.map(({ work, ...rest }) => ({ ...spoilt(rest, text), work }));
  const databases = [{ ref: database, documents: [spoilt(wanted().document, text)], statements: [text] }];
  return { ...report, owner: text, revision: text, needs, databases, roles: spoilt(report.roles, text) };
};
const judged = (text: string) => ({ missing: rights(text).needs, unknown: rights(text).needs });

const outcomes = outcomesOf(plan);
const daemonStatus = statusOf(
  {
    kind: "sourceLooked",
    atInMs: 1,
    source: { inForce: "r1", refusal: { reason: "BrokenRevision", revision: "r2", message: "No." } },
  },
  passEnded(2, {
    plan,
    outcomes,
    documents: statusFrom(desired(identity), plan, outcomes),
    orphans: orphanStatusFrom(plan),
    warnings: plan.warnings,
  }),
  { kind: "stopping", atInMs: 3, why: "SIGTERM" },
  {
    ...turnEnded(4, { end: "failed", backoff: new Map([["IdentityBinding/team/orders", 9]]) }),
    ...{ failure: { code: "SignInFailed", message: "No." } },
  },
);
const statusView = { paint: (_: unknown, text: string) => text, nowInMs: 0 };

/** An answer of a daemon that is none: whatever may be any text in it has become another one, names of counts included. */
function fromElsewhere(value: unknown, text: string, key = ""): unknown {
  if (typeof value === "string")
    return /^apiVersion$|At$|^at$|[sS]ince$|Time$|^asOf$/.test(key) ? value : text + value;
  if (Array.isArray(value)) return value.map((one) => fromElsewhere(one, text, key));
  if (typeof value !== "object" || value === null) return value;
  const isCounts = /^(changes|counts|attachments|grants|attach|grant)$/.test(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      isCounts && typeof one !== "string" && !/^(counts|things)$/.test(name) ? text + name : name,
      fromElsewhere(one, text, name),
    ]),
  );
}

function statusAnswerWith(text: string): unknown {
  return fromElsewhere(statusOutputFrom(daemonStatus), text);
}

/** What each exported `render…` function makes of hostile text. */
const renderers: Readonly<Record<string, (text: string) => string | readonly string[]>> = {
  renderText: (text) => {
    const options = { applyCommand: applyLine([text], { policy: text, cloud: text }) };
    return [
      renderText(spoilt(plan, text), options),
      renderText(spoilt(plan, text), { ...options, all: true }),
    ];
  },
  renderMarkdown: (text) =>
    renderMarkdown(spoilt(plan, text), context(text), { applyCommand: applyLine([text], {}) }),
  renderJson: (text) => renderJson(spoilt(plan, text), context(text)),
  renderExplanationText: (text) => explanations.map((one) => renderExplanationText(spoilt(one, text))),
  renderExplanationJson: (text) => explanations.map((one) => renderExplanationJson(spoilt(one, text))),
  renderDiagnostics: (text) => {
    const one = spoilt(diagnostic, text);
    const files = [{ path: one.file, bytes: new TextEncoder().encode(text) }];
    return [
      renderDiagnostics([one], "text", { files }),
      renderDiagnostics([one], "json"),
      renderDiagnostics([one], "github").replaceAll(/^::(error|warning) /gm, ""),
      renderDiagnostics([one], "azure-pipelines").replaceAll(/^##vso\[task\.logissue /gm, ""),
    ];
  },
  renderRightsText: (text) => renderRightsText(rights(text)),
  renderRightsCheckText: (text) => renderRightsCheckText(rights(text), judged(text)),
  renderRightsJson: (text) => renderRightsJson(rights(text)),
  renderRightsCheckJson: (text) => renderRightsCheckJson(rights(text), judged(text)),
  renderRoleDefinitions: (text) => renderRoleDefinitions(rights(text)),
  renderAzScript: (text) => renderAzScript(rights(text), text),
  renderSqlScript: (text) => renderSqlScript(rights(text)),
  renderApplyText: (text) => renderApplyText(applied(text), (_, one) => one),
  renderApplyJson: (text) => renderApplyJson(applied(text), context(text)),
  renderStatusText: (text) => renderStatusText(StatusAnswer.parse(statusAnswerWith(text)), statusView),
  renderDocumentStatusText: (text) =>
    ["IdentityBinding", "UserAssignedIdentity"].map((kind) => {
      const one = documentOutputFrom(daemonStatus, { ...identity.document, kind });
      return renderDocumentStatusText(DocumentAnswer.parse(fromElsewhere(one, text)), statusView);
    }),
  renderSettingsText: (text) => renderSettingsText({ told: toldWith(text) }, (_, one) => one),
  renderSettingsJson: (text) => renderSettingsJson({ told: toldWith(text), file: text }),
};

/** Everything else that prints, by the file that writes; "ours" where nothing in it comes from outside. */
const writers: Readonly<Record<string, "ours" | ((text: string) => Promise<string> | string)>> = {
  "cli/apply-command.ts": "ours",
  "cli/audit-sink.ts": async (text) => {
    const io = captured();
    await using sink = await auditSink("-", io);
    const poisoned = spoilt(plan, text);
    for (const operation of poisoned.operations) {
      const audited = { plan: poisoned, operation, correlation: { id: text }, nowInMs: 0 };
      await sink.write(intentFrom(audited, poisoned.changes));
      await sink.write(outcomeEventFrom(audited, outcomesOf(poisoned)));
    }
    return io.stderr.text;
  },
  "cli/azure.ts": async (text) => {
    const io = captured("", { BINDERY_CLOUD: text || "x" });
    await runCli(["init", "--output", text || "x"], io);
    return io.stdout.text + io.stderr.text;
  },
  "cli/config-command.ts": async (text) => {
    const io = captured("", { BINDERY_CONFIG: text, [`BINDERY_INTERVAL${text}`]: text });
    await runCli(["config", text, "--interval", text, "--source", text, "--traces-url", text], io);
    await runCli(["config", "x", "--policy", text || "x", "--output", "json"], io);
    return io.stdout.text + io.stderr.text;
  },
  "cli/demo-command.ts": "ours",
  "cli/errors.ts": (text) => {
    const io = captured("", { BINDERY_DEBUG: "1" });
    const cause = new Error(text);
    reportError(new CliError(3, `a ${text}\n${text}`, text), io);
    reportError(new Failure("terminal", text, { code: text, correlationId: text, cause } as never), io);
    reportError(new Error(text, { cause }), io);
    reportError(text, io);
    return io.stderr.text;
  },
  "cli/explain-command.ts": "ours",
  "cli/init-command.ts": (text) =>
    policyText({
      owner: "prod",
      tenantId: text,
      tenantName: text,
      subscriptions: ["Enabled", text].map((state) => ({
        subscriptionId: text,
        displayName: text,
        tenantId: text,
        state,
      })),
    }),
  "cli/inputs.ts": async (text) => {
    const io = captured(`apiVersion: x\nkind: ${text}\n${text}: ${text}\n---\n${text}`);
    await runCli(["plan", "-", "--policy", "/dev/null"], io);
    return io.stdout.text + io.stderr.text;
  },
  "cli/log.ts": async (text) => {
    const io = captured("", { BINDERY_LOG_LEVEL: "debug" });
    for (const log of [await logFor(io), terminalLog("debug", io, () => 0)]) {
      log.debug({ text, [text]: text, nested: { text } }, "azure request");
    }
    return io.stderr.text;
  },
  "cli/permissions-command.ts": "ours",
  "cli/plan-command.ts": "ours",
  "cli/process-io.ts": "ours",
  "cli/program.ts": "ours",
  "cli/run-once.ts": "ours",
  "cli/progress.ts": (text) => {
    const poisoned = spoilt(plan, text);
    const [stream, shown] = [new Screen(), [] as string[]];
    const live = Object.assign((one: string) => void shown.push(one), {
      persist: (one: string) => void shown.push(one),
      clear: () => undefined,
      done: () => undefined,
    });
    for (const screen of [{ stream }, { stream, live }]) {
      using progress = progressOn({ ...screen, paint: (_, one) => one, now: () => 0 });
      progress.planned(poisoned);
      for (const operation of poisoned.operations) {
        const outcomes = outcomesOf(poisoned).filter(({ change }) => operation.changeIds.includes(change.id));
        progress.started(operation);
        progress.retrying(operation, new Failure("transient", text, { code: text }), 1_000);
        progress.ended(operation, outcomes);
      }
    }
    return [stream.text, ...shown].join("\n");
  },
  "cli/run-cli.ts": async (text) => {
    const io = captured();
    await runCli([text], io);
    await runCli(["plan", "x", `--${text}`, text], io);
    await runCli(["apply", "x", "--release", text, "--timeout", text], io);
    return io.stdout.text + io.stderr.text;
  },
  "cli/sandbox-command.ts": async (text) => {
    const io = captured();
    await runCli(["sandbox", "--seed", text || "x"], io);
    return io.stdout.text + io.stderr.text;
  },
  "cli/status-command.ts": async (text) => {
    const io = captured();
    await runCli(["status", "--address", text || "x"], io);
    await runCli(["status", `${text}//`], io);
    await runCli(["status", "--token-file", text.replaceAll("/", "") || "x"], io);
    return io.stdout.text + io.stderr.text;
  },
  "cli/status-watch.ts": async (text) => {
    const answer = StatusAnswer.parse(statusAnswerWith(text));
    const subject: AnySubject = {
      look: () => Promise.resolve({ answer }),
      isReady: () => false,
      text: () => renderStatusText(answer, statusView),
      json: () => answer,
      news: () => statusNews(undefined, answer),
    };
    const [stream, notes, shown] = [new Screen(), new Screen(), [] as string[]];
    const live = Object.assign((one: string) => void shown.push(one), {
      persist: (one: string) => void shown.push(one),
      clear: () => undefined,
      done: () => undefined,
    });
    for (const screen of [{ output: "text" }, { output: "json" }, { output: "text", live }] as const) {
      const { paint } = statusView;
      const stopping = new AbortController();
      let looks = 0;
      // The first look is answered, the second one is not, and then the clock ends it all.
      const look: AnySubject["look"] = () =>
        Promise.resolve(looks === 0 ? { answer } : { unreachable: text });
      const sleep = (): Promise<void> => {
        looks += 1;
        if (looks < 2) return Promise.resolve();
        stopping.abort();
        return Promise.reject(stopping.signal.reason);
      };
      const clock = { now: () => 0, sleep };
      await watchStatus(
        { ...subject, look },
        { ...screen, stream, notes, paint, clock, stop: stopping.signal },
      );
    }
    return [stream.text, notes.text, ...shown].join("\n");
  },
  "cli/validate-command.ts": async (text) => {
    const outputs = await Promise.all(
      ["text", "json", "github"].map(async (output) => {
        const io = captured(`apiVersion: bindery.dev/v1alpha1\nkind: ${text}\n${text}: ${text}\n`);
        await runCli(["validate", "-", "--output", output], io);
        return (io.stdout.text + io.stderr.text).replaceAll(/^::(error|warning) /gm, "");
      }),
    );
    return outputs.join("\n");
  },
};

const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]8;;http://x\u0007",
        "\u009b31m",
        "\u202e",
        "\u2066",
        "\u0000",
        "\u200b",
        "\u{e0041}",
        "\u0301".repeat(9),
        "\r",
        "\n",
        "\n::error::x",
        "::set-env name=x::y",
        "##vso[task.setvariable]",
        "##[command]",
        "`",
        "|",
        "</details>",
        "<img src=x>",
        "@team",
        "#12",
        "[a](http://b)",
      ),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(""));

const steering =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|\p{M}{5}/u;
const command = /^\s*::|##\[|##vso\[/i;

function harmfulLines(output: string): readonly string[] {
  return output.split("\n").filter((line) => steering.test(line) || command.test(line));
}

test.each(Object.entries(renderers))("%s prints nothing that steers or commands", (_, render) => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const output of [render(text)].flat()) expect(harmfulLines(output)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

const otherWriters = Object.entries(writers).flatMap(([file, print]) =>
  print === "ours" ? [] : [[file, print] as const],
);
test.each(otherWriters)("%s prints nothing that steers or commands", async (_, print) => {
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      expect(harmfulLines(await print(text))).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

test("in Markdown no outside text becomes markup, HTML, a link or a mention", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const markdown = renderMarkdown(spoilt(plan, text), context(text));
      const prose = markdown
        .replaceAll(/<\/?(details|summary)>/g, "")
        .replaceAll(/(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
      expect(prose.replaceAll(/\\[\\`*_{}[\]()|~!$^=#+-]/g, "")).not.toMatch(/[<>[\]~]|@\w|:\/\/|www\./);
    }),
    { numRuns: 60 },
  );
});

describe("what is tried here is what there is", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.startsWith("sandbox/"))
    .map((path) => ({ path, text: readFileSync(join(src, path), "utf8") }));

  test("every exported function called render… has its row above", () => {
    const found = files.flatMap(({ text }) =>
      [...text.matchAll(/^export (?:async )?function\*? (render\w*)/gm)].map(([, name]) => name),
    );
    expect(new Set(found)).toEqual(new Set(Object.keys(renderers)));
  });

  test("every file that writes to a stream has its row above", () => {
    const writes = /\b(stdout|stderr|stream|res|response)\??\.(write|end)\b|console\.|new Response\(/;
    const found = files.filter(({ text }) => writes.test(text));
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set(Object.keys(writers)));
  });

  test("the plan that is spoilt has something of everything", () => {
    expect(Object.entries(plan).filter(([, part]) => Array.isArray(part) && part.length === 0)).toEqual([
      ["released", []],
    ]);
    expect(new Set(plan.changes.map(({ subject }) => subject.kind)).size).toBeGreaterThanOrEqual(4);
  });

  test("hostile text is found where nobody made it harmless", () => {
    expect(harmfulLines("a\n  ::error::x\n\u001b[2J\n##[x]\nb")).toHaveLength(3);
  });
});
