// Decides which resource a token is asked for, from a `scope` (v2.0) or `resource` (v1.0) parameter.

/**
 * The resources of Azure that the sandbox has a part of, and storage and Azure DevOps, for whoever stands beside it
 * (Azurite and Git servers read these tokens); the origin of its own ARM endpoint is added to them.
 */
export const AZURE_RESOURCES: readonly string[] = [
  "https://management.azure.com/",
  "https://management.core.windows.net/",
  "https://database.windows.net/",
  "https://ossrdbms-aad.database.windows.net",
  "https://storage.azure.com/",
  "499b84ac-1321-427f-aa17-267ca6975798",
  "api://AzureADTokenExchange",
];

/** The resource of managed identity tokens that are exchanged as federated credentials. */
export const TOKEN_EXCHANGE_RESOURCE = "api://AzureADTokenExchange";

const DEFAULT_SUFFIX = "/.default";

function normalised(resource: string): string {
  return resource.endsWith("/") ? normalised(resource.slice(0, -1)) : resource.toLowerCase();
}

/** Whether two names mean one resource: casing and slashes at the end do not matter. */
export function isSameResource(a: string, b: string): boolean {
  return normalised(a) === normalised(b);
}

/** Whether the tenant knows the resource. */
export function isKnownResource(resource: string, known: readonly string[]): boolean {
  return known.some((candidate) => isSameResource(candidate, resource));
}

/**
 * The resource of a scope, exactly as it was written (tokens repeat it as their audience, so that
 * `https://management.azure.com//.default` gives a trailing slash), or undefined if the scope is not `…/.default`.
 */
export function resourceFromScope(scope: string): string | undefined {
  if (!scope.endsWith(DEFAULT_SUFFIX) || scope.includes(" ")) {
    return undefined;
  }
  return scope.slice(0, -DEFAULT_SUFFIX.length);
}
