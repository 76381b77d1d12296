// Re-reads by GET exactly those things that a plan would change: lists propose, a fresh read disposes.
import { idKey, sameId, subscriptionOf } from "../model/arm-id.ts";
import type { ReadPorts } from "../model/ports.ts";
import { orUnreadable } from "./observe.ts";
import type { Observed } from "./observed.ts";

/** What a plan is about, as far as it has to be read again. */
export interface Questions {
  readonly identityIds: readonly string[];
  readonly targetIds: readonly string[];
  /** Assignments that would be changed or revoked. */
  readonly assignmentIds: readonly string[];
  /** Assignments that would be made. */
  readonly grants: readonly { readonly scope: string; readonly principalId: string }[];
}

/** The observation with these things as fresh reads show them; what a list missed makes its subscription doubtful. */
export async function confirm(
  observed: Observed,
  questions: Questions,
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<Observed> {
  const fresh = {
    identities: new Map(observed.identities),
    targets: new Map(observed.targets),
    assignments: new Map(observed.assignments),
    confirmed: new Set(observed.confirmed),
    unknown: new Map(observed.unknown),
    unreadable: new Map(observed.unreadable),
  };
  const ask = <T>(
    ids: readonly string[],
    into: Map<string, T>,
    read: (id: string) => Promise<T | undefined>,
  ) =>
    Promise.all(
      distinct(ids)
        .filter((id) => !fresh.confirmed.has(idKey(id)))
        .map(async (id) => {
          const found = await orUnreadable(id, fresh.unreadable, async () => ({ value: await read(id) }));
          if (!found) return;
          fresh.confirmed.add(idKey(id));
          replace(id, found.value, into, fresh.unknown);
        }),
    );
  await Promise.all([
    ask(questions.identityIds, fresh.identities, (id) => ports.readIdentity(id, signal)),
    ask(questions.targetIds, fresh.targets, (id) => ports.readTarget(id, signal)),
    ask(questions.assignmentIds, fresh.assignments, (id) => ports.readAssignment(id, signal)),
    ...distinctGrants(questions.grants).map(async ({ scope, principalId }) => {
      const found = await orUnreadable(scope, fresh.unreadable, () =>
        ports.findAssignments(scope, principalId, signal),
      );
      for (const a of found ?? []) if (sameId(a.scope, scope)) fresh.assignments.set(idKey(a.id), a);
    }),
  ]);
  return { ...observed, ...fresh };
}

function replace<T>(
  id: string,
  value: T | undefined,
  into: Map<string, T>,
  unknown: Map<string, string>,
): void {
  const key = idKey(id);
  if (value === undefined) {
    into.delete(key);
    return;
  }
  const subscription = subscriptionOf(id);
  if (!into.has(key) && subscription && !unknown.has(subscription)) {
    unknown.set(subscription, `the lists miss ${id}`);
  }
  into.set(key, value);
}

function distinct(ids: readonly string[]): readonly string[] {
  return [...new Map(ids.map((id) => [idKey(id), id])).values()];
}

function distinctGrants(grants: Questions["grants"]): Questions["grants"] {
  return [...new Map(grants.map((g) => [`${idKey(g.scope)}|${g.principalId}`, g])).values()];
}
