// Re-reads by GET exactly those things that a plan would change: lists propose, a fresh read disposes.
import { idKey, sameId } from "../model/arm-id.ts";
import type { Listed, ReadPorts } from "../model/ports.ts";
import type { Target } from "../model/target.ts";
import { doubt, orUnreadable } from "./observe.ts";
import type { Observed, References } from "./observed.ts";

/** What a plan is about, as far as it has to be read again. */
export interface Questions {
  readonly identityIds: readonly string[];
  readonly targetIds: readonly string[];
  /** Assignments that would be changed or revoked. */
  readonly assignmentIds: readonly string[];
  /** Assignments that would be made. */
  readonly grants: readonly { readonly scope: string; readonly principalId: string }[];
  /** Identities that would be deleted. */
  readonly deletions: readonly string[];
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
    references: new Map(observed.references),
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
          if (!found) {
            if (!into.has(idKey(id))) doubt(fresh.unknown, id);
            return;
          }
          fresh.confirmed.add(idKey(id));
          replace(id, found.value, into, fresh.unknown);
        }),
    );
  await Promise.all([
    ask(questions.identityIds, fresh.identities, (id) => ports.readIdentity(id, signal)),
    ask(questions.targetIds, fresh.targets, async (id) =>
      withManager(await ports.readTarget(id, signal), observed.targets.get(idKey(id))),
    ),
    ask(questions.assignmentIds, fresh.assignments, (id) => ports.readAssignment(id, signal)),
    ...distinctGrants(questions.grants).map(async ({ scope, principalId }) => {
      const found = await orUnreadable(scope, fresh.unreadable, () =>
        ports.findAssignments(scope, principalId, signal),
      );
      for (const a of found ?? []) if (sameId(a.scope, scope)) fresh.assignments.set(idKey(a.id), a);
    }),
    ...distinct(questions.deletions)
      .filter((id) => !fresh.references.has(idKey(id)))
      .map(async (id) => {
        const found = await orUnreadable(`what refers to ${id}`, fresh.unreadable, () =>
          ports.listReferences(id, [...observed.subscriptions], signal),
        );
        fresh.references.set(idKey(id), referencesFrom(found));
      }),
  ]);
  return { ...observed, ...fresh };
}

/** A subscription that could not be searched may hold anything. */
function referencesFrom(listed: Listed<string> | undefined): References {
  if (!listed) return { resourceIds: [], unknown: "the question could not be answered" };
  const [first] = listed.unknown;
  return { resourceIds: listed.items, ...(first && { unknown: `${first.subscriptionId}: ${first.reason}` }) };
}

/** Who manages a target's group stands in lists only: a fresh read must not make a managed machine look free. */
function withManager(fresh: Target | undefined, listed: Target | undefined): Target | undefined {
  if (!fresh || fresh.managedBy !== undefined || listed?.managedBy === undefined) return fresh;
  return { ...fresh, managedBy: listed.managedBy };
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
  if (!into.has(key)) doubt(unknown, id);
  into.set(key, value);
}

function distinct(ids: readonly string[]): readonly string[] {
  return [...new Map(ids.map((id) => [idKey(id), id])).values()];
}

function distinctGrants(grants: Questions["grants"]): Questions["grants"] {
  return [...new Map(grants.map((g) => [`${idKey(g.scope)}|${g.principalId}`, g])).values()];
}
