import { beforeEach, expect, test } from "vitest";
import { instanceBodies, scaleSetBody, virtualMachineBody } from "../seed/compute-bodies.ts";
import { type Switches, switchTable } from "../switches.ts";
import { groupId, subscriptionId } from "./authorization/authorization-world.ts";
import { at, codeOf, type Stage, stage } from "./provider-world.ts";

const compute = `${groupId}/providers/Microsoft.Compute`;
const vmId = `${compute}/virtualMachines/vm-1`;
const identities = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const [a, b] = [`${identities}/id-a`, `${identities}/id-b`];
const storage = `${groupId}/providers/Microsoft.Storage/storageAccounts/st`;
const assignments = `${groupId}/providers/Microsoft.Authorization/roleAssignments`;
const owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const version = "2022-04-01";

let s: Stage;
beforeEach(async () => {
  s = stage({ principalLagInMs: 60_000, roleLagInMs: 60_000 });
  const createdAt = "2026-01-01T00:00:00+00:00";
  const common = { location: "westeurope", tags: {}, size: "Standard_B2ms", createdAt };
  s.world.resources.set(vmId, virtualMachineBody({ ...common, id: vmId, name: "vm-1" }));
  for (const mode of ["Uniform", "Flexible"] as const) {
    const [name, upgradePolicy, instances] = [mode.toLowerCase(), "Manual" as const, 1];
    const parts = {
      ...common,
      id: `${compute}/virtualMachineScaleSets/${name}`,
      name,
      mode,
      upgradePolicy,
      instances,
    };
    for (const body of [scaleSetBody(parts), ...instanceBodies(parts)]) s.world.resources.set(body.id, body);
  }
  const type = "Microsoft.Storage/storageAccounts";
  s.world.resources.set(storage, { id: storage, name: "st", type, location: "westeurope" });
  for (const id of [a, b]) await s.call("PUT", id, { body: { location: "westeurope", tags: { x: "1" } } });
  await attach(vmId, { [a]: {} });
  await attach(storage, { [a]: {} });
  s.advance(5000);
});

const attach = (id: string, userAssignedIdentities: object, headers = {}) =>
  s.call("PATCH", id, {
    body: { identity: { type: "UserAssigned", userAssignedIdentities } },
    headers,
    ...(id === storage && { version: "2023-01-01" }),
  });
const attached = (body: unknown) =>
  Object.keys((at(body, "identity", "userAssignedIdentities") as object | undefined) ?? {}).length;
const assign = (principalId: string, guid: string, principalType?: string, role = owner) =>
  s.call("PUT", `${assignments}/${guid}`, {
    version,
    body: {
      properties: {
        roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId,
        ...(principalType !== undefined && { principalType }),
      },
    },
  });
const principalOf = (id: string) => String(s.world.resources.get(id)?.properties?.principalId);
const guid = (n: number) => `aaaaaaaa-0000-4000-8000-00000000000${n}`;
const afterSet = async (name: string) => {
  await attach(`${compute}/virtualMachineScaleSets/${name}`, { [a]: {} });
  s.advance(5000);
  await s.call("GET", vmId);
  return s.world.resources
    .values()
    .filter((r) => r.id.includes("virtualMachines/") && r.name.startsWith(name));
};
const stranger = "dddddddd-0000-4000-8000-000000000001";

