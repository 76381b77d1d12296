// What a reader should know of databases although nothing is held: those left asleep, users that are not ours, and DENYs.
import { databaseKey, databaseName } from "../model/database.ts";
import { rememberedIn } from "../model/database-memory.ts";
import { documentName } from "../model/document.ts";
import { foundIn } from "./diff/database-user.ts";
import { wantedDatabases } from "./diff/wanted-databases.ts";
import type { Subjects } from "./draft.ts";
import type { Warning } from "./plan.ts";

/** The warnings about the databases of one identity. */
export function databaseWarnings(subjects: Subjects): readonly Warning[] {
  const { identity, ownership, observed } = subjects;
  const wanted = wantedDatabases(identity);
  const remembered = rememberedIn(ownership.identity?.tags ?? {});
  const refs = new Map([...remembered, ...[...wanted].map(([key, { ref }]) => [key, ref] as const)]);
  const name = documentName(identity.document);
  return [...refs.values()].flatMap((ref) => {
    const database = observed.databases.get(databaseKey(ref));
    const want = wanted.get(databaseKey(ref));
    const document = want?.document ?? identity.document;
    const warning = (code: Warning["code"], message: string): Warning => ({ code, message, document });
    const where = databaseName(ref);
    if (database?.kind === "asleep") {
      return [
        warning(
          "DatabaseAsleep",
          `${where} is paused and was left asleep: what ${name} may do there was not read.`,
        ),
      ];
    }
    if (database?.kind !== "read") return [];
    const { user, isOurs } = foundIn(database.contents, want, subjects);
    const denied = user?.permissions.filter((p) => p.state === "DENY").map((p) => p.permission) ?? [];
    return [
      ...(user && !isOurs && want
        ? [
            warning(
              "ForeignUser",
              `${user.name} in ${where} was not made by Bindery: it is given what is listed, and nothing is taken from it.`,
            ),
          ]
        : []),
      ...(denied.length > 0
        ? [
            warning(
              "DeniedPermission",
              `${user?.name} in ${where} is denied ${denied.join(", ")}, whatever it is granted.`,
            ),
          ]
        : []),
    ];
  });
}
