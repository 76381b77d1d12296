// What Bindery must never change in databases, as a set of sentences; only somebody else may make them untrue.
import { sidFrom } from "../../src/model/database.ts";
import type { World } from "../../src/sandbox/world.ts";
import { identityNames } from "./case.ts";
import { type DatabaseCase, places } from "./database-case.ts";
import {
  databaseAt,
  type LiveDatabase,
  type LiveUser,
  liveDatabase,
  markedFor,
} from "./database-contents.ts";
import { clientIdOf } from "./database-texts.ts";
import type { Facts } from "./facts.ts";
import { foreignId, identityId } from "./ids.ts";

/** Begins to keep account. */
export function databaseFactsOf(world: World, one: DatabaseCase): Facts {
  const whose: Whose = { own: new Set(), replaceable: replaceableIn(one), stranger: strangerOf(world) };
  learn(world, whose);
  let right = current(world, whose);
  const during = (deed: () => void): void => {
    const before = current(world, whose);
    deed();
    const after = current(world, whose);
    right = right.difference(before.difference(after)).union(after.difference(before));
  };
  return {
    whileOthersAct(deed) {
      learn(world, whose);
      during(deed);
    },
    learn() {
      learn(world, whose);
      // Who was made again is another one: what was the old one's is a dead principal's from now on.
      const stranger = strangerOf(world);
      if (stranger === whose.stranger) return;
      during(() => {
        whose.stranger = stranger;
      });
    },
    violated() {
      learn(world, whose);
      const now = current(world, whose);
      return [
        ...[...right.difference(now)].map((fact) => `gone: ${fact}`),
        // What is kept may be added to.
        ...[...now.difference(right)].filter((fact) => !isKept(fact)).map((fact) => `came: ${fact}`),
      ];
    },
  };
}

/** Who is who, by SID. */
interface Whose {
  /** Those of all principals that identities of documents have had. */
  readonly own: Set<string>;
  /** Those that documents name as replaceable. */
  readonly replaceable: ReadonlySet<string>;
  /** That of the living stranger. */
  stranger: string;
}

function replaceableIn({ wanted }: DatabaseCase): ReadonlySet<string> {
  const names = identityNames.filter((name) =>
    wanted.some((one) => one[name].some(({ replaces }) => replaces)),
  );
  return new Set(names.map((name) => sidFrom(clientIdOf(name, "dead"))));
}

function strangerOf(world: World): string {
  return sidFrom(String(world.resources.get(foreignId("f-1"))?.properties?.clientId));
}

const ours = new Set(identityNames.map((name) => identityId(name).toLowerCase()));

function learn(world: World, { own }: Whose): void {
  for (const { clientId, resourceId } of world.principals.values()) {
    if (resourceId !== undefined && ours.has(resourceId.toLowerCase())) own.add(sidFrom(clientId));
  }
}

const keep = "keeps ";

function isKept(fact: string): boolean {
  return fact.startsWith(keep);
}

function current(world: World, whose: Whose): Set<string> {
  return new Set(
    places.flatMap((place) => {
      const at = databaseAt(world, place);
      return at ? factsIn(liveDatabase(at.database), whose).map((fact) => marked(fact, place)) : [];
    }),
  );
}

function marked(fact: string, place: string): string {
  return isKept(fact) ? `${keep}${place}: ${fact.slice(keep.length)}` : `${place}: ${fact}`;
}

function factsIn(live: LiveDatabase, whose: Whose): readonly string[] {
  const standing = (user: LiveUser) => standingOf(user, whose);
  const isOther = (name: string) => live.users.some((u) => u.name === name && standing(u) === "other");
  const owned = (kind: string, { name, owner }: { name: string; owner: string }) => [
    `${kind} ${name}`,
    ...(isOther(owner) ? [`${kind} ${name} of ${owner}`] : []),
  ];
  return [
    ...live.roles.flatMap((role) => owned("role", role)),
    ...live.schemas.flatMap((schema) => owned("schema", schema)),
    ...live.users.flatMap((user) => {
      const kind = standing(user);
      if (kind === "ours") return [];
      const facts = factsAbout(user);
      return kind === "other" ? facts : facts.map((fact) => `${keep}${fact}`);
    }),
  ];
}

/** Ours to change; an identity's of documents but made by somebody else, so that nothing may be taken; or another's. */
function standingOf(user: LiveUser, { own, replaceable, stranger }: Whose): "ours" | "kept" | "other" {
  const sid = user.sid.slice(0, 34);
  if (sid === stranger) return "other";
  if (markedFor(user) !== undefined || replaceable.has(user.sid)) return "ours";
  return own.has(sid) ? "kept" : "other";
}

function factsAbout({ name, sid, mark, roles, permissions }: LiveUser): readonly string[] {
  return [
    `user ${name} ${sid} marked ${mark}`,
    ...roles.map((role) => `user ${name} is ${role}`),
    ...permissions.map(({ key, state }) => `user ${name} ${state} ${key}`),
  ];
}
