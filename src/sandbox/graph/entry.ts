// The parts of an entry that all tables share.
import type { Row } from "./kql/schema.ts";
import { type Entry, graphColumns, type Place } from "./view.ts";

/** An entry whose columns are all there: text that is missing is empty, everything else null. */
export function entryFrom(row: Row & { readonly id: string }, place: Place): Entry {
  const empty = graphColumns.map(({ name, type }) => [name, type === "string" ? "" : null]);
  const stated = Object.entries(row).filter(([, value]) => value !== undefined && value !== null);
  return { row: { ...Object.fromEntries(empty), ...Object.fromEntries(stated), id: row.id }, place };
}

/** The subscription that an ARM id lies in, in lower case; "" if it lies above. */
export function subscriptionOf(id: string): string {
  return /^\/subscriptions\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? "";
}

/** The resource group that an ARM id lies in, in lower case as Resource Graph writes it; "" if in none. */
export function resourceGroupOf(id: string): string {
  return /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? "";
}
