// How a path in a document is written.
import { quotedLength, safeText } from "../model/text.ts";

/** A key of a mapping or an index (from 0) of a list. */
export type PathSegment = string | number;

const plainKey = /^[A-Za-z_][A-Za-z0-9_]*$/;

function segmentText(segment: PropertyKey, index: number): string {
  if (typeof segment === "number") {
    return `[${segment}]`;
  }
  const key = safeText(String(segment), { max: quotedLength });
  const separator = index === 0 ? "" : ".";
  return plainKey.test(key) ? separator + key : `[${JSON.stringify(key)}]`;
}

/** `spec.targets[0].virtualMachine.name`; keys that are no plain word stand in brackets and quotes, long ones are cut. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map(segmentText).join("");
}
