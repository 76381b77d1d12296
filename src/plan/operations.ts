// Turns changes into operations in a safe order: create and tags, then grants, then attachments, then revokes, then deletes.
import { idKey } from "../model/arm-id.ts";
import { databaseKey } from "../model/database.ts";
import { isMemoryTag } from "../model/database-memory.ts";
import type { Observed } from "../observed/observed.ts";
import type { DatabaseSubject } from "./database-subjects.ts";
import type { AttachmentKey, Change, Operation, OperationAction } from "./plan.ts";

/** The steps of the order (rule 11). A step waits until all earlier ones of the same identity have ended. */
const steps = [
  "exist",
  "mark",
  "remember",
  "user",
  "grant",
  "attach",
  "rollOut",
  "revoke",
  "forget",
  "delete",
] as const;
type Step = (typeof steps)[number];

interface Node {
  readonly step: Step;
  readonly action: OperationAction;
  readonly changes: readonly Change[];
}

/** The operations that realise the changes, each with what must have ended before it. */
export function operationsFor(changes: readonly Change[], observed: Observed): readonly Operation[] {
  const single = changes.flatMap((change) => {
    const node = nodeFor(change);
    return node ? [node] : [];
  });
  const nodes = [...single, ...patchNodes(changes, observed), ...databaseNodes(changes, observed)].toSorted(
    (a, b) => steps.indexOf(a.step) - steps.indexOf(b.step),
  );
  const named = nodes.map((node, i) => ({ ...node, id: `op-${i + 1}` }));
  const byIdentity = groupByIdentity(named);
  return named.map((node) => ({
    id: node.id,
    action: node.action,
    changeIds: node.changes.map((c) => c.id),
    after: relatives(node, byIdentity)
      .filter((other) => mustEndBefore(other, node))
      .map((other) => other.id),
  }));
}

interface NamedNode extends Node {
  readonly id: string;
}

function groupByIdentity(nodes: readonly NamedNode[]): ReadonlyMap<string, readonly NamedNode[]> {
  const groups = new Map<string, NamedNode[]>();
  for (const node of nodes) {
    for (const identity of identitiesOf(node)) {
      const group = groups.get(identity) ?? [];
      group.push(node);
      groups.set(identity, group);
    }
  }
  return groups;
}

function relatives(node: Node, byIdentity: ReadonlyMap<string, readonly NamedNode[]>): readonly NamedNode[] {
  const all = [...identitiesOf(node)].flatMap((identity) => byIdentity.get(identity) ?? []);
  return [...new Set(all)];
}

function identitiesOf(node: Node): ReadonlySet<string> {
  return new Set(node.changes.map((c) => idKey(c.identityId)));
}

/** Of two of the same identity. Marks (tags, credentials) hold nothing up but the deletion; everything else goes step by step. */
function mustEndBefore(first: Node, then: Node): boolean {
  if (isEarlierCredential(first, then)) return true;
  const isEarlier = steps.indexOf(first.step) < steps.indexOf(then.step);
  return isEarlier && (first.step !== "mark" || then.step === "delete");
}

/** Azure refuses concurrent writes of credentials of one identity; what goes makes room for what comes. */
function isEarlierCredential(first: Node, then: Node): boolean {
  return first.action.kind === "deleteCredential" && then.action.kind === "putCredential";
}

function nodeFor(change: Change): Node | undefined {
  switch (change.subject.kind) {
    case "identity":
      return identityNode(change, change.subject);
    case "tags":
      return tagsNode(change, change.subject);
    case "credential":
      return credentialNode(change, change.subject);
    case "role":
      return roleNode(change, change.subject);
    case "instances":
      return {
        step: "rollOut",
        action: { kind: "upgradeInstances", targetId: change.subject.targetId },
        changes: [change],
      };
    case "target":
    case "databaseUser":
    case "databaseRole":
    case "databasePermission":
      return undefined;
  }
}

type SubjectOf<K extends Change["subject"]["kind"]> = Extract<Change["subject"], { kind: K }>;

function identityNode(change: Change, subject: SubjectOf<"identity">): Node {
  const { identityId } = change;
  if (change.kind === "delete") {
    return {
      step: "delete",
      action: { kind: "deleteIdentity", identityId, principalId: subject.principalId ?? "" },
      changes: [change],
    };
  }
  const action: OperationAction = {
    kind: "createIdentity",
    identityId,
    location: subject.location ?? "",
    tags: subject.tags ?? {},
  };
  return { step: "exist", action, changes: [change] };
}

