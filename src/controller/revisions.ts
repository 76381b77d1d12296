// Decides which revision and which policy are in force: looks at the source and the policy file again and again, and never forgets what was good.
import type { Policy as PolicyDocument } from "../manifest/schema-policy.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import {
  commitOf,
  type RevisionMemory,
  type RevisionSource,
  type SourceReading,
  type SourceTrouble,
} from "../model/revisions.ts";
import type { SourceFile } from "../model/source.ts";
import type { SourceState } from "../status/daemon-event.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { isSame, leftBy, movedOn, type PolicyReading, policyVerdictOn } from "./revision-decision.ts";
import { brokenFrom, type InForce, type Judgement, judgementOn, mistakesIn } from "./revision-judgement.ts";
import { currentOf, type Known, nothingKnown } from "./revision-knowledge.ts";

/** Follows a source and the policy file, and knows which of what they give is in force. */
export interface RevisionKeeper {
  /** Looks at source and policy. True if what is in force, or why something is not, has changed. Throws nothing but bugs and interruptions. */
  look(signal: AbortSignal): Promise<boolean>;
  /** As of the last look. `inForce` undefined: nothing is known to be good, nothing is written. */
  current(): { readonly state: SourceState; readonly inForce?: InForce };
  /**
   * Keeps the id of a revision that was in force (beside the lease or in the state folder), before the first write under
   * it. Throws `Failure` if it cannot, or if another Bindery has gone on to another revision: then nothing is written.
   */
  remember(revision: string, signal: AbortSignal): Promise<void>;
}

/** What was found in a revision that was looked at for the first time, for people. */
export interface Judged {
  readonly revision: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly files: readonly SourceFile[];
}

/** What a keeper follows. */
export interface RevisionParts {
  readonly source: RevisionSource;
  /** The policy that the way to Azure was opened with. */
  readonly policy: PolicyDocument;
  readonly readPolicy: (signal: AbortSignal) => Promise<PolicyReading>;
  /** Undefined: nothing is remembered over a restart. A source without a history has no use for it. */
  readonly memory?: RevisionMemory;
  readonly clock: Pick<Clock, "now">;
  /** Told of each revision that is judged, also of a good one with warnings. */
  readonly onJudged?: (judged: Judged) => void;
}

interface Kept extends Known {
  readonly parts: RevisionParts;
}

/** Keeps track of a source and a policy. Nothing is in force before the first look. */
export function keepRevisions(parts: RevisionParts): RevisionKeeper {
  const remembers = parts.memory !== undefined && parts.source.hasHistory;
  const kept: Kept = { ...nothingKnown(parts.policy), parts, isNoteRead: !remembers };
  // An answer of the source that was asked for before another one had gone on must not be taken after it.
  const inTurn = oneAtATime();
  return {
    look: (signal) =>
      inTurn(async () => {
        const before = kept.current;
        await lookAtPolicy(kept, signal);
        if (kept.isNoteRead || (await readNote(kept, signal))) await lookAtSource(kept, signal);
        kept.current = currentOf(kept);
        return before.inForce !== kept.current.inForce || !isSame(before.state, kept.current.state);
      }),
    current: () => kept.current,
    async remember(revision, signal) {
      const { memory } = parts;
      if (memory !== undefined && remembers) await inTurn(() => rememberIn(memory, kept, revision, signal));
    },
  };
}

async function lookAtPolicy(kept: Kept, signal: AbortSignal): Promise<void> {
  const verdict = policyVerdictOn(await kept.parts.readPolicy(signal), kept.parts.policy);
  if (verdict.kind === "refuse") {
    kept.policyRefusal = { reason: verdict.reason, message: verdict.message };
    return;
  }
  kept.policyRefusal = undefined;
  if (isSame(verdict.policy, kept.policy)) return;
  kept.policy = verdict.policy;
  if (kept.taken) kept.taken = judge(kept, kept.taken.reading);
}

/** Nothing is taken before it is known what was applied last: a head that goes back would not be noticed. */
async function readNote(kept: Kept, signal: AbortSignal): Promise<boolean> {
  const { memory } = kept.parts;
  try {
    kept.note = await memory?.read(signal);
    kept.isNoteRead = true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const why = `${error.details.code}: ${error.message.replace(/\.$/, "")}`;
    const message = `It cannot be read which revision was applied last, out of ${memory?.name}: ${why}. Nothing is taken before.`;
    kept.refusal = { reason: "SourceUnreadable", message };
  }
  return kept.isNoteRead;
}

