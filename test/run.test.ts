// The daemon as a process of its own, between a Git server and the sandbox: what a user of `bindery run` sees.
import { createHmac } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "./cli-run.ts";
import { type Daemon, type DaemonStage, daemonStage, manifest, until } from "./support/daemon-stage.ts";

const broken = manifest("id-a", ["vm-1"]).replace("prunePolicy: Authoritative", "prunePolicy: Everything");

describe("fed from a repository", () => {
  let stage: DaemonStage;
  let daemon: Daemon;
  const good: string[] = [];
  const secret = "a secret of the webhook, long enough";

  beforeAll(async () => {
    stage = await daemonStage();
    good.push(stage.push({ "a.yaml": manifest("id-a", ["vm-1"]) }));
    writeFileSync(join(stage.folder, "webhook-secret"), `${secret}\n`);
    daemon = stage.start([
      ...["--interval", "2s", "--state-dir", "state", "--audit", "audit.jsonl"],
      ...["--webhook-address", "127.0.0.1:0", "--webhook-secret-file", "webhook-secret"],
    ]);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const machinesAre = (identity: string, machines: readonly string[]): Promise<true> =>
    until(
      () => stage.machinesOf(identity).join() === machines.join() || undefined,
      `${identity} on ${machines.join()}`,
      daemon.stderr,
    );

  test("the first revision is applied, and the daemon is alive and ready", async () => {
    await machinesAre("id-a", ["vm-1"]);
    await until(
      async () => (await daemon.ask("probes", "/readyz")).ok || undefined,
      "readiness",
      daemon.stderr,
    );
    expect((await daemon.ask("probes", "/healthz")).status).toBe(200);
  });

  test("a commit is applied within the poll interval", async () => {
    good.push(stage.push({ "a.yaml": manifest("id-a", ["vm-1", "vm-2"]) }));
    await machinesAre("id-a", ["vm-1", "vm-2"]);
  });

  test("drift is healed", async () => {
    await restingAt(good.at(-1));
    stage.detach("id-a", "vm-2");
    await machinesAre("id-a", ["vm-1", "vm-2"]);
    const healed = await until(
      async () => {
        const text = await (await daemon.ask("probes", "/metrics")).text();
        return /^bindery_drift\w*(\{[^}]*\})? [1-9]/m.test(text) || undefined;
      },
      "the drift in the metrics",
      daemon.stderr,
    );
    expect(healed).toBe(true);
  });

  test("a broken commit changes nothing, and says why; the next good one goes on", async () => {
    stage.push({ "a.yaml": broken });
    const refused = await until(
      async () => {
        const { revision } = await daemon.status();
        return (revision as { refusal: { reason: string; message: string } | null }).refusal ?? undefined;
      },
      "the refusal",
      daemon.stderr,
    );
    expect(refused.reason).toBe("BrokenRevision");
    expect(refused.message).toMatch(/a\.yaml:4:\d+/);
    expect(stage.machinesOf("id-a")).toEqual(["vm-1", "vm-2"]);
    good.push(stage.push({ "a.yaml": manifest("id-a", ["vm-2"]) }));
    await machinesAre("id-a", ["vm-2"]);
  });

  test("bindery status shows it all, and exits with 0 when everything is Ready", async () => {
    await restingAt(good.at(-1));
    const address = await addressOf("api");
    const run = await cli(["status", "--address", address]);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect(run.stdout).toContain(good.at(-1)?.slice(0, 7));
    expect(run.stdout).toContain("id-a");
    const one = await cli(["status", "--address", address, "--output", "json", "IdentityBinding/team/id-a"]);
    expect(JSON.parse(one.stdout)).toMatchObject({ name: "id-a", lastAppliedRevision: good.at(-1) });
  });

  test("a webhook needs the secret, and then wakes at once", async () => {
    const body = '{"ref":"refs/heads/main"}';
    const refused = await daemon.ask("webhook", "/webhook", { method: "POST", body });
    expect(refused.status).toBe(401);
    const sha = createHmac("sha256", secret).update(body).digest("hex");
    const headers = { "x-hub-signature-256": `sha256=${sha}` };
    const accepted = await daemon.ask("webhook", "/webhook", { method: "POST", body, headers });
    expect(accepted.status).toBe(202);
  });

  test("every write stands in the audit file, every log line of a turn carries it, and SIGTERM ends with 0", async () => {
    const ended = await daemon.end();
    expect([ended, daemon.stderr()]).toEqual([{ code: 0, signal: null }, expect.any(String)]);
    const messages = new Set(daemon.log().map(({ msg }) => msg));
    expect([...messages]).toEqual(expect.arrayContaining(["started", "turn ended", "stopping", "stopped"]));
    expect(daemon.log().filter(({ msg, turn }) => msg === "turn ended" && typeof turn !== "number")).toEqual(
      [],
    );
    expect(daemon.stderr()).not.toContain(secret);
  });

  async function addressOf(listener: string): Promise<string> {
    const line = daemon.log().find(({ msg, listener: name }) => msg === "listening" && name === listener);
    return `http://${line?.address}`;
  }

  /** Waits until this revision is in force, and the last turn under it found nothing to do. */
  async function restingAt(commit: string | undefined): Promise<void> {
    await until(
      async () => {
        const { turn, ready, history } = (await daemon.status()) as {
          turn: object | null;
          ready: boolean;
          history: readonly { revision: string }[];
        };
        return (turn === null && ready && history[0]?.revision === commit) || undefined;
      },
      `rest at ${commit}`,
      daemon.stderr,
    );
  }
});

describe("the container job", () => {
  let stage: DaemonStage;
  beforeAll(async () => {
    stage = await daemonStage();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  async function once(...more: readonly string[]): Promise<{ code: number | null; stderr: string }> {
    const { child, stderr } = stage.start(["--once", "--state-dir", "state", ...more]);
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    return { code, stderr: stderr() };
  }

  test("applies once, and writes nothing in a dry run", async () => {
    stage.push({ "a.yaml": manifest("id-a", ["vm-1"]) });
    expect(await once()).toMatchObject({ code: 0 });
    expect(stage.machinesOf("id-a")).toEqual(["vm-1"]);
    stage.push({ "a.yaml": manifest("id-a", ["vm-1", "vm-2"]) });
    expect(await once("--dry-run")).toMatchObject({ code: 0 });
    expect(stage.machinesOf("id-a")).toEqual(["vm-1"]);
  });

  test("keeps the last good revision, fetched again by its id, and says that the head is broken", async () => {
    expect(await once()).toMatchObject({ code: 0 });
    stage.detach("id-a", "vm-1");
    stage.push({ "a.yaml": broken });
    expect(await once()).toMatchObject({ code: 3, stderr: expect.stringContaining("BrokenRevision") });
    expect(stage.machinesOf("id-a")).toEqual(["vm-1", "vm-2"]);
  });

  test("does not follow a branch that was rewound, until the policy names the commit", async () => {
    const elsewhere = stage.push({ "a.yaml": manifest("id-a", ["vm-3"]) }, []);
    expect(await once()).toMatchObject({ code: 4, stderr: expect.stringContaining("NonFastForward") });
    expect(stage.machinesOf("id-a")).toEqual(["vm-1", "vm-2"]);
    appendFileSync(join(stage.folder, "policy.yaml"), `  source: { acceptRevision: ${elsewhere} }\n`);
    expect(await once()).toMatchObject({ code: 0 });
    expect(stage.machinesOf("id-a")).toEqual(["vm-3"]);
  });
});
