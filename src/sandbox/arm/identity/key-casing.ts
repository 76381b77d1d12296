// In which casing tag keys and the keys of identity maps come back: as they were sent, or in small letters (by a switch).
import type { Switches } from "../../switches.ts";
import { isRecord } from "../body.ts";

/** A body with its keys as the switches have them; the body itself where they change nothing. */
export function recased(body: unknown, { tagKeys, identityKeys }: Switches): unknown {
  const members = new Set([
    ...(tagKeys === "lowered" ? ["tags"] : []),
    ...(identityKeys === "lowered" ? ["userAssignedIdentities"] : []),
  ]);
  return members.size === 0 ? body : recasedIn(body, members);
}

function recasedIn(value: unknown, members: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => recasedIn(item, members));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, member]) => [
    key,
    members.has(key) && isRecord(member) ? withLoweredKeys(member) : recasedIn(member, members),
  ]);
  return Object.fromEntries(entries);
}

function withLoweredKeys(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key.toLowerCase(), value]));
}
