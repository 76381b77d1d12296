// What a reader of the plan should know although nothing is held: each check looks at the whole plan and speaks for itself.
import { idKey, nameOf } from "../model/arm-id.ts";
import { documentName } from "../model/document.ts";
import { attachmentsAfter, type Target } from "../model/target.ts";
import { databaseWarnings } from "./database-warnings.ts";
import { assignmentsOf, isInEstate } from "./diff/grants.ts";
import { mayPrune } from "./diff/identity.ts";
import { isManagedElsewhere, surplusTargets } from "./diff/targets.ts";
import { matches } from "./diff/wanted.ts";
import type { Situation, Subjects } from "./draft.ts";
import { foreignTrustWarnings } from "./foreign-trust.ts";
import { changesByTarget } from "./operations.ts";
import type { Change, Warning } from "./plan.ts";
import { roleNameOf } from "./role-name.ts";
import { staleOf } from "./stale-drafts.ts";

/** All warnings, those of the observation first, then alarms, then those of targets, then those of documents. */
export function warningsFor(
  situation: Situation,
  all: readonly Subjects[],
  changes: readonly Change[],
): readonly Warning[] {
  return [
    ...observationWarnings(situation),
    ...foreignTrustWarnings(situation, all, changes),
    ...targetWarnings(situation, changes),
    ...rollOutWarnings(changes),
    ...all.flatMap((subjects) => [
      ...selectorWarnings(subjects),
      ...managedWarnings(subjects),
      ...seenWarnings(subjects),
      ...locationWarnings(subjects),
      ...inertWarnings(subjects),
      ...deadWarnings(subjects),
      ...databaseWarnings(subjects),
    ]),
  ];
}

function observationWarnings({ observed }: Situation): readonly Warning[] {
  const unknown = [...observed.unknown].map(
    ([subscription, why]): Warning => ({
      code: "SubscriptionUnknown",
      message: `Subscription ${subscription} is not fully known, nothing is taken away in it: ${why}`,
    }),
  );
  const unread = [...observed.unreadable].map(
    ([id, why]): Warning => ({
      code: "ObservationIncomplete",
      message: `${id} could not be read: ${why}`,
    }),
  );
  return [...unknown, ...unread];
}

function targetWarnings({ observed }: Situation, changes: readonly Change[]): readonly Warning[] {
  return [...changesByTarget(changes)].flatMap(([key, group]) => {
    const target = observed.targets.get(key);
    return target ? disruptionWarnings(target, group, changes) : [];
  });
}

function disruptionWarnings(
  target: Target,
  group: readonly Change[],
  all: readonly Change[],
): readonly Warning[] {
  const idsOf = (kind: Change["kind"]) => group.filter((c) => c.kind === kind).map((c) => c.identityId);
  const after = attachmentsAfter(target.attachments, idsOf("attach"), idsOf("detach"));
  const before = target.attachments.userAssigned.length;
  const name = nameOf(target.id);
  const warnings: Warning[] = [];
  if (before === 1 && after.userAssigned.length > 1 && !after.systemAssigned) {
    warnings.push({
      code: "SecondIdentity",
      message: `${name} goes from one identity to ${after.userAssigned.length}: clients on it that name no client id will no longer get a token.`,
    });
  }
  if (after.userAssigned.length === 0) {
    warnings.push({ code: "LastIdentity", message: `The last user-assigned identity leaves ${name}.` });
  }
  const rollsOut = all.some(
    (c) => c.subject.kind === "instances" && idKey(c.subject.targetId) === idKey(target.id),
  );
  if (target.upgradeMode === "Manual" && target.orchestrationMode !== "Flexible" && !rollsOut) {
    warnings.push({
      code: "ManualUpgrade",
      message: `${name} has a manual upgrade policy: its instances may need an upgrade before they see the change (instanceUpgrade: Automatic does it).`,
    });
  }
  return warnings;
}

/** Whoever wants instances up to date gets everything that somebody else has changed in the model as well. */
function rollOutWarnings(changes: readonly Change[]): readonly Warning[] {
  const sets = changes.flatMap(({ subject }) => (subject.kind === "instances" ? [subject.targetId] : []));
  return [...new Set(sets)].map((id) => ({
    code: "InstanceRollOut",
    message: `Instances of ${nameOf(id)} are brought to its whole model, with everything else that has changed in it: Azure may restart or reimage them.`,
  }));
}

