// Decides where audit lines go: a file, stderr, or nowhere where they would drown a person's progress.
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import type { AuditEvent } from "../apply/audit.ts";
import { jsonText } from "../plan/render/safe-json.ts";
import { CliError, exitCodes, isSystemError } from "./errors.ts";
import type { CliIo } from "./io.ts";

/** Takes audit events, one JSON line each, in the order in which they happen. */
export interface AuditSink extends AsyncDisposable {
  readonly write: (event: AuditEvent) => Promise<void>;
}

/**
 * The sink for `--audit`: a file that lines are appended to, or "-" for stderr. Without the option lines go to
 * stderr, unless that is a terminal: there progress tells the same, and the command says that none are kept.
 */
export async function auditSink(option: string | undefined, io: CliIo): Promise<AuditSink> {
  if (option !== undefined && option !== "-") return fileSink(await opened(resolve(io.cwd, option)));
  if (option === undefined && io.stderr.isTTY === true) {
    io.stderr.write("No audit lines are kept; --audit FILE keeps them.\n");
    return { write: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
  }
  return {
    write: async (event) => void io.stderr.write(jsonText(event, "oneLine")),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function fileSink(file: FileHandle): AuditSink {
  // One write after the other: lines of operations that run at the same time must not mix.
  let last: Promise<void> = Promise.resolve();
  return {
    write: (event) => {
      last = last.then(() => file.appendFile(jsonText(event, "oneLine")));
      return last;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "a", 0o600);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CliError(
      exitCodes.badInput,
      `The audit file ${path} cannot be written: ${error.code}.`,
      "Name another file; nothing was done without its audit.",
    );
  }
}
