// Somebody else at work in the sandbox, past all rules: each deed happens in one instant, and what it changed is known.
import { randomUUID } from "node:crypto";
import { etagAfter } from "../../src/sandbox/arm/compute/compute-body.ts";
import { outdateInstances } from "../../src/sandbox/arm/compute/scale-set-instances.ts";
import { removeWithChildren } from "../../src/sandbox/arm/removal.ts";
import { placeResource } from "../../src/sandbox/seed/place.ts";
import { placeAssignment, roleNamed } from "../../src/sandbox/seed/roles.ts";
import type { ArmResource, World } from "../../src/sandbox/world.ts";
import { type Deed, foreignNames, type Grant } from "./case.ts";
import { foreignId, identityId, scopeId, targetId } from "./ids.ts";
import { condition } from "./texts.ts";

/** Deeds that change an identity block behind the back of a PATCH; only an etag protects from them. */
export const blockDeeds: ReadonlySet<Deed["kind"]> = new Set([
  "attachForeign",
  "detachForeign",
  "attachOurs",
  "detachOurs",
  "toggleSystem",
]);

/**
 * True if an attachment or detachment cannot be undone by a PATCH that was computed before it: where somebody else's
 * identity stays on the target in any case, every PATCH merges into the map.
 */
export function isHarmlessUnguarded(world: World, { kind, target, foreign }: Deed): boolean {
  if (kind === "toggleSystem") return false;
  const keys = Object.keys(world.resources.get(targetId(target))?.identity?.userAssignedIdentities ?? {});
  const others = foreignNames.filter((name) => kind !== "detachForeign" || name !== foreign).map(foreignId);
  return keys.some((key) => others.some((id) => isSame(id, key)));
}

type Act = (world: World, deed: Deed) => void;

const acts: Readonly<Record<Deed["kind"], Act>> = {
  stripTags: (world, { identity }) => retag(world, identityId(identity), () => ({})),
  claimForAnother: (world, { identity }) =>
    retag(world, identityId(identity), () => ({ "bindery-owner": "another" })),
  attachForeign: (world, { target, foreign }) => attach(world, targetId(target), foreignId(foreign)),
  detachForeign: (world, { target, foreign }) => detach(world, targetId(target), foreignId(foreign)),
  attachOurs: (world, { target, identity }) => attach(world, targetId(target), identityId(identity)),
  detachOurs: (world, { target, identity }) => detach(world, targetId(target), identityId(identity)),
  toggleSystem: (world, { target }) => toggleSystem(world, targetId(target)),
  recreate: (world, { identity }) => recreate(world, identityId(identity), false),
  recreateWithTags: (world, { identity }) => recreate(world, identityId(identity), true),
  deleteIdentity: (world, { identity }) => remove(world, identityId(identity)),
  deleteMachine: (world, { target }) => remove(world, targetId(target)),
  grantOurs: (world, { identity, grant }) => grantTo(world, identityId(identity), grant),
  grantForeign: (world, { foreign, grant }) => grantTo(world, foreignId(foreign), grant),
  revokeOurs: (world, { identity }) => revokeFrom(world, identityId(identity)),
  retagMachine: (world, { target }) =>
    retag(world, targetId(target), (tags) => ({ ...tags, app: tags.app === "a" ? "b" : "a" })),
};

/** Does it, unless what it is to be done to is not there or busy. */
export function commit(world: World, deed: Deed): void {
  acts[deed.kind](world, deed);
}

function attach(world: World, target: string, identity: string): void {
  if (world.resources.has(identity)) changeBlock(world, target, (ids) => [...ids, identity]);
}

function detach(world: World, target: string, identity: string): void {
  changeBlock(world, target, (ids) => ids.filter((id) => !isSame(id, identity)));
}

