// Whatever is wanted in databases and whatever is there: doing what the plan says leaves nothing to do, takes nothing from others'
// users, never denies, and gives nothing that the tags do not remember.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DesiredDatabase, DesiredIdentity } from "../desired/desired.ts";
import { identityIdFrom, idKey, nameOf } from "../model/arm-id.ts";
import {
  type DatabaseContents,
  type DatabasePermission,
  type DatabaseUser,
  databaseKey,
  principalSidOf,
  sidFrom,
} from "../model/database.ts";
import { rememberedIn } from "../model/database-memory.ts";
import { assignmentMarker, parseAssignmentMarker } from "../model/grant.ts";
import { type Identity, ownerTag, principalMark, principalTag, tagOf } from "../model/identity.ts";
import type { Observed, ObservedDatabase } from "../observed/observed.ts";
import type { DatabaseSubject, DatabaseUserSubject } from "./database-subjects.ts";
import { permissionKey } from "./diff/wanted-databases.ts";
import { binding, document, observed, policy as plainPolicy, subscription, wanted } from "./fixtures.ts";
import type { Change, Plan } from "./plan.ts";
import { noReleases, planFor } from "./plan-for.ts";

/** These worlds are so small that a share of them says nothing. */
const policy = {
  ...plainPolicy,
  limits: { removals: { count: 1_000, percent: 100 }, additions: { count: 1_000 } },
};
const names = ["a", "b"] as const;
const server = "sql-orders.database.windows.net";
const places = ["orders", "billing"] as const;
const refs = places.map((database) => ({ server, database }));
const idOf = (name: string) => identityIdFrom(subscription, "rg", name);
const digit = (name: string) => (name === "a" ? "a" : "b");
const alive = (name: string) => ({
  principalId: `aaaaaaaa-0000-4000-8000-00000000000${digit(name)}`,
  clientId: `cccccccc-0000-4000-8000-00000000000${digit(name)}`,
});
const deadClient = (name: string) => `dddddddd-0000-4000-8000-00000000000${digit(name)}`;
const roleNames = ["db_datareader", "clerks", "db_owner"] as const;

const select = { permission: "SELECT", securable: { class: "schema", schema: "sales" } } as const;
const insert = {
  permission: "INSERT",
  securable: { class: "object", schema: "sales", object: "orders" },
} as const;
const connect: DatabasePermission = {
  permission: "CONNECT",
  securable: { class: "database" },
  state: "GRANT",
};
const permissions: readonly DatabasePermission[] = [
  { ...select, state: "GRANT" },
  { ...insert, state: "GRANT_WITH_GRANT_OPTION" },
  { ...insert, permission: "DELETE", state: "DENY" },
  { permission: "SELECT", securable: { class: "other", what: "a column" }, state: "GRANT" },
];

const grant = (name: string): fc.Arbitrary<DesiredDatabase> =>
  fc
    .record({
      ref: fc.constantFrom(...refs),
      named: fc.constantFrom(name, `user-${name}`),
      replaces: fc.constantFrom(false, false, true),
      roles: fc.subarray(["DB_DataReader", "clerks", "db_owner", "nope"]),
      permissions: fc.subarray([select, insert]),
    })
    .map(({ named, replaces, ...rest }) => ({
      ...rest,
      userName: named,
      userFrom: "Sid" as const,
      document: document(),
      ...(replaces && { replaceUserWithSid: sidFrom(deadClient(name)) }),
    }));

const wantedIdentity = (name: string): fc.Arbitrary<DesiredIdentity> =>
  fc
    .record({
      lifecycle: fc.constantFrom("Present", "Present", "Present", "Released", "Absent"),
      adoptionPolicy: fc.constantFrom("Never", "Additive"),
      prunePolicy: fc.constantFrom("Additive", "Authoritative", "Authoritative"),
      suspended: fc.constantFrom(false, false, true),
      // One for each database: documents that disagree on a user are refused before any plan.
      grants: fc.uniqueArray(grant(name), { selector: ({ ref }) => ref.database, maxLength: 2 }),
    })
    .map(({ grants, suspended, ...spec }) =>
      wanted({
        ...spec,
        id: idOf(name),
        document: document("UserAssignedIdentity", name),
        bindings: spec.lifecycle === "Present" ? [binding([], [], suspended, grants)] : [],
      }),
    );

