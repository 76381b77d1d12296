// Locks as a resource type: put on, read, listed and taken off at subscriptions, resource groups and resources.
import type { ArmResource, World } from "../../world.ts";
import { coverageOf } from "../authorization/coverage.ts";
import { rightsOf } from "../authorization/rights.ts";
import { requireScope } from "../authorization/scope-existence.ts";
import { isRecord, objectBody } from "../body.ts";
import { armErrors } from "../errors.ts";
import { pageOf, parameterOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { refusalOf } from "./deny-assignments.ts";
import { isBoundBy, locksOf, lockType, scopeOfLock } from "./lock-rules.ts";

/** `{scope}/providers/Microsoft.Authorization/locks`. Statuses and bodies as recorded by azure-cli, Jul 2020. */
export const locks: ResourceType = {
  type: lockType,
  apiVersions: ["2015-01-01", "2016-09-01", "2017-04-01", "2020-05-01"],
  get,
  put,
  delete: remove,
  collection: list,
};

const longestNotes = 512;

function get({ path }: ArmRequest, world: World): ArmResponse {
  requireScope(world, path.scope);
  const lock = world.resources.get(path.path);
  if (lock === undefined) throw armErrors.lockNotFound(path.names[0] ?? "");
  return { status: 200, body: lock };
}

/** Levels and lengths as the REST reference of management locks has them. */
function put(request: ArmRequest, world: World): ArmResponse {
  const { path } = request;
  requireScope(world, path.scope);
  if (path.subscriptionId === undefined) throw armErrors.missingSubscription();
  const name = path.names[0] ?? "";
  if (name.length > 260 || /[<>%&:\\?/\p{Cc}]/u.test(name)) throw armErrors.invalidResourceName(name);
  const { properties } = objectBody(request.body);
  const before = world.resources.get(path.path);
  const lock = {
    properties: { level: levelFrom(properties), ...notesFrom(properties) },
    id: before?.id ?? path.path,
    type: lockType,
    name: before?.name ?? name,
  };
  world.resources.set(lock.id, lock);
  return { status: before === undefined ? 201 : 200, body: lock };
}

function levelFrom(properties: unknown): string {
  const sent = isRecord(properties) ? String(properties.level).toLowerCase() : "";
  const level = ["CanNotDelete", "ReadOnly"].find((l) => l.toLowerCase() === sent);
  if (level === undefined)
    throw armErrors.invalidRequestContent("The lock level is invalid. Path 'properties.level'");
  return level;
}

function notesFrom(properties: unknown): { notes?: string } {
  const notes = isRecord(properties) ? properties.notes : undefined;
  if (notes === undefined || notes === null) return {};
  if (typeof notes !== "string" || notes.length > longestNotes) {
    throw armErrors.invalidRequestContent(
      `Expected at most ${longestNotes} characters. Path 'properties.notes'`,
    );
  }
  return { notes };
}

function remove({ path }: ArmRequest, world: World): ArmResponse {
  requireScope(world, path.scope);
  return { status: world.resources.delete(path.path) ? 200 : 204 };
}

/** The locks at and below a scope; with `atScope()` only those of the scope itself and above, which bind it too. */
function list(request: ArmRequest, world: World): ArmResponse {
  const { scope } = request.path;
  requireScope(world, scope);
  const [action, rights] = [`${lockType}/read`, rightsOf(world, request.caller.objectId)];
  if (!rights.may(action, scope === "" ? "/" : scope)) {
    throw refusalOf(rights, request.caller, action, scope === "" ? "/" : scope);
  }
  const isShown = shownBy(parameterOf(request.url, "$filter")?.trim(), world, scope);
  return pageOf(request, world, (asOf) => locksOf(world, asOf).filter(isShown));
}

function shownBy(filter: string | undefined, world: World, scope: string): (lock: ArmResource) => boolean {
  if (filter === undefined) {
    const isBelow = coverageOf(world, scope);
    return (lock) => isBelow(scopeOfLock(lock));
  }
  if (!/^atScope\(\)$/i.test(filter)) throw armErrors.unsupportedFilter(filter);
  return (lock) => isBoundBy(world, lock, scope);
}
