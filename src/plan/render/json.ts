// Decides the JSON form of a plan: a versioned shape that programs may rely on.
import type { DocumentRef } from "../../model/document.ts";
import type { FederatedCredential } from "../../model/identity.ts";
import type {
  Change,
  ChangeKind,
  Held,
  HeldReason,
  Operation,
  OperationAction,
  Plan,
  SelectorMatches,
  Subject,
} from "../plan.ts";
import { type BlastRadiusOutput, blastRadiusOutput, documentOutput } from "./blast-json.ts";
import { changeKinds, signOf } from "./change-words.ts";
import { jsonText } from "./safe-json.ts";

/** The version of the shape; it changes when a field goes or changes its meaning, not when one comes. */
export const planApiVersion = "bindery.dev/plan/v1";

/** What a plan does not know about where it was made. */
export interface PlanContext {
  /** "public", "usgovernment", "china", or the name in a cloud file. */
  readonly cloud: string;
  readonly tenantId: string;
}

/** A plan as `bindery plan --output json` prints it; keys come in this order. */
export interface PlanOutput extends PlanContext {
  readonly apiVersion: typeof planApiVersion;
  /** The state of the manifests that the plan is for. */
  readonly revision: string;
  readonly owner: string;
  /** Over revision, owner, changes and what is held: the same digest means the same plan. */
  readonly digest: string;
  readonly changes: readonly ChangeOutput[];
  readonly operations: readonly OperationOutput[];
  readonly held: readonly HeldOutput[];
  readonly warnings: readonly WarningOutput[];
  readonly orphans: readonly OrphanOutput[];
  /** Only of identities whose holders gain or lose something; privileged ones first. */
  readonly blastRadius: readonly BlastRadiusOutput[];
  readonly selectors: readonly SelectorOutput[];
  readonly summary: SummaryOutput;
}

/** One difference and why. */
export interface ChangeOutput {
  /** Stable over equal inputs, and unique in a plan. */
  readonly id: string;
  readonly kind: ChangeKind;
  /** `+` comes, `-` goes, `~` becomes another. */
  readonly sign: "+" | "-" | "~";
  /** The ARM id of the identity. */
  readonly identityId: string;
  /** The identity's document; null for an orphan. */
  readonly identityDocument: DocumentRef | null;
  /** The document, with file and line, that wants the change. */
  readonly document: DocumentRef;
  readonly subject: Subject;
  readonly reason: string;
  /** Ids of changes that must have been applied first. */
  readonly needs: readonly string[];
  /** True if it is made because a person released it. */
  readonly released: boolean;
}

/** One API call (or one short fixed sequence) that realises one or more changes. */
export interface OperationOutput {
  readonly id: string;
  readonly kind: OperationAction["kind"];
  /** The ARM id of what is written: an identity, a target, or the scope of a role assignment. */
  readonly resourceId: string;
  readonly changes: readonly string[];
  /** Ids of operations that must have ended before, whatever their outcome. */
  readonly after: readonly string[];
}

/** A change that is not to be made now. */
export interface HeldOutput {
  readonly reason: HeldReason;
  readonly message: string;
  readonly cure: string;
  /** Lines for another program's file that belong to the cure; empty for most. */
  readonly snippet: readonly string[];
  /** Names the held set; what `--release` takes where `releasable` is true. */
  readonly digest: string;
  readonly releasable: boolean;
  readonly change: ChangeOutput;
}

/** Something to know although nothing is held. */
export interface WarningOutput {
  readonly code: string;
  readonly message: string;
  readonly document: DocumentRef | null;
  /** Ids of the changes that it is about; empty where it is about no single ones. */
  readonly changes: readonly string[];
}

/** An identity with our owner tag that no document names, with all that it still can. */
export interface OrphanOutput {
  readonly identityId: string;
  readonly targets: readonly string[];
  readonly roles: readonly { readonly roleName: string; readonly scope: string }[];
  /** Whose tokens may act as it. */
  readonly credentials: readonly FederatedCredential[];
}

/** What a selector of machines matches: matched = attached + new - leaving. */
export interface SelectorOutput {
  readonly identityId: string;
  /** The binding, with the line of the selector. */
  readonly document: DocumentRef;
  /** Machines that are attached by it now. */
  readonly attached: number;
  /** Machines that it matches. */
  readonly matched: number;
  /** Machines that come. */
  readonly new: number;
  /** Machines that go. */
  readonly leaving: number;
}

