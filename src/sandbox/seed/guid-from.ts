// How the seed makes ids up: the same text always gives the same GUID, so that a world can be loaded twice alike.
import { createHash } from "node:crypto";

/** A GUID out of a text, without regard to case. */
export function guidFrom(text: string): string {
  const hex = createHash("sha256").update(text.toLowerCase()).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
