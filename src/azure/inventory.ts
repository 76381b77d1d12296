// Reads the estate by lists: Resource Graph first, the providers' own lists where that is refused or fails.
import { idKey } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { RoleAssignment } from "../model/grant.ts";
import type { AssignmentQuery, Inventory, Listed } from "../model/ports.ts";
import { chunksOf, inParallel } from "./call.ts";
import { type EstateReader, subscriptionsOf } from "./estate.ts";
import { graphAssignmentCounts, graphAssignments, graphIdentities, graphTargets } from "./graph-lists.ts";
import { type PlainLists, plainListsOf } from "./plain-lists.ts";
import { graphReferences, unsearched } from "./references.ts";

/** Subscriptions per query: Azure advises to group up to 300. */
const subscriptionsPerQuery = 200;
/** Subscriptions that the fallback reads at the same time. */
const fallbackWidth = 4;

/** What it takes to read the estate; the tenant is asked for only when it is needed. */
export interface InventoryParts extends Omit<EstateReader, "tenantId"> {
  tenantId(signal: AbortSignal): Promise<string>;
}

/** The inventory port. */
export function inventoryOf(parts: InventoryParts): Inventory {
  const { graph } = parts;
  const plain = plainListsOf(parts.clients, parts.clock);
  return {
    async listSubscriptions(estate, signal): Promise<Listed<string>> {
      const tenantId = await parts.tenantId(signal);
      return await subscriptionsOf(estate, { ...parts, tenantId }, signal);
    },
    listIdentities: (subscriptions, signal) =>
      inChunks(
        subscriptions,
        (chunk) => graphIdentities(graph, chunk, signal),
        (id) => plain.identities(id, signal),
      ),
    listTargets: (subscriptions, signal) =>
      inChunks(
        subscriptions,
        (chunk) => graphTargets(graph, chunk, signal),
        (id) => plain.targets(id, signal),
      ),
    listAssignments: (query, signal) => listAssignments(parts, plain, query, signal),
    listReferences: (identityId, subscriptions, signal) =>
      inChunks(
        subscriptions,
        (chunk) => graphReferences(graph, identityId, chunk, signal),
        (id) => unsearched(id),
      ),
    async countAssignments(subscriptions, signal): Promise<ReadonlyMap<string, number>> {
      const chunks = chunksOf(subscriptions, subscriptionsPerQuery);
      const counts = await Promise.all(chunks.map((chunk) => graphAssignmentCounts(graph, chunk, signal)));
      return new Map(counts.flatMap((one) => [...one]));
    },
  };
}

async function listAssignments(
  parts: InventoryParts,
  plain: PlainLists,
  query: AssignmentQuery,
  signal: AbortSignal,
): Promise<Listed<RoleAssignment>> {
  const { subscriptions, principalIds, owner } = query;
  const principals = new Set(principalIds.map(idKey));
  const below = await inChunks(
    subscriptions,
    (chunk) => graphAssignments(parts.graph, { subscriptions: chunk }, principalIds, owner, signal),
    (id) => plain.assignments(id, principals, owner, signal),
  );
  const above = await assignmentsOfGroups(parts, query, signal);
  // An assignment above several subscriptions comes once with each of them.
  const byId = new Map([...below.items, ...above.items].map((a) => [idKey(a.id), a]));
  return { items: [...byId.values()], unknown: [...below.unknown, ...above.unknown] };
}

/** Management groups of the estate may be without subscriptions; what cannot be read of them makes all unknown. */
async function assignmentsOfGroups(
  parts: InventoryParts,
  query: AssignmentQuery,
  signal: AbortSignal,
): Promise<Listed<RoleAssignment>> {
  const { subscriptions, managementGroups, principalIds, owner } = query;
  if (managementGroups.length === 0) return { items: [], unknown: [] };
  try {
    return await graphAssignments(parts.graph, { managementGroups }, principalIds, owner, signal);
  } catch (error) {
    if (!mayFallBack(error)) throw error;
    const reason = `role assignments of the management groups cannot be read: ${error.message}`;
    return { items: [], unknown: subscriptions.map((subscriptionId) => ({ subscriptionId, reason })) };
  }
}

async function inChunks<T>(
  subscriptions: readonly string[],
  byGraph: (chunk: readonly string[]) => Promise<Listed<T>>,
  plainly: (subscriptionId: string) => Promise<Listed<T>>,
): Promise<Listed<T>> {
  const lists = [];
  for (const chunk of chunksOf(subscriptions, subscriptionsPerQuery)) {
    lists.push(await graphOrPlain(chunk, byGraph, plainly));
  }
  return merged(lists);
}

async function graphOrPlain<T>(
  chunk: readonly string[],
  byGraph: (chunk: readonly string[]) => Promise<Listed<T>>,
  plainly: (subscriptionId: string) => Promise<Listed<T>>,
): Promise<Listed<T>> {
  try {
    return await byGraph(chunk);
  } catch (error) {
    if (!mayFallBack(error)) throw error;
    return merged(await inParallel(chunk, fallbackWidth, (id) => orUnknown(id, plainly)));
  }
}

/** A subscription that cannot be read is unknown; it is never an empty list. */
async function orUnknown<T>(
  subscriptionId: string,
  plainly: (subscriptionId: string) => Promise<Listed<T>>,
): Promise<Listed<T>> {
  try {
    return await plainly(subscriptionId);
  } catch (error) {
    if (!(error instanceof Failure) || isOfCaller(error)) throw error;
    return { items: [], unknown: [{ subscriptionId, reason: error.message }] };
  }
}

/** Refused or unwell: other lists may answer. A bad query or a wrong tenant is no reason to try elsewhere. */
function mayFallBack(error: unknown): error is Failure {
  if (!(error instanceof Failure) || isOfCaller(error)) return false;
  return error.class === "transient" || error.details.status === 403 || error.details.status === 404;
}

const callersOwn = new Set([
  "ForeignTenant",
  "ForeignHost",
  "RedirectRefused",
  "DryRunRefused",
  "SignInFailed",
  "CredentialUnavailable",
  "TokenUnreadable",
]);

/** What no subscription is to blame for: the same would happen with each of them. */
function isOfCaller(failure: Failure): boolean {
  return callersOwn.has(failure.details.code) || failure.details.status === 401;
}

function merged<T>(lists: readonly Listed<T>[]): Listed<T> {
  return { items: lists.flatMap((l) => l.items), unknown: lists.flatMap((l) => l.unknown) };
}