const liveIdentity = (name: string): fc.Arbitrary<Identity> =>
  fc
    .record({
      tags: fc.constantFrom<Record<string, string>>(
        {},
        { [ownerTag]: "prod" },
        { [ownerTag]: "prod", [principalTag]: principalMark(alive(name)) },
        { [ownerTag]: "prod", [principalTag]: principalMark(alive(name)) },
        { [ownerTag]: "test" },
        { [ownerTag]: "prod", [principalTag]: "dead/dead" },
      ),
      memory: fc.constantFrom("", "orders", "billing", "billing,orders"),
    })
    .map(({ tags, memory }) => ({
      id: idOf(name),
      location: "westeurope",
      ...alive(name),
      tags: { ...tags, ...(memory !== "" && { "bindery-sql-1": `${server}/${memory}` }) },
    }));

const markers = {
  ours: (name: string) => assignmentMarker("prod", idOf(name)),
  another: (name: string) => assignmentMarker("test", idOf(name)),
} as const;

/** A user of a living or dead principal, or of somebody who is no identity, with our marker, another's, or none. */
const user = (name: string): fc.Arbitrary<DatabaseUser> =>
  fc
    .record({
      name: fc.constantFrom(name, name.toUpperCase(), `user-${name}`, `odd-${name}`),
      whose: fc.constantFrom("alive", "alive", "dead", "login", "nobody"),
      mark: fc.constantFrom("ours" as const, "ours" as const, "another" as const, undefined),
      roles: fc.subarray([...roleNames]),
      permissions: fc.subarray([...permissions]),
      ownedSchemas: fc.subarray(["sales"]),
      ownedRoles: fc.subarray(["clerks"]),
      ownedObjects: fc.constantFrom<readonly string[]>([], [], ["sales.orders"]),
      granteesOf: fc.constantFrom<readonly string[]>([], [], ["someone"]),
    })
    .map(({ whose, mark, ...rest }) => ({
      ...rest,
      permissions: [connect, ...rest.permissions],
      type: whose === "nobody" ? "S" : "E",
      sid: sidsOf(name)[whose],
      ...(mark && { marker: markers[mark](name) }),
    }));

function sidsOf(name: string) {
  const sid = sidFrom(alive(name).clientId);
  return { alive: sid, dead: sidFrom(deadClient(name)), login: `${sid}AADE`, nobody: `0x01${digit(name)}0` };
}

const all = { seesAll: true, isOwner: true, altersUsers: true, altersRoles: true, controls: true };
const few = { ...all, isOwner: false, altersRoles: false, controls: false };
const contents: fc.Arbitrary<DatabaseContents> = fc
  .record({
    rights: fc.constantFrom(all, all, all, few, { ...all, seesAll: false }),
    isReadOnly: fc.constantFrom(false, false, false, true),
    users: fc.uniqueArray(fc.oneof(...names.map(user)), {
      maxLength: 4,
      selector: ({ name, sid }) => [name.toLowerCase(), sid],
      comparator: ([n, s], [m, t]) => n === m || s === t,
    }),
  })
  .map(({ rights, ...rest }) => ({
    ...rest,
    rights: { user: "bindery", ...rights },
    roles: roleNames.map((name) => ({ name, isFixed: name !== "clerks" })),
    schemas: ["dbo", "sales"],
  }));

const database = (name: string): fc.Arbitrary<ObservedDatabase> => {
  const resource = {
    id: `/subscriptions/s/databases/${name}`,
    ref: { server, database: name },
    status: "Online",
  };
  return fc.oneof(
    { weight: 8, arbitrary: contents.map((c) => ({ kind: "read" as const, resource, contents: c })) },
    { weight: 1, arbitrary: fc.constant({ kind: "gone" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "asleep" as const, resource }) },
    {
      weight: 1,
      arbitrary: fc.constant({
        kind: "unknown" as const,
        reason: "DatabaseUnreadable" as const,
        message: "no",
        cure: "wait",
      }),
    },
  );
};

const world = fc
  .record({
    want: fc.subarray([...names]).chain((some) => fc.tuple(...some.map(wantedIdentity))),
    identities: fc.subarray([...names]).chain((some) => fc.tuple(...some.map(liveIdentity))),
    databases: fc.tuple(...places.map(database)),
  })
  .map(({ want, identities, databases }) => ({
    desired: { revision: "r", identities: want },
    seen: observed(
      { identities },
      {
        databases: new Map(
          refs.map((ref, i) => [
            databaseKey(ref),
            withoutProphets(databases[i] ?? { kind: "gone" }, identities),
          ]),
        ),
      },
    ),
  }));

