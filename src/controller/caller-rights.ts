// Finds out what the caller may do of what is wanted: groups first, and single resources only where those do not settle it.
import { idKey } from "../model/arm-id.ts";
import type { CallerRights } from "../model/ports.ts";
import { observePermissions } from "../observed/permissions.ts";
import { firstScopeOf, type Held, verdictOn, type Wanted } from "../permissions/permits.ts";

/** The permissions at the scopes of these wants, as far as it takes to judge them; one request a scope at most. */
export async function heldFor(
  wanted: readonly Wanted[],
  port: CallerRights,
  signal: AbortSignal,
): Promise<Held> {
  const ofGroups = await observePermissions(
    wanted.map(({ scope }) => firstScopeOf(scope)),
    port,
    signal,
  );
  const { missing, unknown } = verdictOn(wanted, ofGroups);
  const open = [...missing, ...unknown].map(({ scope }) => scope);
  const left = open.filter((scope) => !ofGroups.has(idKey(scope)));
  const ofThemselves = await observePermissions(left, port, signal);
  return new Map([...ofGroups, ...ofThemselves]);
}