function selectorWarnings({ identity, observed }: Subjects): readonly Warning[] {
  return identity.bindings.flatMap((binding) =>
    binding.targets.flatMap((target) => {
      if (target.kind !== "virtualMachines" || observed.unknown.has(idKey(target.subscriptionId))) return [];
      const found = [...observed.targets.values()].some((t) => matches(target, t));
      if (found) return [];
      return [
        {
          code: "SelectorMatchesNothing",
          message: `A selector of ${documentName(binding.document)} matches no virtual machine.`,
          document: target.document,
        },
      ];
    }),
  );
}

/** Managed machines and flexible instances are attached only by name, and left attached when the name goes. */
function managedWarnings(subjects: Subjects): readonly Warning[] {
  const { identity, observed, wanted } = subjects;
  const named = [...wanted.values()].flatMap((w): readonly Warning[] => {
    const target = observed.targets.get(idKey(w.targetId));
    if (!target || !isManagedElsewhere(target)) return [];
    const manager = target.managedBy ?? target.scaleSetId;
    return [
      {
        code: "ManagedTarget",
        message: `${nameOf(target.id)} is managed by ${manager}, which may undo what is done here.`,
        document: w.document,
      },
    ];
  });
  const left = surplusTargets(subjects, wanted)
    .filter((t) => mayPrune(subjects) && isManagedElsewhere(t) && identity.lifecycle === "Present")
    .map(
      (t): Warning => ({
        code: "LeftAttached",
        message: `${documentName(identity.document)} stays attached to ${nameOf(t.id)}, which is managed by others.`,
        document: identity.document,
      }),
    );
  return [...named, ...left];
}

function seenWarnings(subjects: Subjects): readonly Warning[] {
  const { identity, observed } = subjects;
  if (!mayPrune(subjects)) return [];
  const { document } = identity;
  const others = surplusTargets(subjects, new Map())
    .filter((t) => t.kind === "other")
    .map(
      (t): Warning => ({
        code: "SeenNotManaged",
        message: `${documentName(document)} is also attached to ${t.id}, a type that this version cannot change.`,
        document,
      }),
    );
  const above = assignmentsOf(subjects)
    .filter((a) => !isInEstate(a.scope, subjects))
    .map(
      (a): Warning => ({
        code: "InheritedAssignment",
        message: `${documentName(document)} also has ${roleNameOf(a.roleGuid, a.scope, observed)} at ${a.scope}, outside the estate: never pruned.`,
        document,
      }),
    );
  return [...others, ...above];
}

function locationWarnings({ identity, ownership }: Subjects): readonly Warning[] {
  const live = ownership.identity?.location;
  if (!live || !identity.location || live.toLowerCase() === identity.location.toLowerCase()) return [];
  return [
    {
      code: "LocationDiffers",
      message: `${documentName(identity.document)} lies in ${live}, its document says ${identity.location}: a location cannot be changed.`,
      document: identity.document,
    },
  ];
}

function inertWarnings({ identity, ownership }: Subjects): readonly Warning[] {
  if (identity.lifecycle !== "Released" || ownership.state !== "Another") return [];
  return [
    {
      code: "OwnedByAnother",
      message: `${documentName(identity.document)} is to be released and is owned by "${ownership.owner}": nothing is done.`,
      document: identity.document,
    },
  ];
}

/** What we gave to a dead principal gives nobody anything; under prunePolicy Additive nobody but a person takes it away. */
function deadWarnings(subjects: Subjects): readonly Warning[] {
  const { identity } = subjects;
  const left =
    identity.prunePolicy === "Additive" && identity.lifecycle === "Present" ? staleOf(subjects) : [];
  if (left.length === 0) return [];
  const message = `${left.length} role assignment(s) of Bindery are for a deleted principal of ${documentName(identity.document)}; prunePolicy Additive leaves them: ${left
    .map((a) => a.id)
    .slice(0, 3)
    .join(", ")}`;
  return [{ code: "DeadAssignments", message, document: identity.document }];
}
