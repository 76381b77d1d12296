// Decides how the last good revision is remembered in a file: whole or not at all, and for this process's user alone.
import { constants } from "node:fs";
import { type FileHandle, lstat, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../model/failure.ts";
import { mostNoteBytes, noteFrom, noteText, type RevisionMemory } from "../model/revisions.ts";
import { isNotThere, type Refusal, readRegularFile, refusalOf } from "./read-file.ts";

/** The note's name in the folder. */
const fileName = "last-good-revision.json";

/**
 * The note in a folder that exists, for one Bindery alone. Trouble is a `Failure`: "StateUnreadable",
 * "StateBroken" for a file that is no note, "StateNotWritten".
 */
export function noteInFolder(folder: string): RevisionMemory {
  const file = join(folder, fileName);
  return {
    name: file,
    async read() {
      await refuseMissing(folder);
      if (await isMissing(file)) return;
      const read = await readRegularFile(file, mostNoteBytes);
      if (!(read instanceof Uint8Array)) throw unreadable(file, read);
      const note = noteFrom(new TextDecoder().decode(read));
      if (note) return note;
      const cure = "Restore the file, or delete it if the source is to be trusted as it is now";
      throw new Failure("terminal", `${file} does not name a revision. ${cure}.`, { code: "StateBroken" });
    },
    async write(note) {
      try {
        await replaceFile(folder, file, noteText(note));
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
        throw new Failure("transient", `${file} cannot be written (${error.code}).`, {
          code: "StateNotWritten",
        });
      }
    },
  };
}

async function isMissing(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return false;
  } catch (error) {
    if (isNotThere(error)) return true;
    throw unreadable(file, refusalOf(error));
  }
}

function unreadable(file: string, { message, cure }: Refusal): Failure {
  return new Failure("terminal", `${file}: ${message}; ${cure}.`, { code: "StateUnreadable" });
}

/** A folder that was forgotten, or not mounted, is no empty memory. */
async function refuseMissing(folder: string): Promise<void> {
  const about = await stat(folder).catch(() => undefined);
  if (about?.isDirectory()) return;
  throw new Failure("terminal", `There is no folder ${folder}: make it, or mount it.`, {
    code: "StateUnreadable",
  });
}

/** Whoever reads the file, at whatever moment, and after whatever crash, finds the old text or the new one. */
async function replaceFile(folder: string, file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await withFile(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, async (handle) => {
    await handle.writeFile(text);
    await handle.sync();
  });
  await rename(fresh, file);
  await withFile(folder, constants.O_RDONLY, (handle) => handle.sync());
}

async function withFile(
  path: string,
  flags: number,
  work: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  await using handle = await open(path, flags, 0o600);
  await work(handle);
}
