// Decides whether a revision is free of mistakes under a policy, and tells those that it has.
import type { Desired } from "../desired/desired.ts";
import { desiredFrom } from "../desired/desired-from.ts";
import { parseManifests } from "../manifest/parse-manifests.ts";
import { modelPolicyFrom } from "../manifest/parse-policy.ts";
import type { Policy as PolicyDocument } from "../manifest/schema-policy.ts";
import { type Diagnostic, hasErrors, sortedDiagnostics } from "../model/diagnostic.ts";
import type { Policy } from "../model/policy.ts";
import type { SourceReading, SourceTrouble } from "../model/revisions.ts";

/** What is brought about, and within which limits. */
export interface InForce {
  readonly desired: Desired;
  readonly policy: Policy;
}

/** A revision under a policy. */
export interface Judgement {
  readonly reading: SourceReading;
  readonly policy: PolicyDocument;
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined if it has mistakes. */
  readonly inForce?: InForce;
}

/** Judges a revision as a whole. */
export function judgementOn(reading: SourceReading, policy: PolicyDocument): Judgement {
  const parsed = parseManifests(reading.files, { policy });
  const diagnostics = sortedDiagnostics([...reading.diagnostics, ...parsed.diagnostics]);
  if (hasErrors(diagnostics)) return { reading, policy, diagnostics };
  const desired = desiredFrom(parsed.documents, reading.revision.id);
  return { reading, policy, diagnostics, inForce: { desired, policy: modelPolicyFrom(policy) } };
}

/** Why a revision with mistakes is refused. */
export function brokenFrom({ reading, diagnostics }: Judgement): SourceTrouble {
  const { id } = reading.revision;
  return {
    kind: "trouble",
    reason: "BrokenRevision",
    revision: id,
    message: `Revision ${id} has ${mistakesIn(diagnostics)}. A revision is applied whole or not at all: mend it.`,
    mayPass: false,
    hasAnswered: true,
  };
}

/** How many mistakes are quoted in a message: the log has them all. */
const mostQuoted = 3;

/** "2 mistakes: team/a.yaml:3:5: …; team/b.yaml:1:1: …", the first few of them. */
export function mistakesIn(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((d) => d.severity === "error");
  const quoted = errors
    .slice(0, mostQuoted)
    .map(({ file, line, column, message, cure }) => `${file}:${line}:${column}: ${message} (${cure})`);
  const rest = errors.length - quoted.length;
  const more = rest === 0 ? [] : [`and ${rest} more`];
  return `${errors.length} ${errors.length === 1 ? "mistake" : "mistakes"}: ${[...quoted, ...more].join("; ")}`;
}
