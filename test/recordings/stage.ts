// The world in which a recorded request was made, as far as the recording tells of it.
import type { ArmResource, Operation, World } from "../../src/sandbox/world.ts";
import type { Recorded } from "./exchanges.ts";

type Body = Readonly<Record<string, unknown>>;

/** Puts into a world what must have been there when the exchange was recorded, after those before it. */
export function stageFor(world: World, exchange: Recorded, before: readonly Recorded[]): void {
  const all = [...before, exchange];
  for (const { target, body } of all) placeGroup(world, pathOf(target), body);
  const isIdentityMissing = /identity operation.* was not found/is.test(messageOf(exchange.body));
  for (const id of isIdentityMissing ? [] : all.flatMap(identitiesIn)) placeIdentity(world, id);
  for (const earlier of before) leave(world, earlier);
  placeSubject(world, exchange);
}

/** The path of a request, without slashes that are doubled. */
export function pathOf(target: string): string {
  return decodeURIComponent(target.split("?")[0] ?? "").replaceAll(/\/{2,}/g, "/");
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function codeOf(body: unknown): unknown {
  return isRecord(body) && isRecord(body.error) ? body.error.code : undefined;
}

function messageOf(body: unknown): string {
  return isRecord(body) && isRecord(body.error) ? String(body.error.message) : "";
}

function placeGroup(world: World, path: string, body: unknown): void {
  const [, id, subscriptionId = "", name = ""] =
    /^(\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+))/i.exec(path) ?? [];
  const known = /^\/subscriptions\/([^/]+)/i.exec(path)?.[1] ?? subscriptionId;
  if (known !== "" && codeOf(body) !== "SubscriptionNotFound" && /^[\da-f-]{36}$/i.test(known)) {
    const { tenantId } = world;
    world.subscriptions.set(known, { subscriptionId: known, displayName: "S", tenantId, state: "Enabled" });
  }
  if (id === undefined || codeOf(body) === "ResourceGroupNotFound") return;
  world.resourceGroups.set(id, { id, name, type: "Microsoft.Resources/resourceGroups", location: "westus" });
}

/** Every user-assigned identity that bodies of an exchange name, with the ids that the answer gives it. */
function identitiesIn({ requestBody, body }: Recorded): readonly [string, Body][] {
  const items = isRecord(body) && Array.isArray(body.value) ? (body.value as readonly unknown[]) : [];
  const maps = [requestBody, body, ...items].map((one) =>
    isRecord(one) && isRecord(one.identity) ? one.identity.userAssignedIdentities : undefined,
  );
  return maps
    .filter(isRecord)
    .flatMap((map) =>
      Object.entries(map).map(([id, value]): [string, Body] => [id, isRecord(value) ? value : {}]),
    );
}

