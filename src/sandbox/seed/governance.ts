// What a seed says of locks, deny assignments, policies and scheduled role assignments, and how that comes into the world.
import { z } from "zod";
import { type DenyAssignment, everyone, type PolicyRule, type RoleSchedule } from "../governance.ts";
import type { ArmResource, World } from "../world.ts";
import { guidFrom } from "./guid-from.ts";

const Scope = z.union(
  [z.literal("/"), z.string().regex(/^\/(subscriptions|providers)\/.+[^/]$/)],
  "must be / or an ARM id",
);
const Name = z.string().regex(/^[^/]{1,128}$/, "must be a name, not a path");

/** A lock, by what it protects. */
export const SeedLock = z.strictObject({
  scope: z.string().regex(/^\/subscriptions\/.+[^/]$/, "must be an ARM id, /subscriptions/…"),
  level: z.enum(["CanNotDelete", "ReadOnly"]),
  name: Name.default("lock"),
  notes: z.string().max(512).exactOptional(),
});

/** A deny assignment; without principals it is for everybody. */
export const SeedDenyAssignment = z.strictObject({
  /** What refusals call it. */
  name: z.string().min(1),
  scope: Scope,
  actions: z.array(z.string()).min(1),
  notActions: z.array(z.string()).default([]),
  principals: z.array(z.string().min(1)).min(1).default([everyone]),
  excludePrincipals: z.array(z.string().min(1)).default([]),
  doNotApplyToChildScopes: z.boolean().default(false),
  description: z.string().default(""),
});

const PolicyTag = z.strictObject({
  name: z.string().min(1),
  exists: z.boolean().exactOptional(),
  equals: z.string().exactOptional(),
  notEquals: z.string().exactOptional(),
});

const PolicyWhen = z.strictObject({
  types: z.array(z.string().min(1)).min(1).exactOptional(),
  locationNotIn: z.array(z.string().min(1)).min(1).exactOptional(),
  tag: PolicyTag.exactOptional(),
});

const PolicyTagOperation = z.strictObject({
  operation: z.enum(["add", "addOrReplace", "remove"]),
  name: z.string().min(1),
  value: z.string().default(""),
});

/** A policy with its assignment: deny refuses, modify changes tags. */
export const SeedPolicy = z
  .strictObject({
    name: Name,
    displayName: z.string().min(1).exactOptional(),
    scope: Scope,
    notScopes: z.array(Scope).default([]),
    effect: z.enum(["Deny", "Modify"]),
    when: PolicyWhen,
    tags: z.array(PolicyTagOperation).default([]),
  })
  .refine(({ effect, tags }) => (effect === "Modify") === tags.length > 0, {
    path: ["tags"],
    message: "must be stated for Modify, and for Modify only",
  });

/** A time that PIM gave to a role assignment of the seed or of the world. */
export const SeedRoleSchedule = z.strictObject({
  roleAssignment: z.string().regex(/\/roleAssignments\/[^/]+$/i, "must be the ARM id of a role assignment"),
  assignmentType: z.enum(["Activated", "Assigned"]).default("Activated"),
  endsInMs: z.number().positive(),
});

/** The keys of a seed document that state these. */
export const governanceKeys = {
  locks: z.array(SeedLock).default([]),
  denyAssignments: z.array(SeedDenyAssignment).default([]),
  policies: z.array(SeedPolicy).default([]),
  roleSchedules: z.array(SeedRoleSchedule).default([]),
};

/** Puts a lock into the world and answers its body. */
export function placeLock(
  world: World,
  { scope, level, name, notes }: z.infer<typeof SeedLock>,
): ArmResource {
  const type = "Microsoft.Authorization/locks";
  const properties = { level, ...(notes !== undefined && { notes }) };
  const lock = { properties, id: `${scope}/providers/${type}/${name}`, type, name };
  world.resources.set(lock.id, lock);
  return lock;
}

/** Puts a deny assignment into the world; its principals are object ids by now. */
export function placeDenyAssignment(
  world: World,
  { name: displayName, ...rest }: z.infer<typeof SeedDenyAssignment>,
): DenyAssignment {
  const name = guidFrom(`${rest.scope}/deny/${displayName}`);
  const id = `${rootOf(rest.scope)}/providers/Microsoft.Authorization/denyAssignments/${name}`;
  const denial = { ...rest, id, name, displayName, isSystemProtected: true };
  world.denyAssignments.set(id, denial);
  return denial;
}

/** Assigns a policy. */
export function placePolicy(world: World, policy: z.infer<typeof SeedPolicy>): PolicyRule {
  const id = `${rootOf(policy.scope)}/providers/Microsoft.Authorization/policyAssignments/${policy.name}`;
  const rule = { ...policy, id, displayName: policy.displayName ?? policy.name };
  world.policies.set(id, rule);
  return rule;
}

/** Puts a role assignment under a schedule; undefined if there is no such assignment. */
export function placeRoleSchedule(
  world: World,
  { roleAssignment, assignmentType, endsInMs }: z.infer<typeof SeedRoleSchedule>,
): RoleSchedule | undefined {
  const roleAssignmentId = world.roleAssignments.get(roleAssignment)?.id;
  if (roleAssignmentId === undefined) return undefined;
  const startsAt = world.now();
  const name = guidFrom(`${roleAssignmentId}/instance/${startsAt}`);
  const schedule = { roleAssignmentId, name, assignmentType, startsAt, endsAt: startsAt + endsInMs };
  world.roleSchedules.set(roleAssignmentId, schedule);
  return schedule;
}

function rootOf(scope: string): string {
  return scope === "/" ? "" : scope;
}
