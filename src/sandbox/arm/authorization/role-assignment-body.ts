// Reads the body of a role assignment's PUT and refuses what Azure refuses in it.

import { isRecord } from "../body.ts";
import { armErrors } from "../errors.ts";
import { isGuid } from "../guid.ts";
import { parseCondition } from "./abac.ts";

/** What a PUT asks for, checked as far as the body alone can be. */
export interface AssignmentWish {
  readonly principalId: string;
  /** The role's GUID in lower case. */
  readonly roleGuid: string;
  /** As Azure spells it; undefined: to be looked up in the directory. */
  readonly principalType: string | undefined;
  readonly description: string | null;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly delegatedManagedIdentityResourceId: string | null;
}

/** Documented limits (Azure RBAC limits): 2 KB of description, 8 KB of condition. */
const descriptionLimitInBytes = 2 * 1024;
const conditionLimitInBytes = 8 * 1024;

const principalTypes = ["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"];

/** Reads the body of a PUT; throws Azure's refusal. Unknown keys are tolerated as Azure does (a `name` is recorded). */
export function assignmentWishFrom(body: unknown): AssignmentWish {
  const properties = isRecord(body) ? body.properties : undefined;
  if (!isRecord(properties)) throw armErrors.badRequestFormat();
  const wish = {
    principalId: principalIdFrom(properties),
    roleGuid: roleGuidFrom(properties),
    principalType: principalTypeFrom(properties),
    description: textOf(properties, "description"),
    condition: textOf(properties, "condition"),
    conditionVersion: textOf(properties, "conditionVersion"),
    delegatedManagedIdentityResourceId: textOf(properties, "delegatedManagedIdentityResourceId"),
  };
  refuseBadTexts(wish);
  return wish;
}

function refuseBadTexts({ description, condition, conditionVersion }: AssignmentWish): void {
  if (Buffer.byteLength(description ?? "") > descriptionLimitInBytes) {
    throw armErrors.descriptionTooLong(descriptionLimitInBytes);
  }
  if (condition === null) return;
  if (Buffer.byteLength(condition) > conditionLimitInBytes) {
    throw armErrors.conditionTooLong(conditionLimitInBytes);
  }
  if (conditionVersion !== "2.0" || parseCondition(condition).kind === "invalid") {
    throw armErrors.invalidRoleAssignmentCondition();
  }
}

function principalIdFrom(properties: Record<string, unknown>): string {
  const id = textOf(properties, "principalId") ?? "";
  if (!isGuid(id)) throw armErrors.invalidPrincipalId(id);
  return id.toLowerCase();
}

function roleGuidFrom(properties: Record<string, unknown>): string {
  const id = textOf(properties, "roleDefinitionId") ?? "";
  const guid = /^(?:\/.+)?\/providers\/Microsoft\.Authorization\/roleDefinitions\/([^/]+)$/i.exec(id)?.[1];
  if (guid === undefined || !isGuid(guid)) throw armErrors.invalidRoleDefinitionId(guid ?? id);
  return guid.toLowerCase();
}

function principalTypeFrom(properties: Record<string, unknown>): string | undefined {
  const sent = textOf(properties, "principalType");
  if (sent === null) return undefined;
  const known = principalTypes.find((t) => t.toLowerCase() === sent.toLowerCase());
  if (known === undefined) throw armErrors.badRequestFormat();
  return known;
}

/** An optional text; an empty one counts as absent, anything but text is refused. */
function textOf(properties: Record<string, unknown>, key: string): string | null {
  const value = properties[key];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string") throw armErrors.badRequestFormat();
  return value;
}
