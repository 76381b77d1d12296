// The document by which clients learn a custom cloud: /metadata/endpoints, in the shape of the api-version asked for.

/** The audience that clients ask tokens for. */
export const armAudience = "https://management.azure.com/";

/**
 * The answer to `GET /metadata/endpoints`. Azure CLI's `cloud register` and Python's msrestazure ask with 2015-01-01
 * and read galleryEndpoint, graphEndpoint and authentication; later versions give a list of clouds, and 2022-09-01
 * one object (Azure CLI's cloud.py; Terraform's go-azure-sdk).
 */
export function cloudMetadata(origin: string, apiVersion: string): unknown {
  if (apiVersion < "2019-05-01") return oldDocument(origin);
  const cloud = newDocument(origin);
  return apiVersion < "2022-09-01" ? [cloud] : cloud;
}

/** A login endpoint that ends in /adfs makes clients skip instance discovery, which only public clouds can do. */
function authentication(origin: string): Record<string, unknown> {
  return {
    loginEndpoint: `${origin}/adfs`,
    audiences: [armAudience, "https://management.core.windows.net/"],
    tenant: "adfs",
    identityProvider: "ADFS",
  };
}

function oldDocument(origin: string): Record<string, unknown> {
  const { loginEndpoint, audiences } = authentication(origin);
  return {
    galleryEndpoint: `${origin}/gallery/`,
    graphEndpoint: `${origin}/graph/`,
    portalEndpoint: `${origin}/portal/`,
    authentication: { loginEndpoint, audiences },
  };
}

function newDocument(origin: string): Record<string, unknown> {
  return {
    name: "BinderySandbox",
    portal: `${origin}/portal/`,
    authentication: authentication(origin),
    resourceManager: `${origin}/`,
    gallery: `${origin}/gallery/`,
    graph: `${origin}/graph/`,
    graphAudience: `${origin}/graph/`,
    microsoftGraphResourceId: `${origin}/graph/`,
    batch: "https://batch.core.windows.net/",
    media: "https://rest.media.azure.net",
    sqlManagement: `${origin}/sql/`,
    vmImageAliasDoc: `${origin}/aliases.json`,
    activeDirectoryDataLake: "https://datalake.azure.net/",
    logAnalyticsResourceId: "https://api.loganalytics.io",
    appInsightsResourceId: "https://api.applicationinsights.io",
    ossrDbmsResourceId: "https://ossrdbms-aad.database.windows.net",
    suffixes: {
      storage: "core.windows.net",
      keyVaultDns: "vault.azure.net",
      sqlServerHostname: "database.windows.net",
      acrLoginServer: "azurecr.io",
      mysqlServerEndpoint: "mysql.database.azure.com",
      postgresqlServerEndpoint: "postgres.database.azure.com",
      azureDataLakeStoreFileSystem: "azuredatalakestore.net",
      azureDataLakeAnalyticsCatalogAndJob: "azuredatalakeanalytics.net",
    },
  };
}
