// Decides how the last good revision is remembered in the blob of the lease: everybody can read it, only the holder can write it.
import type { BlockBlobClient } from "@azure/storage-blob";
import { Failure } from "../model/failure.ts";
import { leaseLost } from "../model/lease.ts";
import { linkedTo } from "../model/linked-signal.ts";
import { mostNoteBytes, noteFrom, noteText, type RevisionMemory } from "../model/revisions.ts";
import { ask } from "./call.ts";

/** The lease under which is written. */
export interface NoteLease {
  /** What people call the blob. */
  readonly name: string;
  readonly leaseId: string;
  /** For the whole of an answer. */
  readonly timeoutInMs: number;
}

/** The lease is not held, it is somebody else's, it was lost, or the blob is gone (Storage, "Blob service error codes"). */
const preconditionFailed = 412;

/**
 * The note in a blob. Trouble is a `Failure`: what Azure says, a terminal "BrokenNote" for content that is no note, a
 * transient "LeaseLost" for a write without the lease. An empty blob, as the lease makes it, holds no note.
 */
export function blobNote(blob: BlockBlobClient, { name, leaseId, timeoutInMs }: NoteLease): RevisionMemory {
  return {
    name,
    async read(signal) {
      const text = await textOf(blob, signal, timeoutInMs);
      if (text === "") return;
      const note = text.length > mostNoteBytes ? undefined : noteFrom(text);
      if (note) return note;
      const cure = "See who else writes to it, and delete it if the source is to be trusted as it is now";
      throw new Failure("terminal", `The blob ${name} does not name a revision. ${cure}.`, {
        code: "BrokenNote",
      });
    },
    async write(note, signal) {
      const text = noteText(note);
      const options = {
        abortSignal: signal,
        // A blob that is gone must not come back by this: it would have no lease.
        conditions: { leaseId, ifMatch: "*" },
        blobHTTPHeaders: { blobContentType: "application/json" },
      };
      try {
        await ask(() => blob.upload(text, Buffer.byteLength(text), options));
      } catch (error) {
        if (!(error instanceof Failure) || error.details.status !== preconditionFailed) throw error;
        throw leaseLost("The revision was not noted, because the lease is not held any more.");
      }
    },
  };
}

/** The content, or as much of it as shows that it is no note; empty for a blob that is not there. */
async function textOf(blob: BlockBlobClient, signal: AbortSignal, timeoutInMs: number): Promise<string> {
  // The bound on a request ends with the head of its answer.
  const late = AbortSignal.timeout(2 * timeoutInMs);
  using either = linkedTo(signal, late);
  try {
    return await ask(() => contentOf(blob, either.signal));
  } catch (error) {
    if (error instanceof Failure && error.details.code === "BlobNotFound") return "";
    if (!late.aborted || signal.aborted) throw error;
    throw new Failure("transient", "The storage did not answer in time.", { code: "RequestTimedOut" });
  }
}

async function contentOf(blob: BlockBlobClient, abortSignal: AbortSignal): Promise<string> {
  const { readableStreamBody } = await blob.download(0, undefined, { abortSignal });
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readableStreamBody ?? []) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > mostNoteBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
