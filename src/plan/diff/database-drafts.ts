// How a draft about a database is put together: whose it is, what it needs, and what stands in its way.
import type { DatabaseRef } from "../../model/database.ts";
import type { ObservedDatabase } from "../../observed/observed.ts";
import { changeId, type Draft, type Hold, type Subjects } from "../draft.ts";
import type { ChangeKind, Subject } from "../plan.ts";
import { foundationOf, pruneReason } from "./identity.ts";
import type { WantedDatabase, WantedLine } from "./wanted-databases.ts";

/** One identity beside one database. */
export interface Place {
  readonly subjects: Subjects;
  readonly ref: DatabaseRef;
  readonly wanted: WantedDatabase | undefined;
  readonly database: ObservedDatabase | undefined;
}

/** The ids of the identity; none while it is yet to be created. */
export function personOf({ subjects: { ownership } }: Place): { principalId?: string; clientId?: string } {
  const { identity } = ownership;
  return identity ? { principalId: identity.principalId, clientId: identity.clientId } : {};
}

/** What a line of a document wants. */
export function lineDraft(
  { subjects }: Place,
  { document, suspended }: WantedLine,
  kind: ChangeKind,
  subject: Subject,
  reason: string,
  problem: Hold | undefined,
): Draft {
  const foundation = foundationOf(subjects);
  return {
    id: changeId(kind, subjects.identity.id, subject),
    kind,
    identityId: subjects.identity.id,
    identityDocument: subjects.identity.document,
    document,
    subject,
    reason,
    needs: foundation ? [foundation] : [],
    suspended,
    ...(problem && { problem }),
  };
}

/** What no document wants any more. */
export function revokeDraft({ subjects }: Place, subject: Subject, problem: Hold | undefined): Draft {
  const { identity } = subjects;
  return {
    id: changeId("revoke", identity.id, subject),
    kind: "revoke",
    identityId: identity.id,
    identityDocument: identity.document,
    document: identity.document,
    subject,
    reason: pruneReason(identity),
    needs: [],
    ...(problem && { problem }),
  };
}
