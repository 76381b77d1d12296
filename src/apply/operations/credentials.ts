// How federated credentials are put and deleted: a delete only of the very one that the plan saw.
import { idKey } from "../../model/arm-id.ts";
import type { FederatedCredential } from "../../model/identity.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import { applied, moved, propagating } from "../outcome.ts";

/** Creates a credential or replaces the one of the same name. */
export const putCredential: Runner<"putCredential"> = async ({ identityId, credential }, run) => {
  const live = (): Promise<FederatedCredential | undefined> =>
    readCredential(identityId, credential.name, run);
  await run.retried(async (number) => {
    // An earlier attempt may have happened although it failed.
    if (number > 1 && isSame(await live(), credential)) return;
    await run.ports.putCredential(identityId, credential, run.signal);
  });
  return (await run.seen(live, (one) => isSame(one, credential)))
    ? applied("The federated credential has been written.")
    : propagating("The federated credential has been written and the list does not show it yet.");
};

/** Deletes a credential if a fresh list shows that very one, with the same issuer and subject. */
export const deleteCredential: Runner<"deleteCredential"> = async ({ identityId, credential }, run) => {
  const live = (): Promise<FederatedCredential | undefined> =>
    readCredential(identityId, credential.name, run);
  const verdict = await run.retried(async () => {
    const existing = await live();
    if (!existing) return applied("The federated credential is already gone.");
    if (!isSame(existing, credential)) {
      return moved("CredentialChanged", "The federated credential of this name trusts someone else by now.");
    }
    await run.ports.deleteCredential(identityId, existing.name, run.signal);
    return;
  });
  if (verdict) return verdict;
  return (await run.seen(live, (one) => one === undefined))
    ? applied("The federated credential has been deleted.")
    : propagating("The federated credential has been deleted and the list still shows it.");
};

async function readCredential(
  identityId: string,
  name: string,
  run: OperationRun,
): Promise<FederatedCredential | undefined> {
  const credentials = await run.ports.listCredentials(identityId, run.signal);
  return credentials.find((one) => idKey(one.name) === idKey(name));
}

/** Issuer, subject and audience are compared exactly, as Entra does. */
function isSame(live: FederatedCredential | undefined, wanted: FederatedCredential): boolean {
  return (
    live?.issuer === wanted.issuer && live.subject === wanted.subject && live.audience === wanted.audience
  );
}
