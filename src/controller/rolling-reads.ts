// Decides which reads a daemon spares in a pass in which nothing happens: answers are remembered for an observation, and read again before anything is written on their ground.
import type { Desired } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import {
  type DatabaseContents,
  type DatabaseRef,
  type DatabaseResource,
  databaseKey,
} from "../model/database.ts";
import { type FederatedCredential, type Identity, ownerTag, tagOf } from "../model/identity.ts";
import type { Clock, ReadPorts, WritePorts } from "../model/ports.ts";
import { observeDatabases } from "../observed/databases.ts";
import { readCredentials } from "../observed/observe.ts";
import type { Observed } from "../observed/observed.ts";
import { isRemoval } from "../plan/guards/guards.ts";
import type { Plan } from "../plan/plan.ts";
import { databaseQuestions } from "./database-questions.ts";
import type { Intent, Planned } from "./reconcile.ts";
import { type Answer, type Answers, rememberedAnswers } from "./remembered-answers.ts";

/** How long answers are remembered, and when all of them are forgotten. */
export interface RollingOptions {
  readonly clock: Pick<Clock, "now">;
  /** Federated credentials of identities whose documents declare none; default an hour. */
  readonly credentialsInMs?: number;
  /** Databases; default six hours. */
  readonly databasesInMs?: number;
  /** Whatever it gives: when that changes, nothing is remembered any more. For the term of a leader. */
  readonly term?: () => unknown;
}

/** What a daemon reads by and by. */
export interface RollingReads {
  /** The ports as they were given: always fresh. What is written through them is remembered no more. */
  readonly ports: ReadPorts & WritePorts;
  /** For one observation of what is wanted now. */
  observing(intent: Pick<Intent, "desired" | "policy">): Observing;
}

/** One observation, and what may be concluded from it. */
export interface Observing {
  /** To observe with, and for nothing else. */
  readonly ports: ReadPorts;
  /**
   * Reads what the plan leans on and is only remembered, and gives the observation with it; undefined: it leans on
   * nothing. A plan that changes nothing never does. Any other one is weighed against limits that count every
   * database, and if it takes away, every credential: so all of those are read.
   */
  rereadFor(planned: Planned): ((signal: AbortSignal) => Promise<Observed>) | undefined;
}

const hourInMs = 60 * 60_000;

interface Known {
  readonly credentials: Answers<readonly FederatedCredential[]>;
  readonly databases: Answers<Located>;
}

interface Located {
  readonly resource: DatabaseResource;
  readonly contents: DatabaseContents;
}

/** What is remembered of an Azure behind these ports; nothing yet. */
export function rollingReads(ports: ReadPorts & WritePorts, options: RollingOptions): RollingReads {
  const { clock, credentialsInMs = hourInMs, databasesInMs = 6 * hourInMs, term } = options;
  const known: Known = {
    credentials: rememberedAnswers(credentialsInMs),
    databases: rememberedAnswers(databasesInMs),
  };
  let observation = 0;
  let lastTerm: unknown;
  return {
    ports: { ...ports, ...forgetful(ports, known) },
    observing(intent): Observing {
      const now = term?.();
      for (const answers of Object.values(known)) {
        if (now !== lastTerm) answers.clear();
        answers.prune(clock.now());
      }
      lastTerm = now;
      observation += 1;
      return observingWith({ ports, known, intent, observation, now: () => clock.now() });
    },
  };
}

/** The writes after which something may be otherwise than it is remembered. */
function forgetful(ports: WritePorts, { credentials, databases }: Known): Partial<WritePorts> {
  /** Before, so that who reads meanwhile remembers nothing; afterwards for what was read in between. */
  const around = async <T>(drop: () => void, write: () => Promise<T>): Promise<T> => {
    drop();
    try {
      return await write();
    } finally {
      drop();
    }
  };
  const ofIdentity = <A extends readonly unknown[], T>(write: (id: string, ...rest: A) => Promise<T>) => {
    return (id: string, ...rest: A): Promise<T> =>
      around(
        () => credentials.drop(idKey(id)),
        () => write(id, ...rest),
      );
  };
  return {
    createIdentity: (wanted, signal) =>
      around(
        () => credentials.drop(idKey(wanted.id)),
        () => ports.createIdentity(wanted, signal),
      ),
    deleteIdentity: ofIdentity((...args) => ports.deleteIdentity(...args)),
    putCredential: ofIdentity((...args) => ports.putCredential(...args)),
    deleteCredential: ofIdentity((...args) => ports.deleteCredential(...args)),
    changeDatabase: (database, change, signal) =>
      around(
        () => databases.drop(databaseKey(database.ref)),
        () => ports.changeDatabase(database, change, signal),
      ),
  };
}

