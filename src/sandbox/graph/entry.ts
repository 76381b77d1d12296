// The parts of an entry that all tables share.
import type { Row } from "./kql/schema.ts";
import { type Entry, graphColumns, type Place } from "./view.ts";

const emptyRow: Row = Object.fromEntries(
  graphColumns.map(({ name, type }) => [name, type === "string" ? "" : null]),
);

/** An entry whose columns are all there: text that is missing is empty, everything else null. */
export function entryFrom(row: Row & { readonly id: string }, place: Place): Entry {
  const stated = Object.entries(row).filter(([, value]) => value !== undefined && value !== null);
  return { row: { ...emptyRow, ...Object.fromEntries(stated), id: row.id }, place };
}

/** The same, made once of each thing: what a world holds is never changed in place. */
export function entriesOnce<T extends object>(make: (of: T, tenantId: string) => Entry): typeof make {
  const made = new WeakMap<T, Entry>();
  return (of, tenantId) => {
    const entry = made.get(of) ?? make(of, tenantId);
    made.set(of, entry);
    return entry;
  };
}

/** The subscription that an ARM id lies in, in lower case; "" if it lies above. */
export function subscriptionOf(id: string): string {
  return /^\/subscriptions\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? "";
}

/** The resource group that an ARM id lies in, in lower case as Resource Graph writes it; "" if in none. */
export function resourceGroupOf(id: string): string {
  return /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? "";
}
