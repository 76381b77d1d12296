// The workflows that users copy: their own scripts run on the sample repository, and what they may do is held against rules.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "./cli-run.ts";
import { type PipelineStage, pipelineStage } from "./support/pipeline-stage.ts";
import {
  envOf,
  type Node,
  nodesOf,
  programsIn,
  ran,
  type ScriptRun,
  scriptNamed,
  scriptsOf,
  workflowIn,
} from "./support/workflow.ts";

const root = join(import.meta.dirname, "..");
const github = globSync("github/**/*.{yaml,yml}", { cwd: join(root, "examples") });
const pipelines = globSync("azure-pipelines/*.yaml", { cwd: join(root, "examples") });
const jobsOf = (workflow: Node): readonly [string, Node][] =>
  Object.entries((workflow.jobs ?? {}) as Node) as never;

describe("what they may do", () => {
  test.each(github)(
    "%s: least rights, pinned actions, no secret, no expression in a script",
    async (path) => {
      const workflow = await workflowIn(path);
      const uses = nodesOf(workflow).flatMap(([{ uses: one }]) => (one === undefined ? [] : [one]));
      expect(uses.length).toBeGreaterThan(0);
      for (const one of uses)
        expect(one).toMatch(/^(\.\/\.github\/actions\/bindery|actions\/[a-z-]+@[0-9a-f]{40})$/);
      for (const { run } of scriptsOf(workflow)) expect(run).not.toContain("${{");
      expect(readFileSync(join(root, "examples", path), "utf8")).not.toMatch(/secrets\.|pull_request_target/);
      const checkouts = nodesOf(workflow).filter(([{ uses: one }]) =>
        String(one).startsWith("actions/checkout@"),
      );
      for (const [{ with: given }] of checkouts) expect(given).toEqual({ "persist-credentials": false });
    },
  );

  test("GitHub: rights by job", async () => {
    const rights: Record<string, unknown> = {};
    for (const path of github.filter((one) => one.includes("workflows"))) {
      const workflow = await workflowIn(path);
      const name = String(workflow.name);
      rights[name] = workflow.permissions;
      for (const [job, { permissions }] of jobsOf(workflow))
        if (permissions) rights[`${name}/${job}`] = permissions;
    }
    const signsIn = { contents: "read", "id-token": "write" };
    expect(rights).toEqual({
      validate: { contents: "read" },
      plan: {},
      "plan/plan": signsIn,
      "plan/comment": { "pull-requests": "write" },
      apply: {},
      "apply/plan": signsIn,
      "apply/apply": signsIn,
      schedule: {},
      "schedule/run": signsIn,
    });
  });

  test("GitHub: forks get validate only, and the principal that writes stands behind an environment", async () => {
    for (const path of github.filter((one) => one.includes("workflows"))) {
      const workflow = await workflowIn(path);
      const isForPulls = "pull_request" in (workflow.on as Node);
      for (const [, { permissions = {}, env = {}, environment, if: condition }] of jobsOf(workflow)) {
        const signsIn = "id-token" in (permissions as Node);
        const writes = JSON.stringify(env).includes("BINDERY_APPLY_CLIENT_ID");
        if (signsIn && isForPulls) {
          expect(condition).toBe("github.event.pull_request.head.repo.full_name == github.repository");
        }
        expect(writes && isForPulls).toBe(false);
        expect(environment !== undefined).toBe(writes);
      }
    }
  });

  test("Azure Pipelines: only validate runs without a service connection, and for forks", async () => {
    for (const path of pipelines) {
      const workflow = await workflowIn(path);
      const connections = nodesOf(workflow).flatMap(([{ azureSubscription: one }]) => (one ? [one] : []));
      const expected: Record<string, unknown> = {
        "azure-pipelines/plan.yaml": ["bindery-plan"],
        "azure-pipelines/apply.yaml": ["bindery-plan", "bindery-apply"],
        "azure-pipelines/schedule.yaml": ["bindery-apply"],
      };
      expect([path, connections]).toEqual([path, expected[path] ?? []]);
      const checkouts = nodesOf(workflow).filter(([{ checkout }]) => checkout === "self");
      for (const [step] of checkouts) expect(step.persistCredentials).toBe(false);
      expect(JSON.stringify(workflow)).not.toContain("${{ variables");
    }
    const plan = (await workflowIn("azure-pipelines/plan.yaml")).jobs as Node[];
    expect(plan[0]?.condition).toContain("ne(variables['System.PullRequest.IsFork'], 'True')");
  });
});

