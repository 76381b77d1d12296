// Clients that Bindery's makers did not write or choose: the Azure CLI and Azure's Python SDKs, unchanged, as child
// processes against the sandbox over its HTTPS endpoint. Where a client is not installed its tests are skipped, loudly.
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import type { Settings } from "../src/sandbox/world.ts";

/** Debian's own Python, which has Debian's python3-azure; the one on PATH may be another. */
const python = "/usr/bin/python3";
const scripts = join(import.meta.dirname, "clients");
const fast = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, operationInMs: 100 };
const reserved = "b1d0b1d0-0000-0000-0000-000000005a4d";
const resourceNotFound = "was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix";

const isPythonThere = isThere(
  python,
  [
    "-c",
    "import azure.identity, azure.mgmt.msi, azure.mgmt.compute, azure.mgmt.authorization, azure.mgmt.resource, azure.mgmt.resourcegraph",
  ],
  "Azure's Python SDKs (Debian: python3-azure)",
);
const isAzThere = isThere("az", ["--help"], "the Azure CLI (Debian: azure-cli)");

/** Whether a client can be started; says on stderr that its tests are skipped where it cannot. */
function isThere(command: string, args: readonly string[], what: string): boolean {
  const { status } = spawnSync(command, args, {
    stdio: "ignore",
    env: { ...process.env, AZURE_CORE_COLLECT_TELEMETRY: "no" },
  });
  if (status !== 0)
    process.stderr.write(`SKIPPED: ${what} cannot be started, so nothing is tried with it.\n`);
  return status === 0;
}

let sandbox: Sandbox | undefined;

async function started(settings: Partial<Settings>): Promise<Sandbox> {
  sandbox = await startSandbox({ settings });
  return sandbox;
}

afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a client to its end. The environment holds no proxy and no settings of the user's own clients. */
function ended(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  stdin = "",
): Promise<Ended> {
  const { PATH = "/usr/bin:/bin" } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { env: { PATH, HOME: tmpdir(), LANG: "C.UTF-8", ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
    child.stdin?.end(stdin);
  });
}

