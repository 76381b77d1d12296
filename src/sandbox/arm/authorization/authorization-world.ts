// What the tests of authorization share: a small world, its names, and requests made by hand.
import type { Permission, Settings, World } from "../../world.ts";
import { parseArmPath } from "../path.ts";
import type { ArmRequest, ArmResponse, Handler, ResourceType } from "../provider.ts";

export const tenantId = "99999999-0000-4000-8000-000000000000";
export const subscriptionId = "11111111-0000-4000-8000-000000000001";
export const callerId = "cccccccc-0000-4000-8000-000000000001";
export const groupId = `/subscriptions/${subscriptionId}/resourceGroups/rg-orders`;
export const vmId = `${groupId}/providers/Microsoft.Compute/virtualMachines/vm-1`;

export const settings: Settings = {
  listLagInMs: 0,
  graphLagInMs: 0,
  roleLagInMs: 0,
  principalLagInMs: 0,
  operationInMs: 0,
  pageSize: 1000,
  throttled: false,
};

/** The id of a management group. */
export function mgId(name: string): string {
  return `/providers/Microsoft.Management/managementGroups/${name}`;
}

/** Puts a role under a name (a GUID where the test needs one), assignable everywhere. */
export function putRole(world: World, name: string, permission: Partial<Permission>): void {
  world.roleDefinitions.set(name, {
    name,
    roleName: name,
    type: "BuiltInRole",
    description: "",
    assignableScopes: ["/"],
    permissions: [{ actions: [], notActions: [], dataActions: [], notDataActions: [], ...permission }],
    createdOn: "2015-02-02T21:55:09.8806423Z",
    updatedOn: "2021-11-11T20:13:47.8628684Z",
  });
}

/** Puts an assignment, of the caller by default, past all checks. */
export function assign(
  world: World,
  {
    scope,
    role,
    principalId = callerId,
    condition = null,
  }: { scope: string; role: string; principalId?: string; condition?: string | null },
): string {
  const count = String(world.roleAssignments.values().length).padStart(12, "0");
  const name = `aaaaaaaa-0000-4000-8000-${count}`;
  const id = `${scope === "/" ? "" : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  world.roleAssignments.set(id, {
    id,
    name,
    scope,
    roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    principalId,
    principalType: "ServicePrincipal",
    condition,
    conditionVersion: condition === null ? null : "2.0",
    description: null,
    delegatedManagedIdentityResourceId: null,
    createdOn: "2020-01-01T00:00:00.0000000Z",
    updatedOn: "2020-01-01T00:00:00.0000000Z",
    createdBy: "seed",
    updatedBy: "seed",
  });
  return id;
}

/** Sends a request straight to a resource type, as the front door would after its own checks. */
export async function send(
  world: World,
  type: ResourceType,
  method: "GET" | "PUT" | "DELETE",
  pathAndQuery: string,
  body?: unknown,
): Promise<ArmResponse> {
  const url = new URL(pathAndQuery, "https://management.localhost");
  const path = parseArmPath(url.pathname);
  const handler = handlerOf(type, method, path.isCollection);
  if (handler === undefined) throw new Error(`no ${method} of ${type.type}`);
  const request: ArmRequest = {
    method,
    url,
    path,
    apiVersion: "2022-04-01",
    headers: new Headers(),
    body,
    caller: { objectId: callerId, clientId: "cccccccc-0000-4000-8000-000000000002" },
    origin: url.origin,
  };
  return await handler(request, world);
}

function handlerOf(
  type: ResourceType,
  method: "GET" | "PUT" | "DELETE",
  isCollection: boolean,
): Handler | undefined {
  if (method === "GET") return isCollection ? type.collection : type.get;
  return method === "PUT" ? type.put : type.delete;
}
