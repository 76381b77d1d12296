// What is known of a source and a policy file, and what follows from it: what is in force, and why something is not.
import type { Policy as PolicyDocument } from "../manifest/schema-policy.ts";
import type { RevisionNote } from "../model/revisions.ts";
import type { Refusal, SourceState } from "../status/daemon-event.ts";
import { type InForce, type Judgement, mistakesIn } from "./revision-judgement.ts";

/** All that a keeper knows. */
export interface Known {
  /** The last good one. */
  policy: PolicyDocument;
  policyRefusal: Refusal | undefined;
  /** As last read or written; read once before anything is taken. */
  note: RevisionNote | undefined;
  isNoteRead: boolean;
  /** The last revision that was taken, judged under the last good policy. */
  taken: Judgement | undefined;
  /** What became of the head of this key: nothing new is to be expected of it. */
  decided: { readonly key: string; readonly refusal: Refusal | undefined } | undefined;
  refusal: Refusal | undefined;
  /** Why the noted revision could not be fetched again for the head of this key, if trying again would not help. */
  unrecoverable: { readonly key: string; readonly why: string } | undefined;
  /** Why there is nothing in force although there is a note. */
  whyNotRecovered: string | undefined;
  current: { readonly state: SourceState; readonly inForce?: InForce };
}

/** What a keeper knows before its first look, and before it has read the note. */
export function nothingKnown(policy: PolicyDocument): Known {
  return {
    policy,
    policyRefusal: undefined,
    note: undefined,
    isNoteRead: false,
    taken: undefined,
    decided: undefined,
    refusal: undefined,
    unrecoverable: undefined,
    whyNotRecovered: undefined,
    current: { state: {} },
  };
}

/** What follows from it: what is in force, and the one refusal that people are told. */
export function currentOf(known: Known): Known["current"] {
  const { policyRefusal, refusal, taken } = known;
  const inForce = taken?.inForce;
  const [first, other] = [policyRefusal, refusal].filter((one) => one !== undefined);
  const revision = inForce?.desired.revision;
  const state: SourceState = {
    ...(revision !== undefined && { inForce: revision }),
    ...(first && {
      refusal: { ...first, message: sentences(first.message, other?.message, refusal && whatNow(known)) },
    }),
  };
  return { state, ...(inForce && { inForce }) };
}

function sentences(...texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined).join(" ");
}

/** What a refusal leaves in force. */
function whatNow({ taken, refusal, whyNotRecovered }: Known): string {
  const nothing = "Nothing is known to be good, so nothing is written.";
  if (taken === undefined) return sentences(whyNotRecovered, nothing);
  const { id } = taken.reading.revision;
  if (taken.inForce) return `Revision ${id} stays in force.`;
  if (refusal?.revision === id) return nothing;
  return `Under the policy as it is now, revision ${id} has ${mistakesIn(taken.diagnostics)}. ${nothing}`;
}