/** What a Python script saw; fails with its traceback. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into what was seen freely
async function seenBy(script: string, { ready }: Sandbox): Promise<any> {
  const { code, stdout, stderr } = await ended(
    python,
    ["-B", join(scripts, script)],
    {},
    JSON.stringify(ready),
  );
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe.skipIf(!isPythonThere)("Azure's Python SDKs", () => {
  test("sign in with a secret, by the AD FS authority and from the environment", async () => {
    const seen = await seenBy("sign_in.py", await started(fast));
    const groups = ["rg-identities", "rg-orders", "rg-shared", "MC_aks-orders"];
    expect(seen).toMatchObject({ secret: groups, adfs: groups, environment: groups });
    expect(seen.otherTenant).toMatchObject({ type: "ClientAuthenticationError" });
    expect(seen.otherTenant.message).toContain("double check your tenant name or GUID");
    expect(seen.wrongSecret).toMatchObject({ type: "ClientAuthenticationError" });
    expect(seen.wrongSecret.message).toContain("AADSTS7000215: Invalid client secret provided.");
  });

  test("take an identity through its whole life", async () => {
    const seen = await seenBy("round_trip.py", await started(fast));
    const { client_id: clientId, principal_id: principalId } = seen.created;
    expect(seen.created).toMatchObject({ name: "id-python", location: "westeurope", tenant_id: reserved });
    expect(seen.created.id).toContain("/resourcegroups/rg-identities/");
    expect(seen).toMatchObject({
      samePrincipal: true,
      tags: { app: "orders", tier: "web" },
      listed: ["id-python"],
      listedInSubscription: ["id-backup", "id-monitoring", "aks-orders-agentpool", "id-python"],
      tagsApi: {
        merged: { app: "orders", tier: "web", owner: "python" },
        left: { app: "orders", owner: "python" },
      },
      federated: {
        subject: "repo:contoso/orders:ref:refs/heads/main",
        listed: ["github-main"],
        left: [],
      },
      graph: {
        total: 1,
        rows: [{ name: "id-python", tags_app: "orders", properties_principalId: principalId }],
      },
      leftInGroup: [],
    });
    expect(seen.resources).toMatchObject({
      byType: ["kv-orders"],
      inGroup: ["id-python"],
      byId: clientId,
      groups: ["rg-orders"],
      subscriptions: ["contoso-production", "contoso-billing"],
    });
    expect(seen.resources.byTag).toContain("id-python");
    expect(seen.role).toEqual(["Reader", true, ["*/read"]]);
    const grant = {
      scope: true,
      listed: [true],
      inSubscription: [true],
      type: "ServicePrincipal",
      deleted: true,
      left: 0,
    };
    expect(seen.grants).toEqual([grant, grant]);
    expectAttachments(seen, { principal_id: principalId, client_id: clientId });
  });

  test("page through every list, throttled or not", async () => {
    const seen = await seenBy("paging.py", await started({ ...fast, pageSize: 2 }));
    const { graph, ...lists } = seen as { graph: object } & Record<string, readonly string[][]>;
    const counts = Object.fromEntries(
      Object.entries(lists).map(([name, pages]) => [name, new Set(pages.flat()).size]),
    );
    expect(counts).toMatchObject({
      machines: 8,
      machinesOfGroup: 7,
      scaleSets: 2,
      instances: 3,
      identities: 3,
      groups: 4,
      resources: 19,
      tagged: 10,
      topped: 19,
      assignments: 9,
    });
    expect(counts.definitions).toBeGreaterThan(400);
    for (const [name, pages] of Object.entries(lists)) {
      expect(new Set(pages.flat()).size, `${name}: something twice`).toBe(pages.flat().length);
      expect(Math.max(...pages.map((page) => page.length)), `${name}: too large a page`).toBe(2);
    }
    const machines = [1, 2, 3, 4, 5, 6].map((n) => `vm-orders-${n}`);
    expect(graph).toMatchObject({ names: ["vm-build-1", "vm-jumpbox", ...machines] });
  });

  test("raise typed exceptions with the code and the message", async () => {
    const seen = await seenBy("errors.py", await started(fast));
    expect(seen).toMatchObject({
      noIdentity: {
        type: "ResourceNotFoundError",
        status: 404,
        code: "ResourceNotFound",
        message: `The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/none' under resource group 'rg-identities' ${resourceNotFound}`,
      },
      noGroup: {
        type: "ResourceNotFoundError",
        status: 404,
        code: "ResourceGroupNotFound",
        message: "Resource group 'rg-none' could not be found.",
      },
      noMachine: { type: "ResourceNotFoundError", status: 404, code: "ResourceNotFound" },
      noAssignment: { type: "ResourceNotFoundError", status: 404, code: "RoleAssignmentNotFound" },
      notAllowed: { type: "HttpResponseError", status: 403, code: "AuthorizationFailed" },
      notAllowedGroup: { type: "HttpResponseError", status: 403, code: "AuthorizationFailed" },
      otherLocation: { type: "ResourceExistsError", status: 409, code: "InvalidResourceLocation" },
      grantedTwice: { type: "ResourceExistsError", status: 409, code: "RoleAssignmentExists" },
      noPrincipal: { type: "HttpResponseError", status: 400, code: "PrincipalNotFound" },
      attachAbsent: { type: "HttpResponseError", status: 400, code: "FailedIdentityOperation" },
      staleEtag: { type: "HttpResponseError", status: 412, code: "PreconditionFailed" },
      badQuery: { status: 400, code: "BadRequest", details: ["InvalidQuery", "ParserFailure"] },
    });
    expect(seen.notAllowed.message).toContain("'Microsoft.KeyVault/vaults/delete' over scope");
  });
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into what was seen freely
function expectAttachments(seen: any, ids: object): void {
  const others = { type: "SystemAssigned, UserAssigned", identities: ["id-backup", "id-monitoring"] };
  expect(seen.plainMachine.attached.type).toBe("UserAssigned");
  expect(Object.values(seen.plainMachine.attached.user_assigned_identities)).toEqual([ids]);
  expect(seen.plainMachine.left).toBeNull();
  expect(seen.sharedMachine.attached.type).toBe("SystemAssigned, UserAssigned");
  expect(Object.values(seen.sharedMachine.attached.user_assigned_identities)).toHaveLength(3);
  expect(Object.values(seen.sharedMachine.attached.user_assigned_identities)).toContainEqual(ids);
  expect(seen.sharedMachine.left).toEqual(others);
  expect(seen.scaleSet).toEqual({
    listed: ["vmss-orders", "aks-nodes"],
    attached: ["id-python"],
    upToDate: [true, true, true],
    left: null,
  });
  expect(seen).toMatchObject({ allMachines: 8, machines: expect.arrayContaining(["vm-jumpbox"]) });
}

