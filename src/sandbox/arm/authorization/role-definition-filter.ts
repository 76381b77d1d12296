// Decides which role definitions a list at a scope shows, by its $filter.
import type { RoleDefinition, World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import { coverageOf } from "./coverage.ts";

/** What a $filter asks for; undefined members ask for nothing. Texts in lower case. */
export interface RoleFilter {
  readonly roleName: string | undefined;
  readonly type: string | undefined;
  readonly andBelow: boolean;
}

const term =
  /^(?:(?<place>atScope(?:AndBelow)?)\(\)|(?<field>roleName|type)\s+eq\s+'(?<value>(?:[^']|'')*)')$/i;

/** Reads the $filter: `roleName eq`, `type eq`, `atScope()`, `atScopeAndBelow()`, joined by `and`; else refused. */
export function parseRoleFilter(text: string | undefined): RoleFilter {
  const filter = text?.trim() ?? "";
  const terms = filter === "" ? [] : filter.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i);
  const found = terms.map((t) => term.exec(t)?.groups ?? refuse(filter));
  const wanted = (field: string) =>
    found
      .find((g) => g.field?.toLowerCase() === field)
      ?.value?.replaceAll("''", "'")
      .toLowerCase();
  const type = wanted("type");
  if (type !== undefined && type !== "builtinrole" && type !== "customrole") refuse(filter);
  return {
    roleName: wanted("rolename"),
    type,
    andBelow: found.some((g) => g.place?.toLowerCase() === "atscopeandbelow"),
  };
}

/** The test for one role: it may be assigned at the scope (or, if asked for, only below it) and bears the name. */
export function roleMatcherFor(
  world: World,
  scope: string,
  filter: RoleFilter,
): (role: RoleDefinition) => boolean {
  const isBelow = coverageOf(world, scope);
  return (role) =>
    (filter.roleName === undefined || role.roleName.toLowerCase() === filter.roleName) &&
    (filter.type === undefined || role.type.toLowerCase() === filter.type) &&
    role.assignableScopes.some((s) => (filter.andBelow && isBelow(s)) || coverageOf(world, s)(scope));
}

function refuse(filter: string): never {
  throw armErrors.unsupportedFilter(filter);
}
