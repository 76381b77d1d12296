// What an identity's tags must remember of databases: written before the first grant there, forgotten after the last one is gone.
import { type DatabaseRef, databaseKey } from "../../model/database.ts";
import { isMemoryTag, memoryTags } from "../../model/database-memory.ts";
import { tagOf } from "../../model/identity.ts";
import { changeId, type Draft, type Hold, type Subjects } from "../draft.ts";
import type { Subject } from "../plan.ts";
import { foundIn } from "./database-user.ts";
import { foundationOf, mayPrune } from "./identity.ts";
import type { WantedDatabase } from "./wanted-databases.ts";

/** The changes that bring the memory up to date: what is to be set first, and what is to be taken away. */
export function memoryDrafts(
  subjects: Subjects,
  wanted: ReadonlyMap<string, WantedDatabase>,
  remembered: ReadonlyMap<string, DatabaseRef>,
): readonly Draft[] {
  const { ownership, observed } = subjects;
  const kept = [...remembered].filter(([key]) => wanted.has(key) || !isOver(key, subjects));
  const added = [...wanted].filter(
    ([key, one]) => !remembered.has(key) && !one.suspended && observed.databases.get(key)?.kind === "read",
  );
  const refs = new Map([...kept, ...added.map(([key, { ref }]) => [key, ref] as const)]);
  const tags = memoryTags(refs.values());
  const live = ownership.identity?.tags ?? {};
  if (!tags) return [memoryDraft(subjects, {}, {}, "databases to remember", memoryFull(refs.size))];
  const set = Object.fromEntries(Object.entries(tags).filter(([key, value]) => tagOf(live, key) !== value));
  const remove = Object.fromEntries(
    Object.entries(live).filter(([key]) => isMemoryTag(key) && tagOf(tags, key) === undefined),
  );
  const [first] =
    Object.keys(set).length > 0
      ? [memoryDraft(subjects, set, {}, "remembers the databases that hold a user of it")]
      : [];
  if (Object.keys(remove).length === 0) return first ? [first] : [];
  const why = first
    ? "the databases that are left stand in other tags"
    : "no database holds a user of it any more";
  const last = memoryDraft(subjects, {}, remove, why);
  // What is left may be packed into other tags: were those not written, this one would be the last that knows.
  return first ? [first, needing(last, first.id)] : [last];
}

/** The same drafts; what gives something in a database that the tags do not name yet waits until they do. */
export function afterMemory(
  drafts: readonly Draft[],
  memory: readonly Draft[],
  remembered: ReadonlyMap<string, DatabaseRef>,
): readonly Draft[] {
  const first = memory.find(remembersMore);
  if (!first) return drafts;
  return drafts.map((draft) => (givesBeside(draft, remembered) ? needing(draft, first.id) : draft));
}

/** The draft, waiting for another one besides. */
export function needing(draft: Draft, id: string): Draft {
  return { ...draft, needs: [...draft.needs, id] };
}

/** It may itself be held: then nothing is given that the tags could not remember. */
function remembersMore({ subject, problem }: Draft): boolean {
  return subject.kind === "tags" && (problem !== undefined || Object.keys(subject.set).length > 0);
}

function givesBeside({ kind, subject }: Draft, remembered: ReadonlyMap<string, DatabaseRef>): boolean {
  return kind !== "revoke" && "database" in subject && !remembered.has(databaseKey(subject.database));
}

/** Nothing of the identity is left there: the database itself says so, or ARM says that it is gone. */
function isOver(key: string, subjects: Subjects): boolean {
  const database = subjects.observed.databases.get(key);
  if (database?.kind === "gone") return true;
  if (database?.kind !== "read" || !database.contents.rights.seesAll || !mayPrune(subjects)) return false;
  const { isOurs, stale } = foundIn(database.contents, undefined, subjects);
  return !isOurs && stale.length === 0;
}

function memoryDraft(
  subjects: Subjects,
  set: Readonly<Record<string, string>>,
  remove: Readonly<Record<string, string>>,
  reason: string,
  problem?: Hold,
): Draft {
  const { identity } = subjects;
  const subject: Subject = { kind: "tags", set, remove };
  const foundation = foundationOf(subjects);
  return {
    id: changeId("update", identity.id, subject),
    kind: "update",
    identityId: identity.id,
    identityDocument: identity.document,
    document: identity.document,
    subject,
    reason,
    needs: foundation ? [foundation] : [],
    ...(problem && { problem }),
  };
}

function memoryFull(count: number): Hold {
  return {
    reason: "MemoryFull",
    message: `The identity has users in ${count} databases, more than its tags can remember.`,
    cure: "Spread the databases over several identities.",
  };
}
