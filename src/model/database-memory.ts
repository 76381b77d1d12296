// The memory of databases that may hold a user of an identity: no list in Azure can find them again, so its tags name them.
//
//   bindery-sql-1: sql-orders.database.windows.net/orders,billing
//   bindery-sql-2: sql-eu.database.windows.net/orders
import { type DatabaseRef, databaseKey } from "./database.ts";
import { byText } from "./order.ts";

/** The longest value of a tag (Microsoft, "Use tags to organize your Azure resources": 256 characters). */
const longestValue = 256;
/** Of the 50 tags of a resource, so many may be ours. */
const mostTags = 20;
const keyPattern = /^bindery-sql-\d+$/i;

/** True for the tags that are this memory. */
export function isMemoryTag(key: string): boolean {
  return keyPattern.test(key);
}

/** The databases that the tags name, by key; what cannot be read is left out. */
export function rememberedIn(tags: Readonly<Record<string, string>>): ReadonlyMap<string, DatabaseRef> {
  const refs = Object.entries(tags)
    .filter(([key]) => isMemoryTag(key))
    .flatMap(([, value]) => refsFrom(value));
  return new Map(refs.map((ref) => [databaseKey(ref), ref]));
}

/** The tags that name these databases, the same for the same set; undefined if they are more than tags can hold. */
export function memoryTags(refs: Iterable<DatabaseRef>): Readonly<Record<string, string>> | undefined {
  const sorted = [...refs].toSorted((a, b) => byText(databaseKey(a), databaseKey(b)));
  const byServer = Map.groupBy(sorted, (ref) => ref.server.toLowerCase());
  const values = [...byServer].flatMap(([server, group]) => packed(server, group));
  if (values.length > mostTags || values.some((value) => value.length > longestValue)) return undefined;
  return Object.fromEntries(values.map((value, i) => [`bindery-sql-${i + 1}`, value]));
}

function packed(server: string, refs: readonly DatabaseRef[]): readonly string[] {
  const values: string[] = [];
  for (const { database } of refs) {
    const name = encoded(database);
    const last = values.at(-1);
    if (last !== undefined && last.length + 1 + name.length <= longestValue) {
      values[values.length - 1] = `${last},${name}`;
    } else {
      values.push(`${server}/${name}`);
    }
  }
  return values;
}

function refsFrom(value: string): readonly DatabaseRef[] {
  const slash = value.indexOf("/");
  if (slash <= 0) return [];
  const server = value.slice(0, slash);
  return value
    .slice(slash + 1)
    .split(",")
    .filter((name) => name !== "")
    .map((name) => ({ server, database: decoded(name) }));
}

/** What separates names is written as in a URL; database names in Azure have no % of their own. */
function encoded(name: string): string {
  return name.replace(/[%,/;]/g, encodeURIComponent);
}

function decoded(name: string): string {
  return name.replace(/%(25|2C|2F|3B)/gi, (code) => decodeURIComponent(code));
}
