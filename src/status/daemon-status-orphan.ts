// Decides what is kept of an orphan: what it still can, within bounds, and since when it is known.
import { idKey } from "../model/arm-id.ts";
import type { DaemonEvent } from "./daemon-event.ts";
import { type TimedConditions, timedConditionsFrom } from "./daemon-status-conditions.ts";
import { bounds, clipped } from "./daemon-status-text.ts";

/** An identity that carries our owner tag and that no document names. */
export interface OrphanEntry {
  readonly identityId: string;
  readonly conditions: TimedConditions;
  /** Ids; `targetCount` may be more. */
  readonly targets: readonly string[];
  readonly targetCount: number;
  readonly roles: readonly { readonly roleName: string; readonly scope: string }[];
  readonly roleCount: number;
  /** Whose tokens may act as it. */
  readonly credentials: readonly { readonly issuer: string; readonly subject: string }[];
  readonly credentialCount: number;
}

type PassEnded = Extract<DaemonEvent, { readonly kind: "passEnded" }>;

/** The orphans of a pass; those that are none any more are forgotten. */
export function orphanEntriesAfter(
  before: readonly OrphanEntry[],
  { orphans, atInMs }: PassEnded,
): readonly OrphanEntry[] {
  const known = new Map(before.map((entry) => [idKey(entry.identityId), entry]));
  return orphans.slice(0, bounds.orphans).map(({ orphan, conditions }) => {
    const { identityId, targets, roles, credentials } = orphan;
    return {
      identityId,
      conditions: timedConditionsFrom(known.get(idKey(identityId))?.conditions, conditions, atInMs),
      targets: targets.slice(0, bounds.orphanPowers),
      targetCount: targets.length,
      roles: roles.slice(0, bounds.orphanPowers).map(({ roleName, scope }) => ({ roleName, scope })),
      roleCount: roles.length,
      credentials: credentials.slice(0, bounds.orphanPowers).map(({ issuer, subject }) => ({
        issuer: clipped(issuer, bounds.words),
        subject: clipped(subject, bounds.words),
      })),
      credentialCount: credentials.length,
    };
  });
}
