// Writes identities, their tags and their federated credentials.

import { Failure } from "../model/failure.ts";
import type { FederatedCredential, Identity } from "../model/identity.ts";
import type { CredentialWriter, IdentityWriter, NewIdentity } from "../model/ports.ts";
import { answerCatcher } from "./answer-catcher.ts";
import { ask, saysGone } from "./call.ts";
import type { Clients } from "./clients.ts";
import { type PollingParts, runningWriteFrom } from "./polling.ts";
import { armIdOf } from "./reader.ts";
import { identityFrom } from "./rows.ts";

/** The writers of identities and federated credentials. */
export function identityWriterOf(clients: Clients, polling: PollingParts): IdentityWriter & CredentialWriter {
  return {
    createIdentity: (wanted, signal) => createIdentity(clients, wanted, signal),
    mergeTags: (id, tags, signal) => updateTags(clients, polling, { id, operation: "Merge", tags }, signal),
    deleteTags: (id, tags, signal) => updateTags(clients, polling, { id, operation: "Delete", tags }, signal),
    async deleteIdentity(identityId, signal): Promise<void> {
      const { subscriptionId, resourceGroup, name } = armIdOf(identityId);
      const client = clients.identities(subscriptionId).userAssignedIdentities;
      await unlessGone(() => client.delete(resourceGroup, name, { abortSignal: signal }));
    },
    putCredential: (id, credential, signal) => putCredential(clients, id, credential, signal),
    async deleteCredential(identityId, credentialName, signal): Promise<void> {
      const { subscriptionId, resourceGroup, name } = armIdOf(identityId);
      const client = clients.identities(subscriptionId).federatedIdentityCredentials;
      await unlessGone(() => client.delete(resourceGroup, name, credentialName, { abortSignal: signal }));
    },
  };
}

/** 201 says that we made it; 200 that it was there, and the PUT has touched what somebody else made. */
async function createIdentity(
  clients: Clients,
  { id, location, tags }: NewIdentity,
  signal: AbortSignal,
): Promise<{ identity: Identity; created: boolean }> {
  const { subscriptionId, resourceGroup, name } = armIdOf(id);
  const client = clients.identities(subscriptionId).userAssignedIdentities;
  const caught = answerCatcher();
  const raw = await ask(() =>
    client.createOrUpdate(
      resourceGroup,
      name,
      { location, tags: { ...tags } },
      { abortSignal: signal, onResponse: caught.onResponse },
    ),
  );
  const identity = identityFrom(raw);
  if (!identity) {
    const text = `Azure has accepted ${id} without saying what its principal is.`;
    throw new Failure("transient", text, { code: "IncompleteAnswer", mayHaveHappened: true });
  }
  return { identity, created: caught.answer().status === 201 };
}

async function putCredential(
  clients: Clients,
  identityId: string,
  { name: credentialName, issuer, subject, audience }: FederatedCredential,
  signal: AbortSignal,
): Promise<void> {
  const { subscriptionId, resourceGroup, name } = armIdOf(identityId);
  const client = clients.identities(subscriptionId).federatedIdentityCredentials;
  const body = { issuer, subject, audiences: [audience] };
  await ask(() => client.createOrUpdate(resourceGroup, name, credentialName, body, { abortSignal: signal }));
}

interface TagChange {
  readonly id: string;
  readonly operation: "Merge" | "Delete";
  readonly tags: Readonly<Record<string, string>>;
}

/** By the tags API, so that tags which others write at the same time are left alone; it may take its time (202). */
async function updateTags(
  clients: Clients,
  polling: PollingParts,
  change: TagChange,
  signal: AbortSignal,
): Promise<void> {
  const { id, operation, tags } = change;
  const client = clients.resources(armIdOf(id).subscriptionId).tagsOperations;
  const caught = answerCatcher();
  const body = { operation, properties: { tags: { ...tags } } };
  const options = { abortSignal: signal, onResponse: caught.onResponse };
  // The SDK's client puts a slash before the scope.
  await ask(async () => await client.updateAtScope(id.replace(/^\//, ""), body, options).submitted());
  await runningWriteFrom(caught.answer(), polling).ended(signal);
}

/** What is not there any more need not be deleted. */
async function unlessGone(remove: () => Promise<unknown>): Promise<void> {
  try {
    await ask(remove);
  } catch (error) {
    if (!saysGone(error)) throw error;
  }
}
