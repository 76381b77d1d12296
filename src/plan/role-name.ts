// What a role is called where all that is known of it is its GUID.
import { idKey } from "../model/arm-id.ts";
import { roleScopeOf } from "../model/grant.ts";
import type { Observed } from "../observed/observed.ts";

/** What people call a role; its GUID where the name is not known. */
export function roleNameOf(roleGuid: string, scope: string, observed: Observed): string {
  const roles = observed.roles.get(roleScopeOf(scope)) ?? [];
  return roles.find((r) => idKey(r.guid) === idKey(roleGuid))?.roleName ?? roleGuid;
}
