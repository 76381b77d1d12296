// Which scopes exist: Resource Graph answers for many at once, and what it does not show is asked for by itself.
import {
  idKey,
  managementGroupOf,
  parseArmId,
  resourceGroupIdOf,
  sameId,
  subscriptionOf,
} from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import { all, chunksOf, inParallel, patiently, saysGone } from "./call.ts";
import type { Clients } from "./clients.ts";
import { idsQuery } from "./queries.ts";
import type { Graph } from "./resource-graph.ts";
import { textOf } from "./rows.ts";

/** What it takes to look for scopes. */
export interface ScopeReader {
  readonly clients: Clients;
  readonly graph: Graph;
  readonly clock: Clock;
}

const idsPerQuery = 200;
const confirmWidth = 4;

/**
 * The scopes that exist, spelled as given. A resource below another one counts as existing if its top-level parent
 * does, and management groups always do: whether they exist is told when something is written there. So is
 * whatever the caller may not see.
 */
export async function existingScopes(
  reader: ScopeReader,
  scopes: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const probes = new Map<string, string>();
  for (const scope of scopes) {
    const probe = probeOf(scope);
    if (probe !== undefined) probes.set(idKey(probe), probe);
  }
  const known = await shownByGraph(reader, [...probes.values()], signal);
  const missing = [...probes.values()].filter((probe) => !known.has(idKey(probe)));
  const confirmed = await inParallel(missing, confirmWidth, (probe) => exists(reader, probe, signal));
  for (const [i, probe] of missing.entries()) if (confirmed[i]) known.add(idKey(probe));
  return scopes.filter((scope) => {
    const probe = probeOf(scope);
    return probe === undefined || known.has(idKey(probe));
  });
}

/** What has to exist for a scope to exist: itself, its top-level parent; undefined where nothing can be asked. */
export function probeOf(scope: string): string | undefined {
  if (scope === "/" || managementGroupOf(scope) || !subscriptionOf(scope)) return;
  const topLevel = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+/i.exec(
    scope,
  );
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope);
  return topLevel?.[0] ?? resourceGroupIdOf(scope) ?? subscription?.[0];
}

async function shownByGraph(
  reader: ScopeReader,
  probes: readonly string[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const resources = probes.filter((probe) => parseArmId(probe));
  const containers = probes.filter((probe) => !parseArmId(probe));
  const queries = [
    ...chunksOf(resources, idsPerQuery).map((ids) => ({ table: "resources" as const, ids })),
    ...chunksOf(containers, idsPerQuery).map((ids) => ({ table: "resourcecontainers" as const, ids })),
  ];
  const shown = new Set<string>();
  for (const { table, ids } of queries) {
    const subscriptions = [...new Set(ids.flatMap((id) => subscriptionOf(id) ?? []))];
    try {
      const rows = await reader.graph.rows({ text: idsQuery(table, ids), subscriptions }, signal);
      for (const row of rows) shown.add(idKey(textOf(row.id) ?? ""));
    } catch (error) {
      // Where Resource Graph cannot tell, every scope is asked for by itself.
      if (!(error instanceof Failure) || (error.class === "terminal" && error.details.status !== 403))
        throw error;
    }
  }
  return shown;
}

async function exists(reader: ScopeReader, probe: string, signal: AbortSignal): Promise<boolean> {
  try {
    return await patiently(reader.clock, signal, () => ask(reader.clients, probe, signal));
  } catch (error) {
    if (saysGone(error) || saysNoSubscription(error)) return false;
    if (error instanceof Failure && error.details.status === 403) return true;
    throw error;
  }
}

function saysNoSubscription(error: unknown): boolean {
  return error instanceof Failure && error.details.code.toLowerCase() === "subscriptionnotfound";
}

async function ask(clients: Clients, probe: string, signal: AbortSignal): Promise<boolean> {
  const subscriptionId = subscriptionOf(probe) ?? "";
  const resource = parseArmId(probe);
  const group = resourceGroupIdOf(probe)?.split("/").at(-1);
  if (group === undefined) {
    await clients.subscriptions.subscriptions.get(subscriptionId, { abortSignal: signal });
    return true;
  }
  const client = clients.resources(subscriptionId);
  if (!resource) {
    const { body } = await client.resourceGroups.checkExistence(group, { abortSignal: signal });
    return body;
  }
  const filter = `resourceType eq '${resource.type}' and name eq '${resource.name.replaceAll("'", "''")}'`;
  const found = await all(client.resources.listByResourceGroup(group, { filter, abortSignal: signal }));
  return found.some((r) => sameId(r.id ?? "", probe));
}
