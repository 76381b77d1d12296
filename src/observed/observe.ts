// Reads the whole estate by lists: they propose what there is, and what they cannot say is marked as unknown.
import type { Desired } from "../desired/desired.ts";
import { idKey, subscriptionOf } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import { type RoleAssignment, type RoleDefinition, roleScopeOf } from "../model/grant.ts";
import { type FederatedCredential, type Identity, ownerTag, tagOf } from "../model/identity.ts";
import { byText } from "../model/order.ts";
import type { Policy } from "../model/policy.ts";
import type { Listed, ReadPorts, Self } from "../model/ports.ts";
import { observeDatabases } from "./databases.ts";
import { readInstances } from "./instances.ts";
import type { Observed } from "./observed.ts";

/** What an observation needs. */
export interface ObserveInput {
  readonly desired: Desired;
  readonly policy: Policy;
  readonly self: Self;
  readonly ports: ReadPorts;
  readonly signal: AbortSignal;
}

/**
 * Lists identities, targets, role assignments, roles, credentials and scopes of the estate. A subscription that
 * could not be read is `unknown`, a single thing `unreadable`; only a failure of everything is thrown as `Failure`.
 */
export async function observe(input: ObserveInput): Promise<Observed> {
  const { desired, policy, self, ports, signal } = input;
  const unknown = new Map<string, string>();
  const unreadable = new Map<string, string>();
  const take = <T>(listed: Listed<T>): readonly T[] => {
    for (const { subscriptionId, reason } of listed.unknown) unknown.set(idKey(subscriptionId), reason);
    return listed.items;
  };
  const subscriptions = take(await ports.listSubscriptions(policy.estate, signal)).map(idKey);
  const listed = take(await ports.listIdentities(subscriptions, signal));
  const unlisted = await readUnlisted(input, listed, unreadable);
  for (const id of [...unlisted.map((i) => i.id), ...unreadable.keys()]) doubt(unknown, id);
  const identities = keyed([...listed, ...unlisted], (i) => i.id);
  const targets = keyed(take(await ports.listTargets(subscriptions, signal)), (t) => t.id);
  const assignments = take(
    await ports.listAssignments(
      {
        subscriptions,
        managementGroups: policy.estate.managementGroups,
        principalIds: principalsOf(identities, desired, policy),
        owner: policy.owner,
      },
      signal,
    ),
  );
  return {
    self,
    identities,
    targets,
    assignments: keyed(assignments, (a) => a.id),
    assignmentCounts: await countAssignments(input, subscriptions, unreadable),
    credentials: await readCredentials(input, identities, unreadable),
    references: new Map(),
    roles: await readRoles(input, assignments, unreadable),
    databases: await observeDatabases({ ...input, identities, subscriptions }),
    instances: await readInstances(desired, targets, (id) =>
      orUnreadable(`${id}/virtualMachines`, unreadable, () => ports.listInstances(id, signal)),
    ),
    missingScopes: await findMissingScopes(input, unreadable),
    confirmed: new Set(unlisted.map((i) => idKey(i.id))),
    unknown,
    unreadable,
    subscriptions: new Set(subscriptions),
  };
}

/** An identity is missing only after a read of its own has answered 404. */
async function readUnlisted(
  { desired, ports, signal }: ObserveInput,
  listed: readonly Identity[],
  unreadable: Map<string, string>,
): Promise<readonly Identity[]> {
  const seen = new Set(listed.map((i) => idKey(i.id)));
  const wanted = desired.identities.filter((i) => !seen.has(idKey(i.id)));
  const read = await Promise.all(
    wanted.map((i) => orUnreadable(i.id, unreadable, () => ports.readIdentity(i.id, signal))),
  );
  return read.filter((i) => i !== undefined);
}

/**
 * Marks the subscription of something that the lists do not show although it is there, or may be: they cannot be
 * relied on, and nothing is pruned there in this pass.
 */
export function doubt(unknown: Map<string, string>, id: string): void {
  const subscription = subscriptionOf(id);
  if (subscription && !unknown.has(subscription)) unknown.set(subscription, `the lists miss ${id}`);
}

