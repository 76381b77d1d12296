// Decides who can act as which identity, and what each identity may do: as observed, and as a plan's changes leave it.
import { idKey } from "../../model/arm-id.ts";
import type { FederatedCredential } from "../../model/identity.ts";
import { byText } from "../../model/order.ts";
import type { Observed } from "../../observed/observed.ts";
import type { Change, Subject } from "../plan.ts";
import type { Holder, Power } from "./blast.ts";
import { type Powers, powersAfter, powersIn } from "./powers.ts";

/** One power of one holder. */
export interface Access {
  readonly power: Power;
  /** Sorted; empty if one of the assignments has none, for then no other one limits anything. */
  readonly conditions: readonly string[];
  /** Keys of the identities that give it, sorted. */
  readonly via: readonly string[];
}

/** Who can do what at one moment. */
export interface Reach {
  /** By a key of the holder; with the keys of the identities that it can act as. */
  readonly holders: ReadonlyMap<string, Holding>;
  /** By a key of the power. */
  readonly accessOf: (holderKey: string) => ReadonlyMap<string, Access>;
  readonly credentials: Credentials;
  readonly powers: Powers;
}

interface Holding {
  readonly holder: Holder;
  readonly identities: ReadonlySet<string>;
}

/** By identity, then by name. */
type Credentials = ReadonlyMap<string, ReadonlyMap<string, FederatedCredential>>;
/** Who can do what now. What is about to be attached does not work yet, even where a dead entry of it is left. */
export function reachBefore(observed: Observed, changes: readonly Change[]): Reach {
  const coming = new Set(changes.filter(({ kind }) => kind === "attach").map(attachmentKey));
  const attached = [...observed.targets.values()].flatMap((target) =>
    target.attachments.userAssigned
      .map(({ id }) => ({ targetId: idKey(target.id), identityId: idKey(id) }))
      .filter(({ targetId, identityId }) => !coming.has(`${targetId} ${identityId}`)),
  );
  const credentials = new Map(
    [...observed.credentials].map(([key, list]) => [key, new Map(list.map((c) => [idKey(c.name), c]))]),
  );
  return reachFrom(observed, attached, credentials, powersIn(observed));
}

/** Who can do what once these changes have been made. */
export function reachAfter(before: Reach, observed: Observed, changes: readonly Change[]): Reach {
  const attached = new Map(
    [...before.holders.values()].flatMap(({ holder, identities }) =>
      holder.kind === "trust"
        ? []
        : [...identities].map((identityId): [string, Attached] => {
            const targetId = idKey(holder.targetId);
            return [`${targetId} ${identityId}`, { targetId, identityId }];
          }),
    ),
  );
  const credentials = new Map([...before.credentials].map(([key, list]) => [key, new Map(list)]));
  for (const change of changes) {
    const { kind, subject } = change;
    const identityId = idKey(change.identityId);
    if (subject.kind === "target") {
      const targetId = idKey(subject.targetId);
      if (kind === "attach") attached.set(attachmentKey(change), { targetId, identityId });
      else attached.delete(attachmentKey(change));
    }
    if (subject.kind === "credential") applyCredential(identityId, subject, credentials);
  }
  const gone = new Set(changes.filter(({ kind }) => kind === "delete").map((c) => idKey(c.identityId)));
  const left = [...attached.values()].filter(({ identityId }) => !gone.has(identityId));
  for (const key of gone) credentials.delete(key);
  return reachFrom(observed, left, credentials, powersAfter(before.powers, observed, changes));
}

function applyCredential(
  identityId: string,
  { credential, remove }: Extract<Subject, { kind: "credential" }>,
  credentials: Map<string, Map<string, FederatedCredential>>,
): void {
  const mine = credentials.get(identityId) ?? new Map<string, FederatedCredential>();
  if (remove) mine.delete(idKey(credential.name));
  else mine.set(idKey(credential.name), credential);
  credentials.set(identityId, mine);
}

interface Attached {
  readonly targetId: string;
  readonly identityId: string;
}

function reachFrom(
  observed: Observed,
  attached: readonly Attached[],
  credentials: Credentials,
  powers: Powers,
): Reach {
  const holders = new Map<string, { holder: Holder; identities: Set<string> }>();
  const add = (key: string, holder: Holder, identityId: string): void => {
    const known = holders.get(key);
    if (known) known.identities.add(identityId);
    else holders.set(key, { holder, identities: new Set([identityId]) });
  };
  for (const { targetId, identityId } of attached) {
    const target = observed.targets.get(targetId);
    if (!target) continue;
    const { id, kind: targetKind, type } = target;
    add(`target ${targetId}`, { kind: "target", targetId: id, targetKind, type }, identityId);
  }
  for (const [identityId, list] of credentials) {
    for (const { issuer, subject, audience } of list.values()) {
      add(`trust ${issuer} ${subject} ${audience}`, { kind: "trust", issuer, subject, audience }, identityId);
    }
  }
  return {
    holders,
    credentials,
    powers,
    accessOf: (key) => accessFrom(holders.get(key)?.identities ?? new Set(), powers),
  };
}

function accessFrom(identities: ReadonlySet<string>, powers: Powers): ReadonlyMap<string, Access> {
  const assigned = [...identities]
    .toSorted(byText)
    .flatMap((via) => [...(powers.get(via) ?? [])].map(([key, one]) => ({ key, via, ...one })));
  return new Map(
    [...Map.groupBy(assigned, ({ key }) => key)].flatMap(([key, group]) => {
      const [first] = group;
      if (!first) return [];
      const limits = group.flatMap(({ condition }) => (condition === undefined ? [] : [condition]));
      const conditions = limits.length < group.length ? [] : [...new Set(limits)].toSorted(byText);
      return [[key, { power: first.power, conditions, via: group.map(({ via }) => via) }] as const];
    }),
  );
}

function attachmentKey({ subject, identityId }: Change): string {
  return subject.kind === "target" ? `${idKey(subject.targetId)} ${idKey(identityId)}` : "";
}
