// Decides what is kept of a document: its conditions with their times, and how each thing that it wants stands.
import { type DocumentRef, documentKey } from "../model/document.ts";
import type { Change, Held, Plan, SelectorMatches } from "../plan/plan.ts";
import type { DaemonEvent } from "./daemon-event.ts";
import { type TimedConditions, timedConditionsFrom } from "./daemon-status-conditions.ts";
import { bounds, clipped } from "./daemon-status-text.ts";
import { type Entries, entriesFrom, type Thing, type ThingKind, thingsFrom } from "./daemon-status-things.ts";
import type { DocumentStatus } from "./status.ts";

/** All that is known of one document. Times are milliseconds since the epoch. */
export interface DocumentEntry {
  readonly document: DocumentRef;
  readonly conditions: TimedConditions;
  readonly observedRevision: string;
  readonly observedAtInMs: number;
  /** The last revision under which it was Ready: all its changes applied, or nothing to do. */
  readonly lastAppliedRevision?: string;
  readonly attachments: Entries;
  readonly grants: Entries;
  /** The identity itself, its tags and its federated credentials: only what is to change. */
  readonly others: Entries;
  readonly selectors: readonly SelectorEntry[];
  readonly held: readonly HeldEntry[];
  /** Changes that are held, those of sets that are not listed included. */
  readonly heldCount: number;
  /** Of the last pass that changed something about it, or tried to. */
  readonly lastOutcomes?: LastOutcomes;
  /** Until then its changes are left alone after failures. */
  readonly nextRetryAtInMs?: number;
}

/** What became of the changes of one pass. */
export interface LastOutcomes {
  readonly passId: string;
  readonly atInMs: number;
  readonly listed: readonly Thing[];
  readonly count: number;
}

/** What is held of a document for the same reason, in the same words. */
export interface HeldEntry extends Pick<Held, "reason" | "message" | "cure" | "digest" | "releasable"> {
  readonly count: number;
}

/** What a selector of machines finds. */
export interface SelectorEntry extends Pick<SelectorMatches, "matched" | "attached" | "new" | "leaving"> {
  readonly file: string;
  readonly line: number;
}

type PassEnded = Extract<DaemonEvent, { readonly kind: "passEnded" }>;

/** The documents of a pass; those that its revision does not have are forgotten. */
export function documentEntriesAfter(
  before: ReadonlyMap<string, DocumentEntry>,
  event: PassEnded,
): ReadonlyMap<string, DocumentEntry> {
  const changes = Map.groupBy(event.plan.changes, ({ document }) => documentKey(document));
  const selectors = Map.groupBy(event.plan.selectors, ({ document }) => documentKey(document));
  return new Map(
    event.documents.map((status) => {
      const key = documentKey(status.document);
      const parts = { changes: changes.get(key) ?? [], selectors: selectors.get(key) ?? [] };
      return [key, documentEntryFrom(before.get(key), status, parts, event)] as const;
    }),
  );
}

interface PlanParts extends Pick<Plan, "selectors"> {
  readonly changes: readonly Change[];
}

function documentEntryFrom(
  before: DocumentEntry | undefined,
  status: DocumentStatus,
  { changes, selectors }: PlanParts,
  event: PassEnded,
): DocumentEntry {
  const { document, observedRevision, held } = status;
  const conditions = timedConditionsFrom(before?.conditions, status.conditions, event.atInMs);
  const things = thingsFrom(status, changes);
  const of = (kind: ThingKind): Entries => entriesFrom(things.filter((thing) => thing.kind === kind));
  const lastApplied = conditions[0].status === "True" ? observedRevision : before?.lastAppliedRevision;
  const lastOutcomes = lastOutcomesFrom(things, event) ?? before?.lastOutcomes;
  return {
    document,
    conditions,
    observedRevision,
    observedAtInMs: event.atInMs,
    ...(lastApplied !== undefined && { lastAppliedRevision: lastApplied }),
    attachments: of("attachment"),
    grants: of("grant"),
    others: of("other"),
    selectors: selectors.slice(0, bounds.selectors).map(selectorEntryFrom),
    held: heldEntriesFrom(held),
    heldCount: held.length,
    ...(lastOutcomes && { lastOutcomes }),
    ...(before?.nextRetryAtInMs !== undefined && { nextRetryAtInMs: before.nextRetryAtInMs }),
  };
}

function lastOutcomesFrom(things: readonly Thing[], { pass, atInMs }: PassEnded): LastOutcomes | undefined {
  const tried = things.filter(({ state }) => state !== "UpToDate" && state !== "Held" && state !== "Planned");
  if (tried.length === 0) return;
  return { passId: pass.id, atInMs, listed: tried.slice(0, bounds.outcomes), count: tried.length };
}

function selectorEntryFrom(selector: SelectorMatches): SelectorEntry {
  const { document, matched, attached, new: coming, leaving } = selector;
  return { file: document.file, line: document.line, matched, attached, new: coming, leaving };
}

function heldEntriesFrom(held: readonly Held[]): readonly HeldEntry[] {
  const sets = Map.groupBy(held, ({ reason, digest, message, cure }) =>
    JSON.stringify([reason, digest, message, cure]),
  );
  return [...sets.values()].slice(0, bounds.held).flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { reason, message, cure, digest, releasable } = first;
    return [
      { reason, message: clipped(message), cure: clipped(cure), digest, releasable, count: group.length },
    ];
  });
}
