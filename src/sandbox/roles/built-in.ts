// The built-in role definitions of the embedded Azure, out of Azure's published ones.
import { z } from "zod";
import type { RoleDefinition } from "../world.ts";
import published from "./built-in-roles.json" with { type: "json" };

const actions = z.array(z.string());
const Roles = z.object({
  definitions: z.array(
    z.object({
      name: z.string(),
      roleName: z.string(),
      description: z.string(),
      permissions: z.array(
        z.object({
          actions,
          notActions: actions,
          dataActions: actions,
          notDataActions: actions,
          condition: z.string().exactOptional(),
          conditionVersion: z.string().exactOptional(),
        }),
      ),
    }),
  ),
  namesOnly: z.record(z.string(), z.string()),
});

const publishedOn = "2015-02-02T21:55:09.8806423Z";

/**
 * All built-in roles: 84 as Azure has published them, the others by name and GUID only. The latter permit nothing
 * here, since their actions are not in the table; an assignment of one can be made and read, but gives no right.
 */
export function builtInRoles(): readonly RoleDefinition[] {
  read ??= readRoles();
  return read;
}

/** The file is read once: many worlds are filled from it. */
let read: readonly RoleDefinition[] | undefined;

function readRoles(): readonly RoleDefinition[] {
  const { definitions, namesOnly } = Roles.parse(published);
  const full = definitions.map((d) => ({ ...common, ...d }));
  const rest = Object.entries(namesOnly).map(([name, roleName]) => ({
    ...common,
    name,
    roleName,
    description: `${roleName} (name and id only in this sandbox).`,
    permissions: [{ actions: [], notActions: [], dataActions: [], notDataActions: [] }],
  }));
  return [...full, ...rest];
}

const common = {
  type: "BuiltInRole" as const,
  assignableScopes: ["/"],
  createdOn: publishedOn,
  updatedOn: publishedOn,
};
