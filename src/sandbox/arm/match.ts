// Which entry of the registry a request means, which of its handlers, and what right that takes.
import type { World } from "../world.ts";
import { armErrors } from "./errors.ts";
import { isGuid } from "./guid.ts";
import { namespaceOf } from "./namespaces.ts";
import { type OwnRoute, ownRouteOf } from "./own-route.ts";
import type { ArmPath } from "./path.ts";
import type { Handler, ResourceType } from "./provider.ts";
import type { Registry, TypeEntry } from "./registry.ts";

/** What a request means. */
export interface Match {
  readonly kind: "own" | "resource" | "collection" | "action";
  /** The full type, for errors; "" for ARM's own routes. */
  readonly type: string;
  readonly apiVersions: readonly string[];
  readonly anyVersion: boolean;
  readonly handler: Handler | undefined;
  /** The right that is checked before the handler; undefined: the handler checks. */
  readonly right: { readonly action: string; readonly scope: string } | undefined;
  /** True if a caller without the right gets a shorter list instead of a refusal. */
  readonly isFiltered: boolean;
  /** True if the request may have no subscription. */
  readonly inTenant: boolean;
}

type Method = "GET" | "PUT" | "PATCH" | "POST" | "DELETE";

const verbs = { GET: "read", PUT: "write", PATCH: "write", DELETE: "delete", POST: "action" } as const;

/** Finds what a request means; throws Azure's refusal for what does not exist. */
export function matchOf(
  registry: Registry,
  path: ArmPath,
  method: Method,
  version: string,
  world: World,
): Match {
  const route = ownRouteOf(registry.routes, path);
  if (route !== undefined) return ownMatch(route, path, method);
  if (path.type === undefined || !isArmScope(path)) throw armErrors.missingSubscription();
  const entry = registry.entryOf(path.type, world);
  if (entry !== undefined) return entryMatch(entry, path, method);
  const action = method === "POST" ? actionMatch(registry, path, world) : undefined;
  if (action !== undefined) return action;
  const namespace = namespaceOf(path.type);
  if (!registry.hasNamespace(namespace, world)) throw armErrors.invalidResourceNamespace(namespace);
  throw armErrors.unknownResourceType(path.type, version);
}

/** Before the provider there is nothing, a subscription, or another resource. */
function isArmScope({ scope }: ArmPath): boolean {
  return scope === "" || /^\/(subscriptions|providers)\//i.test(scope);
}

function ownMatch(route: OwnRoute, path: ArmPath, method: Method): Match {
  const handlers = {
    GET: route.get,
    PUT: route.put,
    PATCH: route.patch,
    POST: route.post,
    DELETE: route.delete,
  };
  return {
    kind: "own",
    type: "",
    apiVersions: route.apiVersions,
    anyVersion: false,
    handler: handlers[method],
    right:
      route.type === undefined
        ? undefined
        : {
            action: `${route.type}/${verbs[method]}`,
            scope: route.isList === true ? parentOf(path.path) : path.path,
          },
    isFiltered: route.isList === true,
    inTenant: path.subscriptionId === undefined,
  };
}

function parentOf(id: string): string {
  return id.slice(0, id.lastIndexOf("/"));
}

function entryMatch(entry: TypeEntry, path: ArmPath, method: Method): Match {
  const { type } = entry;
  const kind = path.isCollection ? "collection" : "resource";
  const isList = path.isCollection && method === "GET";
  const scope = path.isCollection ? collectionScope(path) : path.path;
  const isFree = isList ? entry.listRights === "provider" : isFreeRead(entry, path, method);
  const action = method === "POST" ? `${type.type}/action` : `${type.type}/${verbs[method]}`;
  return {
    kind,
    type: type.type,
    apiVersions: type.apiVersions,
    anyVersion: entry.anyVersion === true,
    handler: path.isCollection ? collectionHandler(type, method) : resourceHandler(type, method),
    right:
      isFree || (path.isCollection && method === "POST")
        ? undefined
        : { action, scope: scope === "" ? "/" : scope },
    isFiltered: isList,
    inTenant: entry.inTenant === true,
  };
}

/** Role definitions at the tenant may be read by everybody. */
function isFreeRead({ type, getRights }: TypeEntry, path: ArmPath, method: Method): boolean {
  if (method !== "GET") return false;
  return (
    getRights === "provider" || (type.type === "Microsoft.Authorization/roleDefinitions" && path.scope === "")
  );
}

