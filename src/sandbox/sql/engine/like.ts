// What LIKE means in T-SQL: %, _, [classes] and an escape, in the collation of the database.
import type { SqlValue } from "../wire/sql-type.ts";
import type { Collation } from "./collation.ts";

/** 1, 0, or NULL where one side is NULL. */
export function likeMatches(
  pattern: SqlValue,
  value: SqlValue,
  escapeSign: SqlValue,
  collation: Collation,
): SqlValue {
  if (pattern === null || value === null) return null;
  const flags = collation.sqlite === "NOCASE" ? "isu" : "su";
  const source = sourceOf(String(pattern), escapeSign === null ? "" : String(escapeSign));
  return Number(new RegExp(`^${source}$`, flags).test(String(value)));
}

function sourceOf(pattern: string, escapeSign: string): string {
  const parts = pattern.match(/\[\^?[^\]]*\]|[\s\S]/gu) ?? [];
  let source = "";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? "";
    if (escapeSign !== "" && part === escapeSign) {
      i++;
      source += quoted(parts[i] ?? "");
    } else source += partSource(part);
  }
  return source;
}

function partSource(part: string): string {
  if (part === "%") return ".*";
  if (part === "_") return ".";
  if (part.length < 3 || !part.startsWith("[")) return quoted(part);
  const isNegated = part.startsWith("[^");
  const inner = part.slice(isNegated ? 2 : 1, -1).replace(/[\\\]^[]/g, "\\$&");
  return `[${isNegated ? "^" : ""}${inner}]`;
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