async function lookAtSource(kept: Kept, signal: AbortSignal): Promise<void> {
  const { source } = kept.parts;
  const head = await source.head(signal);
  // Under another policy other things may be mistakes, and another commit may be accepted.
  const key = `${head.kind === "head" ? head.id : ""} ${JSON.stringify(kept.policy)}`;
  if (head.kind === "trouble") {
    await refuse(kept, head, key, signal);
    return;
  }
  if (kept.decided?.key === key) {
    kept.refusal = kept.decided.refusal;
    if (kept.refusal && kept.taken === undefined) await recover(kept, key, signal);
    return;
  }
  const since = commitOf(kept.taken?.reading.revision.id ?? kept.note?.revision ?? "");
  const accepted = kept.policy.spec.source?.acceptRevision;
  const lineage = { ...(since && { since }), ...(accepted && { accepted }) };
  const answer = await source.read(lineage, signal);
  if (answer.kind === "trouble") {
    await refuse(kept, answer, key, signal);
    return;
  }
  const judgement = judge(kept, answer.reading);
  if (judgement.inForce === undefined) {
    await refuse(kept, brokenFrom(judgement), key, signal);
    return;
  }
  kept.taken = judgement;
  kept.decided = { key, refusal: undefined };
  kept.refusal = undefined;
}

/** Judges a reading, unless it is what has been taken, under the same policy. */
function judge(kept: Kept, reading: SourceReading): Judgement {
  const { policy, taken } = kept;
  if (taken && isSame(taken.policy, policy) && isSame(saidBy(taken.reading), saidBy(reading))) return taken;
  const judgement = judgementOn(reading, policy);
  const { diagnostics } = judgement;
  kept.parts.onJudged?.({ revision: reading.revision.id, diagnostics, files: reading.files });
  return judgement;
}

/** All that a judgement depends on; equal ids mean equal contents, but a link may have come or gone. */
function saidBy({ revision, files, diagnostics }: SourceReading): unknown {
  return [revision, files.map(({ path, folder }) => [path, folder]), diagnostics];
}

async function refuse(kept: Kept, trouble: SourceTrouble, key: string, signal: AbortSignal): Promise<void> {
  const { revision, reason, message, mayPass } = trouble;
  const left = leftBy(trouble, { isInForce: kept.taken !== undefined, isNoted: kept.note !== undefined });
  kept.refusal = { reason, message, ...(revision !== undefined && { revision }) };
  if (!mayPass) kept.decided = { key, refusal: kept.refusal };
  kept.whyNotRecovered = undefined;
  if (left === "fetched") await recover(kept, key, signal);
}

/** Fetches the revision again that was applied last, as the note says; does nothing without one. */
async function recover(kept: Kept, key: string, signal: AbortSignal): Promise<void> {
  const { note, unrecoverable } = kept;
  const commit = commitOf(note?.revision ?? "");
  if (note === undefined || commit === undefined) return;
  if (unrecoverable?.key === key) {
    kept.whyNotRecovered = unrecoverable.why;
    return;
  }
  const failed = (why: string, mayPass: boolean): void => {
    kept.whyNotRecovered = `The last good revision ${note.revision} is not in force either: ${why}`;
    if (!mayPass) kept.unrecoverable = { key, why: kept.whyNotRecovered };
  };
  const answer = await kept.parts.source.readAgain(commit, signal);
  if (answer.kind === "trouble") return failed(answer.message, answer.mayPass);
  if (answer.reading.revision.id !== note.revision) {
    return failed("it was read from other paths of the repository.", false);
  }
  const judgement = judge(kept, answer.reading);
  if (judgement.inForce === undefined) return failed(`it has ${mistakesIn(judgement.diagnostics)}.`, false);
  kept.taken = judgement;
}

async function rememberIn(
  memory: RevisionMemory,
  kept: Kept,
  revision: string,
  signal: AbortSignal,
): Promise<void> {
  const stored = await memory.read(signal);
  const isNews = stored !== undefined && stored.revision !== kept.note?.revision;
  kept.note = stored;
  if (stored?.revision === revision) return;
  if (isNews) await decideAnew(kept, stored.revision, revision, signal);
  const note = { revision, at: new Date(kept.parts.clock.now()).toISOString() };
  await memory.write(note, signal);
  kept.note = note;
}

/** What is in force may be older than what another one has applied since: it must descend from that. */
async function decideAnew(kept: Kept, stored: string, revision: string, signal: AbortSignal): Promise<void> {
  kept.taken = undefined;
  kept.decided = undefined;
  kept.unrecoverable = undefined;
  kept.current = currentOf(kept);
  await lookAtSource(kept, signal);
  kept.current = currentOf(kept);
  if (kept.current.inForce?.desired.revision === revision) return;
  const message = `Another Bindery has applied revision ${stored} meanwhile, so that nothing is written under revision ${revision}.`;
  throw new Failure("transient", message, { code: movedOn });
}
