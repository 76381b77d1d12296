// Decides when two readings of a source are the same revision.
import { createHash } from "node:crypto";
import type { Revision } from "../model/source.ts";

/** A file by its path relative to the PATH it was found under: where a checkout lies makes no difference. */
export interface RevisedFile {
  readonly relativePath: string;
  readonly bytes: Uint8Array;
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The revision of a set of files, whatever their order. */
export function revisionOf(files: readonly RevisedFile[]): Revision {
  const lines = files.map((file) => `${sha256(file.bytes)} ${JSON.stringify(file.relativePath)}\n`);
  return { id: `sha256:${sha256(lines.toSorted().join(""))}` };
}
