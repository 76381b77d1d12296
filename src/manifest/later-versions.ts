// Decides which keys are known to come in a later version, so that they are neither "unknown" nor ignored.
import type { PathSegment } from "./path.ts";

/** By kind and path, lists without their index. */
const laterKeys: Readonly<Record<string, readonly string[]>> = {
  "IdentityBinding spec.targets[]": ["webApp", "functionApp", "containerApp", "resource"],
  "IdentityBinding spec.grants[]": ["postgresDatabase"],
};

/** The keys of a later version that may stand at this path of a document of this kind. */
export function laterKeysAt(kind: string, path: readonly PropertyKey[]): readonly string[] {
  const general = path.map((segment, index) => generalSegment(segment as PathSegment, index)).join("");
  return laterKeys[`${kind} ${general}`] ?? [];
}

function generalSegment(segment: PathSegment, index: number): string {
  if (typeof segment === "number") {
    return "[]";
  }
  return index === 0 ? segment : `.${segment}`;
}
