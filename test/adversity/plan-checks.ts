// Whether a plan holds nothing but what the documents, read by themselves, allow.
import type { Change, Plan } from "../../src/plan/plan.ts";
import { type Case, groupScope, type Wanted } from "./case.ts";
import { identityId, scopeId, targetId } from "./texts.ts";

/** Changes that the documents, read by themselves, do not allow. */
export function undeclared(
  { changes }: Plan,
  revision: readonly Wanted[],
  instanceUpgrade: Case["instanceUpgrade"],
): readonly string[] {
  return changes.flatMap((change) => {
    const { subject } = change;
    if (subject.kind === "instances" && instanceUpgrade === "Never")
      return [`rolls out although nobody asked: ${change.id}`];
    if (subject.kind === "role" && subject.scope.toLowerCase() === scopeId(groupScope).toLowerCase())
      return [`above the estate: ${change.id}`];
    const id = change.identityId.toLowerCase();
    const wanted = revision.find((one) => identityId(one.name).toLowerCase() === id);
    if (wanted && isAllowed(change, wanted)) return [];
    const why = wanted ? `${wanted.lifecycle}, ${wanted.adoption}, ${wanted.prune}` : "in no document";
    return [`not declared: ${change.id} (${why})`];
  });
}

function isAllowed(change: Change, wanted: Wanted): boolean {
  const { kind, subject } = change;
  switch (kind) {
    case "delete":
      return wanted.lifecycle === "Absent";
    case "release":
      return wanted.lifecycle === "Released";
    case "adopt":
      return wanted.lifecycle === "Present" && wanted.adoption === "Additive";
    case "detach":
      return mayRemove(wanted) && !(wanted.lifecycle === "Present" && isIgnored(change, wanted));
    case "revoke":
      return mayRemove(wanted);
    default:
      return wanted.lifecycle === "Present" && (!isRemoval(subject) || mayRemove(wanted));
  }
}

function isRemoval(subject: Change["subject"]): boolean {
  return subject.kind === "credential" && subject.remove;
}

function mayRemove({ lifecycle, prune }: Wanted): boolean {
  return lifecycle === "Absent" || (lifecycle === "Present" && prune === "Authoritative");
}

function isIgnored({ subject }: Change, { ignoresMachine1 }: Wanted): boolean {
  const ignored = targetId("vm-1").toLowerCase();
  return ignoresMachine1 && subject.kind === "target" && subject.targetId.toLowerCase() === ignored;
}