/** Whose assignments matter: those of identities that documents name, and of those that carry our owner tag. */
function principalsOf(
  identities: ReadonlyMap<string, Identity>,
  desired: Desired,
  policy: Policy,
): readonly string[] {
  const named = new Set(desired.identities.map((i) => idKey(i.id)));
  return [...identities]
    .filter(([key, identity]) => named.has(key) || tagOf(identity.tags, ownerTag) === policy.owner)
    .map(([, identity]) => identity.principalId)
    .toSorted(byText);
}

/** Whoever can be trusted by an identity that is ours must be known, whether or not its document says a word of it. */
export async function readCredentials(
  { desired, policy, ports, signal }: Omit<ObserveInput, "self">,
  identities: ReadonlyMap<string, Identity>,
  unreadable: Map<string, string>,
): Promise<ReadonlyMap<string, readonly FederatedCredential[]>> {
  const declaring = new Set(desired.identities.filter((i) => i.federatedCredentials).map((i) => idKey(i.id)));
  const wanted = [...identities].filter(
    ([key, { tags }]) => declaring.has(key) || tagOf(tags, ownerTag) === policy.owner,
  );
  const read = await Promise.all(
    wanted.map(async ([key, { id }]) => {
      const credentials = await orUnreadable(`${id}/federatedIdentityCredentials`, unreadable, () =>
        ports.listCredentials(id, signal),
      );
      return [key, credentials] as const;
    }),
  );
  return new Map(read.flatMap(([key, value]) => (value ? [[key, value] as const] : [])));
}

/** Azure refuses what is beyond its limit; where nothing is granted there is nothing to refuse. */
async function countAssignments(
  { desired, ports, signal }: ObserveInput,
  subscriptions: readonly string[],
  unreadable: Map<string, string>,
): Promise<ReadonlyMap<string, number>> {
  const places = new Set(grantScopes(desired).map(subscriptionOf));
  const asked = subscriptions.filter((id) => places.has(id));
  if (asked.length === 0) return new Map();
  const counts = await orUnreadable("the number of role assignments", unreadable, () =>
    ports.countAssignments(asked, signal),
  );
  return counts ?? new Map();
}

async function readRoles(
  { desired, ports, signal }: ObserveInput,
  assignments: readonly RoleAssignment[],
  unreadable: Map<string, string>,
): Promise<ReadonlyMap<string, readonly RoleDefinition[]>> {
  const scopes = [...grantScopes(desired), ...assignments.map((a) => a.scope)].map(roleScopeOf);
  const read = await Promise.all(
    [...new Set(scopes)].map(async (scope) => {
      const roles = await orUnreadable(scope, unreadable, () => ports.listRoles(scope, signal));
      return [scope, roles] as const;
    }),
  );
  return new Map(read.flatMap(([key, value]) => (value ? [[key, value] as const] : [])));
}

async function findMissingScopes(
  { desired, ports, signal }: ObserveInput,
  unreadable: Map<string, string>,
): Promise<ReadonlySet<string>> {
  const scopes = [...new Set(grantScopes(desired).map(idKey))];
  const existing = await orUnreadable("the scopes of grants", unreadable, () =>
    ports.existingScopes(scopes, signal),
  );
  const found = new Set((existing ?? scopes).map(idKey));
  return new Set(scopes.filter((scope) => !found.has(scope)));
}

function grantScopes(desired: Desired): readonly string[] {
  return desired.identities.flatMap((i) => i.bindings.flatMap((b) => b.grants.map((g) => g.scope)));
}

function keyed<T>(items: readonly T[], idOf: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [idKey(idOf(item)), item]));
}

/** Runs a read of one thing; when it fails, the thing is unreadable and the rest goes on. */
export async function orUnreadable<T>(
  id: string,
  unreadable: Map<string, string>,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    unreadable.set(idKey(id), `${error.details.code}: ${error.message}`);
    return undefined;
  }
}
