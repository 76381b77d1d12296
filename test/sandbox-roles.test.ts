// The real authorization client against the embedded Azure: grants, definitions, permissions, lags and refusals.
import { readFileSync } from "node:fs";
import { AuthorizationManagementClient, type RoleAssignment } from "@azure/arm-authorization";
import { isRestError } from "@azure/core-rest-pipeline";
import { ClientSecretCredential } from "@azure/identity";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { admin } from "./support/admin.ts";

const subscriptionId = "11111111-0000-4000-8000-000000000001";
const subscription = `subscriptions/${subscriptionId}`;
const group = `${subscription}/resourceGroups/rg-orders`;
const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm-1`;
const identity = "90cc53e8-4a6e-45b6-8339-516448218ee0";
const rbacAdministrator = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const name = "ed3c9f84-ae20-5aea-8602-58ed2eeffef1";

const delegation = `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${reader}})) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${reader}}))`;

const seed = `
subscriptions: [{ subscriptionId: ${subscriptionId}, displayName: Orders }]
resourceGroups: [{ name: rg-orders, location: westeurope }]
virtualMachines: [{ resourceGroup: rg-orders, name: vm-1 }]
identities: [{ resourceGroup: rg-orders, name: id-orders, principalId: ${identity} }]
callers:
  bindery: { roles: [{ role: Reader, scope: /${subscription} }] }
  nobody: { clientSecret: secret, roles: [] }
roleAssignments:
  - { scope: /${group}, role: ${rbacAdministrator}, principal: bindery, condition: "${delegation}" }
settings: { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0 }
`;

let sandbox: Sandbox;
let bindery: AuthorizationManagementClient;
let operator: AuthorizationManagementClient;

beforeEach(async () => {
  sandbox = await startSandbox({ seed: { text: seed, filename: "roles.yaml" } });
  const { clientId, clientSecret, operatorClientId, operatorClientSecret } = sandbox.ready;
  bindery = clientOf(clientId, clientSecret);
  operator = clientOf(operatorClientId, operatorClientSecret);
});

afterEach(async () => {
  await sandbox.close();
});

function clientOf(clientId: string, clientSecret: string): AuthorizationManagementClient {
  const { arm, authority, caFile, tenantId } = sandbox.ready;
  const tlsOptions = { ca: readFileSync(caFile, "utf8") };
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
    authorityHost: authority,
    disableInstanceDiscovery: true,
    tlsOptions,
  });
  return new AuthorizationManagementClient(credential, subscriptionId, {
    endpoint: arm,
    credentialScopes: `${arm}/.default`,
    tlsOptions,
    retryOptions: { maxRetries: 0 },
  });
}

function grantOf(role: string): { roleDefinitionId: string; principalId: string; principalType: string } {
  return {
    roleDefinitionId: `/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    principalId: identity,
    principalType: "ServicePrincipal",
  };
}

async function refusal(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => "accepted",
    (error: unknown) => {
      if (!isRestError(error)) throw error;
      return { status: error.statusCode, code: error.code };
    },
  );
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function scopesOf(assignments: readonly RoleAssignment[]): (string | undefined)[] {
  return assignments.map((a) => a.scope);
}

