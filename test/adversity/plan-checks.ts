// Whether a plan holds nothing but what the documents, read by themselves, allow.
import type { Change, Plan } from "../../src/plan/plan.ts";
import { type Case, groupScope, type Wanted } from "./case.ts";
import type { WantedDatabase, WantedDatabases } from "./database-case.ts";
import { permissionTexts, writtenName } from "./database-texts.ts";
import { harmlessRoles } from "./database-verdict.ts";
import { identityId, scopeId, targetId } from "./ids.ts";

/** Changes that the documents, read by themselves, do not allow. */
export function undeclared(
  { changes }: Plan,
  revision: readonly Wanted[],
  instanceUpgrade: Case["instanceUpgrade"],
  databases?: WantedDatabases,
): readonly string[] {
  return changes.flatMap((change) => {
    const { subject } = change;
    if (subject.kind === "instances" && instanceUpgrade === "Never")
      return [`rolls out although nobody asked: ${change.id}`];
    if (subject.kind === "role" && subject.scope.toLowerCase() === scopeId(groupScope).toLowerCase())
      return [`above the estate: ${change.id}`];
    const id = change.identityId.toLowerCase();
    const wanted = revision.find((one) => identityId(one.name).toLowerCase() === id);
    if (wanted && isAllowed(change, wanted) && isInDatabases(change, wanted, databases)) return [];
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
      // Before it is deleted, the tags forget one database after the other.
      if (wanted.lifecycle === "Absent") return isMemory(subject);
      return wanted.lifecycle === "Present" && (!isRemoval(subject) || mayRemove(wanted));
  }
}

function isMemory(subject: Change["subject"]): boolean {
  if (subject.kind !== "tags") return false;
  const keys = [...Object.keys(subject.set), ...Object.keys(subject.remove)];
  return keys.every((key) => /^bindery-sql-\d+$/i.test(key));
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

/** What is given in a database must be listed there for this identity, and must be no power over the database. */
function isInDatabases(
  { kind, subject }: Change,
  { name, prune }: Wanted,
  databases: WantedDatabases | undefined,
): boolean {
  if (!("database" in subject) || kind === "revoke") return true;
  const { server, database } = subject.database;
  const place = `${server.split(".")[0]}/${database}`.toLowerCase();
  const want = databases?.[name].find((one) => one.place === place);
  if (!want) return false;
  if (subject.kind === "databaseRole") return isRole(want, subject.role);
  if (subject.kind === "databasePermission") return isPermission(want, subject);
  const { roles = [], permissions = [] } = subject.replaces ?? {};
  const isNamed = [name, writtenName(name)].includes(subject.userName);
  const isCarried = prune === "Additive" || permissions.every((one) => isPermission(want, one));
  return isNamed && isCarried && roles.every((role) => isCarriedRole(want, role, prune));
}

function isRole({ roles }: WantedDatabase, role: string): boolean {
  return harmlessRoles.has(role) && roles.some((one) => one === role);
}

/** Under Additive a user that is replaced keeps what it had, but for power over the database. */
function isCarriedRole(want: WantedDatabase, role: string, prune: Wanted["prune"]): boolean {
  return prune === "Additive" ? role !== "db_owner" : isRole(want, role);
}

function isPermission(
  { permissions }: WantedDatabase,
  { permission, securable }: { readonly permission: string; readonly securable: { readonly class: string } },
): boolean {
  return permissions.some((name) => {
    const { permission: wanted, securable: on } = permissionTexts[name];
    return wanted === permission && on.startsWith(securable.class);
  });
}
