// What is known of the databases that documents or tags name: found in the estate, allowed by the policy, and read.
import type { Desired, DesiredIdentity } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import { type DatabaseRef, type DatabaseResource, databaseKey, databaseName } from "../model/database.ts";
import { rememberedIn } from "../model/database-memory.ts";
import { Failure } from "../model/failure.ts";
import { type Identity, ownerTag, tagOf } from "../model/identity.ts";
import { matchesPattern } from "../model/pattern.ts";
import type { Policy } from "../model/policy.ts";
import type { ReadPorts } from "../model/ports.ts";
import type { ObservedDatabase } from "./observed.ts";

/** What it takes to look at databases. */
export interface DatabaseLook {
  readonly desired: Desired;
  readonly policy: Policy;
  readonly ports: Pick<ReadPorts, "locateDatabase" | "readDatabase">;
  readonly identities: ReadonlyMap<string, Identity>;
  readonly subscriptions: readonly string[];
  readonly signal: AbortSignal;
}

/** Reads every database that a document, or a tag of an identity of ours, names; each by itself. */
export async function observeDatabases(look: DatabaseLook): Promise<ReadonlyMap<string, ObservedDatabase>> {
  const refs = namedIn(look);
  const read = await Promise.all(
    [...refs].map(async ([key, ref]) => [key, await observeOne(look, ref)] as const),
  );
  return new Map(read);
}

function namedIn({ desired, policy, identities }: DatabaseLook): ReadonlyMap<string, DatabaseRef> {
  const refs = desired.identities.flatMap((identity) => {
    const live = identities.get(idKey(identity.id));
    return [...wantedBy(identity), ...rememberedBy(live, policy)];
  });
  return new Map(refs.map((ref) => [databaseKey(ref), ref]));
}

function wantedBy({ bindings }: DesiredIdentity): readonly DatabaseRef[] {
  return bindings.flatMap((binding) => binding.databases.map(({ ref }) => ref));
}

/** Tags of an identity that is not ours say nothing: anybody could write them. */
function rememberedBy(live: Identity | undefined, { owner }: Policy): readonly DatabaseRef[] {
  if (!live || tagOf(live.tags, ownerTag) !== owner) return [];
  return [...rememberedIn(live.tags).values()];
}

async function observeOne(look: DatabaseLook, ref: DatabaseRef): Promise<ObservedDatabase> {
  const { policy, ports, subscriptions, signal } = look;
  if (!policy.sqlServers.some((pattern) => matchesPattern(pattern.toLowerCase(), ref.server.toLowerCase()))) {
    return {
      kind: "unknown",
      reason: "ServerNotAllowed",
      message: `The policy does not allow the SQL server ${ref.server}.`,
      cure: `Add ${ref.server}, or a pattern, to sqlServers.allow in the policy.`,
    };
  }
  try {
    const resource = await ports.locateDatabase(ref, subscriptions, signal);
    if (resource === "gone") return { kind: "gone" };
    if (resource === "foreign") return foreign(ref);
    if (isAsleep(resource) && !isDue(look, ref)) return { kind: "asleep", resource };
    return { kind: "read", resource, contents: await ports.readDatabase(resource, signal) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return unreadable(ref, error);
  }
}

/** A paused database costs nothing until somebody signs in to it. */
function isAsleep({ status }: DatabaseResource): boolean {
  return status.toLowerCase() === "paused";
}

/** Something is due where the tags and the documents do not name the same: then it is worth waking it. */
function isDue({ desired, identities, policy }: DatabaseLook, ref: DatabaseRef): boolean {
  const key = databaseKey(ref);
  return desired.identities.some((identity) => {
    const wants = wantedBy(identity).some((one) => databaseKey(one) === key);
    const live = identities.get(idKey(identity.id));
    const remembers = rememberedBy(live, policy).some((one) => databaseKey(one) === key);
    return wants !== remembers;
  });
}

function foreign(ref: DatabaseRef): ObservedDatabase {
  return {
    kind: "unknown",
    reason: "ServerNotInEstate",
    message: `No SQL server of the estate is called ${ref.server}, as far as Bindery can see.`,
    cure: "Correct the name, add its subscription to the estate, or give Bindery Reader on the server.",
  };
}

function unreadable(ref: DatabaseRef, { details, message }: Failure): ObservedDatabase {
  return {
    kind: "unknown",
    reason: "DatabaseUnreadable",
    message: `${databaseName(ref)} could not be read: ${message}`,
    cure: cures[details.code] ?? "Wait for the next pass, or look at what the message names.",
  };
}

const letIn =
  "Make Bindery a user of the database (docs/sql.md has the statements), or the server's Microsoft Entra admin.";

const cures: Readonly<Record<string, string>> = {
  DatabaseLoginFailed: letIn,
  DatabaseCannotBeOpened: `${letIn} While the database is being made or moved, wait.`,
  DatabaseFirewall: "Let Bindery's address through the server's firewall, or give it a private endpoint.",
  DatabaseTlsRefused: "Let nothing between Bindery and the server take TLS apart.",
  HostRefused: "Correct the server's name: tokens go to servers of the cloud only.",
};