/** Counts of changes by kind (zeros included), and of the rest. */
export interface SummaryOutput extends Readonly<Record<ChangeKind, number>> {
  readonly changes: number;
  readonly operations: number;
  readonly held: number;
  readonly warnings: number;
  readonly orphans: number;
}

/** The plan as JSON, ending in a line break. */
export function renderJson(plan: Plan, context: PlanContext): string {
  return jsonText(planOutputFrom(plan, context));
}

/** The plan in its published shape. */
export function planOutputFrom(plan: Plan, { cloud, tenantId }: PlanContext): PlanOutput {
  const released = new Set(plan.released);
  return {
    apiVersion: planApiVersion,
    revision: plan.revision,
    owner: plan.owner,
    cloud,
    tenantId,
    digest: plan.digest,
    changes: plan.changes.map((change) => changeOutput(change, released)),
    operations: plan.operations.map(operationOutput),
    held: plan.held.map((held) => heldOutput(held, released)),
    warnings: plan.warnings.map(({ code, message, document, changeIds = [] }) => ({
      code,
      message,
      document: document ? documentOutput(document) : null,
      changes: changeIds,
    })),
    orphans: plan.orphans.map(({ identityId, targets, roles, credentials }) => ({
      identityId,
      targets,
      roles: roles.map(({ roleName, scope }) => ({ roleName, scope })),
      credentials: credentials.map(({ name, issuer, subject, audience }) => ({
        name,
        issuer,
        subject,
        audience,
      })),
    })),
    blastRadius: plan.blastRadius.map(blastRadiusOutput),
    selectors: plan.selectors.map(selectorOutput),
    summary: summaryOf(plan),
  };
}

function selectorOutput({
  identityId,
  document,
  attached,
  matched,
  new: coming,
  leaving,
}: SelectorMatches): SelectorOutput {
  return { identityId, document: documentOutput(document), attached, matched, new: coming, leaving };
}

function summaryOf(plan: Plan): SummaryOutput {
  const count = (kind: ChangeKind): number => plan.changes.filter((change) => change.kind === kind).length;
  const byKind = Object.fromEntries(changeKinds.map((kind) => [kind, count(kind)]));
  return {
    changes: plan.changes.length,
    ...(byKind as Record<ChangeKind, number>),
    operations: plan.operations.length,
    held: plan.held.length,
    warnings: plan.warnings.length,
    orphans: plan.orphans.length,
  };
}

function changeOutput(change: Change, released: ReadonlySet<string>): ChangeOutput {
  const { id, kind, identityId, identityDocument, document, subject, reason, needs } = change;
  return {
    id,
    kind,
    sign: signOf(change),
    identityId,
    identityDocument: identityDocument ? documentOutput(identityDocument) : null,
    document: documentOutput(document),
    subject: sortedKeys(subject),
    reason,
    needs,
    released: released.has(id),
  };
}

function heldOutput(held: Held, released: ReadonlySet<string>): HeldOutput {
  const { reason, message, cure, snippet = [], digest, releasable, change } = held;
  return { reason, message, cure, snippet, digest, releasable, change: changeOutput(change, released) };
}

function operationOutput({ id, action, changeIds, after }: Operation): OperationOutput {
  return { id, kind: action.kind, resourceId: resourceIdOf(action), changes: changeIds, after };
}

function resourceIdOf(action: OperationAction): string {
  switch (action.kind) {
    case "patchTarget":
      return action.target.id;
    case "upgradeInstances":
      return action.targetId;
    case "putAssignment":
    case "deleteAssignment":
      return action.scope;
    case "changeDatabase":
      return action.database.id;
    case "createIdentity":
    case "mergeTags":
    case "deleteTags":
    case "putCredential":
    case "deleteCredential":
    case "deleteIdentity":
      return action.identityId;
  }
}

/** `kind` first, then by name: the order in which a subject was put together must not show. */
function sortedKeys(subject: Subject): Subject {
  const { kind, ...rest } = subject;
  const sorted = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { kind, ...Object.fromEntries(sorted) } as Subject;
}
