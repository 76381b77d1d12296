// Decides which answers of earlier observations stand in for a read: those to the same question, where this observation may still lean on them.
import type { Desired } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import {
  type DatabaseContents,
  type DatabaseRef,
  type DatabaseResource,
  databaseKey,
} from "../model/database.ts";
import { type FederatedCredential, type Identity, ownerTag, tagOf } from "../model/identity.ts";
import type { ReadPorts } from "../model/ports.ts";
import { databaseQuestions } from "./database-questions.ts";
import type { Answer, Answers } from "./remembered-answers.ts";
import type { InForce } from "./revision-judgement.ts";

/** The answers that are remembered, of each kind. */
export interface Remembered {
  readonly credentials: Answers<readonly FederatedCredential[]>;
  readonly databases: Answers<Located>;
}

/** A database and what was found in it. */
interface Located {
  readonly resource: DatabaseResource;
  readonly contents: DatabaseContents;
}

/** One observation of what is wanted now. */
export interface Scope {
  readonly ports: ReadPorts;
  readonly known: Remembered;
  readonly wanted: InForce;
  readonly observation: number;
  readonly now: () => number;
}

/** How many answers of earlier observations this one has used, and whether it still may. */
export interface Leaning {
  count: number;
  isOver: boolean;
}

/** Whoever declares credentials is asked every time. */
export function sparedCredentials(
  scope: Scope,
  seen: ReadonlyMap<string, Identity>,
  leaning: Leaning,
): ReadPorts["listCredentials"] {
  const { ports, known, wanted } = scope;
  const declaring = declaringIn(wanted.desired);
  return async (identityId, signal) => {
    const key = idKey(identityId);
    const live = seen.get(key);
    const question = JSON.stringify([live?.principalId, live?.clientId, live && tagOf(live.tags, ownerTag)]);
    const found = usable(known.credentials, { key, question }, scope, {
      leaning,
      mayLean: !declaring.has(key),
    });
    if (found) return found.value;
    return await known.credentials.read(key, question, scope, () =>
      ports.listCredentials(identityId, signal),
    );
  };
}

function declaringIn({ identities }: Desired): ReadonlySet<string> {
  return new Set(identities.filter((i) => i.federatedCredentials).map((i) => idKey(i.id)));
}

/** A database that was read is not looked for either; one that is asleep, gone or unknown always is. */
export function sparedDatabases(
  scope: Scope,
  seen: ReadonlyMap<string, Identity>,
  leaning: Leaning,
): Pick<ReadPorts, "locateDatabase" | "readDatabase"> {
  const { ports, known, wanted } = scope;
  let questions: ReadonlyMap<string, string> | undefined;
  let within = "";
  const find = (ref: DatabaseRef): Asked & { readonly found: Answer<Located> | undefined } => {
    questions ??= databaseQuestions(wanted.desired, seen);
    const key = databaseKey(ref);
    const asked = { key, question: `${questions.get(key)} ${within}` };
    return { ...asked, found: usable(known.databases, asked, scope, { leaning, mayLean: true }) };
  };
  return {
    async locateDatabase(ref, subscriptions, signal) {
      within = subscriptions.join();
      const { found } = find(ref);
      return found ? found.value.resource : await ports.locateDatabase(ref, subscriptions, signal);
    },
    async readDatabase(resource, signal) {
      const { key, question, found } = find(resource.ref);
      if (found) return found.value.contents;
      const read = async (): Promise<Located> => ({
        resource,
        contents: await ports.readDatabase(resource, signal),
      });
      return (await known.databases.read(key, question, scope, read)).contents;
    },
  };
}

interface Asked {
  readonly key: string;
  readonly question: string;
}

/** What this observation has read itself, or, where it may lean on it, what an earlier one has. */
function usable<T>(
  answers: Answers<T>,
  { key, question }: Asked,
  { observation, now }: Scope,
  { leaning, mayLean }: { readonly leaning: Leaning; readonly mayLean: boolean },
): Answer<T> | undefined {
  const found = answers.find(key, question, now());
  if (!found || found.observation === observation) return found;
  if (!mayLean || leaning.isOver) return;
  leaning.count += 1;
  return found;
}
