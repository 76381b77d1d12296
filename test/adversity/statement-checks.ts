// Whether a batch that Bindery sends to a database is one that the plan announced, and about a user that is ours to change.
import { sidFrom } from "../../src/model/database.ts";
import type { DatabaseStep, Operation } from "../../src/plan/plan.ts";
import { parseBatchText } from "../../src/sandbox/sql/language/parse.ts";
import type { Securable, Statement } from "../../src/sandbox/sql/language/statement.ts";
import type { World } from "../../src/sandbox/world.ts";
import { identityNames } from "./case.ts";
import { places } from "./database-case.ts";
import {
  databaseAt,
  type LiveDatabase,
  type LiveUser,
  liveDatabase,
  markedFor,
  rememberedBy,
  sidOf,
  userOfSid,
} from "./database-contents.ts";
import { markOf } from "./database-texts.ts";
import { identityId } from "./ids.ts";

/** What a batch is judged by. */
export interface Judging {
  readonly world: World;
  readonly operations: readonly Operation[];
  /** True if somebody else has changed the identity since Bindery read it. */
  readonly isStale: (identityId: string) => boolean;
  /** SIDs of users that documents allow to be replaced. */
  readonly replaceable: ReadonlySet<string>;
}

/** A change of one identity in the database that a batch goes to. */
interface Meant {
  readonly step: DatabaseStep;
  readonly name: string;
  readonly live: LiveDatabase;
  readonly statements: readonly Statement[];
}

/** What is wrong with a batch that is no reading; empty if the plan shows it and it takes nothing from others. */
export function batchProblems(judging: Judging, place: string, batch: string): readonly string[] {
  const at = databaseAt(judging.world, place);
  if (!at) return [];
  const live = liveDatabase(at.database);
  const statements = parseBatchText(batch).filter(({ kind }) => kind !== "set" && kind !== "transaction");
  const meant = judging.operations
    .flatMap(({ action }) =>
      action.kind === "changeDatabase" && isAt(action.database.ref, place) ? [action] : [],
    )
    .flatMap(({ identityId: id, steps }) =>
      steps.map((step) => ({ step, name: id.split("/").at(-1) ?? "", live, statements })),
    )
    .find((one) => isOf(one, judging));
  const problems = meant ? ownershipProblems(meant, judging, place) : [`not in the plan`];
  return problems.map((problem) => `${problem}: ${place}: ${batch.replaceAll("\n", " ")}`);
}

