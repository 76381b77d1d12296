// Explains databases: which identities have what there, which lines of which bindings want it, and what could not be read.
import type { DesiredDatabase, DesiredIdentity } from "../../desired/desired.ts";
import { sameId } from "../../model/arm-id.ts";
import {
  type DatabaseRef,
  type DatabaseUser,
  databaseKey,
  databaseName,
  principalSidOf,
  securableText,
  sidFrom,
} from "../../model/database.ts";
import { rememberedIn } from "../../model/database-memory.ts";
import { parseAssignmentMarker } from "../../model/grant.ts";
import type { Identity } from "../../model/identity.ts";
import { byText } from "../../model/order.ts";
import type { ObservedDatabase } from "../../observed/observed.ts";
import { nameKey, permissionKey } from "../diff/wanted-databases.ts";
import { type ExplainedDatabaseRight, isOrphan, standingOf, type View, type Wish } from "./explanation.ts";

/** Every database that a document or the tags of an identity name, by key. */
export function databasesNamedIn({
  desired,
  observed,
}: Omit<View, "policy">): ReadonlyMap<string, DatabaseRef> {
  const wanted = desired.identities.flatMap((i) => i.bindings.flatMap((b) => b.databases.map((d) => d.ref)));
  const remembered = [...observed.identities.values()].flatMap(({ tags }) => [
    ...rememberedIn(tags).values(),
  ]);
  return new Map([...remembered, ...wanted].map((ref) => [databaseKey(ref), ref]));
}

/** Every database that the bindings or the tags of one identity name, by key. */
export function databasesNamedBy(
  identityId: string,
  { desired, observed }: View,
): ReadonlyMap<string, DatabaseRef> {
  const isIt = ({ id }: { readonly id: string }) => sameId(id, identityId);
  return databasesNamedIn({
    desired: { ...desired, identities: desired.identities.filter(isIt) },
    observed: {
      ...observed,
      identities: new Map([...observed.identities].filter(([, identity]) => isIt(identity))),
    },
  });
}

/** What these identities have, or should have, in those databases. */
export function databaseRightsWhere(
  view: View,
  isWho: (identityId: string) => boolean,
  isWhere: (key: string) => boolean,
): readonly ExplainedDatabaseRight[] {
  const refs = [...databasesNamedIn(view)].filter(([key]) => isWhere(key));
  const rights = refs.flatMap(([key, ref]) => {
    const database = view.observed.databases.get(key);
    const there = rightsThere(ref, database, view);
    const unseen = isAllShown(database) ? {} : { unseen: true };
    return [...there, ...missingAt(ref, there, view).map((right) => ({ ...right, ...unseen }))];
  });
  return rights
    .filter(({ identityId }) => isWho(identityId))
    .toSorted((a, b) => byText(sortKey(a), sortKey(b)))
    .map(({ key: _key, ...right }) => right);
}

/** With what two rows of the same right have in common, whatever their case. */
interface Keyed extends ExplainedDatabaseRight {
  readonly key: string;
}

/** Why less may be known of these databases than there is. */
export function databaseDoubts(
  { observed }: Omit<View, "policy">,
  refs: Iterable<DatabaseRef>,
): readonly string[] {
  return [...refs].flatMap((ref) => {
    const doubt = doubtOf(ref, observed.databases.get(databaseKey(ref)));
    return doubt === undefined ? [] : [doubt];
  });
}

function doubtOf(ref: DatabaseRef, database: ObservedDatabase | undefined): string | undefined {
  const name = databaseName(ref);
  switch (database?.kind) {
    case undefined:
      return `${name} was not read: neither a document nor the tags of a declared identity name it.`;
    case "gone":
      return `${name} does not exist.`;
    case "asleep":
      return `${name} is paused and was left asleep: what is there was not read.`;
    case "unknown":
      return database.message;
    case "read":
      return database.contents.rights.seesAll
        ? undefined
        : `Bindery's user may not see all users of ${name}.`;
  }
}

/** False where what is not shown may be there all the same. */
function isAllShown(database: ObservedDatabase | undefined): boolean {
  return database?.kind === "gone" || (database?.kind === "read" && database.contents.rights.seesAll);
}

type There = Pick<Keyed, "kind" | "what" | "key" | "denied">;

