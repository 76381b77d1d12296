// The types that have no provider of their own here: kept as raw bodies, with the api-versions that clients send.

/** Versions by type. Every value is a version that a current or older CLI or SDK sends for it. */
const versionsByType: Readonly<Record<string, readonly string[]>> = {
  "Microsoft.Storage/storageAccounts": [
    "2019-06-01",
    "2021-04-01",
    "2021-09-01",
    "2022-09-01",
    "2023-01-01",
    "2023-05-01",
    "2024-01-01",
    "2025-01-01",
    "2025-06-01",
    "2026-04-01",
  ],
  "Microsoft.Storage/storageAccounts/blobServices": [
    "2019-06-01",
    "2021-04-01",
    "2022-09-01",
    "2023-05-01",
    "2024-01-01",
    "2025-01-01",
  ],
  "Microsoft.Storage/storageAccounts/blobServices/containers": [
    "2019-06-01",
    "2021-04-01",
    "2022-09-01",
    "2023-05-01",
    "2024-01-01",
    "2025-01-01",
  ],
  "Microsoft.KeyVault/vaults": [
    "2018-02-14",
    "2019-09-01",
    "2021-10-01",
    "2022-07-01",
    "2023-02-01",
    "2023-07-01",
    "2024-11-01",
    "2025-05-01",
  ],
  "Microsoft.KeyVault/managedHSMs": ["2021-10-01", "2023-07-01", "2024-11-01", "2025-05-01"],
  "Microsoft.Web/sites": [
    "2019-08-01",
    "2020-09-01",
    "2021-03-01",
    "2022-03-01",
    "2023-01-01",
    "2023-12-01",
    "2024-11-01",
    "2025-03-01",
    "2025-05-01",
  ],
  "Microsoft.Web/sites/slots": [
    "2019-08-01",
    "2022-03-01",
    "2023-01-01",
    "2023-12-01",
    "2024-11-01",
    "2025-05-01",
  ],
  "Microsoft.Web/serverfarms": [
    "2019-08-01",
    "2022-03-01",
    "2023-01-01",
    "2023-12-01",
    "2024-11-01",
    "2025-05-01",
  ],
  "Microsoft.App/containerApps": ["2023-05-01", "2024-03-01", "2025-01-01", "2026-01-01"],
  "Microsoft.App/jobs": ["2023-05-01", "2024-03-01", "2025-01-01", "2026-01-01"],
  "Microsoft.App/managedEnvironments": ["2023-05-01", "2024-03-01", "2025-01-01", "2026-01-01"],
  "Microsoft.AppConfiguration/configurationStores": ["2022-05-01", "2023-03-01", "2024-05-01", "2024-06-01"],
  "Microsoft.Automation/automationAccounts": ["2022-08-08", "2023-11-01", "2024-10-23"],
  "Microsoft.Cache/redis": ["2022-06-01", "2023-08-01", "2024-03-01", "2024-11-01"],
  "Microsoft.CognitiveServices/accounts": ["2023-05-01", "2024-10-01", "2025-06-01", "2026-07-01"],
  "Microsoft.ContainerInstance/containerGroups": ["2021-09-01", "2023-05-01", "2025-09-01", "2026-07-01"],
  "Microsoft.ContainerRegistry/registries": [
    "2019-05-01",
    "2022-02-01-preview",
    "2023-07-01",
    "2023-11-01-preview",
    "2025-11-01",
  ],
  "Microsoft.ContainerService/managedClusters": [
    "2022-11-01",
    "2023-10-01",
    "2024-09-01",
    "2025-10-01",
    "2026-06-01",
  ],
  "Microsoft.DataFactory/factories": ["2018-06-01"],
  "Microsoft.DBforMySQL/flexibleServers": [
    "2021-12-01-preview",
    "2023-12-30",
    "2024-02-01-preview",
    "2024-12-30",
  ],
  "Microsoft.DBforPostgreSQL/flexibleServers": ["2022-12-01", "2024-08-01", "2025-08-01"],
  "Microsoft.DocumentDB/databaseAccounts": [
    "2021-10-15",
    "2023-04-15",
    "2024-11-15",
    "2025-10-15",
    "2026-03-15",
  ],
  "Microsoft.EventGrid/topics": ["2022-06-15", "2025-02-15"],
  "Microsoft.EventHub/namespaces": ["2021-11-01", "2022-10-01-preview", "2024-01-01", "2026-01-01"],
  "Microsoft.Insights/components": ["2015-05-01", "2020-02-02"],
  "Microsoft.Kusto/clusters": ["2023-08-15", "2024-04-13", "2025-02-14"],
  "Microsoft.Logic/workflows": ["2016-06-01", "2019-05-01"],
  "Microsoft.OperationalInsights/workspaces": ["2020-08-01", "2022-10-01", "2023-09-01", "2025-07-01"],
  "Microsoft.RecoveryServices/vaults": ["2023-08-01", "2024-04-01", "2025-02-01"],
  "Microsoft.Search/searchServices": ["2022-09-01", "2023-11-01", "2025-05-01"],
  "Microsoft.ServiceBus/namespaces": ["2021-11-01", "2022-10-01-preview", "2024-01-01", "2026-01-01"],
  "Microsoft.Compute/availabilitySets": [
    "2021-03-01",
    "2023-09-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2026-04-01",
  ],
  "Microsoft.Compute/disks": ["2022-03-02", "2023-10-02", "2024-03-02", "2025-01-02", "2026-03-02"],
  "Microsoft.Compute/images": [
    "2021-03-01",
    "2023-09-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2026-04-01",
  ],
  "Microsoft.Network/applicationGateways": ["2022-07-01", "2023-09-01", "2024-05-01", "2025-11-01"],
  "Microsoft.Network/dnsZones": ["2018-05-01", "2023-07-01-preview"],
  "Microsoft.Network/loadBalancers": ["2022-07-01", "2023-09-01", "2024-05-01", "2025-11-01"],
  "Microsoft.Network/networkInterfaces": ["2022-07-01", "2023-09-01", "2024-05-01", "2025-11-01"],
  "Microsoft.Network/networkSecurityGroups": ["2022-07-01", "2023-09-01", "2024-05-01", "2025-11-01"],
  "Microsoft.Network/privateDnsZones": ["2018-09-01", "2020-06-01", "2024-06-01"],
  "Microsoft.Network/publicIPAddresses": ["2022-07-01", "2023-09-01", "2024-05-01", "2025-11-01"],
  "Microsoft.Network/virtualNetworks": ["2022-07-01", "2023-09-01", "2024-05-01", "2025-11-01"],
  "Microsoft.Network/virtualNetworks/subnets": ["2022-07-01", "2023-09-01", "2024-05-01", "2025-11-01"],
};

/** A type that is only kept. `apiVersions: "any"`: it came with the seed, so any well-formed version is taken. */
export interface GenericType {
  readonly type: string;
  readonly apiVersions: readonly string[] | "any";
}

const byLowerCase = new Map(
  Object.entries(versionsByType).map(([type, apiVersions]) => [type.toLowerCase(), { type, apiVersions }]),
);

/** All types of the table. */
export const genericTypes: readonly { type: string; apiVersions: readonly string[] }[] = [
  ...byLowerCase.values(),
];

/** The type of the table by name in any case, or undefined. */
export function genericTypeNamed(type: string): GenericType | undefined {
  return byLowerCase.get(type.toLowerCase());
}