function isAt({ server, database }: { server: string; database: string }, place: string): boolean {
  return `${server.split(".")[0]}/${database}`.toLowerCase() === place.toLowerCase();
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** True if the batch does what the step says, and nothing besides. */
function isOf(meant: Meant, judging: Judging): boolean {
  const { world } = judging;
  const { step, statements, live, name } = meant;
  const { subject, changeKind } = step;
  const removes = changeKind === "revoke";
  if (subject.kind === "databaseUser") return removes ? isDrop(meant) : isUser(meant, judging);
  const user = userOfSid(live, removes ? subject.sid : sidMeant(step, world, name));
  const isUserNamed = (named: string): boolean =>
    isName(named, user, live) || isOfEarlier(meant, judging, named);
  const [one, ...more] = statements;
  if (!one || more.length > 0) return false;
  if (subject.kind === "databaseRole") {
    const { kind } = one;
    return (
      kind === "alterRole" &&
      one.verb === (removes ? "DROP" : "ADD") &&
      isSame(one.role, subject.role) &&
      isUserNamed(one.member)
    );
  }
  return (
    isPermission(one, [subject], isUserNamed) &&
    one.kind === "permission" &&
    (one.verb === "REVOKE") === removes
  );
}

/** The user that Bindery made for the principal of an identity that somebody has made again since. */
function isOfEarlier({ step, live, name }: Meant, { isStale }: Judging, named: string): boolean {
  if (step.subject.clientId !== undefined || !isStale(identityId(name))) return false;
  return live.users.some((user) => isSame(user.name, named) && markedFor(user) === name);
}

type Line = { readonly permission: string; readonly securable: { readonly class: string } };

function isPermission(one: Statement, lines: readonly Line[], isUser: (name: string) => boolean): boolean {
  return (
    one.kind === "permission" &&
    one.verb !== "DENY" &&
    one.principals.length === 1 &&
    isUser(one.principals[0] ?? "") &&
    one.permissions.every((p) =>
      lines.some((line) => isSame(line.permission, p) && isSame(securableKey(line.securable), onKey(one.on))),
    )
  );
}

function onKey({ class: kind, name }: Securable): string {
  return [kind, ...name].join(".");
}

function securableKey(securable: { class: string; schema?: string; object?: string }): string {
  return [securable.class, securable.schema, securable.object].filter((part) => part !== undefined).join(".");
}

/** The user's, or nobody's any more: somebody has renamed or dropped the user since it was read. */
function isName(name: string, user: LiveUser | undefined, { users }: LiveDatabase): boolean {
  return isSame(name, user?.name ?? "") || !users.some((one) => isSame(one.name, name));
}

/** Ownership goes to dbo; then the user goes. */
function isDrop({ statements, live, step }: Meant): boolean {
  const user = userOfSid(live, step.subject.sid);
  const last = statements.at(-1);
  return (
    last?.kind === "drop" &&
    last.what === "USER" &&
    isName(last.name, user, live) &&
    statements.slice(0, -1).every((one) => one.kind === "authorize" && one.owner === "dbo")
  );
}

/** A user that comes, with its mark; or that takes the place of a stale one, with what is carried over. */
function isUser({ statements, live, step, name }: Meant, { world, isStale }: Judging): boolean {
  if (step.subject.kind !== "databaseUser") return false;
  const { userName, replaces, sid } = step.subject;
  const stale = userOfSid(live, sid);
  const allowed = (one: Statement): boolean => {
    switch (one.kind) {
      case "createUser":
        // Which principal it had before somebody made it again, nobody here knows any more.
        return (
          isSame(one.name, userName) && (isStale(identityId(name)) || isFrom(one.source, step, world, name))
        );
      case "execute":
        return isMark(one, userName, name);
      case "drop":
        return replaces !== undefined && one.what === "USER" && isName(one.name, stale, live);
      case "authorize":
        return replaces !== undefined && ["dbo", userName].includes(one.owner);
      case "alterRole":
        return (
          one.verb === "ADD" && isSame(one.member, userName) && replaces?.roles.includes(one.role) === true
        );
      default:
        return isPermission(one, replaces?.permissions ?? [], (user) => isSame(user, userName));
    }
  };
  return statements.length > 0 && statements.every(allowed);
}

type Source = Extract<Statement, { kind: "createUser" }>["source"];

function isFrom(source: Source, step: DatabaseStep, world: World, name: string): boolean {
  const { principalId = world.resources.get(identityId(name))?.properties?.principalId } = step.subject;
  if (source.from === "external") return source.objectId === principalId;
  return source.from === "sid" && sidMeant(step, world, name) === `0x${source.sid.toUpperCase()}`;
}

/** Of the principal that the plan knew; of the present one where it was yet to be created. */
function sidMeant({ subject }: DatabaseStep, world: World, name: string): string | undefined {
  return subject.clientId === undefined ? sidOf(world, name) : sidFrom(subject.clientId);
}

function isMark(
  { name: procedure, arguments: given }: Extract<Statement, { kind: "execute" }>,
  user: string,
  identity: string,
): boolean {
  const values = given.map(({ value }) =>
    value.map((token) => ("value" in token ? token.value : "")).join(""),
  );
  return (
    procedure.at(-1) === "sp_addextendedproperty" &&
    JSON.stringify(values) === JSON.stringify(["bindery", markOf(identity), "USER", user])
  );
}

/** Whose it is must be settled: the identity is ours and remembers the database, and what is taken is taken from a user of ours. */
function ownershipProblems(meant: Meant, { world, isStale, replaceable }: Judging, place: string) {
  const { step, name, live, statements } = meant;
  const { subject, changeKind } = step;
  const identity = world.resources.get(identityId(name));
  const isKnown = !isStale(identityId(name));
  const going = userOfSid(live, subject.sid);
  const isTaking = subject.sid !== undefined;
  const isCreating = statements.some(({ kind }) => kind === "createUser");
  return [
    ...(isKnown && identity?.tags?.["bindery-owner"] !== "test" && !(isTaking && !identity)
      ? [`${changeKind} for ${name}, owned by ${identity?.tags?.["bindery-owner"]}`]
      : []),
    ...(isTaking && going && markedFor(going) !== name && !replaceable.has(going.sid)
      ? [`takes from ${going.name}, marked ${going.mark}`]
      : []),
    ...(isKnown && isCreating && !rememberedBy(world, name).has(place) ? ["not remembered in tags"] : []),
    ...statements.flatMap((one) => deniedIn(one, live)),
  ];
}

/** A GRANT or a REVOKE takes the place of a DENY of the same permission on the same thing. */
function deniedIn(one: Statement, live: LiveDatabase): readonly string[] {
  if (one.kind !== "permission") return [];
  const user = live.users.find(({ name }) => isSame(name, one.principals[0] ?? ""));
  const kind = { DATABASE: "0", OBJECT: "1", SCHEMA: "3", USER: "4", ROLE: "4" }[one.on.class];
  const denied = user?.permissions.filter(
    ({ key, state }) => state === "D" && one.permissions.some((p) => key.startsWith(`${p} ${kind}/`)),
  );
  return denied?.length ? [`lifts the DENY of ${denied[0]?.key}`] : [];
}

/** Databases that hold a user with our mark for the identity; what a replica shows is its primary's. */
export function holdingUserOf(world: World, name: string, among: Iterable<string>): readonly string[] {
  return [...among].filter((place) => {
    if (!places.some((one) => one === place)) return false;
    const at = databaseAt(world, place);
    return at && liveDatabase(at.database).users.some((user) => markedFor(user) === name);
  });
}

/** The name of the identity of documents that has this id. */
export function nameOfIdentity(id: string): string | undefined {
  return identityNames.find((name) => isSame(identityId(name), id));
}
