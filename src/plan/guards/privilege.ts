// Which roles and scopes give power over access itself or over code and secrets of others.
import { managementGroupOf, resourceGroupIdOf } from "../../model/arm-id.ts";
import type { RoleDefinition } from "../../model/grant.ts";

/** Actions that make a role privileged, with what each gives. */
const privilegedActions: readonly { readonly action: string; readonly gives: string }[] = [
  { action: "microsoft.authorization/roleassignments/write", gives: "assigns roles" },
  { action: "microsoft.authorization/roledefinitions/write", gives: "changes roles" },
  { action: "microsoft.authorization/elevateaccess/action", gives: "takes over the tenant" },
  { action: "microsoft.authorization/denyassignments/write", gives: "denies access" },
  { action: "microsoft.authorization/locks/delete", gives: "removes locks" },
  { action: "microsoft.authorization/policyassignments/write", gives: "changes policies" },
  {
    action: "microsoft.managedidentity/userassignedidentities/assign/action",
    gives: "attaches identities to resources",
  },
  {
    action: "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write",
    gives: "lets others act as an identity",
  },
  { action: "microsoft.compute/virtualmachines/runcommand/action", gives: "runs commands on machines" },
  {
    action: "microsoft.compute/virtualmachinescalesets/virtualmachines/runcommand/action",
    gives: "runs commands on machines",
  },
  { action: "microsoft.compute/virtualmachines/extensions/write", gives: "runs code on machines" },
  { action: "microsoft.storage/storageaccounts/listkeys/action", gives: "reads account keys" },
  { action: "microsoft.documentdb/databaseaccounts/listkeys/action", gives: "reads account keys" },
];

/** Why a role at a scope is privileged, in words; undefined if it is not. */
export function privilegeOf(role: Pick<RoleDefinition, "permissions">, scope: string): string | undefined {
  const everything = role.permissions.some((p) => p.actions.includes("*"));
  if (everything) return "it permits every action (*)";
  const found = privilegedActions.find(({ action }) => permits(role, action));
  if (found) return `it ${found.gives} (${found.action})`;
  if (managementGroupOf(scope) !== undefined) return "its scope is a management group";
  return resourceGroupIdOf(scope) === undefined ? "its scope is above a resource group" : undefined;
}

/** True if a role permits an action; matching ignores case, `*` stands for anything, and a middle `*` segment also for nothing. */
export function permits(role: Pick<RoleDefinition, "permissions">, action: string): boolean {
  return role.permissions.some(
    (p) => p.actions.some((a) => covers(a, action)) && !p.notActions.some((a) => covers(a, action)),
  );
}

function covers(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split("*").map(escaped);
  const source = parts.join(".*").replaceAll("/.*/", "/(?:.*/)?");
  return new RegExp(`^${source}$`).test(action.toLowerCase());
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
}