const systemdAnalyze = "/usr/bin/systemd-analyze";

describe("other homes", () => {
  const example = (path: string): string => readFileSync(join(root, "examples", path), "utf8");

  test("the job of Container Apps and the settings of the machine are what Bindery takes", async () => {
    const [, list = ""] = /^var runOnce = \['run', (.*)\]$/m.exec(example("container-apps/main.bicep")) ?? [];
    const values: Record<string, string> = {
      source: "git+https://dev.azure.com/c/p/_git/i",
      ref: "main",
      path: "teams",
    };
    const args = list.split(", ").map((one) => values[one] ?? one.replaceAll("'", ""));
    for (const given of [
      [...args, "--git-entra"],
      ["--once", "--config", join(root, "examples/systemd/bindery.yaml")],
    ]) {
      const { code, stdout, stderr } = await cli(["config", ...given]);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^once: +true /m);
    }
    expect(JSON.parse(example("container-apps/parameters.json"))).toHaveProperty("parameters.image");
    expect(example("systemd/bindery.service")).toContain("run --once --config /etc/bindery/bindery.yaml\n");
  });

  test.skipIf(spawnSync(systemdAnalyze, ["--version"]).status !== 0)("systemd takes the units", () => {
    const units = ["bindery.service", "bindery.timer"].map((one) => join(root, "examples/systemd", one));
    const { stderr } = spawnSync(systemdAnalyze, ["verify", ...units], { encoding: "utf8" });
    const complaints = stderr
      .split("\n")
      .filter((line) => /bindery/.test(line) && !/podman is not executable/.test(line));
    expect(complaints).toEqual([]);
  });

  test("all of them name this version", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    const files = globSync("{examples/**/*.{yaml,yml,service},docs/getting-started.md}", { cwd: root });
    const named = files.flatMap(
      (file) => readFileSync(join(root, file), "utf8").match(/bindery[:-]\d+\.\d+\.\d+/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(4);
    expect(new Set(named.map((one) => one.slice("bindery:".length)))).toEqual(new Set([version]));
  });
});

/** Runners have them; without them the scripts are not tried. */
const hasTools = ["bash", "curl", "jq"].every((one) => spawnSync(one, ["--version"]).status === 0);

