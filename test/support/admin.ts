// What a test does behind everybody's back: the sandbox's admin endpoint, with its token.
import { byText } from "../../src/model/order.ts";
import type { Sandbox } from "../../src/sandbox/start.ts";

/** Sends one admin request; throws unless it succeeds. */
export async function admin(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { ready } = sandbox;
  const headers = { authorization: `Bearer ${ready.adminToken}` };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await sandbox.fetch(new Request(`${ready.admin}/${path}`, init));
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : await response.json();
}

/** The admin path of a resource. */
export function resourcePath(id: string): string {
  return `resources?id=${encodeURIComponent(id)}`;
}

/** The names of the identities that a resource carries, in lower case, sorted. */
export function attachedTo(sandbox: Sandbox, id: string): readonly string[] {
  const ids = Object.keys(sandbox.world.resources.get(id)?.identity?.userAssignedIdentities ?? {});
  return ids.map((i) => i.split("/").at(-1)?.toLowerCase() ?? "").toSorted(byText);
}
