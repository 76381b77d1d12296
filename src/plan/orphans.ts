// Identities that carry our owner tag and that no document names: shown with all that they still can, never touched.
import type { Desired } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import { type Identity, ownerTag, tagOf } from "../model/identity.ts";
import { byText } from "../model/order.ts";
import { isAttached } from "../model/target.ts";
import type { Observed } from "../observed/observed.ts";
import type { Orphan } from "./plan.ts";
import { roleNameOf } from "./role-name.ts";

/** All orphans, by id. */
export function orphansOf(desired: Desired, observed: Observed, owner: string): readonly Orphan[] {
  const named = new Set(desired.identities.map((i) => idKey(i.id)));
  return [...observed.identities.values()]
    .filter((identity) => tagOf(identity.tags, ownerTag) === owner && !named.has(idKey(identity.id)))
    .toSorted((a, b) => byText(idKey(a.id), idKey(b.id)))
    .map((identity) => orphanFrom(identity, observed));
}

function orphanFrom(identity: Identity, observed: Observed): Orphan {
  const targets = [...observed.targets.values()]
    .filter((target) => isAttached(target.attachments, identity.id))
    .map((target) => target.id);
  const roles = [...observed.assignments.values()]
    .filter((a) => idKey(a.principalId) === idKey(identity.principalId))
    .map((a) => ({ roleName: roleNameOf(a.roleGuid, a.scope, observed), scope: a.scope }));
  const credentials = observed.credentials.get(idKey(identity.id)) ?? [];
  return {
    identityId: identity.id,
    targets: targets.toSorted(byText),
    credentials: credentials.toSorted((a, b) => byText(a.name, b.name)),
    roles: roles.toSorted((a, b) => byText(a.scope + a.roleName, b.scope + b.roleName)),
  };
}
