// The world that the embedded Azure has without a seed: two subscriptions of a small company called Contoso.
import { sandboxTenantId } from "../tenant.ts";

/** The subscription of the company's production, where the identities are. */
export const productionSubscriptionId = "0b1f6471-0000-4000-8000-00000000a001";

/** The other subscription, of the billing team. */
export const billingSubscriptionId = "0b1f6471-0000-4000-8000-00000000b002";

/** The built-in world as a seed document, which doubles as an example of one. */
export const defaultWorld = `# The built-in world of the sandbox.
subscriptions:
  - { subscriptionId: ${productionSubscriptionId}, displayName: contoso-production }
  - { subscriptionId: ${billingSubscriptionId}, displayName: contoso-billing }

managementGroups:
  - { name: contoso, displayName: Contoso }
  - { name: contoso-apps, displayName: Applications, parent: contoso, subscriptions: [${productionSubscriptionId}, ${billingSubscriptionId}] }

resourceGroups:
  - { name: rg-identities, location: westeurope }
  - { name: rg-orders, location: westeurope, tags: { app: orders } }
  - { name: rg-shared, location: westeurope }
  - { name: MC_aks-orders, location: westeurope, managedBy: /subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.ContainerService/managedClusters/aks-orders }
  - { subscriptionId: ${billingSubscriptionId}, name: rg-billing, location: northeurope, tags: { app: billing } }

# Made by people and by other tools: nobody of Bindery's business.
identities:
  - { resourceGroup: rg-shared, name: id-backup, tags: { owner: backup-team } }
  - { resourceGroup: rg-shared, name: id-monitoring }
  - { resourceGroup: MC_aks-orders, name: aks-orders-agentpool }

virtualMachines:
  - { resourceGroup: rg-orders, name: vm-orders-1, tags: { app: orders, tier: web } }
  - { resourceGroup: rg-orders, name: vm-orders-2, tags: { app: orders, tier: web } }
  - { resourceGroup: rg-orders, name: vm-orders-3, tags: { app: orders, tier: web }, systemAssigned: true }
  - { resourceGroup: rg-orders, name: vm-orders-4, tags: { app: orders, tier: worker }, identities: [id-backup] }
  - { resourceGroup: rg-orders, name: vm-orders-5, tags: { app: orders, tier: worker }, systemAssigned: true, identities: [id-backup, id-monitoring] }
  - { resourceGroup: rg-orders, name: vm-orders-6, tags: { app: orders, tier: worker } }
  - { resourceGroup: rg-orders, name: vm-jumpbox, tags: { purpose: operations } }
  - { resourceGroup: rg-shared, name: vm-build-1, identities: [id-monitoring] }
  - { subscriptionId: ${billingSubscriptionId}, resourceGroup: rg-billing, name: vm-billing-1, tags: { app: billing } }
  - { subscriptionId: ${billingSubscriptionId}, resourceGroup: rg-billing, name: vm-billing-2, tags: { app: billing } }
  - { subscriptionId: ${billingSubscriptionId}, resourceGroup: rg-billing, name: vm-billing-3, tags: { app: billing }, systemAssigned: true }
  - { subscriptionId: ${billingSubscriptionId}, resourceGroup: rg-billing, name: vm-billing-4, tags: { app: billing } }

virtualMachineScaleSets:
  - { resourceGroup: rg-orders, name: vmss-orders, mode: Uniform, instances: 3, upgradePolicy: Manual, tags: { app: orders } }
  - { subscriptionId: ${billingSubscriptionId}, resourceGroup: rg-billing, name: vmss-billing, mode: Flexible, instances: 2, tags: { app: billing } }
  - { resourceGroup: MC_aks-orders, name: aks-nodes, mode: Uniform, instances: 2, identities: [aks-orders-agentpool], tags: { aks-managed-orchestrator: "Kubernetes:1.33.1" } }

resources:
  - id: /subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders
    location: westeurope
    tags: { app: orders }
    properties: { tenantId: ${sandboxTenantId}, sku: { family: A, name: standard }, enableRbacAuthorization: true, vaultUri: "https://kv-orders.vault.azure.net/", provisioningState: Succeeded }
  - id: /subscriptions/${billingSubscriptionId}/resourceGroups/rg-billing/providers/Microsoft.KeyVault/vaults/kv-billing
    location: northeurope
    tags: { app: billing }
    properties: { tenantId: ${sandboxTenantId}, sku: { family: A, name: standard }, enableRbacAuthorization: true, vaultUri: "https://kv-billing.vault.azure.net/", provisioningState: Succeeded }
  - id: /subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.Storage/storageAccounts/stcontosoorders
    location: westeurope
    kind: StorageV2
    sku: { name: Standard_LRS, tier: Standard }
    tags: { app: orders }
    properties: { provisioningState: Succeeded, primaryEndpoints: { blob: "https://stcontosoorders.blob.core.windows.net/" } }
  - id: /subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.ContainerService/managedClusters/aks-orders
    location: westeurope
    identity: { type: SystemAssigned }
    properties: { provisioningState: Succeeded, kubernetesVersion: "1.33.1", nodeResourceGroup: MC_aks-orders }

# Bindery's client is db_owner, as whoever gives roles to users must be; the operator is the administrator.
sqlServers:
  - resourceGroup: rg-orders
    name: sql-orders
    tags: { app: orders }
    entraAdmin: operator
    entraOnly: true
    databases:
      - name: orders
        schemas: [sales]
        tables:
          - { name: sales.orders, columns: [id int NOT NULL, customer nvarchar(100) NOT NULL, total int NOT NULL], rows: [[1, Contoso, 120], [2, Fabrikam, 80], [3, Northwind, 45]] }
        procedures:
          - { name: sales.order_count, body: "SELECT COUNT(*) AS orders FROM sales.orders" }
        roles: [order_reader]
        users: [{ name: bindery, principal: bindery, roles: [db_owner] }]
        script: "GRANT SELECT ON SCHEMA::sales TO order_reader"

roleAssignments:
  - { scope: /subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.Storage/storageAccounts/stcontosoorders, role: Storage Blob Data Contributor, principal: id-backup, description: nightly backup }
  - { scope: /subscriptions/${productionSubscriptionId}, role: Monitoring Metrics Publisher, principal: id-monitoring }
`;
