// Decides how each thing that a document wants stands: up to date, or what became of the change that makes it so.
import type { Outcome, OutcomeState } from "../apply/outcome.ts";
import { databaseName, securableText } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import type { Change, ChangeKind, Subject } from "../plan/plan.ts";
import { subjectWords } from "../plan/render/change-words.ts";
import { type Names, namesFor } from "../plan/render/names.ts";
import { bounds, clipped } from "./daemon-status-text.ts";
import type { DocumentStatus } from "./status.ts";
import type { DesiredLine } from "./up-to-date.ts";

/** How a thing stands; everything but `UpToDate` is about a change of the last plan. */
export type ThingState = "UpToDate" | "Applied" | "Propagating" | "Skipped" | "Failed" | "Held" | "Planned";

/** `other`: the identity itself, its tags and its federated credentials. */
export type ThingKind = "attachment" | "grant" | "other";

/** Something that a document wants to be there or to be gone. Texts are not safe to print yet. */
export interface Thing {
  readonly kind: ThingKind;
  readonly state: ThingState;
  /** "Key Vault Secrets User on kv-orders" */
  readonly what: string;
  /** An ARM id of a target or a scope, "server/database", or undefined for a selector and for tags. */
  readonly resource?: string;
  readonly file: string;
  readonly line: number;
  /** What the plan does about it; undefined where there is nothing to do. */
  readonly change?: ChangeKind;
  /** Azure's code or ours for what became of the change, or the reason for which it is held. */
  readonly reason?: string;
  /** A full sentence. */
  readonly message?: string;
  readonly correlationId?: string;
}

/** Things of one kind, the most urgent ones first, and how many of each state there are altogether. */
export interface Entries {
  readonly listed: readonly Thing[];
  readonly counts: Readonly<Partial<Record<ThingState, number>>>;
}

const stateOf = {
  applied: "Applied",
  propagating: "Propagating",
  skipped: "Skipped",
  failed: "Failed",
} as const satisfies Record<OutcomeState, ThingState>;

/** The most urgent first: these are listed where not all can be. */
const urgency: readonly ThingState[] = [
  "Failed",
  "Held",
  "Skipped",
  "Propagating",
  "Planned",
  "Applied",
  "UpToDate",
];

/** All that concerns a document: the changes of the last plan, what is held, and the lines that are up to date. */
export function thingsFrom(
  { outcomes, held, upToDate }: DocumentStatus,
  changes: readonly Change[],
): readonly Thing[] {
  const all = [...changes, ...held.map(({ change }) => change)];
  const names = namesFor([...all.flatMap(idsOfChange), ...upToDate.flatMap(idsOfLine)]);
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.change.id, outcome]));
  return [
    ...changes.map((change) => thingFromChange(change, outcomeOf.get(change.id), names)),
    ...held.map(({ change, reason, message }) => ({
      ...thingOf(change, names, "Held"),
      reason,
      message: clipped(message),
    })),
    ...upToDate.map((line) => thingFromLine(line, names)),
  ];
}

/** As many of the things as a status keeps. */
export function entriesFrom(things: readonly Thing[]): Entries {
  const states = Map.groupBy(things, ({ state }) => state);
  const sorted = urgency.flatMap((state) => states.get(state) ?? []);
  return {
    listed: sorted.slice(0, bounds.entries),
    counts: Object.fromEntries(
      urgency.flatMap((state) => {
        const group = states.get(state);
        return group ? [[state, group.length]] : [];
      }),
    ),
  };
}

function thingFromChange(change: Change, outcome: Outcome | undefined, names: Names): Thing {
  if (!outcome) return thingOf(change, names, "Planned");
  const { state, code, message, correlationId } = outcome;
  return {
    ...thingOf(change, names, stateOf[state]),
    ...(code !== undefined && { reason: clipped(code, bounds.words) }),
    message: clipped(message),
    ...(correlationId !== undefined && { correlationId: clipped(correlationId, bounds.words) }),
  };
}

function thingOf(change: Change, names: Names, state: ThingState): Thing {
  const resource = resourceOf(change.subject);
  return {
    kind: kindOf(change.subject),
    state,
    what: clipped(subjectWords(change, names), bounds.words),
    ...(resource !== undefined && { resource }),
    ...placeOf(change.document),
    change: change.kind,
  };
}

function thingFromLine(line: DesiredLine, names: Names): Thing {
  const resource = "ref" in line ? databaseName(line.ref) : idsOfLine(line)[0];
  return {
    kind: "ref" in line || line.kind === "azureRole" ? "grant" : "attachment",
    state: "UpToDate",
    what: clipped(lineWords(line, names), bounds.words),
    ...(resource !== undefined && { resource }),
    ...placeOf(line.document),
  };
}

function placeOf({ file, line }: DocumentRef): Pick<Thing, "file" | "line"> {
  return { file, line };
}

function kindOf({ kind }: Subject): ThingKind {
  switch (kind) {
    case "target":
    case "instances":
      return "attachment";
    case "role":
    case "databaseUser":
    case "databaseRole":
    case "databasePermission":
      return "grant";
    case "identity":
    case "tags":
    case "credential":
      return "other";
  }
}

function resourceOf(subject: Subject): string | undefined {
  if (subject.kind === "target" || subject.kind === "instances") return subject.targetId;
  if (subject.kind === "role") return subject.scope;
  return "database" in subject ? databaseName(subject.database) : undefined;
}

function idsOfChange({ identityId, subject }: Change): readonly string[] {
  const isDatabase = "database" in subject;
  return [identityId, ...(isDatabase ? [] : [resourceOf(subject)].filter((id) => id !== undefined))];
}

function idsOfLine(line: DesiredLine): readonly string[] {
  if ("ref" in line || line.kind === "virtualMachines") return [];
  return [line.kind === "azureRole" ? line.scope : line.id];
}

function lineWords(line: DesiredLine, names: Names): string {
  if ("ref" in line) {
    const rights = [
      ...line.roles,
      ...line.permissions.map(({ permission, securable }) =>
        securable.class === "database" ? permission : `${permission} on ${securableText(securable)}`,
      ),
    ];
    const having = rights.length > 0 ? ` with ${rights.join(", ")}` : "";
    return `user ${line.userName} in ${databaseName(line.ref)}${having}`;
  }
  if (line.kind === "azureRole") {
    const role = "guid" in line.role ? line.role.guid : line.role.name;
    return `${role} on ${names(line.scope)}`;
  }
  if (line.kind !== "virtualMachines") return names(line.id);
  const tags = Object.entries(line.matchTags).map(([key, value]) => `${key}=${value}`);
  const where = line.resourceGroups === "*" ? "all resource groups" : line.resourceGroups.join(", ");
  return `machines with ${tags.join(", ")} in ${where}`;
}
