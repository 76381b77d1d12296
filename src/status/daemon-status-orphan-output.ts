// Decides the JSON form of an orphan's status.
import { type ConditionOutput, conditionsOutput } from "./daemon-status-document-output.ts";
import type { OrphanEntry } from "./daemon-status-orphan.ts";

/** An identity with our owner tag that no document names; lists are cut at 50, the counts are of all. */
export interface OrphanOutput extends Omit<OrphanEntry, "conditions"> {
  readonly conditions: readonly ConditionOutput[];
}

/** The orphan in its published shape. */
export function orphanOutputFrom(orphan: OrphanEntry): OrphanOutput {
  const { identityId, conditions, targets, targetCount, roles, roleCount, credentials } = orphan;
  return {
    identityId,
    conditions: conditionsOutput(conditions),
    targets,
    targetCount,
    roles,
    roleCount,
    credentials,
    credentialCount: orphan.credentialCount,
  };
}
