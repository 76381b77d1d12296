// Which users, roles and permissions in SQL databases are missing, and which are too many.
//
//   wanted | user there       | change
//   -------+------------------+-----------------------------------------------------------------
//   yes    | none             | grant user, roles and permissions
//   yes    | ours             | grant what is missing, revoke what is too much
//   yes    | foreign          | grant what is missing
//   yes    | stale            | update: the stale user gives way, in one transaction
//   no     | ours             | revoke user
//   no     | stale            | revoke user
//   no     | foreign          | -
import { nameOf } from "../../model/arm-id.ts";
import type { DatabaseContents, DatabasePermission, DatabaseUser } from "../../model/database.ts";
import { rememberedIn } from "../../model/database-memory.ts";
import { documentName } from "../../model/document.ts";
import { byText } from "../../model/order.ts";
import type { Draft, Subjects } from "../draft.ts";
import type { Subject } from "../plan.ts";
import { accessProblem } from "./database-access.ts";
import { lineDraft, type Place, personOf, revokeDraft } from "./database-drafts.ts";
import { afterMemory, memoryDrafts, needing } from "./database-memory.ts";
import {
  additionProblem,
  deniedProblem,
  dropProblem,
  readProblem,
  staleProblem,
} from "./database-problems.ts";
import { type FoundUser, foundIn } from "./database-user.ts";
import { mayPrune } from "./identity.ts";
import {
  nameKey,
  permissionKey,
  type WantedDatabase,
  type WantedLine,
  wantedDatabases,
} from "./wanted-databases.ts";

/** What one identity must get and lose in databases, and what its tags must remember of them. */
export function diffDatabases(subjects: Subjects): readonly Draft[] {
  const { identity, ownership, observed } = subjects;
  if (identity.lifecycle === "Released") return [];
  const wanted = wantedDatabases(identity);
  const remembered = rememberedIn(ownership.identity?.tags ?? {});
  const memory = memoryDrafts(subjects, wanted, remembered);
  const keys = [...new Set([...wanted.keys(), ...remembered.keys()])].toSorted(byText);
  const lines = keys.flatMap((key) => {
    const ref = wanted.get(key)?.ref ?? remembered.get(key);
    if (!ref) return [];
    return databaseDrafts({ subjects, ref, wanted: wanted.get(key), database: observed.databases.get(key) });
  });
  return [...memory, ...afterMemory(lines, memory, remembered)];
}

function databaseDrafts(place: Place): readonly Draft[] {
  const { subjects, wanted, database } = place;
  if (database?.kind === "asleep") return [];
  if (database?.kind !== "read") return unreadDrafts(place);
  const { contents } = database;
  const found = foundIn(contents, wanted, subjects);
  const additions = wanted ? additionDrafts(place, wanted, found, contents) : [];
  return [...additions, ...removalDrafts(place, found, contents)];
}

/** Where nothing could be read, what is wanted and what should go is shown as held. */
function unreadDrafts(place: Place): readonly Draft[] {
  const { ref, wanted, database, subjects } = place;
  const problem = readProblem(ref, database);
  if (!wanted) {
    if (database?.kind === "gone" || !mayPrune(subjects)) return [];
    const userName = nameOf(subjects.identity.id);
    return [revokeDraft(place, { kind: "databaseUser", database: ref, userName }, problem)];
  }
  return lineDrafts(place, wanted, undefined, wanted.userName).map((draft) => ({ ...draft, problem }));
}

function additionDrafts(
  place: Place,
  wanted: WantedDatabase,
  found: FoundUser,
  contents: DatabaseContents,
): readonly Draft[] {
  const { user } = found;
  if (user) return lineDrafts(place, wanted, user, user.name, contents);
  const [stale] = found.stale;
  const base = stale
    ? replaceDraft(place, wanted, { stale, taken: found.taken }, contents)
    : createDraft(place, wanted, found, contents);
  const carried = stale ? carriedBy(place, wanted, stale) : undefined;
  const lines = lineDrafts(place, wanted, carried, wanted.userName, contents);
  return [base, ...lines.map((draft) => needing(draft, base.id))];
}

function createDraft(
  place: Place,
  wanted: WantedDatabase,
  found: FoundUser,
  contents: DatabaseContents,
): Draft {
  const { userName, userFrom } = wanted;
  const subject: Subject = {
    kind: "databaseUser",
    database: place.ref,
    userName,
    userFrom,
    ...personOf(place),
  };
  const problem = additionProblem(place.ref, contents, subject, found.taken);
  return lineDraft(place, wanted, "grant", subject, `listed by ${documentName(wanted.document)}`, problem);
}

/** Under Additive everything that the stale user had is carried over, else what the documents list. */
function carriedBy({ subjects }: Place, wanted: WantedDatabase, stale: DatabaseUser): DatabaseUser {
  if (subjects.identity.prunePolicy === "Additive") return stale;
  const roles = new Set(wanted.roles.map(({ role }) => nameKey(role)));
  const permissions = new Set(wanted.permissions.map(permissionKey));
  return {
    ...stale,
    roles: stale.roles.filter((role) => roles.has(nameKey(role))),
    permissions: stale.permissions.filter((p) => permissions.has(permissionKey(p))),
  };
}

