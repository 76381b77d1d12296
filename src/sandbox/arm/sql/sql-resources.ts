// Microsoft.Sql: servers, their Microsoft Entra administrator, databases with status and replicas, failover groups.
import { randomUUID } from "node:crypto";
import { defaultCollation } from "../../sql/engine/collation.ts";
import { sqlSuffix, sqlTypes } from "../../sql/service/resources.ts";
import type { ArmResource, World } from "../../world.ts";
import { isRecord } from "../body.ts";
import { genericHandlers } from "../generic-resources.ts";
import { isGuid } from "../guid.ts";
import type { ArmRequest, ArmResponse, Handler, ResourceType } from "../provider.ts";
import { removeWithChildren } from "../removal.ts";
import { sqlArmErrors } from "./sql-errors.ts";

/** Versions that SDKs and CLI of the last years ask for. */
const versions: readonly string[] = [
  "2014-04-01",
  "2015-05-01-preview",
  "2019-06-01-preview",
  "2020-11-01-preview",
  "2021-02-01-preview",
  "2021-11-01",
  "2022-02-01-preview",
  "2022-05-01-preview",
  "2022-08-01-preview",
  "2022-11-01-preview",
  "2023-02-01-preview",
  "2023-05-01-preview",
  "2023-08-01-preview",
  "2023-08-01",
  "2024-05-01-preview",
  "2024-11-01-preview",
  "2025-01-01",
];

const generic = {
  get: required("get"),
  put: required("put"),
  patch: required("patch"),
  delete: required("delete"),
  collection: required("collection"),
};

function required(name: "get" | "put" | "patch" | "delete" | "collection"): Handler {
  const handler = genericHandlers[name];
  if (handler === undefined) throw new Error(`Generic resources cannot ${name}.`);
  return handler;
}

/** A read whose 404 is the provider's own. */
function getOf(type: string): Handler {
  return (request, world) => {
    const resource = world.resources.get(request.path.path);
    if (resource !== undefined) return { status: 200, body: resource };
    throw sqlArmErrors.sqlResourceNotFound(type, request.path.names.at(-1) ?? "");
  };
}

/** What ARM keeps of a write, with what the provider itself fills in. */
async function putWith(
  request: ArmRequest,
  world: World,
  filled: (body: ArmResource) => Readonly<Record<string, unknown>>,
): Promise<ArmResponse> {
  const answer = await generic.put(request, world);
  const stored = world.resources.get(request.path.path);
  if (stored === undefined) return answer;
  const body = { ...stored, properties: { ...filled(stored), ...stored.properties } };
  world.resources.set(stored.id, body);
  return { ...answer, body };
}

/** `Microsoft.Sql/servers`. A new one has no endpoint: those listen from the start of the sandbox on. */
const servers: ResourceType = {
  ...generic,
  type: sqlTypes.server,
  apiVersions: versions,
  get: getOf(sqlTypes.server),
  put: (request, world) =>
    putWith(request, world, ({ name }) => ({
      version: "12.0",
      state: "Ready",
      fullyQualifiedDomainName: `${name}${sqlSuffix}`,
      privateEndpointConnections: [],
      publicNetworkAccess: "Enabled",
    })),
};

/** `Microsoft.Sql/servers/databases`. A new one is empty. */
const databases: ResourceType = {
  ...generic,
  type: sqlTypes.database,
  apiVersions: versions,
  get: getOf(sqlTypes.database),
  put: (request, world) =>
    putWith(request, world, () => ({
      collation: defaultCollation,
      status: "Online",
      databaseId: randomUUID(),
      creationDate: new Date(world.now()).toISOString(),
      readScale: "Disabled",
    })),
};

/** `Microsoft.Sql/servers/administrators`: one, named ActiveDirectory. The server shows it too. */
const administrators: ResourceType = {
  type: sqlTypes.administrator,
  apiVersions: versions,
  get: getOf(sqlTypes.administrator),
  collection: generic.collection,
  put: putAdministrator,
  delete: (request, world) => {
    if (!world.resources.has(request.path.path)) return { status: 204 };
    removeWithChildren(world, request.path.path);
    showAdministrator(world, request, undefined);
    return { status: 200 };
  },
};

function putAdministrator(request: ArmRequest, world: World): ArmResponse {
  const name = request.path.names.at(-1) ?? "";
  if (name.toLowerCase() !== "activedirectory") throw sqlArmErrors.administratorName(name);
  const properties = isRecord(request.body) ? request.body.properties : undefined;
  if (!isRecord(properties)) throw sqlArmErrors.administratorBody();
  const { login, sid, tenantId = world.tenantId } = properties;
  const isGood = typeof login === "string" && typeof sid === "string" && isGuid(sid);
  if (!isGood || typeof tenantId !== "string") throw sqlArmErrors.administratorBody();
  const before = world.resources.get(request.path.path);
  const stated = { administratorType: "ActiveDirectory", login, sid, tenantId };
  const body: ArmResource = {
    properties: stated,
    id: before?.id ?? request.path.path,
    name: "ActiveDirectory",
    type: sqlTypes.server,
  };
  world.resources.set(body.id, body);
  showAdministrator(world, request, stated);
  return { status: before === undefined ? 201 : 200, body };
}

function showAdministrator(world: World, { path }: ArmRequest, stated: object | undefined): void {
  const server = world.resources.get(path.path.split("/").slice(0, -2).join("/"));
  if (server === undefined) return;
  const { administrators: before, ...properties } = server.properties ?? {};
  const shown = stated && { ...(isRecord(before) && before), ...stated };
  world.resources.set(server.id, {
    ...server,
    properties: { ...properties, ...(shown && { administrators: shown }) },
  });
}

/** `Microsoft.Sql/servers/failoverGroups`. */
const failoverGroups: ResourceType = {
  ...generic,
  type: sqlTypes.failoverGroup,
  apiVersions: versions,
  get: getOf(sqlTypes.failoverGroup),
};

/** `Microsoft.Sql/servers/databases/replicationLinks`: read only. */
const replicationLinks: ResourceType = {
  type: sqlTypes.replicationLink,
  apiVersions: versions,
  get: getOf(sqlTypes.replicationLink),
  collection: generic.collection,
};

/** The types of Microsoft.Sql. */
export const sqlResources: readonly ResourceType[] = [
  servers,
  databases,
  administrators,
  failoverGroups,
  replicationLinks,
];
