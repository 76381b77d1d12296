// How the model of a scale set is rolled out to its instances: only where a document says so, after the set's PATCH.
import type { Runner } from "../operation-run.ts";
import { applied } from "../outcome.ts";

/**
 * Upgrades all instances to the set's model. The end of Azure's operation is the only proof there is: no read that
 * Bindery makes shows single instances. Repeating it is harmless.
 */
export const upgradeInstances: Runner<"upgradeInstances"> = async (action, run) => {
  await run.retried(async () => {
    await run.ended(await run.ports.upgradeInstances(action.targetId, run.signal));
  });
  return applied("The instances have been upgraded to the scale set's model.");
};