function replaceDraft(
  place: Place,
  wanted: WantedDatabase,
  { stale, taken }: { readonly stale: DatabaseUser; readonly taken: DatabaseUser | undefined },
  contents: DatabaseContents,
): Draft {
  const { name, sid, ownedSchemas, ownedRoles } = stale;
  const carried = carriedBy(place, wanted, stale);
  const permissions = carried.permissions.filter(isChangeable);
  const subject: Subject = {
    kind: "databaseUser",
    database: place.ref,
    userName: wanted.userName,
    sid,
    replaces: { name, ownedSchemas, ownedRoles, roles: carried.roles, permissions },
    ...personOf(place),
  };
  const lost = stale.roles.filter((role) => !carried.roles.includes(role));
  const without = lost.length > 0 ? `; ${lost.join(", ")} is not listed and not given again` : "";
  const problem = staleProblem(place.ref, contents, stale, subject, place.subjects, {
    approvedSid: wanted.replaceUserWithSid,
    taken,
  });
  return lineDraft(
    place,
    wanted,
    "update",
    subject,
    `${name} there belongs to a principal that is gone${without}`,
    problem,
  );
}

/** The roles and permissions that `user` does not have yet; undefined stands for a user that has nothing. */
function lineDrafts(
  place: Place,
  wanted: WantedDatabase,
  user: DatabaseUser | undefined,
  userName: string,
  contents?: DatabaseContents,
): readonly Draft[] {
  const roles = new Set(user?.roles.map(nameKey));
  const permissions = new Set(user?.permissions.filter((p) => p.state !== "DENY").map(permissionKey));
  const common = { database: place.ref, userName, ...personOf(place) };
  const wantedLines: readonly { line: WantedLine; subject: Subject }[] = [
    ...wanted.roles
      .filter(({ role }) => !roles.has(nameKey(role)))
      .map((line) => ({ line, subject: { ...common, kind: "databaseRole" as const, role: line.role } })),
    ...wanted.permissions
      .filter((line) => !permissions.has(permissionKey(line)))
      .map((line) => {
        const { permission, securable } = line;
        return { line, subject: { ...common, kind: "databasePermission" as const, permission, securable } };
      }),
  ];
  return wantedLines.map(({ line, subject }) => {
    const problem =
      contents &&
      (deniedProblem(place.ref, user, subject) ?? additionProblem(place.ref, contents, subject, undefined));
    return lineDraft(place, line, "grant", subject, `listed by ${documentName(line.document)}`, problem);
  });
}

function removalDrafts(place: Place, found: FoundUser, contents: DatabaseContents): readonly Draft[] {
  const { subjects, wanted } = place;
  if (!mayPrune(subjects)) return [];
  const { user, isOurs, stale } = found;
  const leftOver = wanted && !user ? stale.slice(1) : stale;
  const dead = leftOver.flatMap((one) => dropDrafts(place, one, contents));
  if (!user && !wanted && dead.length === 0) return unseenDrafts(place, contents);
  if (!user || !isOurs) return dead;
  return wanted
    ? [...surplusDrafts(place, wanted, user, contents), ...dead]
    : [...dropDrafts(place, user, contents), ...dead];
}

/** A user that should go may be there without being shown. */
function unseenDrafts(place: Place, contents: DatabaseContents): readonly Draft[] {
  if (contents.rights.seesAll) return [];
  const userName = nameOf(place.subjects.identity.id);
  const subject: Subject = { kind: "databaseUser", database: place.ref, userName };
  return [revokeDraft(place, subject, accessProblem(place.ref, contents, subject))];
}

function surplusDrafts(
  place: Place,
  wanted: WantedDatabase | undefined,
  user: DatabaseUser,
  contents: DatabaseContents,
): readonly Draft[] {
  const roles = new Set(wanted?.roles.map(({ role }) => nameKey(role)));
  const permissions = new Set(wanted?.permissions.map(permissionKey));
  const common = { database: place.ref, userName: user.name, sid: user.sid };
  const surplus: readonly Subject[] = [
    ...user.roles
      .filter((role) => !roles.has(nameKey(role)))
      .map((role) => ({ ...common, kind: "databaseRole" as const, role })),
    ...user.permissions
      .filter((p) => isChangeable(p) && !permissions.has(permissionKey(p)))
      .map(({ permission, securable, state }) => ({
        ...common,
        kind: "databasePermission" as const,
        permission,
        securable,
        cascade: state === "GRANT_WITH_GRANT_OPTION",
      })),
  ];
  return surplus.map((subject) => revokeDraft(place, subject, accessProblem(place.ref, contents, subject)));
}

/** The user goes as a whole; where it cannot, all that it can still goes, and it stays with its reason. */
function dropDrafts(place: Place, user: DatabaseUser, contents: DatabaseContents): readonly Draft[] {
  const { name, sid, ownedSchemas, ownedRoles } = user;
  const subject: Subject = {
    kind: "databaseUser",
    database: place.ref,
    userName: name,
    sid,
    drops: { ownedSchemas, ownedRoles, roles: user.roles },
  };
  const problem = dropProblem(place.ref, contents, user, subject, place.subjects);
  const rest = problem?.reason === "UserNotDroppable" ? surplusDrafts(place, undefined, user, contents) : [];
  return [...rest, revokeDraft(place, subject, problem)];
}

/** CONNECT comes and goes with the user; a DENY, and what stands on a column or the like, is never ours to write. */
function isChangeable({ permission, securable, state }: DatabasePermission): boolean {
  return state !== "DENY" && securable.class !== "other" && permission !== "CONNECT";
}