/** The user itself is told too: it may sign in even where it can do nothing else. */
function rightsOf(user: DatabaseUser): readonly There[] {
  return [
    { kind: "user", what: "user", key: "user" },
    ...user.roles.map((role) => ({ kind: "role" as const, what: role, key: roleKey(role) })),
    ...user.permissions
      .filter(({ permission }) => permission !== "CONNECT")
      .map((one) => ({
        kind: "permission" as const,
        what: permissionText(one),
        key: permissionKey(one),
        ...(one.state === "DENY" && { denied: true }),
      })),
  ];
}

function rightsThere(ref: DatabaseRef, database: ObservedDatabase | undefined, view: View): readonly Keyed[] {
  if (database?.kind !== "read") return [];
  return database.contents.users.flatMap((user) => {
    const mark = parseAssignmentMarker(user.marker);
    const identity = identityWith(user, view);
    const identityId = identity?.id ?? (mark?.owner === view.policy.owner ? mark.identityId : undefined);
    if (identityId === undefined) return [];
    const wanted = view.desired.identities.find(({ id }) => sameId(id, identityId));
    const common = {
      identityId: wanted ? wanted.id : identityId,
      database: ref,
      userName: user.name,
      ...(mark && { markedBy: mark.owner }),
      ...(!identity && { dead: true }),
      orphaned: isOrphan(identityId, view),
    };
    return rightsOf(user).map((right) => {
      const wishes = wanted && identity && !right.denied ? wishesFor(wanted, ref, right.key) : [];
      const standing = standingOf(identityId, wishes, false, view);
      const isForeign = wishes.length === 0 && (mark?.owner !== view.policy.owner || right.denied === true);
      return { ...common, ...right, standing: isForeign ? "Foreign" : standing, wishes };
    });
  });
}

function identityWith(user: DatabaseUser, { observed }: View): Identity | undefined {
  const sid = principalSidOf(user);
  return [...observed.identities.values()].find(({ clientId }) => sidFrom(clientId) === sid);
}

/** What the documents want there and the database does not show, or could not show. */
function missingAt(ref: DatabaseRef, there: readonly Keyed[], { desired }: View): readonly Keyed[] {
  return desired.identities.flatMap((identity) => {
    const mine = there.filter(({ identityId, dead }) => sameId(identityId, identity.id) && !dead);
    const wanted = identity.bindings.flatMap(({ databases }) => databases.filter((d) => isAt(d, ref)));
    const lines = new Map(wanted.flatMap(linesOf).map((line) => [line.key, line]));
    return [...lines.values()]
      .filter(({ key }) => !mine.some((right) => right.key === key && !right.denied))
      .map((line) => ({
        identityId: identity.id,
        database: ref,
        userName: wanted[0]?.userName ?? "",
        ...line,
        standing: "Missing" as const,
        wishes: wishesFor(identity, ref, line.key),
        orphaned: false,
      }));
  });
}

function linesOf({ roles, permissions }: DesiredDatabase): readonly There[] {
  return [
    { kind: "user", what: "user", key: "user" },
    ...roles.map((role) => ({ kind: "role" as const, what: role, key: roleKey(role) })),
    ...permissions.map((one) => ({
      kind: "permission" as const,
      what: permissionText(one),
      key: permissionKey(one),
    })),
  ];
}

function wishesFor(identity: DesiredIdentity, ref: DatabaseRef, key: string): readonly Wish[] {
  return identity.bindings.flatMap(({ databases, suspended }) =>
    databases
      .filter((d) => isAt(d, ref) && linesOf(d).some((line) => line.key === key))
      .map(({ document }): Wish => ({ document, how: "grant", suspended })),
  );
}

function isAt(database: DesiredDatabase, ref: DatabaseRef): boolean {
  return databaseKey(database.ref) === databaseKey(ref);
}

function roleKey(role: string): string {
  return `role ${nameKey(role)}`;
}

function permissionText({ permission, securable }: DesiredDatabase["permissions"][number]): string {
  return `${permission} on ${securableText(securable)}`;
}

function sortKey({ database, identityId, kind, what }: ExplainedDatabaseRight): string {
  const rank = { user: 0, role: 1, permission: 2 }[kind];
  return `${databaseKey(database)} ${identityId} ${rank} ${what}`;
}
