// The ARM ids of what adverse cases name.
import { groupScope } from "./case.ts";
import { group } from "./obstacles.ts";

/** The ARM id of an identity that documents may name. */
export function identityId(name: string): string {
  return `${group("rg-identities")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
}

/** The ARM id of somebody else's identity. */
export function foreignId(name: string): string {
  return `${group("rg")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
}

/** The ARM id of a machine or scale set. */
export function targetId(name: string): string {
  return `${group("rg")}/providers/Microsoft.Compute/${isScaleSet(name) ? "virtualMachineScaleSets" : "virtualMachines"}/${name}`;
}

/** True for the names of scale sets. */
export function isScaleSet(name: string): boolean {
  return name === "vmss" || name === "flex";
}

/** The ARM id of a scope. */
export function scopeId(name: string): string {
  if (name === "kv") return `${group("rg")}/providers/Microsoft.KeyVault/vaults/kv`;
  if (name === "st") return `${group("rg")}/providers/Microsoft.Storage/storageAccounts/st`;
  return name === groupScope ? "/providers/Microsoft.Management/managementGroups/mg" : group("rg");
}
