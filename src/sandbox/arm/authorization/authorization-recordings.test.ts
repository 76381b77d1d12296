// Replays recorded exchanges of real Azure against the sandbox and compares status and body.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { emptyWorld, type World } from "../../world.ts";
import { parseArmPath } from "../path.ts";
import { ArmError } from "../provider.ts";
import { parseCondition } from "./abac.ts";
import { assign, callerId, putRole, send, settings } from "./authorization-world.ts";
import { roleAssignments } from "./role-assignments.ts";
import { roleDefinitions } from "./role-definitions.ts";

interface Exchange {
  readonly from: string;
  readonly method: "GET" | "PUT" | "DELETE";
  readonly url: string;
  readonly requestBody: { properties: { roleDefinitionId: string; principalId: string } } | null;
  readonly status: number;
  readonly responseBody: Record<string, unknown> | null;
}

const folder = resolve(process.env.BINDERY_AZURE_DATA ?? "../shared", "azure-recordings");
const isThere = existsSync(folder);
if (!isThere) process.stdout.write(`skipped: no recordings of real Azure in ${folder}\n`);

const zero = "00000000-0000-0000-0000-000000000000";
const type = { roleassignments: roleAssignments, roledefinitions: roleDefinitions };
let now = Date.parse("2026-01-01T00:00:00Z");

function exchangesIn(file: string): Exchange[] {
  if (!isThere) return [];
  const { exchanges } = JSON.parse(readFileSync(resolve(folder, file), "utf8")) as { exchanges: Exchange[] };
  return exchanges.filter((e) => /Microsoft.Authorization\/role(Assignments|Definitions)/i.test(e.url));
}

/** A world in which everything that the exchange names exists, and its caller may do everything. */
function prepare(world: World, exchange: Exchange): void {
  const { resourceGroup, scope } = parseArmPath(pathOf(exchange).split("?")[0] ?? "");
  const groupId = `/subscriptions/${zero}/resourceGroups/${resourceGroup}`;
  world.subscriptions.set(zero, { subscriptionId: zero, displayName: "S", tenantId: zero, state: "Enabled" });
  if (resourceGroup !== undefined) {
    world.resourceGroups.set(groupId, {
      id: groupId,
      name: resourceGroup,
      type: "Microsoft.Resources/resourceGroups",
    });
  }
  if (scope !== groupId) world.resources.set(scope, { id: scope, name: "r", type: "r" });
  const role = exchange.requestBody?.properties.roleDefinitionId.split("/").at(-1);
  if (role !== undefined && !world.roleDefinitions.has(role)) putRole(world, role, {});
  forgetTwins(world, exchange);
}

/** Recordings leave some deletes out: what would stand in the way of a recorded 201 is gone. */
function forgetTwins(world: World, { status, requestBody, url }: Exchange): void {
  if (status !== 201 || requestBody === null) return;
  for (const { id, name, principalId } of world.roleAssignments.values()) {
    if (principalId === requestBody.properties.principalId && !url.includes(name))
      world.roleAssignments.delete(id);
  }
}

function pathOf({ url }: Exchange): string {
  return url.slice(url.indexOf("/"));
}

async function answer(world: World, exchange: Exchange): Promise<{ status: number; body: unknown }> {
  const path = pathOf(exchange);
  const kind = /Microsoft.Authorization\/(\w+)/i.exec(path)?.[1]?.toLowerCase() as keyof typeof type;
  try {
    const { status, body } = await send(
      world,
      type[kind],
      exchange.method,
      path,
      exchange.requestBody ?? undefined,
    );
    return { status, body: body ?? null };
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    return { status: error.status, body: error.body };
  }
}

/** The body with what differs from run to run replaced: instants, callers, and the newer end of one message. */
function comparable(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body ?? null)
      .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"INSTANT"')
      .replaceAll(/"(createdBy|updatedBy)":"[^"]+"/g, '"$1":"CALLER"')
      .replaceAll(/ The ID of the existing role assignment is [0-9a-f]{32}\./g, ""),
  ) as unknown;
}

function emptyTenant(): World {
  const world = emptyWorld(zero, () => now, { ...settings, principalLagInMs: 5000 });
  putRole(world, "everything", { actions: ["*"] });
  assign(world, { scope: "/", role: "everything" });
  return world;
}

const assignments = exchangesIn("role-assignments.json").filter((e) =>
  e.url.toLowerCase().includes("/roleassignments"),
);
const files = [...new Set(assignments.map((e) => e.from.split("#")[0] ?? ""))];

