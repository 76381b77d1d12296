// Decides which reads a daemon spares in a pass in which nothing happens: answers are remembered for an observation, and read again before anything is written on their ground.
import { idKey } from "../model/arm-id.ts";
import { databaseKey } from "../model/database.ts";
import type { Identity } from "../model/identity.ts";
import type { Clock, ReadPorts, WritePorts } from "../model/ports.ts";
import { observeDatabases } from "../observed/databases.ts";
import { readCredentials } from "../observed/observe.ts";
import type { Observed } from "../observed/observed.ts";
import { isRemoval } from "../plan/guards/guards.ts";
import type { Plan } from "../plan/plan.ts";
import { rememberedAnswers } from "./remembered-answers.ts";
import type { InForce } from "./revision-judgement.ts";
import {
  type Leaning,
  type Remembered,
  type Scope,
  sparedCredentials,
  sparedDatabases,
} from "./spared-reads.ts";

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
  observing(wanted: InForce): Observing;
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
  rereadFor(planned: {
    readonly plan: Plan;
    readonly observed: Observed;
  }): ((signal: AbortSignal) => Promise<Observed>) | undefined;
}

const hourInMs = 60 * 60_000;

/** What is remembered of an Azure behind these ports; nothing yet. */
export function rollingReads(ports: ReadPorts & WritePorts, options: RollingOptions): RollingReads {
  const { clock, credentialsInMs = hourInMs, databasesInMs = 6 * hourInMs, term } = options;
  const known: Remembered = {
    credentials: rememberedAnswers(credentialsInMs),
    databases: rememberedAnswers(databasesInMs),
  };
  let observation = 0;
  let lastTerm: unknown;
  return {
    ports: { ...ports, ...forgetful(ports, known) },
    observing(wanted): Observing {
      const now = term?.();
      for (const answers of Object.values(known)) {
        if (now !== lastTerm) answers.clear();
        answers.prune(clock.now());
      }
      lastTerm = now;
      observation += 1;
      return observingWith({ ports, known, wanted, observation, now: () => clock.now() });
    },
  };
}

/** The writes after which something may be otherwise than it is remembered. */
function forgetful(ports: WritePorts, { credentials, databases }: Remembered): Partial<WritePorts> {
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

function observingWith(scope: Scope): Observing {
  const { ports, wanted, known } = scope;
  const seen = new Map<string, Identity>();
  const leaning: Readonly<Record<keyof Remembered, Leaning>> = {
    credentials: { count: 0, isOver: false },
    databases: { count: 0, isOver: false },
  };
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
      return (signal) => reread(observed, needed, { ...wanted, ports: observing, signal });
    },
  };
}

async function reread(
  observed: Observed,
  needed: { readonly databases: boolean; readonly credentials: boolean },
  input: InForce & { readonly ports: ReadPorts; readonly signal: AbortSignal },
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
function forgetUnclean({ changes, held }: Plan, { databases }: Remembered): void {
  for (const { subject } of [...changes, ...held.map(({ change }) => change)]) {
    if ("database" in subject) databases.drop(databaseKey(subject.database));
  }
}