/** Nobody can have made a user for a principal that is yet to come. */
function withoutProphets(one: ObservedDatabase, identities: readonly Identity[]): ObservedDatabase {
  if (one.kind !== "read") return one;
  const coming = names.filter((name) => identities.every(({ id }) => id !== idOf(name)));
  const sids = coming.flatMap((name) => [sidsOf(name).alive, sidsOf(name).login]);
  const users = one.contents.users.filter(({ sid }) => !sids.includes(sid));
  return { ...one, contents: { ...one.contents, users } };
}

/** The world after Azure and SQL have done all that a plan says: a model of its own, knowing nothing of operations. */
function after(seen: Observed, plan: Plan): Observed {
  const identities = new Map(seen.identities);
  const databases = new Map(seen.databases);
  for (const change of plan.changes) {
    const { subject } = change;
    if (subject.kind === "identity") existenceDone(identities, change, subject.tags ?? {});
    if (subject.kind === "tags") tagsDone(identities, change, subject);
    if ("database" in subject) {
      const key = databaseKey(subject.database);
      const there = databases.get(key);
      if (there?.kind !== "read") throw new Error(`${key} cannot be changed`);
      databases.set(key, { ...there, contents: changed(there.contents, change, subject) });
    }
  }
  return { ...seen, identities, databases };
}

function existenceDone(
  identities: Map<string, Identity>,
  { kind, identityId: id }: Change,
  tags: Identity["tags"],
): void {
  if (kind === "delete") identities.delete(idKey(id));
  else identities.set(idKey(id), { id, location: "westeurope", ...alive(nameOf(id)), tags });
}

function tagsDone(
  identities: Map<string, Identity>,
  { identityId }: Change,
  subject: Extract<Change["subject"], { kind: "tags" }>,
): void {
  const live = identities.get(idKey(identityId));
  if (!live) throw new Error(`no ${identityId}`);
  const kept = Object.entries(live.tags).filter(([key]) => tagOf(subject.remove, key) === undefined);
  const mark = subject.recordPrincipal ? { [principalTag]: principalMark(live) } : {};
  const tags = { ...Object.fromEntries(kept), ...subject.set, ...mark };
  identities.set(idKey(identityId), { ...live, tags });
}

function changed(before: DatabaseContents, change: Change, subject: DatabaseSubject): DatabaseContents {
  if (subject.kind === "databaseUser") return { ...before, users: usersAfter(before.users, change, subject) };
  const sid = change.kind === "revoke" ? subject.sid : sidsOf(nameOf(change.identityId)).alive;
  const mine =
    before.users.find((u) => u.sid === sid) ??
    before.users.find((u) => change.kind === "grant" && principalSidOf(u) === sid);
  if (!mine) throw new Error(`no user for ${change.id}`);
  const after = change.kind === "revoke" ? without(mine, subject) : withMore(mine, subject);
  return { ...before, users: before.users.map((u) => (u === mine ? after : u)) };
}

type Line = Exclude<DatabaseSubject, DatabaseUserSubject>;

function withMore(mine: DatabaseUser, subject: Line): DatabaseUser {
  if (subject.kind === "databaseRole") return { ...mine, roles: [...mine.roles, subject.role] };
  const { permission, securable } = subject;
  return { ...mine, permissions: [...mine.permissions, { permission, securable, state: "GRANT" }] };
}

function without(mine: DatabaseUser, subject: Line): DatabaseUser {
  if (subject.kind === "databaseRole") {
    return { ...mine, roles: mine.roles.filter((role) => role !== subject.role) };
  }
  const left = mine.permissions.filter(
    (p) => p.state === "DENY" || permissionKey(p) !== permissionKey(subject),
  );
  return { ...mine, permissions: left, granteesOf: subject.cascade ? [] : mine.granteesOf };
}