describe.skipIf(!isThere)("recorded role assignments", () => {
  test.each(files)("%s answers the same here", async (file) => {
    const world = emptyTenant();
    const replayed = assignments.filter((e) => e.from.startsWith(`${file}#`) && !e.url.includes("atScope()"));
    for (const exchange of replayed) {
      prepare(world, exchange);
      seedFor(world, exchange);
      now += 1000;
      const { status, body } = await answer(world, exchange);
      expect({ from: exchange.from, status, body: comparable(body) }).toEqual({
        from: exchange.from,
        status: exchange.status,
        body: comparable(exchange.responseBody),
      });
    }
    expect(replayed.length).toBeGreaterThan(0);
  });

  test("the recorded list at a group has the shape of the list here", async () => {
    const exchange = assignments.find((e) => e.url.includes("atScope()"));
    if (exchange === undefined) throw new Error("the recording is gone");
    const world = emptyTenant();
    prepare(world, exchange);
    const { status, body } = await answer(world, exchange);
    const recorded = exchange.responseBody as { value: object[] };
    const [here] = (body as { value: object[] }).value;
    expect(status).toBe(200);
    expect(shapeOf(here)).toEqual(shapeOf(recorded.value[0]));
  });
});

/** What must have happened before the exchange was recorded: a principal just made, an assignment already there. */
function seedFor(world: World, { status, requestBody, url, responseBody }: Exchange): void {
  const principalId = requestBody?.properties.principalId ?? "";
  const code = (responseBody?.error as { code?: string } | undefined)?.code;
  if (code === "PrincipalNotFound" && !world.principals.has(principalId)) {
    world.principals.set(principalId, {
      objectId: principalId,
      clientId: "c",
      displayName: "i",
      kind: "ManagedIdentity",
      createdAt: now + 1000,
    });
  }
  if (status !== 409 && code !== "RoleAssignmentUpdateNotPermitted") return;
  const { scope, names } = parseArmPath(url.slice(url.indexOf("/")).split("?")[0] ?? "");
  const role = requestBody?.properties.roleDefinitionId.split("/").at(-1) ?? "";
  const id = assign(world, { scope, role, principalId: status === 409 ? principalId : callerId });
  const made = world.roleAssignments.get(id);
  if (status === 409 || made === undefined) return;
  const name = names[0] ?? "";
  world.roleAssignments.delete(id);
  const ownId = id.replace(made.name, name);
  world.roleAssignments.set(ownId, { ...made, id: ownId, name });
}

/** Keys in order, with the kind of each value; null and text count as one kind where Azure mixes them. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value === null ? "string" : typeof value;
  return Object.entries(value).map(([key, inner]) => [key, Array.isArray(inner) ? "array" : shapeOf(inner)]);
}

const definitions = exchangesIn("role-definitions.json");

describe.skipIf(!isThere)("recorded role definitions", () => {
  test.each(definitions.map((e) => [e.from, e] as const))("%s answers the same here", async (_, exchange) => {
    const world = emptyTenant();
    world.roleDefinitions.delete("everything");
    putRole(world, "99999999-0000-4000-8000-00000000000a", { actions: ["*"] });
    for (const { id, ...assignment } of world.roleAssignments.values()) {
      world.roleAssignments.set(id, {
        ...assignment,
        id,
        roleDefinitionId: "/99999999-0000-4000-8000-00000000000a",
      });
    }
    prepare(world, exchange);
    for (const role of recordedRoles(exchange)) world.roleDefinitions.set(role.name, role);
    const { status, body } = await answer(world, exchange);
    expect(status).toBe(exchange.status);
    expect(comparable(withoutOurs(body))).toEqual(comparable(exchange.responseBody));
  });
});

type StoredRole = NonNullable<ReturnType<World["roleDefinitions"]["get"]>>;

function recordedRoles({ responseBody }: Exchange): StoredRole[] {
  const items = (responseBody?.value ?? []) as {
    name: string;
    properties: StoredRole & { createdBy: string | null };
  }[];
  return items.map(({ name, properties: { createdBy, updatedBy, ...rest } }) => ({
    ...rest,
    name,
    ...(createdBy !== null && { createdBy }),
    ...(typeof updatedBy === "string" && { updatedBy }),
  }));
}

/** The list without the role that only lets the caller in. */
function withoutOurs(body: unknown): unknown {
  const { value, ...rest } = body as { value?: { name: string }[] };
  return value === undefined ? body : { value: value.filter((v) => !v.name.startsWith("99999999")), ...rest };
}

test.skipIf(!isThere)("every condition of a published built-in role can be read", () => {
  const file = resolve(folder, "../azure-roles/roles.json");
  const roles = JSON.parse(readFileSync(file, "utf8")) as { permissions: { condition?: string }[] }[];
  const conditions = roles.flatMap((r) => r.permissions).flatMap((p) => p.condition ?? []);
  expect(conditions.length).toBeGreaterThan(0);
  for (const text of conditions) expect(parseCondition(text)).toMatchObject({ kind: "condition" });
});
