// How the admin endpoint reads and changes resources and role assignments, past all of ARM's rules.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { AdminRefusal, parsed } from "./admin-refusal.ts";
import { parseArmPath } from "./arm/path.ts";
import { removeWithChildren } from "./arm/removal.ts";
import { placeResource } from "./seed/place.ts";
import { placeAssignment, roleNamed } from "./seed/roles.ts";
import type { ArmResource, World } from "./world.ts";

interface Call {
  readonly url: URL;
  readonly body: unknown;
  readonly ports: { readonly world: World };
}

/** `GET, PUT, PATCH, DELETE /_admin/resources?id=`: resources and resource groups as raw bodies. */
export const adminResources = {
  "GET resources": (call: Call) => getResources(call),
  "PUT resources": (call: Call) => putResource(call),
  "PATCH resources": (call: Call) => patchResource(call),
  "DELETE resources": (call: Call) => deleteResource(call),
} as const;

/** `GET, POST, DELETE /_admin/role-assignments`. */
export const adminAssignments = {
  "GET role-assignments": ({ ports }: Call) => ports.world.roleAssignments.values(),
  "POST role-assignments": (call: Call) => postAssignment(call),
  "DELETE role-assignments": (call: Call) => deleteAssignment(call),
} as const;

function idOf(url: URL): string {
  const id = url.searchParams.get("id");
  if (id === null || !id.startsWith("/subscriptions/")) {
    throw new AdminRefusal(400, "The query parameter id must be the ARM id of a resource or resource group.");
  }
  return id;
}

/** Without an id: all ids. */
function getResources({ url, ports: { world } }: Call): unknown {
  if (!url.searchParams.has("id"))
    return [...world.resourceGroups.values(), ...world.resources.values()].map((r) => r.id);
  return existing(world, idOf(url));
}

function existing(world: World, id: string): ArmResource {
  const found = world.resources.get(id) ?? world.resourceGroups.get(id);
  if (found === undefined) throw new AdminRefusal(404, `There is no '${id}'.`);
  return found;
}

/** A new identity gets a principal of its own, another one each time: so identities are recreated. */
function putResource({ url, body, ports: { world } }: Call): ArmResource {
  const id = idOf(url);
  const sent = parsed(z.looseObject({}), body);
  requireContainer(world, id);
  return placeResource(world, { ...sent, id: typeof sent.id === "string" ? sent.id : id }, () =>
    randomUUID(),
  );
}

function requireContainer(world: World, id: string): void {
  const { subscriptionId = "", resourceGroup, type } = parseArmPath(id);
  if (!world.subscriptions.has(subscriptionId))
    throw new AdminRefusal(400, `There is no subscription '${subscriptionId}'.`);
  if (type === undefined || resourceGroup === undefined) return;
  if (!world.resourceGroups.has(`/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`)) {
    throw new AdminRefusal(400, `There is no resource group '${resourceGroup}'.`);
  }
}

/** JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces. Keys are compared exactly. */
function patchResource({ url, body, ports: { world } }: Call): ArmResource {
  const before = existing(world, idOf(url));
  const merged = mergePatch(before, parsed(z.looseObject({}), body)) as ArmResource;
  return placeResource(world, { ...merged, id: before.id }, () => randomUUID());
}

/** The target changed by a merge patch; neither is changed in place. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function deleteResource({ url, ports: { world } }: Call): void {
  const { id } = existing(world, idOf(url));
  removeWithChildren(world, id);
  world.resourceGroups.delete(id);
}

const Assignment = z.strictObject({
  scope: z.string().startsWith("/"),
  /** The role's name or GUID. */
  role: z.string().min(1),
  principalId: z.guid(),
  principalType: z.string().optional(),
  name: z.guid().optional(),
  condition: z.string().optional(),
  conditionVersion: z.string().optional(),
  description: z.string().optional(),
});

function postAssignment({ body, ports: { world } }: Call): unknown {
  const assignment = parsed(Assignment, body);
  const role = roleNamed(world, assignment.role);
  if (role === undefined) throw new AdminRefusal(400, `There is no role '${assignment.role}'.`);
  return placeAssignment(world, { name: randomUUID(), ...assignment, role });
}

function deleteAssignment({ url, ports: { world } }: Call): void {
  const id = url.searchParams.get("id") ?? "";
  if (!world.roleAssignments.delete(id)) throw new AdminRefusal(404, `There is no role assignment '${id}'.`);
}
