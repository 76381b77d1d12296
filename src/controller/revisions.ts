// Decides which revision and which policy are in force.
import type { Desired } from "../desired/desired.ts";
import type { ParsedPolicy } from "../manifest/parse-policy.ts";
import type { Policy as PolicyDocument } from "../manifest/schema-policy.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { Policy } from "../model/policy.ts";
import type { Clock } from "../model/ports.ts";
import type { RevisionMemory, RevisionSource } from "../model/revisions.ts";
import type { SourceFile } from "../model/source.ts";
import type { SourceState } from "../status/daemon-event.ts";

/** What is brought about, and within which limits. */
export interface InForce {
  readonly desired: Desired;
  readonly policy: Policy;
}

/** Follows a source and the policy file, and knows which of what they give is in force. */
export interface RevisionKeeper {
  /** Looks at source and policy. True if what is in force, or why something is not, has changed. Throws nothing but bugs and interruptions. */
  look(signal: AbortSignal): Promise<boolean>;
  /** As of the last look. `inForce` undefined: nothing is known to be good, nothing is written. */
  current(): { readonly state: SourceState; readonly inForce?: InForce };
  /**
   * Keeps the id of what is in force (beside the lease or in the state folder), before the first write under it.
   * Throws `Failure` if it cannot, or if another Bindery has gone on to another revision: then nothing is written.
   */
  remember(signal: AbortSignal): Promise<void>;
}

/** The policy file as it is now, or a sentence that says why it cannot be read. */
export type PolicyReading = ParsedPolicy | { readonly trouble: string };

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
  /** Undefined: nothing is remembered over a restart. */
  readonly memory?: RevisionMemory;
  readonly clock: Pick<Clock, "now">;
  /** Told of each revision that is judged, also of a good one with warnings. */
  readonly onJudged?: (judged: Judged) => void;
}