/** For each switch what is seen under the first and under the second behaviour. */
const observations: {
  readonly [Name in keyof Switches]?: readonly [() => Promise<unknown>, unknown, unknown];
} = {
  lastIdentityByNull: [
    async () => codeOf(await attach(vmId, { [a]: null })),
    "FailedIdentityOperation",
    undefined,
  ],
  danglingIdentity: [
    async () => {
      await s.call("DELETE", a);
      return (await attach(vmId, { [b]: {} })).status;
    },
    200,
    400,
  ],
  deletedIdentityIds: [
    async () => {
      await s.call("DELETE", a);
      await s.call("PUT", a, { body: { location: "westeurope" } });
      const keys = at((await s.call("GET", vmId)).body, "identity", "userAssignedIdentities");
      return Object.keys(at(keys, a) as object);
    },
    [],
    ["principalId", "clientId"],
  ],
  genericPatchIdentity: [async () => attached((await attach(storage, { [b]: {} })).body), 2, 1],
  immediateIdentity: [
    async () => {
      const { body } = await attach(vmId, { [b]: {} });
      return at(body, "identity", "userAssignedIdentities", b, "principalId") === principalOf(b);
    },
    false,
    true,
  ],
  computeEtag: [
    async () => {
      const [read, patched] = [await s.call("GET", vmId), await attach(vmId, { [b]: {} })];
      return [read, patched].flatMap((r) => [r.headers.has("etag"), at(r.body, "etag") !== undefined]);
    },
    [true, true, true, true],
    [false, false, false, false],
  ],
  ifMatch: [async () => (await attach(vmId, { [b]: {} }, { "if-match": '"99"' })).status, 412, 200],
  deallocatedMachine: [
    async () => {
      s.world.powerStates.set(vmId, "deallocated");
      return (await attach(vmId, { [b]: {} })).status;
    },
    200,
    409,
  ],
  operationRetryAfter: [async () => (await attach(vmId, { [b]: {} })).headers.get("retry-after"), null, "5"],
  subscriptionListIds: [
    async () => {
      const url = `/subscriptions/${subscriptionId}/providers/Microsoft.Compute/virtualMachines`;
      const list = at((await s.call("GET", url)).body, "value") as { id: string }[];
      return list[0]?.id.split("/")[4];
    },
    "RG-ORDERS",
    "rg-orders",
  ],
  uniformInstanceIdentity: [async () => (await afterSet("uniform")).map(attached), [0], [1]],
  flexibleInstanceIdentity: [async () => (await afterSet("flexible")).map(attached), [0], [1]],
  flexibleSetSwap: [
    async () => {
      const set = `${compute}/virtualMachineScaleSets/flexible`;
      await attach(set, { [a]: {} });
      s.advance(5000);
      const swapped = await attach(set, { [a]: null, [b]: {} });
      s.advance(5000);
      const uniform = set.replace("flexible", "uniform");
      await attach(uniform, { [a]: {} });
      s.advance(5000);
      return [swapped.status, (await attach(uniform, { [a]: null, [b]: {} })).status];
    },
    [200, 200],
    [409, 200],
  ],
  latestModelApplied: [
    async () => (await afterSet("uniform")).map((i) => i.properties?.latestModelApplied),
    [false],
    [undefined],
  ],
  identityPatchTags: [
    async () => at((await s.call("PATCH", a, { body: { tags: { y: "2" } } })).body, "tags"),
    { y: "2" },
    { x: "1", y: "2" },
  ],
  identityNames: [
    async () => (await s.call("PUT", `${identities}/_x`, { body: { location: "westeurope" } })).status,
    400,
    201,
  ],
  credentialLimit: [
    async () => {
      const statuses: number[] = [];
      for (let i = 0; i < 21; i++) {
        const properties = { issuer: "https://issuer", subject: String(i), audiences: ["x"] };
        const url = `${a}/federatedIdentityCredentials/fic-${i}`;
        statuses.push((await s.call("PUT", url, { body: { properties } })).status);
      }
      return [new Set(statuses.slice(0, 20)), statuses.at(-1)];
    },
    [new Set([201]), 400],
    [new Set([201]), 201],
  ],
  errorOrder: [
    async () => codeOf(await s.call("GET", vmId.replace("rg-orders", "gone"), { as: stranger })),
    "AuthorizationFailed",
    "ResourceGroupNotFound",
  ],
  roleAssignmentExists: [
    async () => {
      await assign(principalOf(a), guid(1), "ServicePrincipal");
      return /existing role assignment is/.test(
        String(at((await assign(principalOf(a), guid(2), "ServicePrincipal")).body, "error", "message")),
      );
    },
    true,
    false,
  ],
  missingRoleStatus: [
    async () => {
      const answer = await assign(principalOf(a), guid(1), "ServicePrincipal", guid(0));
      return [answer.status, codeOf(answer)];
    },
    [400, "RoleDefinitionDoesNotExist"],
    [404, "RoleDefinitionDoesNotExist"],
  ],
  principalTypeLookup: [
    async () => (await assign(principalOf(a), guid(1), "ServicePrincipal")).status,
    201,
    400,
  ],
  newRoleAssignment: [
    async () => {
      await assign(principalOf(a), guid(1), "ServicePrincipal");
      return (await s.call("GET", `${assignments}/${guid(1)}`, { version })).status;
    },
    404,
    200,
  ],
  missingRoleAssignment: [
    async () => codeOf(await s.call("GET", `${assignments}/${guid(9)}`, { version })),
    "RoleAssignmentNotFound",
    "NotFound",
  ],
  orphanedPrincipalType: [
    async () => {
      await assign(principalOf(a), guid(1), "ServicePrincipal");
      await s.call("DELETE", a);
      s.advance(60_000);
      const { body } = await s.call("GET", `${assignments}/${guid(1)}`, { version });
      return at(body, "properties", "principalType");
    },
    "ServicePrincipal",
    "Unknown",
  ],
  throttleRetryAfter: [
    async () => {
      s.world.settings.throttled = true;
      for (let i = 0; i < 40; i++) {
        const answer = await s.call("GET", a);
        if (answer.status === 429) return answer.headers.has("retry-after");
      }
      return "not throttled";
    },
    true,
    false,
  ],
};

const rows = Object.entries(observations).flatMap(([name, [, first, second]]) => [
  [name, 0, first] as const,
  [name, 1, second] as const,
]);

test.each(rows)("%s, behaviour %i: %j", async (name, index, expected) => {
  const key = name as keyof Switches;
  Object.assign(s.world.switches, { [key]: switchTable[key].values[index] });
  expect(await observations[key]?.[0]()).toEqual(expected);
});
