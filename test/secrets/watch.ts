// Watches what this process prints and writes to logs, and which secrets it makes up; loaded before tests and spawned processes.
import crypto from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import fs from "node:fs";
import promises, { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { devNull } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { threadId } from "node:worker_threads";
import { suspectsIn } from "./leaks.ts";
import { printedChannel } from "./printed.ts";

const folder = process.env.BINDERY_PRINTED;
const once = Symbol.for("bindery.test.printed");

if (folder !== undefined && !(once in globalThis)) {
  Object.defineProperty(globalThis, once, { value: true });
  process.env.NODE_OPTIONS = withThisModule(process.env.NODE_OPTIONS ?? "");
  const { appendFileSync } = fs;
  const file = join(folder, `${process.pid}-${threadId}.jsonl`);
  const write = (line: object): void => appendFileSync(file, `${JSON.stringify(line)}\n`);
  const known = new Set<string>();
  const saw = (where: string, text: string): void => {
    const fresh = suspectsIn(text).filter((suspect) => !known.has(suspect));
    if (fresh.length === 0) return;
    for (const suspect of fresh) known.add(suspect);
    write({ where, command: process.argv.slice(1, 4).join(" "), suspects: fresh });
  };
  watchSecrets((secret) => write({ secret }));
  watchStream(process.stdout, (text) => saw("stdout", text));
  watchStream(process.stderr, (text) => saw("stderr", text));
  watchConsole((text) => saw("console", text));
  await watchFiles((text) => saw("a file", text));
  subscribe(printedChannel, (message) => saw("the harness", String(message)));
}

/** The options under which a spawned process loads this module too. */
function withThisModule(options: string): string {
  return options.includes(import.meta.url) ? options : `${options} --import=${import.meta.url}`.trim();
}

/** The embedded Azure draws each of its secrets as 24 random bytes, and nothing else of this size. */
function watchSecrets(learn: (secret: string) => void): void {
  const draw = crypto.randomBytes as (size: number, ...rest: unknown[]) => Buffer;
  const watched = (size: number, ...rest: unknown[]): Buffer => {
    const bytes = draw(size, ...rest);
    if (size === 24 && Buffer.isBuffer(bytes)) learn(bytes.toString("base64url"));
    return bytes;
  };
  Object.assign(crypto, { randomBytes: watched });
  syncBuiltinESMExports();
}

function watchStream(stream: NodeJS.WriteStream, see: (text: string) => void): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let tail = "";
  stream.write = (chunk: unknown, ...rest: unknown[]): boolean => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString();
    if (!isReadyLine(text)) see(tail + text);
    tail = text.slice(-64);
    return write(chunk, ...rest);
  };
}

/** A sandbox says once on its stdout how to get in: that is what it is asked for. */
function isReadyLine(text: string): boolean {
  if (process.argv[2] !== "sandbox" || !text.startsWith('{"arm":')) return false;
  return text.trimEnd().split("\n").length === 1 && text.includes('"adminToken":');
}

function watchConsole(see: (text: string) => void): void {
  const { console: printer } = globalThis;
  for (const name of ["log", "info", "warn", "error", "debug"] as const) {
    const print = printer[name];
    printer[name] = (...args: unknown[]) => {
      see(format(...args));
      print(...args);
    };
  }
}

/** Logs and plans are written by handles and whole; a sandbox's own way in is written too, and is a secret by design. */
async function watchFiles(see: (text: string) => void): Promise<void> {
  const handle: FileHandle = await open(devNull);
  const shared = Object.getPrototypeOf(handle) as Record<"appendFile" | "writeFile", Writing>;
  await handle.close();
  for (const [owner, name, at] of [
    [shared, "appendFile", 0],
    [shared, "writeFile", 0],
    [promises, "appendFile", 1],
    [promises, "writeFile", 1],
  ] as const) {
    const write = (owner as Record<string, Writing>)[name] as Writing;
    Object.assign(owner, {
      [name](this: unknown, ...args: unknown[]) {
        const text = args[at];
        if (typeof text === "string" && !text.startsWith("# Points Bindery")) see(text);
        return write.apply(this, args);
      },
    });
  }
  syncBuiltinESMExports();
}

type Writing = (...args: unknown[]) => Promise<void>;
