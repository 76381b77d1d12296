// Writes the identities of targets: one PATCH with only what changes, and no waiting inside.
import { Failure } from "../model/failure.ts";
import type { AttachmentPatch, RunningWrite, TargetWriter } from "../model/ports.ts";
import { targetKindOf } from "../model/target.ts";
import { type AnswerCatcher, answerCatcher } from "./answer-catcher.ts";
import { ask } from "./call.ts";
import type { Clients } from "./clients.ts";
import { type PollingParts, runningWriteFrom } from "./polling.ts";
import { armIdOf, unsupported } from "./reader.ts";

/** The most identities that one request may name (aad-pod-identity #813: "exceed limit '150' in one request"). */
const identitiesPerPatch = 150;

/** The writer of targets. */
export function targetWriterOf(clients: Clients, polling: PollingParts): TargetWriter {
  return {
    async patchAttachments(patch, signal): Promise<RunningWrite> {
      const caught = answerCatcher();
      const block = identityBlockFrom(patch);
      await ask(
        async () => await send(clients, patch, block, { abortSignal: signal, onResponse: caught.onResponse }),
      );
      return runningWriteFrom(caught.answer(), polling);
    },
    async upgradeInstances(scaleSetId, instanceIds, signal): Promise<RunningWrite> {
      const { subscriptionId, resourceGroup, name } = armIdOf(scaleSetId);
      const client = clients.compute(subscriptionId).virtualMachineScaleSets;
      const caught = answerCatcher();
      const options = { abortSignal: signal, onResponse: caught.onResponse };
      await ask(
        async () =>
          await client
            .updateInstances(resourceGroup, name, { instanceIds: [...instanceIds] }, options)
            .submitted(),
      );
      return runningWriteFrom(caught.answer(), polling);
    },
  };
}

/** What the PATCH says about identities. `{}` adds, `null` removes, what is not named stays. */
export function identityBlockFrom(patch: AttachmentPatch): IdentityBlock {
  const keys = [...patch.attach, ...patch.detach];
  if (keys.length > identitiesPerPatch) {
    const text = `A request may name ${identitiesPerPatch} identities, not ${keys.length}.`;
    throw new Failure("terminal", text, { code: "TooManyIdentities" });
  }
  const namesUsers = /UserAssigned/i.test(patch.type);
  if (!namesUsers && patch.attach.length > 0) {
    throw new TypeError(`A PATCH with type ${patch.type} cannot attach identities to ${patch.targetId}.`);
  }
  // With a type that names no user identities, Azure drops all of them; a map beside it would be a contradiction.
  if (!namesUsers) return { type: patch.type as IdentityBlock["type"] };
  const changes = [...patch.attach.map((id) => [id, {}]), ...patch.detach.map((id) => [id, null])];
  return { type: patch.type as IdentityBlock["type"], userAssignedIdentities: Object.fromEntries(changes) };
}

interface IdentityBlock {
  type: "SystemAssigned" | "UserAssigned" | "SystemAssigned, UserAssigned" | "None";
  /** The SDK's type has no null, and its serialiser sends it (measured with arm-compute 25.1.1). */
  userAssignedIdentities?: Record<string, Record<string, never>>;
}

interface SendOptions {
  readonly abortSignal: AbortSignal;
  readonly onResponse: AnswerCatcher["onResponse"];
}

/** Sends the PATCH only: the SDK's own polling is twice as fast as Compute's limit allows. */
async function send(
  clients: Clients,
  patch: AttachmentPatch,
  identity: IdentityBlock,
  options: SendOptions,
): Promise<void> {
  const { subscriptionId, resourceGroup, type, name } = armIdOf(patch.targetId);
  const compute = clients.compute(subscriptionId);
  const withMatch = patch.ifMatch === undefined ? options : { ...options, ifMatch: patch.ifMatch };
  switch (targetKindOf(type)) {
    case "virtualMachine":
      return await compute.virtualMachines.update(resourceGroup, name, { identity }, withMatch).submitted();
    case "virtualMachineScaleSet":
      return await compute.virtualMachineScaleSets
        .update(resourceGroup, name, { identity }, withMatch)
        .submitted();
    case "other":
      throw unsupported(patch.targetId, type);
  }
}
