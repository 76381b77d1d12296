// What somebody else does to the demo's Azure while nobody looks: straight to its state, past Bindery.
import type { Sandbox } from "../../sandbox/start.ts";

/** The production subscription of the built-in world. */
const subscription = "0b1f6471-0000-4000-8000-00000000a001";

interface Body {
  readonly id: string;
  readonly name: string;
  readonly identity?: { readonly type: string; readonly userAssignedIdentities?: Record<string, unknown> };
  readonly [other: string]: unknown;
}

/** Takes an identity off a machine. */
export async function detach(
  sandbox: Sandbox,
  group: string,
  machine: string,
  identity: string,
): Promise<void> {
  const body = await read(sandbox, machineId(group, machine));
  const ids = Object.keys(body.identity?.userAssignedIdentities ?? {});
  const left = ids.filter((id) => !id.toLowerCase().endsWith(`/${identity}`));
  await replaceIdentities(sandbox, body, left);
}

/** Attaches an identity to a machine. */
export async function attach(
  sandbox: Sandbox,
  group: string,
  machine: string,
  identity: string,
): Promise<void> {
  const body = await read(sandbox, machineId(group, machine));
  const ids = Object.keys(body.identity?.userAssignedIdentities ?? {});
  const id = `/subscriptions/${subscription}/resourceGroups/rg-identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${identity}`;
  await replaceIdentities(sandbox, body, [...ids, id]);
}

/** Deletes the role assignments at a vault. */
export async function deleteAssignmentsAt(sandbox: Sandbox, group: string, vault: string): Promise<void> {
  const scope = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/${vault}`;
  const found = sandbox.world.roleAssignments
    .values()
    .filter((a) => a.scope.toLowerCase() === scope.toLowerCase());
  for (const { id } of found) await admin(sandbox, "DELETE", `role-assignments?id=${encodeURIComponent(id)}`);
}

/** Adds a machine like another one, without its identities. */
export async function addMachine(sandbox: Sandbox, group: string, like: string, name: string): Promise<void> {
  const { identity: _identity, ...model } = await read(sandbox, machineId(group, like));
  await admin(sandbox, "PUT", `resources?id=${encodeURIComponent(machineId(group, name))}`, {
    ...model,
    id: machineId(group, name),
    name,
  });
}

function machineId(group: string, name: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name}`;
}

async function read(sandbox: Sandbox, id: string): Promise<Body> {
  return (await admin(sandbox, "GET", `resources?id=${encodeURIComponent(id)}`)) as Body;
}

async function replaceIdentities(sandbox: Sandbox, body: Body, ids: readonly string[]): Promise<void> {
  const hasSystem = /SystemAssigned/.test(body.identity?.type ?? "");
  const type = [...(hasSystem ? ["SystemAssigned"] : []), ...(ids.length > 0 ? ["UserAssigned"] : [])].join(
    ", ",
  );
  const identity =
    type === ""
      ? undefined
      : {
          ...body.identity,
          type,
          userAssignedIdentities: Object.fromEntries(ids.map((id) => [id, principalsOf(sandbox, id)])),
        };
  await admin(sandbox, "PUT", `resources?id=${encodeURIComponent(body.id)}`, { ...body, identity });
}

/** The ids that Azure shows beside an attached identity. */
function principalsOf(sandbox: Sandbox, id: string): object {
  const { principalId, clientId } = sandbox.world.resources.get(id)?.properties ?? {};
  return { principalId, clientId };
}

async function admin(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<unknown> {
  const { ready, fetch } = sandbox;
  const headers = { authorization: `Bearer ${ready.adminToken}` };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(new Request(`${ready.admin}/${path}`, init));
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : await response.json();
}