function usersAfter(
  users: readonly DatabaseUser[],
  { kind, identityId }: Change,
  { userName, sid, replaces }: DatabaseUserSubject,
): readonly DatabaseUser[] {
  const others = users.filter((u) => sid === undefined || u.sid !== sid);
  if (kind === "revoke") return others;
  if (others.some((u) => u.name.toLowerCase() === userName.toLowerCase()))
    throw new Error(`15023 ${userName}`);
  const carried = (replaces?.permissions ?? []).map((p) => ({ ...p, state: "GRANT" as const }));
  return [
    ...others,
    {
      name: userName,
      sid: sidsOf(nameOf(identityId)).alive,
      type: "E",
      marker: markers.ours(nameOf(identityId)),
      roles: replaces?.roles ?? [],
      permissions: [connect, ...carried],
      ownedSchemas: replaces?.ownedSchemas ?? [],
      ownedRoles: replaces?.ownedRoles ?? [],
      ownedObjects: [],
      granteesOf: [],
    },
  ];
}

function readIn(seen: Observed): readonly (readonly [string, DatabaseContents])[] {
  return [...seen.databases].flatMap(([key, one]) =>
    one.kind === "read" ? [[key, one.contents] as const] : [],
  );
}

function isOurs({ marker }: DatabaseUser): boolean {
  return parseAssignmentMarker(marker)?.owner === "prod";
}

/** Users that are not ours keep all they have, unless a document names the SID of a dead one that is to give way. */
function expectNothingTaken(before: Observed, now: Observed, replaceable: ReadonlySet<string>): void {
  const later = new Map(readIn(now));
  for (const [key, { users, rights, isReadOnly }] of readIn(before)) {
    const after = later.get(key)?.users ?? [];
    if (!rights.seesAll || isReadOnly) expect(after).toEqual(users);
    for (const user of users.filter((u) => !isOurs(u) && !replaceable.has(u.sid))) {
      const same = after.find(({ sid }) => sid === user.sid);
      expect(same?.roles).toEqual(expect.arrayContaining([...user.roles]));
      expect(same?.permissions).toEqual(expect.arrayContaining([...user.permissions]));
      expect({ ...same, roles: 0, permissions: 0 }).toEqual({ ...user, roles: 0, permissions: 0 });
    }
  }
}

/** Who has come to have a user must be remembered: a tag too many, never one too few. */
function expectRemembered(before: Observed, now: Observed): void {
  const earlier = new Map(readIn(before));
  for (const [key, { users }] of readIn(now)) {
    const known = new Set(earlier.get(key)?.users.map(({ sid }) => sid));
    for (const { sid } of users.filter((u) => !known.has(u.sid))) {
      const owner = names.find((name) => sidsOf(name).alive === sid) ?? "";
      const tags = now.identities.get(idKey(idOf(owner)))?.tags ?? {};
      expect([...rememberedIn(tags).keys()]).toContain(key);
    }
  }
}

const denials = (seen: Observed) =>
  readIn(seen).flatMap(([, { users }]) =>
    users.flatMap((u) => u.permissions.filter((p) => p.state === "DENY").map(() => u.sid)),
  );

function replaceableOf(want: readonly DesiredIdentity[]): ReadonlySet<string> {
  const named = want.flatMap((i) => i.bindings.flatMap((b) => b.databases.map((d) => d.replaceUserWithSid)));
  return new Set(named.filter((sid) => sid !== undefined));
}

test("within the passes of one apply nothing is left to do in databases, and nothing was taken from others", () => {
  fc.assert(
    fc.property(world, ({ desired, seen }) => {
      let now = seen;
      for (let pass = 1; pass <= 5; pass++) now = after(now, planFor(desired, now, policy));
      expect(planFor(desired, now, policy).changes).toEqual([]);
      expectNothingTaken(seen, now, replaceableOf(desired.identities));
      expectRemembered(seen, now);
      expect(denials(seen)).toEqual(expect.arrayContaining(denials(now)));
    }),
    { numRuns: 500 },
  );
});

test("what a person may release in databases can be released, and then it converges as safely", () => {
  fc.assert(
    fc.property(world, ({ desired, seen }) => {
      const digests = new Set<string>();
      const planOf = (now: Observed) => {
        for (let round = 1; ; round++) {
          const plan = planFor(desired, now, policy, { ...noReleases, digests });
          const more = plan.held.filter((h) => h.releasable && !digests.has(h.digest));
          if (more.length === 0) return plan;
          expect(round).toBeLessThan(6);
          for (const { digest } of more) digests.add(digest);
        }
      };
      let now = seen;
      for (let pass = 1; pass <= 5; pass++) now = after(now, planOf(now));
      expect(planOf(now).changes).toEqual([]);
      expectNothingTaken(seen, now, replaceableOf(desired.identities));
      expectRemembered(seen, now);
    }),
    { numRuns: 300 },
  );
});