/** A top-level list lies in its scope, a list of children in the parent. */
function collectionScope(path: ArmPath): string {
  return path.names.length > 0 ? parentOf(path.path) : path.scope;
}

function resourceHandler(type: ResourceType, method: Method): Handler | undefined {
  const { get, put, patch } = type;
  return { GET: get, PUT: put, PATCH: patch, DELETE: type.delete, POST: undefined }[method];
}

/** A POST to the collection itself is the action without a name (Resource Graph's query). */
function collectionHandler(type: ResourceType, method: Method): Handler | undefined {
  if (method === "GET") return type.collection;
  return method === "POST" ? type.post?.[""] : undefined;
}

/** In a POST the last segment may be an action on the resource, or the collection, before it. */
function actionMatch(registry: Registry, path: ArmPath, world: World): Match | undefined {
  const full = path.type ?? "";
  const at = full.lastIndexOf("/");
  const entry = registry.entryOf(full.slice(0, at), world);
  if (entry === undefined || !path.isCollection) return undefined;
  const name = full.slice(at + 1);
  return {
    kind: "action",
    type: entry.type.type,
    apiVersions: entry.type.apiVersions,
    anyVersion: entry.anyVersion === true,
    handler: entry.type.post?.[name.toLowerCase()],
    right: { action: `${entry.type.type}/${name}/action`, scope: parentOf(path.path) },
    isFiltered: false,
    inTenant: entry.inTenant === true,
  };
}

/** Refuses an api-version that the match does not take, in one of ARM's three ways (recorded and quoted 2017-2026). */
export function requireVersion(
  match: Match,
  version: string,
  location: string | undefined,
  regions: readonly string[],
): void {
  const isKnown = match.anyVersion
    ? /^\d{4}-\d{2}-\d{2}(-preview)?$/i.test(version)
    : match.apiVersions.some((v) => v.toLowerCase() === version.toLowerCase());
  if (isKnown) return;
  if (match.kind === "own") throw armErrors.invalidApiVersion(version, match.apiVersions.toReversed());
  if (match.kind === "collection" || location === undefined) {
    throw armErrors.invalidResourceType(match.type, version, match.apiVersions);
  }
  throw armErrors.noRegisteredProvider(match.type, location, version, match.apiVersions, regions);
}

/** Refuses a subscription id that is none, and a subscription that does not exist. */
export function requireSubscription(match: Match, path: ArmPath, world: World): void {
  const { subscriptionId } = path;
  if (subscriptionId === undefined) {
    if (match.inTenant || path.scope !== "") return;
    throw armErrors.missingSubscription();
  }
  if (!isGuid(subscriptionId)) throw armErrors.invalidSubscriptionId(subscriptionId);
  if (!world.subscriptions.has(subscriptionId)) throw armErrors.subscriptionNotFound(subscriptionId);
}

/**
 * Refuses a resource group that does not exist. It comes after the rights: who may not read there is not told
 * either ("… or the scope is invalid", as Azure's refusal says).
 */
export function requireGroup(match: Match, path: ArmPath, method: Method, world: World): void {
  const { subscriptionId, resourceGroup } = path;
  const createsGroup = match.kind === "own" && method === "PUT";
  if (resourceGroup === undefined || createsGroup) return;
  if (!world.resourceGroups.has(`/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`)) {
    throw armErrors.resourceGroupNotFound(resourceGroup);
  }
}

/** Refuses a child of a resource that does not exist. Locations are no resources. */
export function requireParent(match: Match, path: ArmPath, method: Method, world: World): void {
  if (match.kind === "own" || match.kind === "action" || path.names.length < (path.isCollection ? 1 : 2))
    return;
  const [, first = ""] = (path.type ?? "").split("/");
  if (path.resourceGroup === undefined || first.toLowerCase() === "locations") return;
  const segments = path.path.split("/");
  const parentId = segments.slice(0, path.isCollection ? -1 : -2).join("/");
  if (world.resources.has(parentId)) return;
  if (method === "GET") {
    const names = path.isCollection ? path.names : path.names.slice(0, -1);
    throw armErrors.parentResourceNotFound(names.join("/"));
  }
  throw armErrors.parentOfNestedNotFound(method, match.type, parentId);
}
