// Lists of the estate out of Resource Graph, for a chunk of subscriptions at a time.
import { idKey, resourceGroupIdOf, subscriptionOf } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { RoleAssignment } from "../model/grant.ts";
import type { Identity } from "../model/identity.ts";
import type { Listed, UnknownSubscription } from "../model/ports.ts";
import type { Target } from "../model/target.ts";
import { chunksOf } from "./call.ts";
import {
  assignmentCountsQuery,
  assignmentsQuery,
  containersQuery,
  identitiesQuery,
  targetsQuery,
} from "./queries.ts";
import type { Graph, GraphQuery, GraphRow } from "./resource-graph.ts";
import { assignmentFrom, identityFrom, targetFrom, textOf } from "./rows.ts";

/** Every identity of these subscriptions. */
export async function graphIdentities(
  graph: Graph,
  subscriptions: readonly string[],
  signal: AbortSignal,
): Promise<Listed<Identity>> {
  const [rows, containers] = await Promise.all([
    graph.rows({ text: identitiesQuery, subscriptions }, signal),
    graph.rows({ text: containersQuery, subscriptions }, signal),
  ]);
  const read = readRows(rows, identityFrom, "the identity");
  return { items: read.items, unknown: [...unseen(subscriptions, containers), ...read.unknown] };
}

/** Every target of these subscriptions, with who manages it or its group. */
export async function graphTargets(
  graph: Graph,
  subscriptions: readonly string[],
  signal: AbortSignal,
): Promise<Listed<Target>> {
  const [rows, containers] = await Promise.all([
    graph.rows({ text: targetsQuery, subscriptions }, signal),
    graph.rows({ text: containersQuery, subscriptions }, signal),
  ]);
  const read = readRows(rows, targetFrom, "the identity block");
  const items = withGroupManagers(read.items, containers);
  return { items, unknown: [...unseen(subscriptions, containers), ...read.unknown] };
}

/** Ids per query: far below what a query may be long. */
const principalsPerQuery = 200;

/** The assignments of these principals and those with the owner's marker, inherited ones included. */
export async function graphAssignments(
  graph: Graph,
  scope: Pick<GraphQuery, "subscriptions" | "managementGroups">,
  principalIds: readonly string[],
  owner: string,
  signal: AbortSignal,
): Promise<Listed<RoleAssignment>> {
  const subscriptions = scope.subscriptions ?? [];
  const chunks = principalIds.length > 0 ? chunksOf(principalIds, principalsPerQuery) : [[]];
  const texts = chunks.map((ids, i) => assignmentsQuery(ids, i === 0 ? owner : undefined));
  const [containers, ...lists] = await Promise.all([
    subscriptions.length > 0 ? graph.rows({ text: containersQuery, subscriptions }, signal) : [],
    ...texts.map((text) => graph.rows({ text, ...scope, above: true }, signal)),
  ]);
  const read = readRows(lists.flat(), assignmentFrom, "the role assignment");
  return { items: read.items, unknown: [...unseen(subscriptions, containers), ...read.unknown] };
}

/** How many role assignments there are in each of these subscriptions, by lower-case id. */
export async function graphAssignmentCounts(
  graph: Graph,
  subscriptions: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const rows = await graph.rows({ text: assignmentCountsQuery, subscriptions }, signal);
  const counts = new Map(subscriptions.map((id) => [id.toLowerCase(), 0]));
  for (const { id, assignments } of rows) {
    const subscription = subscriptionOf(textOf(id) ?? "");
    if (subscription === undefined || typeof assignments !== "number") {
      throw new Failure("terminal", `Resource Graph's count of role assignments cannot be read: ${id}`, {
        code: "UnexpectedAnswer",
      });
    }
    counts.set(subscription, assignments);
  }
  return counts;
}

/** What could be read of rows; the subscription of one that could not is unknown, for something in it is. */
export function readRows<T>(
  rows: readonly GraphRow[],
  read: (row: GraphRow) => T | undefined,
  what: string,
): { items: T[]; unknown: UnknownSubscription[] } {
  const items: T[] = [];
  const unknown: UnknownSubscription[] = [];
  for (const row of rows) {
    const item = read(row);
    if (item !== undefined) items.push(item);
    else unknown.push(unreadable(row, what));
  }
  return { items, unknown };
}

function unreadable(row: GraphRow, what: string): UnknownSubscription {
  const id = textOf(row.id) ?? "";
  const subscriptionId = subscriptionOf(id);
  if (!subscriptionId) {
    throw new Failure("terminal", `Azure's list has a row that cannot be read: ${id}`, {
      code: "UnexpectedAnswer",
    });
  }
  return { subscriptionId, reason: `${what} of ${id} cannot be read` };
}

/** Resource Graph drops subscriptions that the caller cannot read without a word; they are unknown, not empty. */
export function unseen(
  subscriptions: readonly string[],
  containers: readonly GraphRow[],
): UnknownSubscription[] {
  const seen = new Set(containers.map((row) => subscriptionOf(textOf(row.id) ?? "")));
  return subscriptions
    .filter((id) => !seen.has(id.toLowerCase()))
    .map((subscriptionId) => ({
      subscriptionId,
      reason: "Resource Graph shows nothing of it: the caller may not read it",
    }));
}

/** A resource in a managed group is managed, whatever it says itself (AKS marks its node group only). */
export function withGroupManagers(
  targets: readonly Target[],
  containers: readonly { readonly id?: unknown; readonly managedBy?: unknown }[],
): Target[] {
  const managers = new Map<string, string>();
  for (const { id, managedBy } of containers) {
    const manager = textOf(managedBy);
    if (manager) managers.set(idKey(textOf(id) ?? ""), manager);
  }
  return targets.map((target) => {
    const manager = target.managedBy ?? managers.get(idKey(resourceGroupIdOf(target.id) ?? ""));
    return manager ? { ...target, managedBy: manager } : target;
  });
}