describe.skipIf(!isAzThere)("the Azure CLI", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bindery-az-"));
    return () => rm(folder, { recursive: true, force: true });
  });

  /** Runs the script of steps, and gives a look at what each one printed. */
  async function steps({ ready }: Sandbox) {
    const [subscription] = ready.subscriptions;
    const { code, stderr } = await ended("bash", [join(scripts, "az.sh")], {
      OUT: folder,
      ARM: ready.arm,
      CA: ready.caFile,
      TENANT: ready.tenantId,
      CLIENT_ID: ready.operatorClientId,
      CLIENT_SECRET: ready.operatorClientSecret,
      SUBSCRIPTION: subscription?.subscriptionId ?? "",
    });
    expect(code, stderr).toBe(0);
    return async (name: string) => {
      const [exit, out, err] = await Promise.all(
        ["code", "out", "err"].map((kind) => readFile(join(folder, `${name}.${kind}`), "utf8")),
      );
      return { code: Number(exit), out: out ?? "", err: err ?? "" };
    };
  }

  test("registers the cloud, signs in and does what an engineer does", { timeout: 360_000 }, async () => {
    // az asks for the end of an operation at once, and then only every 30 seconds.
    const step = await steps(await started({ ...fast, operationInMs: 0 }));
    const printed = async (name: string) => {
      const { code, out, err } = await step(name);
      expect(code, `az ${name}: ${err}`).toBe(0);
      return out.trim() === "" ? undefined : JSON.parse(out);
    };
    const namesOf = async (name: string) => (await printed(name)).map((item: { name: string }) => item.name);

    expect(await printed("login")).toMatchObject([
      { cloudName: "sandbox", name: "contoso-production", tenantId: reserved, isDefault: true },
      { cloudName: "sandbox", name: "contoso-billing", state: "Enabled", user: { type: "servicePrincipal" } },
    ]);
    expect(await namesOf("accounts")).toEqual(["contoso-production", "contoso-billing"]);
    expect(await printed("account")).toMatchObject({ name: "contoso-production", isDefault: true });
    expect(await namesOf("groups")).toEqual(["rg-identities", "rg-orders", "rg-shared", "MC_aks-orders"]);

    const made = await printed("create");
    expect(made).toMatchObject({ name: "id-az", resourceGroup: "rg-identities", tags: { app: "orders" } });
    expect(await namesOf("identities")).toEqual(["id-az"]);
    expect(await printed("credential")).toMatchObject({ audiences: ["api://AzureADTokenExchange"] });
    expect(await namesOf("credentials")).toEqual(["github-main"]);
    expect(await namesOf("tagged")).toContain("vm-billing-3");
    expect(await namesOf("vaults")).toEqual(["kv-orders"]);
    expect(await printed("tags")).toMatchObject({ properties: { tags: { app: "orders", tier: "web" } } });

    expect(await printed("role")).toMatchObject({ value: [{ properties: { roleName: "Reader" } }] });
    expect(await printed("grant")).toMatchObject({ properties: { principalId: made.principalId } });
    expect((await printed("grants")).value).toHaveLength(1);
    await printed("revoke");
    expect(await printed("graph")).toMatchObject({ data: [{ name: "id-az", tags: { tier: "web" } }] });

    expect(await namesOf("machines")).toHaveLength(7);
    expect(await printed("machine")).toMatchObject({ vmId: expect.any(String), tags: { tier: "worker" } });
    const assigned = await printed("assign");
    expect(assigned.systemAssignedIdentity).toMatch(/^[0-9a-f-]{36}$/);
    expect(Object.keys(assigned.userAssignedIdentities)).toHaveLength(3);
    await printed("remove");
    expect(Object.keys((await printed("machine-identity")).userAssignedIdentities)).toHaveLength(2);
    await printed("assign-scale-set");
    const { clientId, principalId } = made;
    const attached = Object.values((await printed("scale-set-identity")).userAssignedIdentities);
    expect(attached).toEqual([{ clientId, principalId }]);

    await printed("delete");
    expect(await step("gone")).toMatchObject({
      code: 3,
      err: expect.stringContaining("(ResourceNotFound)"),
    });
  });
});
