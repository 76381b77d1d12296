// Holds what Azure would refuse half-way because something is full: told in the plan, before anything has been written.
import { idKey, subscriptionOf } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import { principalTag } from "../../model/identity.ts";
import type { Draft, Entry, Hold, Subjects } from "../draft.ts";

/**
 * What Azure takes at most: role assignments in a subscription (azure-docs, role-based-access-control/limits), keys
 * in one request of a target (Azure/bicep#16559), credentials of an identity (entra-docs,
 * workload-identity-federation-considerations), tags of a resource (azure-docs, azure-resource-manager/tag-resources).
 */
const quotas = { assignments: 4_000, keys: 150, credentials: 20, tags: 50 } as const;

/**
 * Rule 20: what quotas hold, by change id; always all that would share the room that is left. `holds` is what is held
 * already. What another change of the plan removes makes room only if it goes first, as credentials do.
 */
export function quotaHolds(
  entries: readonly Entry[],
  holds: ReadonlyMap<string, Hold>,
): ReadonlyMap<string, Hold> {
  const open = entries.filter(({ draft }) => !holds.has(draft.id));
  const byIdentity = [...Map.groupBy(open, ({ subjects }) => subjects)];
  return new Map([
    ...assignmentHolds(open),
    ...byIdentity.flatMap(([subjects, group]) => credentialHolds(subjects, group)),
    ...byIdentity.flatMap(([subjects, group]) => tagHolds(subjects, group)),
    ...requestHolds(open),
  ]);
}

type Holds = readonly (readonly [string, Hold])[];

function heldAll(group: readonly Entry[], hold: Omit<Hold, "reason">): Holds {
  return group.map(({ draft }) => [draft.id, { reason: "QuotaExceeded", ...hold }]);
}

function assignmentHolds(open: readonly Entry[]): Holds {
  const grants = open.filter(({ draft }) => draft.kind === "grant");
  const places = Map.groupBy(grants, ({ draft: { subject } }) =>
    subject.kind === "role" ? subscriptionOf(subject.scope) : undefined,
  );
  return [...places].flatMap(([subscription, group]) => {
    const count = group[0]?.subjects.observed.assignmentCounts.get(subscription ?? "");
    if (count === undefined || count + group.length <= quotas.assignments) return [];
    return heldAll(group, {
      message: `Subscription ${subscription} has ${count} role assignments, and Azure takes ${quotas.assignments}: these ${group.length} do not fit.`,
      cure: "Remove assignments that nobody needs (those of deleted principals stay behind), or grant fewer.",
      set: `assignments ${subscription}`,
    });
  });
}

function credentialHolds({ identity, observed }: Subjects, group: readonly Entry[]): Holds {
  const live = new Set((observed.credentials.get(idKey(identity.id)) ?? []).map(({ name }) => idKey(name)));
  const present = live.size;
  for (const { draft } of group) if (isCredential(draft, true)) live.delete(nameIn(draft));
  const news = group.filter(({ draft }) => isCredential(draft, false) && !live.has(nameIn(draft)));
  const total = live.size + news.length;
  if (total <= quotas.credentials) return [];
  return heldAll(news, {
    message: `${documentName(identity.document)} has ${present} federated credentials and would have ${total}, and Azure takes ${quotas.credentials}.`,
    cure: "Take some out of the document, or delete those that no document lists.",
    set: `credentials ${idKey(identity.id)}`,
  });
}

function isCredential({ subject }: Draft, remove: boolean): boolean {
  return subject.kind === "credential" && subject.remove === remove;
}

function nameIn({ subject }: Draft): string {
  return subject.kind === "credential" ? idKey(subject.credential.name) : "";
}

function tagHolds({ identity, ownership }: Subjects, group: readonly Entry[]): Holds {
  const writes = group.filter(({ draft }) => tagsIn(draft).length > 0);
  const before = Object.keys(ownership.identity?.tags ?? {});
  const after = new Set([...before, ...writes.flatMap(({ draft }) => tagsIn(draft))].map(idKey));
  if (after.size <= Math.max(quotas.tags, before.length)) return [];
  return heldAll(writes, {
    message: `${documentName(identity.document)} would have ${after.size} tags, Bindery's own among them, and Azure takes ${quotas.tags}.`,
    cure: "Take tags out of the document, or off the identity by hand.",
    set: `tags ${idKey(identity.id)}`,
  });
}

function tagsIn({ subject }: Draft): readonly string[] {
  if (subject.kind === "identity") return Object.keys(subject.tags ?? {});
  if (subject.kind !== "tags") return [];
  return [...Object.keys(subject.set), ...(subject.recordPrincipal ? [principalTag] : [])];
}

/** One request changes at most so many keys: what comes goes first, and the rest with a later pass. */
function requestHolds(open: readonly Entry[]): Holds {
  const keys = open.flatMap(({ draft: { id, kind, subject } }) =>
    subject.kind === "target" ? [{ id, comes: kind === "attach", target: idKey(subject.targetId) }] : [],
  );
  const targets = Map.groupBy(keys, ({ target }) => target);
  return [...targets.values()].flatMap((group) => {
    const [come, go] = [group.filter(({ comes }) => comes), group.filter(({ comes }) => !comes)];
    return [...come, ...go].slice(quotas.keys).map(({ id }): Holds[number] => [
      id,
      {
        reason: "RequestFull",
        message: `One request changes at most ${quotas.keys} identities of a target; this one has to wait.`,
        cure: "Nothing to do: it comes with a later pass.",
      },
    ]);
  });
}
