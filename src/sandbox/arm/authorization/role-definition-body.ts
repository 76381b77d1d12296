// Reads the body of a custom role's PUT and refuses what Azure refuses in it.
import type { Permission } from "../../world.ts";
import { isRecord } from "../body.ts";
import { armErrors } from "../errors.ts";

/** What a PUT of a custom role asks for. */
export interface CustomRoleWish {
  readonly roleName: string;
  readonly description: string;
  readonly assignableScopes: readonly string[];
  readonly permissions: readonly Permission[];
}

/** Reads the body; throws Azure's refusal when it is no custom role. */
export function customRoleWishFrom(body: unknown): CustomRoleWish {
  const properties = isRecord(body) ? body.properties : undefined;
  if (!isRecord(properties)) throw armErrors.badRequestFormat();
  const { roleName, description, type, permissions } = properties;
  const isCustom = type === undefined || type === null || lower(type) === "customrole";
  if (typeof roleName !== "string" || roleName.trim() === "" || !isCustom) throw armErrors.badRequestFormat();
  if (!Array.isArray(permissions) || permissions.length === 0) throw armErrors.badRequestFormat();
  return {
    roleName,
    description: typeof description === "string" ? description : "",
    assignableScopes: textsIn(properties, "assignableScopes"),
    permissions: permissions.map(permissionFrom),
  };
}

function permissionFrom(value: unknown): Permission {
  if (!isRecord(value)) throw armErrors.badRequestFormat();
  const permission = {
    actions: textsIn(value, "actions"),
    notActions: textsIn(value, "notActions"),
    dataActions: textsIn(value, "dataActions"),
    notDataActions: textsIn(value, "notDataActions"),
  };
  const misnamed = Object.values(permission)
    .flat()
    .find((a) => a !== "*" && !/^[\w.*-]+(\/[\w.*-]+)+$/.test(a));
  if (misnamed !== undefined) throw armErrors.invalidAction(misnamed);
  return permission;
}

function textsIn(record: Record<string, unknown>, key: string): string[] {
  const value = record[key] ?? [];
  if (!Array.isArray(value) || !value.every((v) => typeof v === "string")) throw armErrors.badRequestFormat();
  return value;
}

function lower(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}
