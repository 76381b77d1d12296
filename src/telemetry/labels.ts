// Decides which words may stand in labels: closed sets only, no name or id of anything that is managed.
import { createHash } from "node:crypto";

/** What the requests to Azure are about, as metrics name it. */
export const azureOperations = [
  "Microsoft.Authorization/permissions",
  "Microsoft.Authorization/roleAssignmentScheduleInstances",
  "Microsoft.Authorization/roleAssignments",
  "Microsoft.Authorization/roleDefinitions",
  "Microsoft.Compute/locations/operations",
  "Microsoft.Compute/virtualMachineScaleSets",
  "Microsoft.Compute/virtualMachineScaleSets/manualupgrade",
  "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
  "Microsoft.Compute/virtualMachines",
  "Microsoft.Insights/eventtypes/values",
  "Microsoft.ManagedIdentity/userAssignedIdentities",
  "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
  "Microsoft.ResourceGraph/resources",
  "Microsoft.Resources/resourceGroups",
  "Microsoft.Resources/resources",
  "Microsoft.Resources/subscriptions",
  "Microsoft.Resources/tags",
  "Microsoft.Resources/tenants",
  "Microsoft.Sql/servers",
  "Microsoft.Sql/servers/databases",
  "Microsoft.Storage/blobs",
] as const;

/** Azure's limits, as metrics name them: whose, which, and whom each of its buckets counts for. */
export const azureLimits = [
  "any/provider/subscription",
  "arm/subscription-deletes/subscription",
  "arm/subscription-reads/subscription",
  "arm/subscription-writes/subscription",
  "arm/tenant-deletes/tenant",
  "arm/tenant-reads/tenant",
  "arm/tenant-writes/tenant",
  "compute/GetOperationResource/resource",
  "compute/GetOperationSubscriptionMaximum/subscription",
  "compute/GetVMScaleSetResource/resource",
  "compute/GetVMScaleSetSubscriptionMaximum/subscription",
  "compute/HighCostGetSubscriptionMaximum/subscription",
  "compute/HighCostGetVMScaleSetSubscriptionMaximum/subscription",
  "compute/LowCostGetResource/resource",
  "compute/LowCostGetSubscriptionMaximum/subscription",
  "compute/UpdateVMResource/resource",
  "compute/UpdateVMSubscriptionMaximum/subscription",
  "compute/VMScaleSetActionsResource/resource",
  "compute/VMScaleSetActionsSubscriptionMaximum/subscription",
  "graph/user-quota/tenant",
  "identity/assignments/subscription",
  "identity/assignments/tenant",
  "identity/deletes/resource",
  "identity/deletes/subscription",
  "identity/deletes/tenant",
  "identity/lists/resource",
  "identity/lists/subscription",
  "identity/lists/tenant",
  "identity/reads/resource",
  "identity/reads/subscription",
  "identity/reads/tenant",
  "identity/writes/resource",
  "identity/writes/subscription",
  "identity/writes/tenant",
] as const;

const methods = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"] as const;

const operationOf = closed(azureOperations);
const limitOf = closed(azureLimits);
const methodOf = closed(methods);

/** The word of the set, whatever its letter case (Azure's own links change it); "other" for everything else. */
function closed(words: readonly string[]): (given: string) => string {
  const byKey = new Map(words.map((word) => [word.toLowerCase(), word]));
  return (given) => byKey.get(given.toLowerCase()) ?? "other";
}

/** The label of what was asked. */
export function operationLabel(operation: string): string {
  return operationOf(operation);
}

/** The label of a limit. */
export function limitLabel(key: string): string {
  return limitOf(key);
}

/** The label of a method. */
export function methodLabel(method: string): string {
  return methodOf(method);
}

/** "200", "429"; "none" without an answer. */
export function statusLabel(status: number): string {
  return Number.isInteger(status) && status >= 100 && status <= 599 ? String(status) : "none";
}

/** Twelve hexadecimal digits: those of the commit or of the content, else of a hash over an id of any other form. */
export function revisionLabel(id: string): string {
  const digits = /^(?:sha256:)?([0-9a-f]{40,64})(?=:|$)/.exec(id)?.[1];
  return (digits ?? createHash("sha256").update(id).digest("hex")).slice(0, 12);
}