describe.skipIf(!hasTools)("their scripts, on the sample repository", () => {
  let stage: PipelineStage;
  let repository: string;
  let path: string;

  /** Stands in for GitHub's own client: keeps what it was told, and answers with the comments that are there. */
  const gh = `#!/bin/sh
printf '%s\\n' "$*" >> "$GH_LOG"
case "$*" in
  *--paginate*) jq --raw-output "$5" "$GH_COMMENTS" ;;
  *"--field body=@plan.md"*) cp plan.md "$GH_BODY" ;;
esac
`;

  beforeAll(async () => {
    stage = await pipelineStage();
    repository = mkdtempSync(join(tmpdir(), "bindery-workflows-"));
    cpSync(join(root, "manifests"), repository, { recursive: true });
    path = await programsIn(join(repository, ".bin"), { gh });
  });
  afterAll(async () => {
    await stage.close();
    rmSync(repository, { recursive: true });
  });

  const at = (name: string): string => join(repository, name);
  const read = (name: string): string => readFileSync(at(name), "utf8");

  function edit(name: string, from: string, to: string): void {
    expect(read(name)).toContain(from);
    writeFileSync(at(name), read(name).replace(from, to));
  }

  /** Publishes a file as an artifact of Azure Pipelines, and downloads it in the next job. */
  function handedOn(name: string, artifact: string): void {
    mkdirSync(at(artifact), { recursive: true });
    renameSync(at(name), join(at(artifact), name));
  }

  async function onGithub(file: string, name: string, subject = "", job?: string): Promise<ScriptRun> {
    const workflow = await workflowIn(`github/workflows/${file}.yaml`);
    const script = scriptNamed(
      job === undefined ? workflow : ((workflow.jobs as Record<string, Node>)[job] ?? {}),
      name,
    );
    const env = envOf(script, {
      "vars.AZURE_TENANT_ID": stage.sandbox.ready.tenantId,
      "vars.BINDERY_PLAN_CLIENT_ID": stage.clientIdOf("plan"),
      "vars.BINDERY_APPLY_CLIENT_ID": stage.clientIdOf("apply"),
      "github.token": "token",
      "github.repository": "contoso/identities",
      "github.event.pull_request.number": "7",
    });
    for (const one of ["summary", "output"]) writeFileSync(at(one), "");
    const runner = {
      PATH: path,
      CI: "true",
      RUNNER_TEMP: repository,
      GITHUB_STEP_SUMMARY: at("summary"),
      GITHUB_OUTPUT: at("output"),
      ACTIONS_ID_TOKEN_REQUEST_URL: `${stage.origin}/id-token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: subject,
      GH_LOG: at("gh.log"),
      GH_BODY: at("gh.body"),
      GH_COMMENTS: at("gh.comments.json"),
    };
    return await ran(script.run, { strict: true, cwd: repository, env: { ...stage.env, ...runner, ...env } });
  }

  async function onPipelines(file: string, name: string, connection?: "plan" | "apply"): Promise<ScriptRun> {
    const script = scriptNamed(await workflowIn(`azure-pipelines/${file}.yaml`), name);
    const signedIn = connection && {
      tenantId: stage.sandbox.ready.tenantId,
      servicePrincipalId: stage.clientIdOf(connection),
      idToken: await stage.sandbox.issueWorkloadToken({ subject: `sc://contoso/${connection}` }),
    };
    const agent = {
      PATH: path,
      CI: "true",
      AGENT_TEMPDIRECTORY: repository,
      BUILD_ARTIFACTSTAGINGDIRECTORY: repository,
      PIPELINE_WORKSPACE: repository,
      SYSTEM_COLLECTIONURI: `${stage.origin}/`,
      SYSTEM_TEAMPROJECTID: "project",
      BUILD_REPOSITORY_ID: "identities",
      SYSTEM_PULLREQUEST_PULLREQUESTID: "7",
    };
    const env = {
      ...stage.env,
      ...agent,
      ...signedIn,
      ...envOf(script, { "System.AccessToken": "build-token" }),
    };
    return await ran(script.run, { strict: false, cwd: repository, env });
  }

  const pullRequest = "repo:contoso/identities:pull_request";
  const main = "repo:contoso/identities:ref:refs/heads/main";
  const production = "repo:contoso/identities:environment:production";
  const billing = "teams/billing/billing.yaml";

  test("validate: nothing for what is right, a line for what is wrong", async () => {
    expect(await onGithub("validate", "Validate")).toMatchObject({ code: 0, stdout: "" });
    edit(billing, "prunePolicy: Authoritative", "prunePolicy: Authorative");
    const wrong = await onGithub("validate", "Validate");
    expect(wrong.code).toBe(3);
    expect(wrong.stdout).toMatch(
      /^::error file=teams\/billing\/billing\.yaml,line=10,col=16,title=spec\.prunePolicy::/,
    );
    const line = await onPipelines("validate", "Validate");
    expect(line.code).toBe(3);
    expect(line.stdout).toMatch(
      /^##vso\[task\.logissue type=error;sourcepath=teams\/billing\/billing\.yaml;linenumber=10;columnnumber=16;\]spec\.prunePolicy: /,
    );
    edit(billing, "prunePolicy: Authorative", "prunePolicy: Authoritative");
  });

  test("GitHub: a plan as one comment", async () => {
    const foreign = await onGithub("plan", "Plan", "repo:someone/identities:pull_request");
    expect(foreign.code, foreign.stderr).toBe(1);
    const plan = await onGithub("plan", "Plan", pullRequest);
    expect(plan.code, plan.stderr).toBe(0);
    expect(read("plan.md")).toMatch(/^## Bindery plan for `sandbox` /);
    expect(read("summary")).toBe(read("plan.md"));

    const comment = (id: number, login: string, body: string): object => ({ id, user: { login }, body });
    const others = [comment(1, "someone", read("plan.md")), comment(2, "github-actions[bot]", "Coverage")];
    writeFileSync(at("gh.comments.json"), JSON.stringify(others));
    expect((await onGithub("plan", "Write the comment, or the last one anew")).code).toBe(0);
    expect(read("gh.body")).toBe(read("plan.md"));
    const mine = comment(3, "github-actions[bot]", read("plan.md"));
    writeFileSync(at("gh.comments.json"), JSON.stringify([...others, mine]));
    expect((await onGithub("plan", "Write the comment, or the last one anew")).code).toBe(0);
    const sent = read("gh.log").match(/--method \S+ \S+/g);
    expect(sent).toEqual([
      "--method POST repos/contoso/identities/issues/7/comments",
      "--method PATCH repos/contoso/identities/issues/comments/3",
    ]);
  }, 300_000);

  test("GitHub: the saved plan, its apply behind the environment, and then nothing to do", async () => {
    const saved = await onGithub("apply", "Plan", main, "plan");
    expect(saved.code, saved.stderr).toBe(0);
    expect(read("output")).toBe("changes=true\n");
    const early = await onGithub("apply", "Apply", main, "apply");
    expect(early.code, "the token of the branch is not that of the environment").toBe(1);
    const applied = await onGithub("apply", "Apply", production, "apply");
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
    expect(applied.stdout).toContain("Applied: 3 create");
    expect(read("audit.jsonl")).toContain('"outcome"');

    const after = await onGithub("apply", "Plan", main, "plan");
    expect([after.code, read("output")]).toEqual([0, "changes=false\n"]);
  }, 300_000);

  test("GitHub: the schedule", async () => {
    const run = await onGithub("schedule", "Run", `${production}-schedule`);
    expect(run.code, run.stderr).toBe(0);
  }, 300_000);

  test("Azure Pipelines: the same, after one more machine", async () => {
    edit(billing, "name: vm-billing-3 }", "name: vm-billing-4 }");
    const plan = await onPipelines("plan", "Plan", "plan");
    expect(plan.code, plan.stderr).toBe(0);
    handedOn("plan.md", "plan-comment");
    for (const _ of [1, 2]) {
      const told = await onPipelines("plan", "Write the comment, or the last one anew");
      expect(told.code, told.stderr).toBe(0);
    }
    expect(stage.threads).toMatchObject([{ comments: [{ content: read("plan-comment/plan.md") }] }]);

    const saved = await onPipelines("apply", "Plan", "plan");
    expect(saved.stdout).toContain("##vso[task.setvariable variable=changes;isOutput=true]true\n");
    handedOn("plan.json", "plan");
    const wrong = await onPipelines("apply", "Apply", "plan");
    expect(wrong.code, "the principal that plans cannot write").toBe(1);
    const applied = await onPipelines("apply", "Apply", "apply");
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
    const after = await onPipelines("apply", "Plan", "plan");
    expect(after.stdout).toContain("##vso[task.setvariable variable=changes;isOutput=true]false\n");
    const run = await onPipelines("schedule", "Run", "apply");
    expect(run.code, run.stderr).toBe(0);
  }, 300_000);
});
