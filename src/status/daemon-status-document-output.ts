// Decides the JSON form of one document's status: short in the list of all, whole when it is asked for.
import type { DocumentRef } from "../model/document.ts";
import { documentKey } from "../model/document.ts";
import type { DaemonStatus } from "./daemon-status.ts";
import type { TimedConditions } from "./daemon-status-conditions.ts";
import type { DocumentEntry, HeldEntry, SelectorEntry } from "./daemon-status-document.ts";
import type { Entries, Thing, ThingState } from "./daemon-status-things.ts";
import { type Time, timeFrom } from "./daemon-status-time.ts";
import type { Condition } from "./status.ts";

/** The version of the shape of one document. */
export const documentApiVersion = "bindery.dev/document-status/v1";

/** A condition in the manner of kstatus. */
export interface ConditionOutput extends Condition {
  readonly lastTransitionTime: Time;
}

/** A document as the list of all shows it. */
export interface DocumentSummary extends DocumentRef {
  readonly ready: boolean;
  /** Ready, Reconciling and Stalled, in this order. */
  readonly conditions: readonly ConditionOutput[];
  readonly observedRevision: string;
  readonly lastAppliedRevision: string | null;
  /** Null: tried again in the next turn, like all the others. */
  readonly nextRetryAt: Time | null;
  readonly attachments: ThingCounts;
  readonly grants: ThingCounts;
  /** Sets, in the plan's order; at most 50. */
  readonly held: readonly HeldEntry[];
}

/** How many things there are in each state; states that do not occur are missing. */
export type ThingCounts = Readonly<Partial<Record<ThingState, number>>>;

/** All that is known of one document. */
export interface DocumentOutput extends Omit<DocumentSummary, "attachments" | "grants"> {
  readonly apiVersion: typeof documentApiVersion;
  readonly observedAt: Time;
  readonly attachments: ThingsOutput;
  readonly grants: ThingsOutput;
  /** The identity itself, its tags and its federated credentials: only what is to change. */
  readonly others: ThingsOutput;
  readonly selectors: readonly SelectorEntry[];
  readonly lastOutcomes: {
    readonly passId: string;
    readonly at: Time;
    readonly count: number;
    readonly things: readonly ThingOutput[];
  } | null;
}

/** Things of one kind: at most 200, the most urgent first; the counts are of all. */
export interface ThingsOutput {
  readonly counts: ThingCounts;
  readonly things: readonly ThingOutput[];
}

/** Something that a document wants to be there or to be gone. */
export interface ThingOutput {
  readonly state: ThingState;
  readonly what: string;
  readonly resource: string | null;
  readonly file: string;
  readonly line: number;
  readonly change: string | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly correlationId: string | null;
}

/** The document of this name in its published shape; undefined if the revision has none. */
export function documentOutputFrom(
  { documents }: Pick<DaemonStatus, "documents">,
  name: { readonly kind: string } & Pick<DocumentRef, "namespace" | "name">,
): DocumentOutput | undefined {
  const entry = documents.get(documentKey({ ...name, kind: name.kind as DocumentRef["kind"] }));
  if (!entry) return;
  const { attachments, grants, held, ...summary } = documentSummaryFrom(entry);
  const { lastOutcomes } = entry;
  return {
    apiVersion: documentApiVersion,
    ...summary,
    observedAt: timeFrom(entry.observedAtInMs),
    attachments: thingsOutput(entry.attachments),
    grants: thingsOutput(entry.grants),
    others: thingsOutput(entry.others),
    selectors: entry.selectors,
    held,
    lastOutcomes: lastOutcomes
      ? {
          passId: lastOutcomes.passId,
          at: timeFrom(lastOutcomes.atInMs),
          count: lastOutcomes.count,
          things: lastOutcomes.listed.map(thingOutput),
        }
      : null,
  };
}

/** A document as the list of all shows it. */
export function documentSummaryFrom(entry: DocumentEntry): DocumentSummary {
  const { kind, namespace, name, file, line } = entry.document;
  return {
    kind,
    namespace,
    name,
    file,
    line,
    ready: isReady(entry),
    conditions: conditionsOutput(entry.conditions),
    observedRevision: entry.observedRevision,
    lastAppliedRevision: entry.lastAppliedRevision ?? null,
    nextRetryAt: entry.nextRetryAtInMs === undefined ? null : timeFrom(entry.nextRetryAtInMs),
    attachments: entry.attachments.counts,
    grants: entry.grants.counts,
    held: entry.held,
  };
}

/** The conditions in their published shape. */
export function conditionsOutput(conditions: TimedConditions): readonly ConditionOutput[] {
  return conditions.map(({ type, status, reason, message, lastTransitionAtInMs }) => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: timeFrom(lastTransitionAtInMs),
  }));
}

/** True if this condition holds. */
export function isTrue(conditions: TimedConditions, type: Condition["type"]): boolean {
  return conditions.some((condition) => condition.type === type && condition.status === "True");
}

/** True if the document is as it should be. */
export function isReady({ conditions }: Pick<DocumentEntry, "conditions">): boolean {
  return isTrue(conditions, "Ready");
}

function thingsOutput({ counts, listed }: Entries): ThingsOutput {
  return { counts, things: listed.map(thingOutput) };
}

function thingOutput({ state, what, file, line, ...rest }: Thing): ThingOutput {
  return {
    state,
    what,
    resource: rest.resource ?? null,
    file,
    line,
    change: rest.change ?? null,
    reason: rest.reason ?? null,
    message: rest.message ?? null,
    correlationId: rest.correlationId ?? null,
  };
}
