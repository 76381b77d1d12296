// Decides which words a change is told in, and how changes and counts are grouped, for every renderer.
import { idKey, nameOf, subscriptionOf } from "../../model/arm-id.ts";
import { databaseName, securableText } from "../../model/database.ts";
import { documentName } from "../../model/document.ts";
import type { DatabaseUserSubject } from "../database-subjects.ts";
import { isRemoval } from "../guards/guards.ts";
import type { Change, ChangeKind, Plan, Subject } from "../plan.ts";
import { audienceWords } from "./audience-words.ts";
import { idsOfRadius } from "./blast-words.ts";
import { type Names, namesFor, type Sign } from "./names.ts";

/** The kinds of change in the order in which counts name them. */
export const changeKinds: readonly ChangeKind[] = [
  "create",
  "adopt",
  "release",
  "update",
  "attach",
  "detach",
  "grant",
  "revoke",
  "delete",
];

/** Changes of one identity, in the plan's order. */
export interface IdentityChanges {
  readonly identityId: string;
  /** "team-orders/orders" */
  readonly title: string;
  readonly changes: readonly Change[];
}

/** `+` for what comes, `-` for what goes, `~` for what becomes another. */
export function signOf(change: Pick<Change, "kind" | "subject">): Sign {
  if (isRemoval(change)) return "-";
  return change.kind === "create" || change.kind === "attach" || change.kind === "grant" ? "+" : "~";
}

/** What a change is about, in a few words: "Key Vault Secrets User on kv-orders". Not yet safe to print. */
export function subjectWords(
  { identityId, subject }: Pick<Change, "identityId" | "subject">,
  names: Names,
): string {
  switch (subject.kind) {
    case "identity":
      return subject.location === undefined
        ? names(identityId)
        : `${names(identityId)} in ${subject.location}`;
    case "tags":
      return tagWords(subject);
    case "credential": {
      const { name, issuer, subject: whose, audience } = subject.credential;
      const trust = `${whose} of ${issuer}${audienceWords(audience)}`;
      return `${subject.remove ? "without " : ""}federated credential ${name} (${trust})`;
    }
    case "target":
      return names(subject.targetId);
    case "instances":
      return `instances of ${names(subject.targetId)}`;
    case "role":
      return `${subject.roleName} on ${names(subject.scope)}${subject.condition === undefined ? "" : " (with a condition)"}`;
    case "databaseUser":
      return databaseUserWords(subject);
    case "databaseRole":
      return `${subject.role} in ${databaseName(subject.database)}`;
    case "databasePermission": {
      const { permission, securable, database } = subject;
      const on = securable.class === "database" ? "" : ` on ${securableText(securable)}`;
      return `${permission}${on} in ${databaseName(database)}`;
    }
  }
}

function databaseUserWords({ userName, database, replaces, drops }: DatabaseUserSubject): string {
  const where = databaseName(database);
  if (replaces) return `user ${userName} in ${where} (in place of ${replaces.name})`;
  const words = dropWords(drops).join("; ");
  return `user ${userName} in ${where}${words === "" ? "" : ` (${words})`}`;
}

/** What goes with a user that is dropped, and what its schemas and roles become. */
function dropWords(drops: DatabaseUserSubject["drops"]): readonly string[] {
  const { roles = [], ownedSchemas = [], ownedRoles = [] } = drops ?? {};
  const owned = [...ownedSchemas.map((one) => `schema ${one}`), ...ownedRoles.map((one) => `role ${one}`)];
  return [
    ...(roles.length > 0 ? [`with ${roles.join(", ")}`] : []),
    ...(owned.length > 0 ? [`dbo gets ${owned.join(", ")}`] : []),
  ];
}

/** The short names for everything that a plan mentions. */
export function namesOf(plan: Plan): Names {
  const changes = [...plan.changes, ...plan.held.map((h) => h.change)];
  const ids = changes.flatMap(({ identityId, subject }) => [identityId, ...idsOf(subject)]);
  const orphans = plan.orphans.flatMap((o) => [o.identityId, ...o.targets, ...o.roles.map((r) => r.scope)]);
  const all = [...ids, ...orphans, ...idsOfRadius(plan.blastRadius)];
  const subscriptions = all.flatMap((id) => subscriptionOf(id) ?? []);
  return namesFor([...all, ...subscriptions.map((subscription) => `/subscriptions/${subscription}`)]);
}

/** The changes of a plan by identity, in the plan's order. */
export function byIdentity(changes: readonly Change[]): readonly IdentityChanges[] {
  return [...Map.groupBy(changes, (change) => idKey(change.identityId)).values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ identityId: first.identityId, title: titleOf(first), changes: group }] : [];
  });
}

/** "12 to attach, 1 to detach"; empty for no changes. */
export function countWords(changes: readonly Change[]): string {
  return changeKinds
    .map((kind) => ({ kind, count: changes.filter((c) => c.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} to ${kind}`)
    .join(", ");
}

/** "Plan: 12 to attach, 3 to grant; 2 held, 1 warning." or "Nothing to do." */
export function summaryWords(plan: Plan): string {
  const others = [
    plan.held.length > 0 ? `${plan.held.length} held` : "",
    counted(plan.warnings.length, "warning"),
    counted(plan.orphans.length, "orphan"),
  ].filter((word) => word !== "");
  const rest = others.length > 0 ? `; ${others.join(", ")}` : "";
  return plan.changes.length > 0 ? `Plan: ${countWords(plan.changes)}${rest}.` : `Nothing to do${rest}.`;
}

/** "1 warning", "2 warnings", or nothing at all for none. */
function counted(count: number, word: string): string {
  if (count === 0) return "";
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** What stands beside changes that warnings are about, by the id of the change: "PermissionMissing: …/write". */
export function warnedIn({ warnings }: Pick<Plan, "warnings">): ReadonlyMap<string, string> {
  const notes = warnings.flatMap(({ code, about, changeIds = [] }) =>
    changeIds.map((id) => ({ id, note: about === undefined ? code : `${code}: ${about}` })),
  );
  const byChange = Map.groupBy(notes, ({ id }) => id);
  return new Map([...byChange].map(([id, group]) => [id, group.map(({ note }) => note).join(", ")]));
}

function titleOf({ identityDocument, identityId }: Change): string {
  return identityDocument ? documentName(identityDocument) : nameOf(identityId);
}

function idsOf(subject: Subject): readonly string[] {
  if (subject.kind === "role") return [subject.scope];
  return subject.kind === "target" || subject.kind === "instances" ? [subject.targetId] : [];
}

function tagWords(subject: Extract<Subject, { kind: "tags" }>): string {
  const set = Object.entries(subject.set).map(([key, value]) => `${key}=${value}`);
  const principal = subject.recordPrincipal ? ["bindery-principal"] : [];
  const gone = Object.keys(subject.remove);
  return [...tagged("", [...set, ...principal]), ...tagged("without ", gone)].join("; ");
}

function tagged(how: string, tags: readonly string[]): readonly string[] {
  return tags.length === 0 ? [] : [`${how}${tags.length === 1 ? "tag" : "tags"} ${tags.join(", ")}`];
}
