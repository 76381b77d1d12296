// Reads and writes the files that options name; what the operating system refuses is the user's to mend.
import { realpath, writeFile } from "node:fs/promises";
import { bounds } from "../model/source.ts";
import { type Refusal, readRegularFile, refusalOf } from "../source/read-file.ts";
import { CliError, exitCodes, isSystemError } from "./errors.ts";

/** A file that an option names, within the bound for a manifest or another one. It may be a link (as in a mounted ConfigMap): who names it is the operator. */
export async function readNamedFile(
  path: string,
  mostBytes: number = bounds.fileBytes,
): Promise<Uint8Array | Refusal> {
  try {
    return await readRegularFile(await realpath(path), mostBytes);
  } catch (error) {
    return refusalOf(error);
  }
}

/** The text of a file that an option names; `what` says in the message what the file was to be. */
export async function readNamedText(path: string, what: string, cure: string): Promise<string> {
  const read = await readNamedFile(path);
  if (read instanceof Uint8Array) return new TextDecoder().decode(read);
  throw new CliError(exitCodes.badInput, `The ${what} ${path} cannot be read: ${read.message}.`, cure);
}

/** Writes a file that only its user can read. With `replace: false` one that exists is left alone. */
export async function writeNamedFile(
  path: string,
  text: string,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: replace ? "w" : "wx" });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === "EEXIST") {
      throw new CliError(
        exitCodes.badInput,
        `${path} exists.`,
        "Name another file, or replace it with --force.",
      );
    }
    throw new CliError(exitCodes.badInput, `${path} cannot be written: ${error.code}.`, "Name another file.");
  }
}