describe("a grant", () => {
  test("is made, read, listed and revoked, whether or not the scope begins with a slash", async () => {
    const made = await bindery.roleAssignments.create(`/${group}`, name, grantOf(reader));
    expect(made).toMatchObject({
      id: `/${group}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      scope: `/${group}`,
      createdBy: null,
    });
    const read = await bindery.roleAssignments.get(group, name);
    expect(read.createdBy).toBe(read.updatedBy);
    const listed = await all(
      bindery.roleAssignments.listForScope(subscription, { filter: `principalId eq '${identity}'` }),
    );
    expect(scopesOf(listed)).toEqual([`/${group}`]);
    expect((await bindery.roleAssignments.deleteById(read.id ?? "")).name).toBe(name);
    expect(await bindery.roleAssignments.delete(group, name)).toMatchObject({});
    expect(await refusal(bindery.roleAssignments.get(group, name))).toEqual({
      status: 404,
      code: "RoleAssignmentNotFound",
    });
  });

  test("at a resource is seen from above, and the assignments above are seen from it", async () => {
    await bindery.roleAssignments.create(vm, name, grantOf(reader));
    const above = await all(bindery.roleAssignments.listForScope(vm, { filter: "atScope()" }));
    expect(scopesOf(above)).toEqual([`/${group}`, `/${subscription}`, "/", `/${vm}`]);
    const below = await all(
      bindery.roleAssignments.listForSubscription({ filter: `assignedTo('${identity}')` }),
    );
    expect(scopesOf(below)).toEqual([`/${vm}`]);
  });

  test("under another name is a conflict, and a name that is taken cannot move", async () => {
    await bindery.roleAssignments.create(group, name, grantOf(reader));
    const other = "38dec33c-4435-4f70-92a1-8e1cc6e118db";
    expect(await refusal(bindery.roleAssignments.create(group, other, grantOf(reader)))).toEqual({
      status: 409,
      code: "RoleAssignmentExists",
    });
    expect(await refusal(bindery.roleAssignments.create(vm, name, grantOf(reader)))).toEqual({
      status: 400,
      code: "RoleAssignmentUpdateNotPermitted",
    });
  });

  test("is refused beyond the caller's condition and beyond its scope, and to who has no right at all", async () => {
    expect(await refusal(bindery.roleAssignments.create(group, name, grantOf(contributor)))).toEqual({
      status: 403,
      code: "AuthorizationFailed",
    });
    expect(await refusal(bindery.roleAssignments.create(subscription, name, grantOf(reader)))).toEqual({
      status: 403,
      code: "AuthorizationFailed",
    });
    await operator.roleAssignments.create(group, name, grantOf(contributor));
    expect(await refusal(bindery.roleAssignments.delete(group, name))).toEqual({
      status: 403,
      code: "AuthorizationFailed",
    });
    const caller = sandbox.world.principals.values().find((p) => p.displayName === "nobody");
    const nobody = clientOf(caller?.clientId ?? "", "secret");
    expect(await refusal(nobody.roleAssignments.get(group, name))).toEqual({
      status: 403,
      code: "AuthorizationFailed",
    });
    expect(await refusal(all(nobody.roleAssignments.listForScope(group)))).toEqual({
      status: 403,
      code: "AuthorizationFailed",
    });
  });

  test("at a scope that does not exist is a 404 of the front door", async () => {
    expect(await refusal(operator.roleAssignments.create(`${group}-2`, name, grantOf(reader)))).toEqual({
      status: 404,
      code: "ResourceGroupNotFound",
    });
    expect(await refusal(operator.roleAssignments.create(`${vm}-2`, name, grantOf(reader)))).toEqual({
      status: 404,
      code: "ResourceNotFound",
    });
  });

  test("appears only after the lag, and so does its absence", async () => {
    sandbox.world.settings.roleLagInMs = 60_000;
    await bindery.roleAssignments.create(group, name, grantOf(reader));
    expect(await refusal(bindery.roleAssignments.get(group, name))).toMatchObject({ status: 404 });
    sandbox.advance(60_000);
    expect((await bindery.roleAssignments.get(group, name)).name).toBe(name);
    await bindery.roleAssignments.delete(group, name);
    expect((await bindery.roleAssignments.get(group, name)).name).toBe(name);
    sandbox.advance(60_000);
    expect(await refusal(bindery.roleAssignments.get(group, name))).toMatchObject({ status: 404 });
  });

  test("comes in pages that the client joins", async () => {
    sandbox.world.settings.pageSize = 1;
    await bindery.roleAssignments.create(vm, name, grantOf(reader));
    expect(await all(bindery.roleAssignments.listForScope(vm, { filter: "atScope()" }))).toHaveLength(4);
  });

  test("cannot be patched", async () => {
    const { arm, operatorClientId, operatorClientSecret, tenantId } = sandbox.ready;
    const token = await sandbox.fetch(
      new Request(`${arm}/${tenantId}/oauth2/v2.0/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: operatorClientId,
          client_secret: operatorClientSecret,
          scope: `${arm}/.default`,
        }),
      }),
    );
    const { access_token: accessToken } = (await token.json()) as { access_token: string };
    const response = await sandbox.fetch(
      new Request(
        `${arm}/${group}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`,
        {
          method: "PATCH",
          headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
          body: "{}",
        },
      ),
    );
    expect(response.status).toBe(405);
  });
});

