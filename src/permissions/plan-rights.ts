// Which rights the operations of a plan need, and what the plan says where the caller lacks one.
import { resourceGroupIdOf } from "../model/arm-id.ts";
import { documentName } from "../model/document.ts";
import { targetKindOf } from "../model/target.ts";
import type { Change, Operation, Plan, Warning } from "../plan/plan.ts";
import { type Held, type Verdict, verdictOn, type Wanted } from "./permits.ts";
import { type WorkName, workNamed } from "./work.ts";

/** An action that changes of a plan need at a scope. */
export interface ChangeNeed extends Wanted {
  readonly changeIds: readonly string[];
}

/** What must be permitted for the operations of a plan, in their order; databases have rights of their own. */
export function rightsOfOperations(operations: readonly Operation[]): readonly ChangeNeed[] {
  return operations.flatMap(rightsOfOperation);
}

function rightsOfOperation({ action, changeIds }: Operation): readonly ChangeNeed[] {
  const need = (work: WorkName, scope: string, ids = changeIds): readonly ChangeNeed[] =>
    workNamed(work).actions.map((one) => ({ scope, action: one, changeIds: ids }));
  switch (action.kind) {
    case "createIdentity":
      return need("createIdentity", groupOf(action.identityId));
    case "mergeTags":
    case "deleteTags":
      return need("writeTags", action.identityId);
    case "putCredential":
      return need("putCredential", action.identityId);
    case "deleteCredential":
      return need("deleteCredential", action.identityId);
    case "patchTarget": {
      const isSet = targetKindOf(action.target.type) === "virtualMachineScaleSet";
      return [
        ...need(isSet ? "patchScaleSet" : "patchMachine", action.target.id),
        ...action.attach.flatMap((key) => need("assignIdentity", key.identityId, [key.changeId])),
      ];
    }
    case "upgradeInstances":
      return need("upgradeInstances", action.targetId);
    case "putAssignment":
      return need("assignRole", action.scope);
    case "deleteAssignment":
      return need("revokeRole", action.scope);
    case "deleteIdentity":
      return need("deleteIdentity", action.identityId);
    case "changeDatabase":
      return [];
  }
}

/** What is yet to be created has no rights of its own. */
function groupOf(id: string): string {
  return resourceGroupIdOf(id) ?? id;
}

/** The plan with a warning for each action that is missing, and one for all that could not be found out. */
export function withRights(plan: Plan, held: Held): Plan {
  const { missing, unknown } = verdictOn(rightsOfOperations(plan.operations), held);
  const changes = new Map(plan.changes.map((change) => [change.id, change]));
  const warnings = [...missingWarnings(missing, changes), ...unknownWarnings(unknown, held)];
  return warnings.length === 0 ? plan : { ...plan, warnings: [...plan.warnings, ...warnings] };
}

function missingWarnings(
  missing: Verdict<ChangeNeed>["missing"],
  changes: ReadonlyMap<string, Change>,
): readonly Warning[] {
  const groups = Map.groupBy(missing, ({ scope, action }) => `${action} ${scope.toLowerCase()}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const ids = [...new Set(group.flatMap(({ changeIds }) => changeIds))];
    const needing = ids.flatMap((id) => changes.get(id) ?? []);
    const [one] = needing;
    if (!first || !one) return [];
    const { identityDocument: named, document } = one;
    const rest = needing.length > 1 ? ` and ${needing.length - 1} more` : "";
    const message = `Bindery may not ${first.action} at ${first.scope}: ${one.kind} of ${documentName(named ?? document)}${rest} will be refused.`;
    return [{ code: "PermissionMissing" as const, message, document, changeIds: ids, about: first.action }];
  });
}

function unknownWarnings(unknown: readonly ChangeNeed[], held: Held): readonly Warning[] {
  if (unknown.length === 0) return [];
  const scopes = new Set(unknown.map(({ scope }) => scope.toLowerCase()));
  const reasons = [...held.values()].flatMap((one) =>
    typeof one === "object" && "unreadable" in one ? [one.unreadable] : [],
  );
  const reason = reasons.length > 0 ? `: ${reasons[0]}` : ".";
  const message = `Whether Bindery may make all changes is not known, its permissions at ${scopes.size} of the scopes could not be read${reason}`;
  return [{ code: "PermissionsUnknown", message }];
}
