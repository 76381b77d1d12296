// Reads the workflows that users copy as their runners do: the steps that run a script, with what surrounds them.
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");

/** A node of a workflow's YAML, as far as it is looked at here. */
export interface Node {
  readonly [key: string]: unknown;
}

/** A script of a workflow. */
export interface Script {
  readonly name: string;
  readonly run: string;
  /** What step and job set; expressions of the runner are still in it. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a script came to. */
export interface ScriptRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function workflowIn(path: string): Promise<Node> {
  return parse(await readFile(join(root, "examples", path), "utf8")) as Node;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every mapping in the tree, from the outside in, with the `env` of all around it. */
export function nodesOf(value: unknown, env: Node = {}): readonly (readonly [Node, Node])[] {
  if (Array.isArray(value)) return value.flatMap((one) => nodesOf(one, env));
  if (!isNode(value)) return [];
  const own = isNode(value.env) ? { ...env, ...value.env } : env;
  return [[value, own], ...Object.values(value).flatMap((one) => nodesOf(one, own))];
}

/** All scripts of a workflow: `run` of GitHub, `bash` and the inline scripts of tasks of Azure Pipelines. */
export function scriptsOf(workflow: Node): readonly Script[] {
  return nodesOf(workflow).flatMap(([step, env]) => {
    const inputs = isNode(step.inputs) ? step.inputs : {};
    const run = step.run ?? step.bash ?? inputs.inlineScript;
    if (typeof run !== "string") return [];
    return [{ name: String(step.name ?? step.displayName), run, env: env as Record<string, string> }];
  });
}

/** The one script of this name, by `name` or `displayName`; throws if there is not exactly one. */
export function scriptNamed(workflow: Node, name: string): Script {
  const found = nodesOf(workflow).filter(([step]) => [step.name, step.displayName].includes(name));
  const scripts = found.flatMap(([step, env]) =>
    scriptsOf(step).map((one) => ({ ...one, env: env as Script["env"] })),
  );
  const [script] = scripts;
  if (!script || scripts.length !== 1) throw new Error(`${scripts.length} scripts are called ${name}.`);
  return script;
}

/** The environment of a script with the runner's expressions filled in; throws for one that has no value. */
export function envOf(script: Script, values: Readonly<Record<string, string>>): Record<string, string> {
  const filled = (text: string): string =>
    text.replaceAll(/\$\{\{ (.+?) \}\}|\$\((\w+\.\w+)\)/g, (whole, one?: string, other?: string) => {
      const value = values[one ?? other ?? ""];
      if (value === undefined) throw new Error(`Nothing is known of ${whole}.`);
      return value;
    });
  return Object.fromEntries(Object.entries(script.env).map(([name, text]) => [name, filled(String(text))]));
}

/** Puts programs where a runner finds them: `bindery` and those given, each the text of a script. */
export async function programsIn(
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const bindery = `#!/bin/sh\nexec '${process.execPath}' '${join(root, "src/main.ts")}' "$@"\n`;
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries({ bindery, ...more })) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
  return `${folder}:${process.env.PATH ?? ""}`;
}

/** What hands over what is held against Azure's contract and against the secrets of the run. */
function recorded(): Record<string, string> {
  const names = ["BINDERY_EXCHANGES", "BINDERY_PRINTED", "NODE_OPTIONS"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Runs a script with bash as a runner calls it: GitHub with -e and pipefail, Azure Pipelines without. */
export function ran(
  text: string,
  {
    strict,
    cwd,
    env,
  }: { readonly strict: boolean; readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<ScriptRun> {
  const options = ["--noprofile", "--norc", ...(strict ? ["-e", "-o", "pipefail"] : [])];
  return new Promise((resolve) => {
    execFile(
      "bash",
      [...options, "-c", text],
      { cwd, env: { ...recorded(), ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}
