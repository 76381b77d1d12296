// How the model of a scale set is rolled out: only to instances that lack an identity, and only where a document says so.
import { isBehind, lacks, type ScaleSetInstance } from "../../model/scale-set.ts";
import type { Runner } from "../operation-run.ts";
import { applied, propagating } from "../outcome.ts";

/**
 * Upgrades the instances that do not show the identities. An upgrade brings everything that has changed in the model,
 * so whoever has them is left alone. Right after the set's PATCH the list may be older than it: then instances seem to
 * have the latest model, and are upgraded all the same, which does nothing to those that have it. Repeating is harmless.
 */
export const upgradeInstances: Runner<"upgradeInstances"> = async ({ targetId }, run) => {
  const read = (): Promise<readonly ScaleSetInstance[]> => run.ports.listInstances(targetId, run.signal);
  const lackAny = (one: ScaleSetInstance, lack: typeof lacks): boolean =>
    run.changes.some(({ identityId }) => lack(one, identityId));
  const count = await run.retried(async () => {
    const late = (await read()).filter((one) => lackAny(one, lacks)).map((one) => one.instanceId);
    if (late.length > 0) await run.ended(await run.ports.upgradeInstances(targetId, late, run.signal));
    return late.length;
  });
  if (count === 0) return applied("Every instance has the identity.");
  const isSeen = await run.seen(read, (instances) => !instances.some((one) => lackAny(one, isBehind)));
  return isSeen
    ? applied(`${count} instances have been brought to the scale set's model.`)
    : propagating("The instances have been upgraded, and Azure still shows some without the latest model.");
};