function placeIdentity(world: World, [id, body]: [string, Body]): void {
  const isKnown = world.resources.has(id) && body.principalId === undefined;
  if (isKnown || !/\/userAssignedIdentities\//i.test(id)) return;
  placeGroup(world, id, undefined);
  const type = "Microsoft.ManagedIdentity/userAssignedIdentities";
  const { principalId = unrecorded, clientId = unrecorded } = body;
  const properties = { tenantId: world.tenantId, principalId, clientId };
  world.resources.set(id, { id, name: lastOf(id), type, location: "westus", properties });
}

/** Stands where a recording does not tell which ids an identity had. */
const unrecorded = "00000000-0000-4000-8000-0000000000d1";

const lastOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** What an earlier exchange of the recording left behind. */
function leave(world: World, { method, target, requestBody, status = 0, body }: Recorded): void {
  const path = pathOf(target);
  if (status >= 300 || /\/operations?(results|statuses|status)?\//i.test(path)) return;
  if (method === "DELETE") {
    for (const store of [world.resources, world.roleAssignments]) store.delete(path);
    return;
  }
  for (const item of itemsOf(body)) place(world, item);
  const granted = isRecord(requestBody) && status === 202 ? grantedBy(requestBody.identity) : undefined;
  if (granted !== undefined)
    place(world, { id: path, name: lastOf(path), location: "westus", identity: granted });
}

/** The identities that an empty answer does not show. */
function grantedBy(identity: unknown): Body | undefined {
  const map =
    isRecord(identity) && isRecord(identity.userAssignedIdentities) ? identity.userAssignedIdentities : {};
  const kept = Object.keys(map).filter((id) => map[id] !== null);
  if (kept.length === 0) return undefined;
  return { type: "UserAssigned", userAssignedIdentities: Object.fromEntries(kept.map((id) => [id, {}])) };
}

function itemsOf(body: unknown): readonly Body[] {
  if (!isRecord(body)) return [];
  const items: readonly unknown[] = Array.isArray(body.value) ? body.value : [body];
  return items.filter(isRecord);
}

/** Puts a body where it belongs; what has no id belongs nowhere. */
function place(world: World, body: Body): void {
  const { id, name, properties } = body;
  if (typeof id !== "string" || typeof name !== "string") return;
  placeGroup(world, id, undefined);
  const isDefinition = /\/roleDefinitions\/[^/]+$/i.test(id);
  const isAssignment = /\/roleAssignments\/[^/]+$/i.test(id);
  if (isDefinition) world.roleDefinitions.set(name, withoutNulls({ ...(properties as Body), name }) as never);
  else if (isAssignment) placeAssignment(world, id, name, properties as Body);
  else if (/\/providers\//i.test(id)) placeResource(world, body as unknown as ArmResource);
}

function placeAssignment(world: World, id: string, name: string, properties: Body): void {
  const own = {
    condition: null,
    conditionVersion: null,
    description: null,
    principalType: "ServicePrincipal",
  };
  const other = { delegatedManagedIdentityResourceId: null, createdBy: "c", updatedBy: "c" };
  const scope = id.replace(/\/providers\/Microsoft\.Authorization\/roleAssignments\/[^/]+$/i, "") || "/";
  world.roleAssignments.set(id, { ...own, ...other, ...properties, id, name, scope } as never);
  placeScope(world, scope);
}

/** What a list over all types shows of the inside of a resource, put back where it came from. */
function unlisted({ createdTime, changedTime, provisioningState, ...body }: ArmResource): ArmResource {
  if (changedTime === undefined && createdTime === undefined) return body;
  const inside = { timeCreated: createdTime, ...(provisioningState !== undefined && { provisioningState }) };
  return { ...body, properties: inside };
}

function placeResource(world: World, listed: ArmResource): void {
  const body = unlisted(listed);
  const map = Object.entries(body.identity?.userAssignedIdentities ?? {});
  const pending = map.filter(([, value]) => value.principalId === undefined).map(([id]) => id);
  const filled = pending.map((id) => [id, principalsOf(world, id)] as const);
  const identity = body.identity && {
    ...body.identity,
    ...(map.length > 0 && { userAssignedIdentities: Object.fromEntries([...map, ...filled]) }),
  };
  const type = typeof body.type === "string" ? body.type : typeFrom(body.id);
  world.resources.set(body.id, { ...body, type, ...(identity !== undefined && { identity }) });
}

function principalsOf(world: World, id: string): Record<string, string> {
  const { principalId, clientId } = world.resources.get(id)?.properties ?? {};
  return withoutNulls({ principalId, clientId }) as Record<string, string>;
}

function withoutNulls(body: Body): Body {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** `Microsoft.Web/sites/slots` out of an id. */
function typeFrom(id: string): string {
  const [namespace = "", ...rest] = id.slice(id.toLowerCase().lastIndexOf("/providers/") + 11).split("/");
  return [namespace, ...rest.filter((_, at) => at % 2 === 0)].join("/");
}

/** What the exchange itself is about: there if the answer shows it, absent if it says so. */
function placeSubject(world: World, exchange: Recorded): void {
  const path = pathOf(exchange.target);
  if (/\/operations\/[^/]+$/i.test(path)) {
    placeOperation(world, path, exchange.body);
  } else if (/\/role(Assignments|Definitions)(\/|$)/i.test(path)) {
    placeAuthorization(world, path, exchange);
  } else {
    placeParent(world, path, exchange);
    placeTarget(world, path, exchange);
    placeObstacle(world, path, exchange);
  }
}

/** A lock, or somebody else's operation; and for a PUT another resource of the type, which makes the type known. */
function placeObstacle(world: World, path: string, { method, body }: Recorded): void {
  const locked = /locked: '([^']+)'/.exec(messageOf(body))?.[1];
  if (locked !== undefined) {
    place(world, { id: locked, name: lastOf(locked), location: "westus" });
    const id = `${locked}/providers/Microsoft.Authorization/locks/lock`;
    place(world, { id, name: "lock", properties: { level: "ReadOnly" } });
  }
  if (codeOf(body) === "Conflict") placeOtherOperation(world, path.slice(0, path.lastIndexOf("/")));
  if (method === "PUT" && codeOf(body) !== undefined && !isCollectionPath(path))
    place(world, { id: `${path}-twin`, name: "twin", location: "westus" });
}

function placeOtherOperation(world: World, resourceId: string): void {
  const [, , subscriptionId = ""] = resourceId.split("/");
  const times = { startedAt: world.now(), endsAt: world.now() + 60_000 };
  const effect = { kind: "upgrade", instanceIds: [] } as const;
  world.operations.set("other", {
    id: "other",
    subscriptionId,
    location: "westus",
    resourceId,
    ...times,
    effect,
  });
}

/** The tag by which a list is filtered: bare items do not show it. */
function tagsAskedFor(target: string): { tags?: Body } {
  const query = decodeURIComponent(target);
  const name = /tagname eq '([^']+)'/.exec(query)?.[1];
  return name === undefined ? {} : { tags: { [name]: /tagvalue eq '([^']+)'/.exec(query)?.[1] ?? "" } };
}

