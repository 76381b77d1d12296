// Decides when what is wanted of a database is another question than before, so that an earlier answer does not do.
import type { Desired, DesiredIdentity } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import { databaseKey } from "../model/database.ts";
import { rememberedIn } from "../model/database-memory.ts";
import { type Identity, ownerTag, tagOf } from "../model/identity.ts";

/** By `databaseKey`: everything about documents and identities that has to do with the database, as text. */
export function databaseQuestions(
  { identities }: Desired,
  live: ReadonlyMap<string, Identity>,
): ReadonlyMap<string, string> {
  const parts = identities.flatMap((identity) => [...questionsAbout(identity, live.get(idKey(identity.id)))]);
  const byDatabase = Map.groupBy(parts, ([key]) => key);
  return new Map(
    [...byDatabase].map(([key, of]) => [key, JSON.stringify(of.map(([, question]) => question))]),
  );
}

function questionsAbout(
  identity: DesiredIdentity,
  live: Identity | undefined,
): readonly (readonly [string, unknown])[] {
  const wanted = Map.groupBy(
    identity.bindings.flatMap(({ suspended, databases }) =>
      databases.map(({ document: _, ...grant }) => ({ suspended, ...grant })),
    ),
    ({ ref }) => databaseKey(ref),
  );
  const remembered = rememberedIn(live?.tags ?? {});
  const { id, lifecycle, prunePolicy, adoptionPolicy } = identity;
  const owner = live && tagOf(live.tags, ownerTag);
  const who = [idKey(id), lifecycle, prunePolicy, adoptionPolicy, live?.principalId, live?.clientId, owner];
  return [...new Set([...wanted.keys(), ...remembered.keys()])].map((key) => [
    key,
    [who, remembered.has(key), wanted.get(key) ?? []],
  ]);
}
