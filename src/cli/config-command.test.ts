// What `bindery config` prints: every setting once, with its origin, for people and for programs; nothing of a secret.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { beforeAll, expect, test } from "vitest";
import type { CliIo } from "./io.ts";
import { runCli } from "./run-cli.ts";
import { settingNames } from "./settings-table.ts";

class Screen extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "bindery-config-"));
  await writeFile(join(cwd, "bindery.yaml"), "policy: policy.yaml\napiTokenFile: token\ninterval: 10m\n");
  await writeFile(join(cwd, "token"), "hunter2");
  return () => rm(cwd, { recursive: true });
});

async function config(argv: readonly string[], env: CliIo["env"] = {}) {
  const [stdout, stderr] = [new Screen(), new Screen()];
  const io = { stdout, stderr, env, cwd } as unknown as CliIo;
  const code = await runCli(["config", ...argv], io);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const from = ["manifests", "--config", "bindery.yaml"] as const;
const env = { BINDERY_GIT_TOKEN: "hunter2", BINDERY_CONCURRENCY: "4" };

test("text has a line for each setting", async () => {
  const { code, stdout, stderr } = await config([...from, "--dry-run"], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  expect(lines.map(([name]) => name)).toEqual(settingNames.map((name) => `${name}:`));
  expect(lines).toEqual(
    expect.arrayContaining([
      ["paths:", "manifests", "PATH"],
      ["policy:", "policy.yaml", "bindery.yaml:1"],
      ["apiTokenFile:", "token", "bindery.yaml:2"],
      ["interval:", "10m", "bindery.yaml:3"],
      ["concurrency:", "4", "BINDERY_CONCURRENCY"],
      ["dryRun:", "true", "--dry-run"],
      ["pollInterval:", "5s", "default"],
      ["source:", "-", "default"],
    ]),
  );
  expect(stdout).not.toContain("hunter2");
});

test("JSON has values as a settings file has them", async () => {
  const { code, stdout } = await config([...from, "--output", "json"], env);
  const { apiVersion, file, settings } = JSON.parse(stdout) as Record<string, unknown>;
  expect({ code, apiVersion, file }).toEqual({
    code: 0,
    apiVersion: "bindery.dev/settings/v1",
    file: "bindery.yaml",
  });
  expect(settings).toHaveLength(settingNames.length);
  expect(settings).toEqual(
    expect.arrayContaining([
      { name: "paths", value: ["manifests"], origin: { kind: "argument" } },
      { name: "source", value: null, origin: { kind: "default" } },
      { name: "interval", value: "10m", origin: { kind: "file", file: "bindery.yaml", line: 3 } },
      { name: "concurrency", value: 4, origin: { kind: "environment", name: "BINDERY_CONCURRENCY" } },
      { name: "once", value: false, origin: { kind: "default" } },
    ]),
  );
  expect(stdout).not.toContain("hunter2");
});

test("with a mistake nothing is shown but the mistakes", async () => {
  const { code, stdout, stderr } = await config([...from, "--interval", "soon", "--audit", ""]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toBe(`error: 2 mistakes in the settings.
--interval: "soon" does not fit interval.
  → Write a duration like 90s, 10m or 1h.
--audit: This is empty.
  → Write a value.
`);
});