/** A page holds all that is there so far; as much again comes after it. */
function placeNextPage(world: World, items: readonly Body[]): void {
  const last = items.at(-1);
  if (last === undefined) return;
  world.settings.pageSize = world.resources.values().length;
  for (let n = 0; n < world.settings.pageSize; n += 1)
    place(world, { ...last, id: `${String(last.id)}-next${n}`, name: `${String(last.name)}-next${n}` });
}

function placeTarget(world: World, path: string, exchange: Recorded): void {
  const { method, status = 0, body } = exchange;
  if (status === 404 || status === 204 || (method === "PUT" && status === 201)) world.resources.delete(path);
  else if (method === "GET" && status === 200) placeRead(world, exchange);
  else if (world.resources.has(path)) return;
  else if (isRecord(body) && typeof body.id === "string")
    place(world, withoutNewKeys(body, exchange.requestBody));
  else if (method === "POST") placeActor(world, path.slice(0, path.lastIndexOf("/")));
  else if (method !== "PUT" && !isCollectionPath(path)) placeUnshown(world, path, exchange);
}

function placeRead(world: World, { target, body }: Recorded): void {
  const items = itemsOf(body).map((item) => ({ ...item, ...tagsAskedFor(target) }));
  for (const item of items) place(world, item);
  if (isRecord(body) && body.nextLink !== undefined) placeNextPage(world, items);
}

/** The resource that an action is asked of. */
function placeActor(world: World, id: string): void {
  const isResource = /\/resourceGroups\/.*\/providers\/.+\/.+\//i.test(id);
  if (isResource && !world.resources.has(id)) place(world, { id, name: lastOf(id), location: "westus" });
}

/** A resource of which the answer shows nothing. */
function placeUnshown(world: World, path: string, { requestBody, status = 0 }: Recorded): void {
  const identity = isRecord(requestBody) ? keptBefore(requestBody, status < 300) : undefined;
  place(world, { id: path, name: lastOf(path), location: "westus", properties: {}, ...identity });
}

/** A PATCH that a recording begins with: what it adds was not there, what it takes away was. */
function withoutNewKeys(body: Body, requestBody: unknown): Body {
  const sent = isRecord(requestBody) && isRecord(requestBody.identity) ? requestBody.identity : {};
  const { identity, ...rest } = body;
  const sentProperties = isRecord(body.properties) ? body.properties : {};
  const settled = sentProperties.provisioningState === undefined ? {} : { provisioningState: "Succeeded" };
  const properties = { ...sentProperties, ...settled };
  if (!isRecord(identity)) return { ...rest, properties, ...keptBefore({ identity: sent }) };
  const map = Object.entries((identity.userAssignedIdentities ?? {}) as Record<string, Body>);
  const known = map.filter(([, value]) => value.principalId !== undefined);
  const kept = map.length === known.length ? [] : known;
  if (kept.length === 0) return { ...rest, properties, ...keptBefore({ identity: sent }) };
  const before = { ...identity, userAssignedIdentities: Object.fromEntries(kept) };
  return { ...rest, etag: '"1"', properties, identity: before };
}

/** The identities that a request takes away with null, and one more where Azure did not find that it takes all. */
function keptBefore(requestBody: Body, isOneMore = false): { identity?: Body } {
  const { identity } = requestBody;
  const map = isRecord(identity) ? identity.userAssignedIdentities : undefined;
  const taken = isRecord(map) ? Object.keys(map).filter((key) => map[key] === null) : [];
  if (taken.length === 0) return {};
  const more = isOneMore ? taken.slice(0, 1).map((id) => `${id}-more`) : [];
  const values = Object.fromEntries([...taken, ...more].map((id) => [id, {}]));
  return { identity: { type: "UserAssigned", userAssignedIdentities: values } };
}

