// Finds what refers to an identity outside identity blocks: its id anywhere in the properties of any resource.
import { idKey, isAtOrBelow } from "../model/arm-id.ts";
import type { Listed } from "../model/ports.ts";
import { unseen } from "./graph-lists.ts";
import { containersQuery, referencesQuery } from "./queries.ts";
import type { Graph, GraphRow } from "./resource-graph.ts";
import { textOf } from "./rows.ts";

/**
 * The resources of these subscriptions whose properties name the identity: the kubelet identity of an AKS cluster, the
 * identity behind a customer's key, an App Service's identity for key vault references, a disk encryption set …
 * Resource Graph finds every text that begins like the id; which of them are the id is decided here.
 */
export async function graphReferences(
  graph: Graph,
  identityId: string,
  subscriptions: readonly string[],
  signal: AbortSignal,
): Promise<Listed<string>> {
  const [rows, containers] = await Promise.all([
    graph.rows({ text: referencesQuery(identityId), subscriptions }, signal),
    graph.rows({ text: containersQuery, subscriptions }, signal),
  ]);
  const items = rows.flatMap((row) => {
    const id = textOf(row.id);
    return id !== undefined && !isAtOrBelow(id, identityId) && refersTo(row, identityId) ? [id] : [];
  });
  return { items, unknown: unseen(subscriptions, containers) };
}

/** Without Resource Graph the properties of all resources would have to be read one by one: that is not known. */
export async function unsearched(subscriptionId: string): Promise<Listed<string>> {
  const reason = "Resource Graph, which alone can search all resources, does not answer";
  return { items: [], unknown: [{ subscriptionId, reason }] };
}

/** Names of identities have letters, digits, `-` and `_`: what goes on with one of these is another identity. */
function refersTo({ properties }: GraphRow, identityId: string): boolean {
  if (properties === undefined || properties === null) return true;
  const pattern = idKey(identityId).replace(/[.+?^${}()|[\]\\*]/g, "\\$&");
  return new RegExp(`${pattern}(?![\\w-])`).test(JSON.stringify(properties).toLowerCase());
}