function tagsNode(change: Change, subject: SubjectOf<"tags">): Node {
  const { identityId } = change;
  const removes = Object.keys(subject.remove).length > 0;
  const action: OperationAction = removes
    ? { kind: "deleteTags", identityId, tags: subject.remove }
    : {
        kind: "mergeTags",
        identityId,
        tags: subject.set,
        recordPrincipal: subject.recordPrincipal ?? false,
        ...(subject.principalId !== undefined && { principalId: subject.principalId }),
      };
  if (change.kind === "adopt") return { step: "exist", action, changes: [change] };
  // What must be remembered is written before it is there, and forgotten after it is gone.
  const isMemory = [...Object.keys(subject.set), ...Object.keys(subject.remove)].some(isMemoryTag);
  const step = isMemory ? (removes ? "forget" : "remember") : "mark";
  return { step, action, changes: [change] };
}

function credentialNode(change: Change, { credential, remove }: SubjectOf<"credential">): Node {
  const kind = remove ? "deleteCredential" : "putCredential";
  return { step: "mark", action: { kind, identityId: change.identityId, credential }, changes: [change] };
}

function roleNode(change: Change, subject: SubjectOf<"role">): Node {
  const { scope, roleGuid, roleName, assignmentId, principalId, condition, description } = subject;
  if (change.kind === "revoke") {
    const action: OperationAction = {
      kind: "deleteAssignment",
      assignmentId: assignmentId ?? "",
      principalId: principalId ?? "",
      roleName,
      scope,
    };
    return { step: "revoke", action, changes: [change] };
  }
  const action: OperationAction = {
    kind: "putAssignment",
    identityId: change.identityId,
    scope,
    roleGuid,
    roleName,
    ...(principalId !== undefined && { principalId }),
    ...(assignmentId !== undefined && { assignmentId }),
    ...(condition !== undefined && { condition }),
    ...(description !== undefined && { description }),
  };
  return { step: "grant", action, changes: [change] };
}

/** All that comes and goes at one target is one PATCH, whatever the number of identities and bindings. */
function patchNodes(changes: readonly Change[], observed: Observed): readonly Node[] {
  return [...changesByTarget(changes)].flatMap(([key, group]) => {
    const target = observed.targets.get(key);
    if (!target) return [];
    const keys = (kind: "attach" | "detach") => group.filter((c) => c.kind === kind).map(keyFor);
    return [
      {
        step: "attach" as const,
        action: { kind: "patchTarget" as const, target, attach: keys("attach"), detach: keys("detach") },
        changes: group,
      },
    ];
  });
}

/** The changes of attachments, by the key of their target. */
export function changesByTarget(changes: readonly Change[]): ReadonlyMap<string, readonly Change[]> {
  const ofTargets = changes.flatMap((change) =>
    change.subject.kind === "target" ? [{ change, key: idKey(change.subject.targetId) }] : [],
  );
  const groups = Map.groupBy(ofTargets, ({ key }) => key);
  return new Map([...groups].map(([key, group]) => [key, group.map(({ change }) => change)]));
}

function keyFor({ id, identityId, subject }: Change): AttachmentKey {
  const stale = subject.kind === "target" ? subject.stale : undefined;
  return { identityId, changeId: id, ...(stale && { stale }) };
}

/**
 * What an identity gets in a database is one operation, and so is what it loses; a user that comes or goes is one of
 * its own, since what it gets needs it.
 */
function databaseNodes(changes: readonly Change[], observed: Observed): readonly Node[] {
  const parts = changes.flatMap((change) => {
    const { subject } = change;
    if (!isOfDatabase(subject)) return [];
    const key = databaseKey(subject.database);
    const step = change.kind === "revoke" ? "revoke" : subject.kind === "databaseUser" ? "user" : "grant";
    const unit = subject.kind === "databaseUser" ? change.id : `${idKey(change.identityId)} ${key} ${step}`;
    return [{ change, subject, key, step, unit } as const];
  });
  return [...Map.groupBy(parts, ({ unit }) => unit).values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const database = observed.databases.get(first.key);
    if (database?.kind !== "read") return [];
    const { identityId } = first.change;
    const statements = group.map(({ change, subject }) => ({
      changeId: change.id,
      changeKind: change.kind,
      subject,
    }));
    const action: OperationAction = {
      kind: "changeDatabase",
      database: database.resource,
      identityId,
      steps: statements,
    };
    return [{ step: first.step, action, changes: group.map(({ change }) => change) }];
  });
}

function isOfDatabase(subject: Change["subject"]): subject is DatabaseSubject {
  return "database" in subject;
}
