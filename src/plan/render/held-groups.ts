// Decides how what is held is told: each set once with its digest, however many identities it spans, and how it is released.
import { idKey } from "../../model/arm-id.ts";
import type { Change, Held } from "../plan.ts";
import { byIdentity, type IdentityChanges } from "./change-words.ts";

/** All that one reason holds and one release lets go. */
export interface HeldGroup {
  /** "team-orders/orders", or "3 identities". */
  readonly title: string;
  readonly reason: Held["reason"];
  readonly digest: string;
  readonly releasable: boolean;
  readonly count: number;
  /** By message and cure, in the plan's order. */
  readonly parts: readonly HeldPart[];
}

/** Changes that are held with the same words. */
export interface HeldPart {
  readonly message: string;
  readonly cure: string;
  /** Lines for another program's file that belong to the cure. */
  readonly snippet: readonly string[];
  readonly identities: readonly IdentityChanges[];
}

/** What is held by sets, in the plan's order. What nobody can release is told by identity. */
export function heldGroups(held: readonly Held[]): readonly HeldGroup[] {
  const groups = Map.groupBy(held, (one) =>
    one.releasable
      ? `${one.reason} ${one.digest}`
      : `${one.reason} ${one.digest} ${idKey(one.change.identityId)}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const parts = Map.groupBy(group, ({ message, cure }) => `${message}\n${cure}`);
    return [
      {
        title: titleOf(group.map(({ change }) => change)),
        reason: first.reason,
        digest: first.digest,
        releasable: first.releasable,
        count: group.length,
        parts: [...parts.values()].map(partFrom),
      },
    ];
  });
}

/** What a person types to release a set; without a known command line with a gap for the manifests. */
export function releaseCommand(digest: string, applyCommand = "bindery apply PATH…"): string {
  return `${applyCommand} --release ${digest}`;
}

/** What a person does to release a set where a daemon applies the plan. */
export function releaseInPolicy(digest: string): string {
  return `add ${digest} to the policy's \`releases\``;
}

function titleOf(changes: readonly Change[]): string {
  const identities = byIdentity(changes);
  return identities.length === 1 ? (identities[0]?.title ?? "") : `${identities.length} identities`;
}

function partFrom(group: readonly Held[]): HeldPart {
  return {
    message: group[0]?.message ?? "",
    cure: group[0]?.cure ?? "",
    snippet: group[0]?.snippet ?? [],
    identities: byIdentity(group.map(({ change }) => change)),
  };
}
