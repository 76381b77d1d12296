// Decides what becomes of what a source or a policy file gave: it is taken, or refused with a reason.
import type { Policy as PolicyDocument } from "../manifest/schema-policy.ts";
import { type Diagnostic, hasErrors } from "../model/diagnostic.ts";
import type { SourceTrouble } from "../model/revisions.ts";
import { mistakesIn } from "./revision-judgement.ts";

// A revision is taken whole or not at all, and one that is refused takes nothing away:
//
//   what the source gave                     in force   noted   what becomes of it
//   ---------------------------------------  ---------  ------  -----------------------------------------------
//   a revision without a mistake             any        any     take
//   one with mistakes                  (1)   yes        any     refuse BrokenRevision, keep what is in force
//   a commit that nobody has signed    (2)   yes        any     refuse CommitNotSigned, keep
//   a commit that does not descend     (3)   yes        any     refuse NonFastForward, keep
//   an answer, but nothing to read     (4)   yes        any     refuse SourceUnreadable, keep
//   any of (1) to (4)                        no         yes     refuse the same, fetch the noted revision again
//   any of (1) to (4)                        no         no      refuse the same, nothing is in force
//   no answer                                yes        any     refuse SourceUnreadable, keep
//   no answer                                no         any     refuse SourceUnreadable, nothing is in force
//
// To descend means: from the commit in force, else from the noted one; or to be the one that the policy's
// source.acceptRevision names. (2) to (4) are found by the source. What is in force is judged again under each new
// policy: if it has mistakes under it, nothing is in force.

/** The code of a failure: what was in force no longer is, as another Bindery has gone on to another revision. */
export const movedOn = "RevisionMovedOn";

/** What a refusal leaves: what is in force `stays`, the noted revision is to be `fetched` again, or `nothing`. */
export type Left = "stays" | "fetched" | "nothing";

/** The table above, but for its first line. */
export function leftBy(
  { hasAnswered }: Pick<SourceTrouble, "hasAnswered">,
  { isInForce, isNoted }: { readonly isInForce: boolean; readonly isNoted: boolean },
): Left {
  if (isInForce) return "stays";
  return isNoted && hasAnswered ? "fetched" : "nothing";
}

/** What became of the policy file: taken, or why the last good policy stays in force. */
export type PolicyVerdict =
  | { readonly kind: "take"; readonly policy: PolicyDocument }
  | {
      readonly kind: "refuse";
      readonly reason: "BrokenPolicy" | "PolicyNeedsRestart";
      readonly message: string;
    };

/** The policy file as it is now, or a sentence that says why it cannot be read. */
export type PolicyReading =
  | { readonly policy?: PolicyDocument; readonly diagnostics: readonly Diagnostic[] }
  | { readonly trouble: string };

/** What the way to Azure was opened with: whose instance this is, where, and under which lease it writes. */
const fixedKeys = ["owner", "tenantId", "lease"] as const;

/** Compares the policy of now with the one that the way to Azure was opened with. */
export function policyVerdictOn(reading: PolicyReading, opened: PolicyDocument): PolicyVerdict {
  const kept = "The last good policy stays in force.";
  if ("trouble" in reading) {
    return { kind: "refuse", reason: "BrokenPolicy", message: `${reading.trouble} ${kept}` };
  }
  const { policy, diagnostics } = reading;
  if (policy === undefined || hasErrors(diagnostics)) {
    return {
      kind: "refuse",
      reason: "BrokenPolicy",
      message: `The policy has ${mistakesIn(diagnostics)}. ${kept}`,
    };
  }
  const changed = fixedKeys.filter((key) => !isSame(policy.spec[key], opened.spec[key]));
  if (changed.length === 0) return { kind: "take", policy };
  const names = changed.map((key) => `spec.${key}`).join(", ");
  return {
    kind: "refuse",
    reason: "PolicyNeedsRestart",
    message: `The policy has another ${names}, which cannot change while Bindery runs. ${kept} Start Bindery anew, or set it back.`,
  };
}

/** True if two values of documents are the same, key order aside: the schema gives both the same order. */
export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
