// Decides what the audit trail says of an operation: one event before it, one after it.
import { databaseKey, securableText } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import type { Change, ChangeKind, Operation, OperationAction, Plan, Subject } from "../plan/plan.ts";
import type { Outcome, OutcomeState } from "./outcome.ts";

/** One line of the audit trail. Text in it is as it came from documents and Azure: whoever prints it makes it safe. */
export interface AuditEvent {
  /** `intent` comes before the first request of the operation, `outcome` after its last. */
  readonly phase: "intent" | "outcome";
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly owner: string;
  readonly revision: string;
  readonly operation: string;
  readonly action: OperationAction["kind"];
  /** What is written to what: "assign Reader at /subscriptions/…". */
  readonly summary: string;
  /** What all requests of the operation carry, and Azure's activity log shows. */
  readonly correlationId?: string;
  readonly changes: readonly AuditedChange[];
}

/** One change of an audited operation; state, message, code and correlation id only after it. */
export interface AuditedChange {
  readonly id: string;
  readonly kind: ChangeKind;
  readonly identity: string;
  readonly document: DocumentRef;
  readonly reason: string;
  /** What the change is about: the target, the role and its scope, the keys of the tags … */
  readonly subject: string;
  readonly state?: OutcomeState;
  readonly message?: string;
  readonly code?: string;
  readonly correlationId?: string;
}

/** The correlation id of an operation, where one is known. */
export interface Correlation {
  readonly id?: string | undefined;
}

/** Which operation of which plan an event is about, and when. */
export interface Audited {
  readonly plan: Plan;
  readonly operation: Operation;
  readonly correlation: Correlation;
  readonly nowInMs: number;
}

/** The event before an operation: what it is about to do, and for which changes. */
export function intentFrom(audited: Audited, changes: readonly Change[]): AuditEvent {
  return { phase: "intent", ...headFrom(audited), changes: changes.map(auditedChange) };
}

/** The event after an operation: what became of each change that its intent named. */
export function outcomeEventFrom(audited: Audited, outcomes: readonly Outcome[]): AuditEvent {
  const changes = outcomes.map(({ change, state, message, code, correlationId }) => ({
    ...auditedChange(change),
    state,
    message,
    ...(code === undefined ? {} : { code }),
    ...(correlationId === undefined ? {} : { correlationId }),
  }));
  return { phase: "outcome", ...headFrom(audited), changes };
}

function headFrom({ plan, operation, correlation, nowInMs }: Audited): Omit<AuditEvent, "phase" | "changes"> {
  const { owner, revision } = plan;
  const { id, action } = operation;
  return {
    time: new Date(nowInMs).toISOString(),
    owner,
    revision,
    operation: id,
    action: action.kind,
    summary: summaryOf(action),
    ...(correlation.id !== undefined && { correlationId: correlation.id }),
  };
}

function auditedChange(change: Change): AuditedChange {
  const { id, kind, identityId, document, reason, subject } = change;
  return { id, kind, identity: identityId, document, reason, subject: subjectOf(subject) };
}

/** What an operation writes, in one line. */
export function summaryOf(action: OperationAction): string {
  switch (action.kind) {
    case "createIdentity":
      return `create ${action.identityId} in ${action.location}`;
    case "mergeTags":
      return `set tags ${tagKeys(action.tags, action.recordPrincipal)} of ${action.identityId}`;
    case "deleteTags":
      return `delete tags ${tagKeys(action.tags, false)} of ${action.identityId}`;
    case "putCredential":
      return `write federated credential ${action.credential.name} of ${action.identityId}`;
    case "deleteCredential":
      return `delete federated credential ${action.credential.name} of ${action.identityId}`;
    case "patchTarget":
      return `attach ${action.attach.length} and detach ${action.detach.length} identities of ${action.target.id}`;
    case "upgradeInstances":
      return `upgrade the instances of ${action.targetId}`;
    case "putAssignment":
      return `assign ${action.roleName} at ${action.scope}`;
    case "deleteAssignment":
      return `delete the assignment of ${action.roleName} at ${action.scope}`;
    case "changeDatabase":
      return `change ${action.steps.length} users, roles or permissions in ${databaseKey(action.database.ref)}`;
    case "deleteIdentity":
      return `delete ${action.identityId}`;
  }
}

function subjectOf(subject: Subject): string {
  switch (subject.kind) {
    case "identity":
      return "identity";
    case "tags":
      return `tags ${tagKeys({ ...subject.set, ...subject.remove }, subject.recordPrincipal === true)}`;
    case "credential":
      return `federated credential ${subject.credential.name}: ${subject.credential.issuer} ${subject.credential.subject}`;
    case "target":
      return subject.targetId;
    case "instances":
      return `instances of ${subject.targetId}`;
    case "role":
      return `${subject.roleName} at ${subject.scope}`;
    case "databaseUser":
      return `user ${subject.userName} in ${databaseKey(subject.database)}`;
    case "databaseRole":
      return `${subject.role} in ${databaseKey(subject.database)}`;
    case "databasePermission":
      return `${subject.permission} on ${securableText(subject.securable)} in ${databaseKey(subject.database)}`;
  }
}

function tagKeys(tags: Readonly<Record<string, string>>, recordsPrincipal: boolean): string {
  return [...Object.keys(tags), ...(recordsPrincipal ? ["bindery-principal"] : [])].join(", ");
}
