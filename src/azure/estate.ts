// Which subscriptions the estate has, and that all of them are of the policy's tenant.
import { idKey, sameId } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { Estate } from "../model/policy.ts";
import type { Clock, Listed, UnknownSubscription } from "../model/ports.ts";
import { all, patiently } from "./call.ts";
import type { Clients } from "./clients.ts";
import { subscriptionsQuery } from "./queries.ts";
import type { Graph, GraphRow } from "./resource-graph.ts";
import { textOf } from "./rows.ts";

/** A subscription that the caller can see. */
export interface SeenSubscription {
  readonly subscriptionId: string;
  readonly displayName: string;
  readonly tenantId: string;
  /** "Enabled", "Disabled", "Warned" … */
  readonly state: string;
}

/** A tenant that the caller can see. */
export interface SeenTenant {
  readonly tenantId: string;
  readonly displayName: string;
}

/** Everything that a policy could put under management. */
export interface SeenEstate {
  readonly tenants: readonly SeenTenant[];
  readonly subscriptions: readonly SeenSubscription[];
}

/** The tenants and subscriptions that the caller can see. */
export async function listSeen(clients: Clients, clock: Clock, signal: AbortSignal): Promise<SeenEstate> {
  const tenants = await patiently(clock, signal, () =>
    all(clients.subscriptions.tenants.list({ abortSignal: signal })),
  );
  return {
    tenants: tenants.map((t) => ({ tenantId: t.tenantId ?? "", displayName: t.displayName ?? "" })),
    subscriptions: await listSeenSubscriptions(clients, clock, signal),
  };
}

/** The subscriptions that the caller can see. */
export async function listSeenSubscriptions(
  clients: Clients,
  clock: Clock,
  signal: AbortSignal,
): Promise<SeenSubscription[]> {
  const found = await patiently(clock, signal, () =>
    all(clients.subscriptions.subscriptions.list({ abortSignal: signal })),
  );
  return found.map((s) => ({
    subscriptionId: (s.subscriptionId ?? "").toLowerCase(),
    displayName: s.displayName ?? "",
    tenantId: s.tenantId ?? "",
    state: s.state ?? "",
  }));
}

/** What it takes to expand an estate. */
export interface EstateReader {
  readonly clients: Clients;
  readonly graph: Graph;
  readonly clock: Clock;
  readonly tenantId: string;
}

/**
 * All subscriptions of an estate, in lower case. One that cannot be seen is unknown; one of another tenant is a
 * terminal Failure "ForeignTenant", as is a management group that cannot be expanded: nobody knows what it holds.
 */
export async function subscriptionsOf(
  estate: Estate,
  reader: EstateReader,
  signal: AbortSignal,
): Promise<Listed<string>> {
  const seen = await listSeenSubscriptions(reader.clients, reader.clock, signal);
  const named = [...new Set(estate.subscriptions.map(idKey))];
  const below = await subscriptionsBelow(estate.managementGroups, reader.graph, signal);
  const byId = new Map(seen.map((s) => [s.subscriptionId, s.tenantId]));
  for (const { subscriptionId, tenantId } of below.items) byId.set(subscriptionId, tenantId);
  const wanted = [...new Set([...named, ...below.items.map((s) => s.subscriptionId)])];
  for (const id of wanted) refuseForeignTenant(id, byId.get(id), reader.tenantId);
  const unknown = wanted
    .filter((id) => !byId.has(id))
    .map((subscriptionId) => ({
      subscriptionId,
      reason: "it does not exist, or the caller may not read it",
    }));
  return { items: wanted.filter((id) => byId.has(id)), unknown: [...unknown, ...below.unknown] };
}

function refuseForeignTenant(subscriptionId: string, actual: string | undefined, expected: string): void {
  if (actual === undefined || sameId(actual, expected)) return;
  const text = `Subscription ${subscriptionId} is of tenant ${actual}, not of ${expected}, which the policy is for.`;
  throw new Failure("terminal", text, { code: "ForeignTenant" });
}

interface Below {
  readonly items: readonly { subscriptionId: string; tenantId: string }[];
  readonly unknown: readonly UnknownSubscription[];
}

async function subscriptionsBelow(
  groups: readonly string[],
  graph: Graph,
  signal: AbortSignal,
): Promise<Below> {
  if (groups.length === 0) return { items: [], unknown: [] };
  const rows = await graph.rows({ text: subscriptionsQuery, managementGroups: groups }, signal);
  const wanted = new Set(groups.map(idKey));
  const [inside, doubtful] = [
    rows.filter((row) => isBelow(row, wanted)),
    rows.filter((row) => !isBelow(row, wanted)),
  ];
  return {
    items: inside.map((row) => ({
      subscriptionId: subscriptionIdOf(row),
      tenantId: textOf(row.tenantId) ?? "",
    })),
    unknown: doubtful.map((row) => ({
      subscriptionId: subscriptionIdOf(row),
      reason: "Resource Graph lists it without saying which management group it is in",
    })),
  };
}

function subscriptionIdOf(row: GraphRow): string {
  return (textOf(row.subscriptionId) ?? "").toLowerCase();
}

/** The chain names all management groups above a subscription: `[{ name, displayName }]`. */
function isBelow(row: GraphRow, groups: ReadonlySet<string>): boolean {
  if (!Array.isArray(row.ancestors)) return false;
  return row.ancestors.some((a: unknown) => {
    const name = typeof a === "object" && a !== null && "name" in a ? textOf(a.name) : undefined;
    return name !== undefined && groups.has(idKey(name));
  });
}
