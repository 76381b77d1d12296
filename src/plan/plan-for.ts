// The plan: diff → guard rails → operations. Pure: the same desired state, observation and policy give the same plan.
import type { Desired, DesiredIdentity } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import { pruneTag } from "../model/identity.ts";
import { byText } from "../model/order.ts";
import type { Policy } from "../model/policy.ts";
import type { Observed } from "../observed/observed.ts";
import { blastRadiusOf } from "./blast/radius.ts";
import { diffDatabases } from "./diff/databases.ts";
import { diffGrants } from "./diff/grants.ts";
import { diffIdentity, endAdoptionDraft } from "./diff/identity.ts";
import { diffTargets } from "./diff/targets.ts";
import { wantedAttachments } from "./diff/wanted.ts";
import { digestOf } from "./digest.ts";
import { changeId, type Draft, type Entry, type Releases, type Situation, type Subjects } from "./draft.ts";
import { isRemoval } from "./guards/guards.ts";
import { collapseOf, selectorMatches } from "./guards/selectors.ts";
import { type Sorted, sortDrafts } from "./hold.ts";
import { operationsFor } from "./operations.ts";
import { orphansOf } from "./orphans.ts";
import { ownershipOf } from "./ownership.ts";
import type { Change, HeldReason, Plan } from "./plan.ts";
import { warningsFor } from "./warnings.ts";

/** Nothing released: the plan as anybody may make it. */
export const noReleases: Releases = { digests: new Set(), changes: new Set() };

/** Compares what is wanted with what is there, and says what is to be done, what is held and what to know. */
export function planFor(
  desired: Desired,
  observed: Observed,
  policy: Policy,
  releases: Releases = noReleases,
): Plan {
  const situation: Situation = { desired, observed, policy, releases };
  const all = desired.identities
    .toSorted((a, b) => byText(nameKey(a), nameKey(b)))
    .map((identity) => subjectsFrom(identity, situation));
  const entries = all.flatMap((subjects) => diffOf(subjects).map((draft) => ({ subjects, draft })));
  const first = sortDrafts(all, entries, situation);
  const sorted = sortDrafts(
    all,
    [...entries, ...all.flatMap((one) => adoptionEnd(one, entries, first))],
    situation,
  );
  return {
    revision: desired.revision,
    owner: policy.owner,
    digest: digestOf([
      desired.revision,
      policy.owner,
      sorted.changes.map(keyOf),
      sorted.held.map((h) => [keyOf(h.change), h.reason]),
    ]),
    changes: sorted.changes,
    operations: operationsFor(sorted.changes, observed),
    held: sorted.held,
    warnings: warningsFor(situation, all, sorted.changes),
    orphans: orphansOf(desired, observed, policy.owner),
    blastRadius: blastRadiusOf(observed, sorted.changes),
    selectors: all.flatMap((subjects) => subjects.selectors),
    released: sorted.released,
  };
}

function subjectsFrom(identity: DesiredIdentity, situation: Situation): Subjects {
  const { observed, policy } = situation;
  const ownership = ownershipOf(identity.id, policy.owner, observed);
  const wanted = wantedAttachments(identity, observed);
  const situated = { ...situation, identity, ownership, wanted };
  const selectors = selectorMatches(situated);
  return { ...situated, selectors, collapse: collapseOf(situated, selectors) };
}

function diffOf(subjects: Subjects): readonly Draft[] {
  const drafts = [
    ...diffIdentity(subjects),
    ...diffTargets(subjects),
    ...diffGrants(subjects),
    ...diffDatabases(subjects),
  ];
  const isDoubtful = subjects.ownership.state === "Unfinished";
  return isDoubtful && drafts.some(isRemoval) ? drafts.map(protectedUntilSeen) : drafts;
}

/**
 * A creation that was cut short leaves nothing to take away. Where something is to go, somebody may have written our
 * owner tag on an identity of theirs: it is protected like an adopted one.
 */
function protectedUntilSeen(draft: Draft): Draft {
  const { subject, kind, identityId } = draft;
  if (subject.kind !== "tags" || !subject.recordPrincipal) return draft;
  const marked = { ...subject, set: { ...subject.set, [pruneTag]: "pending" } };
  return { ...draft, id: changeId(kind, identityId, marked), subject: marked };
}

/** What a person has still to see of an adopted identity: what it has too much, and what a recreated one is to get again. */
const waitsFor: ReadonlySet<HeldReason> = new Set<HeldReason>(["AdoptionPending", "Recreated"]);

/** The protection of an adopted identity ends when nothing is left to prune, or when what is left has been released. */
function adoptionEnd(subjects: Subjects, entries: readonly Entry[], sorted: Sorted): readonly Entry[] {
  const { identity, ownership, observed } = subjects;
  const waits = sorted.held.some(
    (h) => waitsFor.has(h.reason) && idKey(h.change.identityId) === idKey(identity.id),
  );
  const isOver =
    ownership.prunePending && ownership.state === "Ours" && !waits && observed.unknown.size === 0;
  if (!isOver || identity.lifecycle !== "Present") return [];
  const hasSurplus = entries.some((entry) => entry.subjects === subjects && isRemoval(entry.draft));
  const reason = hasSurplus ? "what it had too much was released" : "it has nothing too much";
  const repair = entries.filter(({ draft }) => ownership.isBeingRepaired && "database" in draft.subject);
  const needs = repair.filter((entry) => entry.subjects === subjects).map(({ draft }) => draft.id);
  return [{ subjects, draft: { ...endAdoptionDraft(subjects, reason), needs } }];
}

function nameKey({ document }: Subjects["identity"]): string {
  return `${document.namespace}/${document.name}`;
}

function keyOf(change: Change): readonly unknown[] {
  return [change.id, change.subject];
}
