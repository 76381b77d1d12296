// Decides how a selector's matches are told: how many machines it found before and finds now.
import { documentName } from "../../model/document.ts";
import type { SelectorMatches } from "../plan.ts";

/** "team-orders/orders (orders.yaml:12)"; not yet safe to print. */
export function selectorPlace({ document }: SelectorMatches): string {
  return `${documentName(document)} (${document.file}:${document.line})`;
}

/** "3 machines before, 5 after: 2 come, none goes". */
export function selectorWords({ attached, matched, new: coming, leaving }: SelectorMatches): string {
  const before = `${attached} ${attached === 1 ? "machine" : "machines"} before, ${matched} after`;
  return coming + leaving === 0
    ? before
    : `${before}: ${numbered(coming, "comes", "come")}, ${numbered(leaving, "goes", "go")}`;
}

/** True if a selector finds something else than what is attached by it. */
export function isMoving({ new: coming, leaving }: SelectorMatches): boolean {
  return coming + leaving > 0;
}

function numbered(count: number, one: string, many: string): string {
  if (count === 0) return `none ${one}`;
  return `${count} ${count === 1 ? one : many}`;
}