function remove(world: World, id: string): void {
  if (world.resources.has(id) && !isBusy(world, id)) removeWithChildren(world, id);
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** ARM refuses writes while an operation is under way, whoever they come from. */
function isBusy(world: World, id: string): boolean {
  return world.operations.values().some((o) => o.effect !== undefined && isSame(o.resourceId, id));
}

function retag(
  world: World,
  id: string,
  change: (tags: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): void {
  const resource = world.resources.get(id);
  if (!resource || isBusy(world, id)) return;
  const etag = resource.etag === undefined ? {} : { etag: etagAfter(resource) };
  world.resources.set(id, { ...resource, tags: change(resource.tags ?? {}), ...etag });
}

function changeBlock(world: World, id: string, change: (ids: readonly string[]) => readonly string[]): void {
  const resource = world.resources.get(id);
  if (!resource || isBusy(world, id)) return;
  const before = resource.identity?.userAssignedIdentities ?? {};
  const ids = change(Object.keys(before));
  const distinct = ids.filter((one, i) => ids.findIndex((other) => isSame(one, other)) === i);
  const map = Object.fromEntries(distinct.map((one) => [one, before[one] ?? {}]));
  put(world, resource, /SystemAssigned/.test(resource.identity?.type ?? ""), map);
}

function toggleSystem(world: World, id: string): void {
  const resource = world.resources.get(id);
  if (!resource || isBusy(world, id)) return;
  const has = /SystemAssigned/.test(resource.identity?.type ?? "");
  put(world, resource, !has, resource.identity?.userAssignedIdentities ?? {});
}

function put(
  world: World,
  before: ArmResource,
  system: boolean,
  map: Readonly<Record<string, object>>,
): void {
  const { identity, ...bare } = before;
  const kinds = [
    ...(system ? ["SystemAssigned"] : []),
    ...(Object.keys(map).length > 0 ? ["UserAssigned"] : []),
  ];
  const kept = system && identity?.principalId ? { principalId: identity.principalId } : {};
  const block = {
    type: kinds.join(", "),
    tenantId: world.tenantId,
    ...kept,
    ...(Object.keys(map).length > 0 && { userAssignedIdentities: map }),
  };
  const body = kinds.length === 0 ? bare : { ...before, identity: block };
  const etag = before.etag === undefined ? {} : { etag: etagAfter(before) };
  const written = placeResource(world, { ...body, id: before.id, ...etag }, () => randomUUID());
  if (/\/virtualmachinescalesets$/i.test(before.type)) outdateInstances(world, written);
}

function recreate(world: World, id: string, keepsTags: boolean): void {
  const before = world.resources.get(id);
  if (!before) return;
  const { name, type, location, tags } = before;
  removeWithChildren(world, id);
  placeResource(world, { id: before.id, name, type, location, tags: keepsTags ? tags : {} }, () =>
    randomUUID(),
  );
}

function grantTo(world: World, id: string, { role, scope, isNarrow }: Grant): void {
  const principalId = principalOf(world, id);
  const definition = roleNamed(world, role);
  if (principalId === undefined || !definition) return;
  const isThere = world.roleAssignments
    .values()
    .some(
      (a) =>
        a.principalId === principalId &&
        isSame(a.scope, scopeId(scope)) &&
        a.roleDefinitionId.endsWith(definition.name),
    );
  const narrowed = isNarrow ? { condition, conditionVersion: "2.0" } : {};
  const parts = { name: randomUUID(), scope: scopeId(scope), principalId, role: definition, ...narrowed };
  if (!isThere) placeAssignment(world, parts);
}

function revokeFrom(world: World, id: string): void {
  const principalId = principalOf(world, id);
  for (const a of world.roleAssignments.values()) {
    if (a.principalId === principalId) world.roleAssignments.delete(a.id);
  }
}

/** The principal of an identity that exists. */
export function principalOf(world: World, id: string): string | undefined {
  const principalId = world.resources.get(id)?.properties?.principalId;
  return typeof principalId === "string" ? principalId : undefined;
}
