// A leak that is planted is found, wherever it is planted; what a sandbox is asked for is none.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { leaksIn } from "./collect.ts";
import { leaksAmong, suspectsIn } from "./leaks.ts";

const token = `eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIwMDAwIn0.${"x".repeat(40)}`;
const secret = "s3cretS3cretS3cretS3cretS3cret_-";

test.each([
  ["a token", `authorization: Bearer ${token}`, 1],
  ["a token without its signature", token.slice(0, -41), 1],
  ["a token in JSON", JSON.stringify({ headers: { authorization: `Bearer ${token}` } }), 1],
  ["a secret", `client_secret=${secret}`, 1],
  ["a secret inside a longer word", `xx${secret}yy`, 1],
  ["a GUID", "00000000-0000-4000-8000-000000000001", 0],
  ["half of a secret", secret.slice(1), 0],
  ["base64 of no token", `eyJ${"a".repeat(40)}`, 0],
])("%s", (_, text, count) => {
  const leaks = new Set(leaksAmong(suspectsIn(text), new Set([secret])));
  expect(leaks.size).toBe(count);
  expect([...leaks].join()).not.toContain(secret);
});

let [folder, workplace] = ["", ""];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bindery-planted-leak-"));
  workplace = mkdtempSync(join(tmpdir(), "bindery-planted-work-"));
});
afterEach(() => {
  for (const one of [folder, workplace]) rmSync(one, { recursive: true });
});

/** Runs a script as a child of a test would run, and gives what is found of it. */
function found(script: string, args: readonly string[] = []): readonly string[] {
  const watch = new URL("./watch.ts", import.meta.url).href;
  const code = `import { randomBytes } from "node:crypto"; const secret = randomBytes(24).toString("base64url"); ${script}`;
  const run = spawnSync(
    process.execPath,
    ["--import", watch, "--input-type=module", "--eval", code, "script", ...args],
    { env: { PATH: process.env.PATH ?? "", BINDERY_PRINTED: folder }, encoding: "utf8", cwd: workplace },
  );
  expect(run).toMatchObject({ status: 0 });
  return leaksIn(folder).leaks;
}

const ready =
  "process.stdout.write(JSON.stringify({ arm: 'https://x', clientSecret: 's' + secret, adminToken: secret }) + '\\n');";

test.each([
  ["stdout", "process.stdout.write('secret: ' + secret);"],
  ["stderr", "process.stderr.write(Buffer.from('s' + secret));"],
  [
    "stderr in two pieces",
    "process.stderr.write(secret.slice(0, 9)); process.stderr.write(secret.slice(9));",
  ],
  ["console", "console.error({ secret });"],
  ["console as a token", `console.log("${token}");`],
  [
    "an audit file",
    "const { open } = await import('node:fs/promises'); const f = await open('a', 'a'); await f.appendFile(secret); await f.close();",
  ],
  [
    "a saved plan",
    "const { writeFile } = await import('node:fs/promises'); await writeFile('b', 'x ' + secret);",
  ],
  [
    "what a harness would print",
    "(await import('node:diagnostics_channel')).channel('bindery.test.printed').publish(secret);",
  ],
  ["the ready line of what is no sandbox", ready],
])("a secret on %s is found", (_, script) => {
  expect(found(script)).not.toEqual([]);
});

test("a process of a process is watched too", () => {
  const inner = `process.stdout.write("${token}")`;
  expect(
    found(
      `const { spawnSync } = await import("node:child_process"); spawnSync(process.execPath, ["--eval", ${JSON.stringify(inner)}]);`,
    ),
  ).toHaveLength(1);
});

test("the ready line of a sandbox is no leak, anything else of it is", () => {
  const asSandbox = "process.argv[2] = 'sandbox';";
  expect(found(`${asSandbox} ${ready}`)).toEqual([]);
  expect(found(`${asSandbox} ${ready} process.stderr.write(secret);`)).toHaveLength(1);
});
