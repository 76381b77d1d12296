// The table of operation kinds: who runs each of them.
import type { OperationAction } from "../plan/plan.ts";
import type { OperationRun, Runner, Verdicts } from "./operation-run.ts";
import { deleteAssignment, putAssignment } from "./operations/assignments.ts";
import { deleteCredential, putCredential } from "./operations/credentials.ts";
import { changeDatabase } from "./operations/database.ts";
import { createIdentity, deleteIdentity } from "./operations/identity.ts";
import { upgradeInstances } from "./operations/instances.ts";
import { deleteTags, mergeTags } from "./operations/tags.ts";
import { patchTarget } from "./operations/target.ts";
import type { Verdict } from "./outcome.ts";

const runners: { readonly [K in OperationAction["kind"]]: Runner<K> } = {
  createIdentity,
  mergeTags,
  deleteTags,
  putCredential,
  deleteCredential,
  patchTarget,
  upgradeInstances,
  putAssignment,
  deleteAssignment,
  changeDatabase,
  deleteIdentity,
};

/** Runs one operation; gives a verdict for each of its changes, or throws the `Failure` that holds for all. */
export async function performed(action: OperationAction, run: OperationRun): Promise<Verdicts> {
  const result = await dispatch(action, run);
  return result instanceof Map
    ? result
    : new Map(run.changes.map((change) => [change.id, result as Verdict]));
}

function dispatch<K extends OperationAction["kind"]>(
  action: Extract<OperationAction, { kind: K }>,
  run: OperationRun,
): Promise<Verdicts | Verdict> {
  const runner: Runner<K> = runners[action.kind as K];
  return runner(action, run);
}
