// Decides how one file is read: whole and within bounds, or refused with a reason.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { bounds } from "../model/source.ts";

/** Why something was not read. */
export interface Refusal {
  readonly message: string;
  readonly cure: string;
}

const osMessages: Readonly<Record<string, Refusal>> = {
  ENOENT: { message: "there is no such file or folder", cure: "check the path" },
  EACCES: { message: "no permission to read this", cure: "give Bindery's user the right to read it" },
  EPERM: { message: "no permission to read this", cure: "give Bindery's user the right to read it" },
  ELOOP: { message: "a symbolic link that leads to itself", cure: "remove the link" },
  ENOTDIR: { message: "part of this path is a file, not a folder", cure: "check the path" },
  ENAMETOOLONG: { message: "this path is too long", cure: "shorten it" },
};

/** True if the operating system said that nothing has this path. */
export function isNotThere(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The refusal for what the operating system said; anything that is no such answer is a bug and thrown on. */
export function refusalOf(error: unknown): Refusal {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === undefined) {
    throw error;
  }
  return osMessages[code] ?? { message: `this cannot be read (${code})`, cure: "make it readable" };
}

function tooLarge(mostBytes: number): Refusal {
  const message = `larger than ${mostBytes} bytes, the bound for one file`;
  return { message, cure: "split it into several files" };
}

async function readHandle(handle: FileHandle, mostBytes: number): Promise<Uint8Array | Refusal> {
  const about = await handle.stat();
  if (!about.isFile()) {
    return { message: "not a regular file", cure: "remove it, or name a file or folder" };
  }
  const buffer = new Uint8Array(Math.min(about.size, mostBytes) + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) {
      break;
    }
    length += bytesRead;
  }
  if (length > mostBytes) {
    return tooLarge(mostBytes);
  }
  return length === buffer.length ? changedWhileRead : buffer.subarray(0, length);
}

const changedWhileRead: Refusal = { message: "this grew while it was read", cure: "run again" };

/** Reads a file by its resolved path. Never waits for a pipe or device, never follows a last link. */
export async function readRegularFile(
  path: string,
  mostBytes: number = bounds.fileBytes,
): Promise<Uint8Array | Refusal> {
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await readHandle(handle, mostBytes);
  } catch (error) {
    return refusalOf(error);
  }
}

/** Collects a stream such as standard input within the same bound as a file. */
export async function readStream(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array | Refusal> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > bounds.fileBytes) {
      return tooLarge(bounds.fileBytes);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