interface Scope {
  readonly ports: ReadPorts;
  readonly known: Known;
  readonly intent: Pick<Intent, "desired" | "policy">;
  readonly observation: number;
  readonly now: () => number;
}

/** How many answers of earlier observations this one has used, and whether it still may. */
interface Leaning {
  count: number;
  isOver: boolean;
}

function observingWith(scope: Scope): Observing {
  const { ports, intent, known } = scope;
  const seen = new Map<string, Identity>();
  const leaning = { credentials: { count: 0, isOver: false }, databases: { count: 0, isOver: false } };
  const observing: ReadPorts = {
    ...ports,
    async listIdentities(subscriptions, signal) {
      const listed = await ports.listIdentities(subscriptions, signal);
      for (const identity of listed.items) seen.set(idKey(identity.id), identity);
      return listed;
    },
    async readIdentity(id, signal) {
      const identity = await ports.readIdentity(id, signal);
      if (identity) seen.set(idKey(id), identity);
      return identity;
    },
    listCredentials: sparedCredentials(scope, seen, leaning.credentials),
    ...sparedDatabases(scope, seen, leaning.databases),
  };
  return {
    ports: observing,
    rereadFor({ plan, observed }) {
      forgetUnclean(plan, known);
      if (plan.changes.length === 0) return;
      const needed = {
        databases: leaning.databases.count > 0,
        credentials: leaning.credentials.count > 0 && plan.changes.some(isRemoval),
      };
      if (!needed.databases && !needed.credentials) return;
      if (needed.databases) stopLeaning(leaning.databases);
      if (needed.credentials) stopLeaning(leaning.credentials);
      return (signal) => reread(observed, needed, { ...intent, ports: observing, signal });
    },
  };
}

async function reread(
  observed: Observed,
  needed: { readonly databases: boolean; readonly credentials: boolean },
  input: Pick<Intent, "desired" | "policy"> & { readonly ports: ReadPorts; readonly signal: AbortSignal },
): Promise<Observed> {
  const { identities } = observed;
  const unreadable = new Map(observed.unreadable);
  const subscriptions = [...observed.subscriptions];
  return {
    ...observed,
    unreadable,
    ...(needed.databases && {
      databases: await observeDatabases({ ...input, identities, subscriptions }),
    }),
    ...(needed.credentials && { credentials: await readCredentials(input, identities, unreadable) }),
  };
}

function stopLeaning(leaning: Leaning): void {
  leaning.count = 0;
  leaning.isOver = true;
}

/** What a plan has anything to say about is looked at again the next time, whoever holds it. */
function forgetUnclean({ changes, held }: Plan, { databases }: Known): void {
  for (const { subject } of [...changes, ...held.map(({ change }) => change)]) {
    if ("database" in subject) databases.drop(databaseKey(subject.database));
  }
}

/** Whoever declares credentials is asked every time. */
function sparedCredentials(
  scope: Scope,
  seen: ReadonlyMap<string, Identity>,
  leaning: Leaning,
): ReadPorts["listCredentials"] {
  const { ports, known, intent } = scope;
  const declaring = declaringIn(intent.desired);
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
function sparedDatabases(
  scope: Scope,
  seen: ReadonlyMap<string, Identity>,
  leaning: Leaning,
): Pick<ReadPorts, "locateDatabase" | "readDatabase"> {
  const { ports, known, intent } = scope;
  let questions: ReadonlyMap<string, string> | undefined;
  let within = "";
  const find = (ref: DatabaseRef): Asked & { readonly found: Answer<Located> | undefined } => {
    questions ??= databaseQuestions(intent.desired, seen);
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