describe("role definitions", () => {
  test("are found by name in any case, with the id rooted in the subscription", async () => {
    const [found, ...others] = await all(
      bindery.roleDefinitions.list(group, { filter: "roleName eq 'key vault secrets user'" }),
    );
    expect(others).toEqual([]);
    expect(found).toMatchObject({ roleName: "Key Vault Secrets User", roleType: "BuiltInRole" });
    expect(found?.id).toBe(
      `/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${found?.name}`,
    );
  });

  test("are read by id at the subscription and at the tenant", async () => {
    expect((await bindery.roleDefinitions.get(subscription, reader)).permissions?.[0]?.actions).toEqual([
      "*/read",
    ]);
    expect(
      (await bindery.roleDefinitions.getById(`/providers/Microsoft.Authorization/roleDefinitions/${reader}`))
        .roleName,
    ).toBe("Reader");
    expect(await refusal(bindery.roleDefinitions.get(subscription, name))).toEqual({
      status: 404,
      code: "RoleDefinitionDoesNotExist",
    });
  });

  test("of one's own are made, assigned and deleted by who may", async () => {
    const custom = {
      roleName: "VM attacher",
      roleType: "CustomRole",
      assignableScopes: [`/${group}`],
      permissions: [{ actions: ["Microsoft.Compute/virtualMachines/write"] }],
    };
    expect(await refusal(bindery.roleDefinitions.createOrUpdate(group, name, custom))).toEqual({
      status: 403,
      code: "AuthorizationFailed",
    });
    await operator.roleDefinitions.createOrUpdate(group, name, custom);
    await operator.roleAssignments.create(vm, name, grantOf(name));
    expect(await refusal(operator.roleDefinitions.delete(group, name))).toMatchObject({
      code: "RoleDefinitionHasAssignments",
    });
    await operator.roleAssignments.delete(vm, name);
    expect((await operator.roleDefinitions.delete(group, name)).roleName).toBe("VM attacher");
  });
});

test("permissions, deny assignments and time-bound assignments can be listed", async () => {
  const permissions = await all(bindery.permissions.listForResourceGroup("rg-orders"));
  expect(permissions.map((p) => p.actions?.[0])).toContain("*/read");
  expect(permissions).toHaveLength(2);
  expect(await all(bindery.denyAssignments.listForScope(group))).toEqual([]);
  await admin(sandbox, "POST", "deny-assignments", {
    name: "keep off",
    scope: `/${group}`,
    actions: ["*/delete"],
  });
  const [denial] = await all(bindery.denyAssignments.listForScope(vm));
  expect(denial).toMatchObject({
    denyAssignmentName: "keep off",
    scope: `/${group}`,
    permissions: [{ actions: ["*/delete"] }],
    principals: [{ id: "00000000-0000-0000-0000-000000000000", type: "SystemDefined" }],
  });
  const { id } = await operator.roleAssignments.create(vm, name, grantOf(reader));
  await admin(sandbox, "POST", "role-schedules", { roleAssignment: id, endsInMs: 60_000 });
  const scheduled = bindery.roleAssignmentScheduleInstances.listForScope(vm, {
    filter: `principalId eq '${identity}'`,
  });
  expect(await all(scheduled)).toMatchObject([
    { assignmentType: "Activated", originRoleAssignmentId: id, endDateTime: expect.any(Date) },
  ]);
  sandbox.advance(60_000);
  expect(await refusal(bindery.roleAssignments.get(vm, name))).toMatchObject({ status: 404 });
});
