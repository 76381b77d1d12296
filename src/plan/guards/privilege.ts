// Which roles and scopes give power over access itself, or over code and secrets of others: by their actions, whatever their name.
import { managementGroupOf, resourceGroupIdOf } from "../../model/arm-id.ts";
import type { RoleDefinition } from "../../model/grant.ts";
import { permitsAny } from "./privilege-actions.ts";

/** Families of actions that make a role privileged, with what each gives; the first that fits speaks. */
const powers: readonly { readonly gives: string; readonly actions: readonly string[] }[] = [
  { gives: "assigns roles", actions: ["Microsoft.Authorization/roleAssignments/write"] },
  { gives: "takes over the tenant", actions: ["Microsoft.Authorization/elevateAccess/action"] },
  { gives: "changes who may do what", actions: ["Microsoft.Authorization/*/write"] },
  { gives: "removes what keeps others out", actions: ["Microsoft.Authorization/*/delete"] },
  {
    gives: "attaches identities to resources",
    actions: ["Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"],
  },
  {
    gives: "lets others act as an identity",
    actions: ["Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"],
  },
  {
    gives: "runs code on machines",
    actions: [
      "Microsoft.Compute/*/runCommand/action",
      "Microsoft.Compute/*/runCommands/write",
      "Microsoft.Compute/*/extensions/write",
      "Microsoft.ContainerService/managedClusters/runCommand/action",
      "Microsoft.HybridCompute/machines/runCommands/write",
      "Microsoft.HybridCompute/machines/extensions/write",
    ],
  },
  {
    gives: "gives access to data",
    actions: [
      "Microsoft.KeyVault/vaults/accessPolicies/write",
      "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
      "Microsoft.Sql/servers/administrators/write",
      "Microsoft.Sql/managedInstances/administrators/write",
      "Microsoft.DBforPostgreSQL/flexibleServers/administrators/write",
      "Microsoft.DBforMySQL/flexibleServers/administrators/write",
    ],
  },
];

/** Keys open everything behind them, whoever holds them. Any provider may have some. */
const keys = [
  "*/listKeys/action",
  "*/regenerateKey/action",
  "Microsoft.ContainerRegistry/registries/listCredentials/action",
  "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
  "Microsoft.DocumentDB/databaseAccounts/listConnectionStrings/action",
  "Microsoft.DocumentDB/databaseAccounts/listKeys/action",
  "Microsoft.DocumentDB/databaseAccounts/regenerateKey/action",
  "Microsoft.DocumentDB/mongoClusters/listConnectionStrings/action",
  "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
  "Microsoft.Search/searchServices/listAdminKeys/action",
  "Microsoft.Storage/storageAccounts/listAccountSas/action",
  "Microsoft.Storage/storageAccounts/listKeys/action",
  "Microsoft.Storage/storageAccounts/localUsers/listKeys/action",
  "Microsoft.Storage/storageAccounts/regenerateKey/action",
];

/**
 * Where all actions that give keys are known: they stand above, or there are none. Nearly every built-in role has a
 * wildcard in some of these (azure-docs, built-in roles, Apr 2026). Elsewhere a wildcard is taken to reach keys.
 */
const known = [
  "microsoft.alertsmanagement/",
  "microsoft.authorization/",
  "microsoft.compute/",
  "microsoft.documentdb/",
  "microsoft.insights/alertrules/",
  "microsoft.insights/diagnosticsettings/",
  "microsoft.keyvault/",
  "microsoft.managedidentity/",
  "microsoft.network/",
  "microsoft.resourcehealth/",
  "microsoft.resources/",
  "microsoft.security/sqlvulnerabilityassessments/",
  "microsoft.sql/",
  "microsoft.storage/",
  "microsoft.support/",
];

/** Every action has slashes, so wildcards between slashes leave none out. */
const everything = /^\*[*/]*$/;

/** Why a role at a scope is privileged, in words; undefined if it is not. */
export function privilegeOf(role: Pick<RoleDefinition, "permissions">, scope: string): string | undefined {
  if (role.permissions.some((p) => p.actions.some((a) => everything.test(a)))) {
    return "it permits every action (*)";
  }
  if (role.permissions.some((p) => p.dataActions.some((a) => everything.test(a)))) {
    return "it permits everything with all data (*)";
  }
  for (const { gives, actions } of powers) {
    const found = actions.find((action) => permitsAny(role, action));
    if (found !== undefined) return `it ${gives} (${found})`;
  }
  const key = keys.find((action) =>
    permitsAny(role, action, (by) => !action.startsWith("*") || mayReachKeys(by)),
  );
  if (key !== undefined) return `it may read keys that open everything behind them (${key})`;
  if (managementGroupOf(scope) !== undefined) return "its scope is a management group";
  return resourceGroupIdOf(scope) === undefined ? "its scope is above a resource group" : undefined;
}

function mayReachKeys(action: string): boolean {
  return !action.endsWith("*") || !known.some((start) => action.startsWith(start));
}
