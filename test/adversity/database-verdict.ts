// Whether databases are as the last documents say, read from the case itself and not from what Bindery made of it.
import type { Plan } from "../../src/plan/plan.ts";
import type { World } from "../../src/sandbox/world.ts";
import type { Wanted } from "./case.ts";
import { customRoles, fixedRoles, type WantedDatabase, type WantedDatabases } from "./database-case.ts";
import {
  databaseAt,
  type LiveUser,
  liveDatabase,
  markedFor,
  rememberedBy,
  sidOf,
  userOfSid,
} from "./database-contents.ts";
import { permissionTexts } from "./database-texts.ts";
import { identityId } from "./ids.ts";
import type { Verdict } from "./verdict.ts";

/** Judges those databases of each identity of which nothing is held, and that are awake. */
export function databaseVerdictOn(
  world: World,
  revision: readonly Wanted[],
  wanted: WantedDatabases,
  plan: Plan,
): Verdict {
  const places = revision
    .filter((one) => one.lifecycle === "Present" && !one.suspend && !isHeldItself(plan, one.name))
    .flatMap((one) => {
      const remembered = rememberedBy(world, one.name);
      const all = new Set([...wanted[one.name].map(({ place }) => place), ...remembered]);
      return [...all].map((place) => ({ one, place, remembered }));
    })
    .filter(({ one, place }) => isAwake(world, place) && !isHeldAt(plan, one.name, place));
  const differences = places.flatMap(({ one, place, remembered }) => {
    const want = wanted[one.name].find((w) => w.place === place);
    const found = want ? wantedDifferences(world, one, want) : leftDifferences(world, one, place);
    const isRemembered = remembered.has(place) || !want;
    return [...found, ...(isRemembered ? [] : ["is not remembered"])].map(
      (difference) => `${one.name} in ${place}: ${difference}`,
    );
  });
  return { differences, judged: places.length };
}

/** The identity itself is not (yet) ours, or its tags cannot be written. */
function isHeldItself({ held }: Plan, name: string): boolean {
  return held.some(
    ({ change }) =>
      change.identityId.toLowerCase() === identityId(name).toLowerCase() &&
      ["identity", "tags"].includes(change.subject.kind),
  );
}

function isHeldAt({ held }: Plan, name: string, place: string): boolean {
  return held.some(({ change }) => {
    if (change.identityId.toLowerCase() !== identityId(name).toLowerCase()) return false;
    if (!("database" in change.subject)) return false;
    const { server, database } = change.subject.database;
    return `${server.split(".")[0]}/${database}`.toLowerCase() === place;
  });
}

function isAwake(world: World, place: string): boolean {
  return databaseAt(world, place)?.resource.properties?.status === "Online";
}

function wantedDifferences(world: World, one: Wanted, want: WantedDatabase): readonly string[] {
  const at = databaseAt(world, want.place);
  if (!at) return ["is not there"];
  const user = userOfSid(liveDatabase(at.database), sidOf(world, one.name));
  if (!user) return ["has no user"];
  const held = user.permissions.filter(({ state }) => state !== "D").map(nameOfRow);
  const needed = want.permissions.map((name) => permissionTexts[name]).map(keyOfText);
  const mayHaveMore = one.prune === "Additive" || markedFor(user) !== one.name;
  const surplus = [
    ...user.roles.filter((role) => !want.roles.some((r) => r === role)),
    ...held.filter((key) => !needed.includes(key) && !key.startsWith("CONNECT")),
  ];
  return [
    ...want.roles.filter((role) => !user.roles.includes(role)).map((role) => `lacks ${role}`),
    ...needed.filter((key) => !held.includes(key)).map((key) => `lacks ${key}`),
    ...(mayHaveMore ? [] : surplus.map((what) => `still has ${what}`)),
  ];
}

/** "SELECT 3": what is granted, and on which class of things; there is one schema and one table to grant on. */
function nameOfRow({ key }: LiveUser["permissions"][number]): string {
  return key.replace(/\/.*$/, "");
}

function keyOfText({ permission, on }: { permission: string; on: string }): string {
  return `${permission} ${on.startsWith("SCHEMA") ? 3 : 1}`;
}

/** Nothing is wanted any more where tags remember something. */
function leftDifferences(world: World, one: Wanted, place: string): readonly string[] {
  const at = databaseAt(world, place);
  if (!at || one.prune === "Additive") return [];
  const left = liveDatabase(at.database).users.filter((user) => markedFor(user) === one.name);
  return left.length > 0 ? left.map(({ name }) => `still has the user ${name}`) : ["is still remembered"];
}

/** Roles that documents may give although nobody has released them. */
export const harmlessRoles: ReadonlySet<string> = new Set([...fixedRoles, ...customRoles, "helpers"]);
