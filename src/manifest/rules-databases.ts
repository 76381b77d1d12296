// Decides that a user of a database is one identity's: two identities cannot have the same name there.
import type { Diagnostic } from "../model/diagnostic.ts";
import { quoted } from "../model/text.ts";
import { type ReadDocument, textAt } from "./read-document.ts";
import { identityOf, ofKind } from "./rules-identities.ts";
import { treeAt } from "./schema-mistakes.ts";
import {
  databaseKeyOf,
  diagnosticIn,
  documentKey,
  entriesOf,
  identityRefOf,
  type ListEntry,
  placeOf,
  textOr,
} from "./sketch.ts";

/** A user that a binding wants in a database. */
interface WantedUser {
  readonly binding: ReadDocument;
  readonly entry: ListEntry;
  /** Database and name, without case. */
  readonly key: string;
  /** `namespace/name` of the identity's document. */
  readonly identity: string;
}

/** In one database a user name belongs to one identity. */
export function oneIdentityPerUser(documents: readonly ReadDocument[]): Diagnostic[] {
  const first = new Map<string, WantedUser>();
  return wantedUsers(documents).flatMap((user) => {
    const other = first.get(user.key) ?? user;
    first.set(user.key, other);
    return other.identity === user.identity ? [] : [sameName(user, other)];
  });
}

function wantedUsers(documents: readonly ReadDocument[]): WantedUser[] {
  const identityFor = identityOf(documents);
  return ofKind(documents, "IdentityBinding").flatMap((binding) => {
    const ref = identityRefOf(binding);
    const identity = identityFor(binding);
    if (ref === undefined) return [];
    return entriesOf(binding, "grants").flatMap((entry) => {
      const database = entry.member === "sqlDatabase" ? databaseKeyOf(entry) : undefined;
      const name = textOr(entry.tree, "userName", identity && azureNameOf(identity));
      if (database === undefined || name === undefined) return [];
      const key = `${database} ${name.toLowerCase()}`;
      return [{ binding, entry, key, identity: `${ref.namespace}/${ref.name}` }];
    });
  });
}

function azureNameOf({ tree }: ReadDocument): string | undefined {
  return textAt(tree, treeAt(tree, ["spec", "name"]) ? ["spec", "name"] : ["metadata", "name"]);
}

function sameName({ binding, entry, identity }: WantedUser, other: WantedUser): Diagnostic {
  const path = treeAt(entry.tree, ["userName"]) ? [...entry.path, "userName"] : entry.path;
  return diagnosticIn(binding, path, {
    message: `the identity ${quoted(other.identity)} has a user of this name in this database already, by ${quoted(documentKey(other.binding) ?? "?")} in ${placeOf(other.binding)}`,
    cure: `write another userName for ${quoted(identity)}`,
  });
}