/** True for lists and for paths without a provider. */
function isCollectionPath(path: string): boolean {
  const [, rest] = /^.*\/providers\/(.*)$/i.exec(path) ?? [];
  return rest === undefined || rest.split("/").length % 2 === 0;
}

function placeParent(world: World, path: string, { body }: Recorded): void {
  const parent = /^(.*\/resourceGroups\/.*\/providers\/[^/]+\/[^/]+\/[^/]+)\/[^/]+(\/[^/]+)?$/i.exec(
    path,
  )?.[1];
  if (parent === undefined || codeOf(body) === "ParentResourceNotFound" || world.resources.has(parent))
    return;
  // The identity provider gives its ids back with this spelling.
  const isIdentity = /\/userAssignedIdentities\//i.test(parent);
  const id = isIdentity ? parent.replace("/resourceGroups/", "/resourcegroups/") : parent;
  place(world, { id, name: lastOf(parent), location: "westus", properties: {} });
}

function placeOperation(world: World, path: string, body: unknown): void {
  const [, subscriptionId = "", location = "", id = ""] =
    /^\/subscriptions\/([^/]+)\/.*\/locations\/([^/]+)\/operations\/([^/]+)$/i.exec(path) ?? [];
  const isRunning = isRecord(body) && body.status === "InProgress";
  const now = world.now();
  const times = { startedAt: now - 1000, endsAt: isRunning ? now + 60_000 : now - 500 };
  const operation: Operation = { id, subscriptionId, location, resourceId: path, ...times };
  world.operations.set(id, operation);
}

function placeAuthorization(world: World, path: string, exchange: Recorded): void {
  const { status = 0, body, requestBody, method } = exchange;
  placeScope(world, path.replace(/\/providers\/Microsoft\.Authorization\/.*$/i, ""));
  if (
    status === 404 ||
    status === 204 ||
    (method === "PUT" && status === 201 && !world.roleAssignments.has(path))
  )
    world.roleAssignments.delete(path);
  else for (const item of itemsOf(body)) if (method !== "PUT") place(world, item);
  if (isRecord(requestBody) && isRecord(requestBody.properties))
    placeGrant(world, path, exchange, requestBody.properties);
}

/** The role and the principal that a request names, and the assignment that stands in its way. */
function placeGrant(world: World, path: string, { body, status }: Recorded, properties: Body): void {
  const principalId = String(properties.principalId);
  const role = lastOf(String(properties.roleDefinitionId));
  if (!world.roleDefinitions.has(role)) {
    const permissions = [{ actions: [], notActions: [], dataActions: [], notDataActions: [] }];
    const times = { createdOn: "2020-01-01T00:00:00Z", updatedOn: "2020-01-01T00:00:00Z" };
    const own = { name: role, roleName: role, type: "BuiltInRole", description: "", assignableScopes: ["/"] };
    world.roleDefinitions.set(role, { ...own, ...times, permissions } as never);
  }
  const isUnknown = codeOf(body) === "PrincipalNotFound";
  const createdAt = isUnknown ? { createdAt: world.now() } : {};
  const principal = {
    objectId: principalId,
    clientId: "c",
    displayName: "i",
    kind: "ManagedIdentity",
  } as const;
  const isPerson = properties.principalType === "User" || properties.principalType === "Group";
  if (!isPerson) world.principals.set(principalId, { ...principal, ...createdAt });
  if (status === 409)
    placeAssignment(
      world,
      path.replace(/[^/]+$/, "00000000-0000-4000-8000-00000000000f"),
      "00000000-0000-4000-8000-00000000000f",
      properties,
    );
  if (codeOf(body) === "RoleAssignmentUpdateNotPermitted")
    placeAssignment(world, path, lastOf(path), { ...properties, principalId: world.tenantId });
}

/** A scope that is a resource exists. */
function placeScope(world: World, scope: string): void {
  placeGroup(world, scope, undefined);
  if (
    /\/providers\/.+\/.+\/.+/i.test(scope) &&
    !/managementGroups/i.test(scope) &&
    !world.resources.has(scope)
  )
    place(world, { id: scope, name: lastOf(scope), location: "westus" });
}
