// Answers for deny assignments, which callers may read and Azure makes, and words the refusals that come of them.
import { type DenyAssignment, everyone } from "../../governance.ts";
import type { World } from "../../world.ts";
import { coverageOf } from "../authorization/coverage.ts";
import { type Rights, rightsOf } from "../authorization/rights.ts";
import { parseAssignmentFilter } from "../authorization/role-assignment-filter.ts";
import { requireScope } from "../authorization/scope-existence.ts";
import { armErrors } from "../errors.ts";
import { pageOf, parameterOf } from "../paging.ts";
import type { ArmError, ArmRequest, ArmResponse, Caller, ResourceType } from "../provider.ts";
import { denyAssignmentsOf } from "./denials.ts";

const type = "Microsoft.Authorization/denyAssignments";

/** Deny assignments: read only, as in Azure outside of previews (azure-cli#33109 adds writes in a preview version). */
export const denyAssignments: ResourceType = {
  type,
  apiVersions: ["2018-07-01-preview", "2022-04-01"],
  get,
  collection: list,
};

/** The refusal that a caller gets who may not: without the right, or with the right but denied. */
export function refusalOf(rights: Rights, caller: Caller, action: string, scope: string): ArmError {
  const denial = rights.denialOf(action, scope);
  return denial === undefined
    ? armErrors.authorizationFailed(caller, action, scope)
    : armErrors.deniedByAssignment(caller, action, scope, denial);
}

function get(request: ArmRequest, world: World): ArmResponse {
  const { path } = request;
  requireScope(world, path.scope);
  const name = path.names[0]?.toLowerCase() ?? "";
  const found = denyAssignmentsOf(world).find(
    (d) => d.name.toLowerCase() === name && coverageOf(world, d.scope)(path.scope),
  );
  if (found === undefined) throw armErrors.denyAssignmentNotFound(name);
  return { status: 200, body: bodyOf(found) };
}

/** The filters are those of role assignments: none, atScope(), and by principal. */
function list(request: ArmRequest, world: World): ArmResponse {
  const scope = request.path.scope === "" ? "/" : request.path.scope;
  requireScope(world, request.path.scope);
  const action = `${type}/read`;
  const rights = rightsOf(world, request.caller.objectId);
  if (!rights.may(action, scope)) throw refusalOf(rights, request.caller, action, scope);
  const filter = parseAssignmentFilter(parameterOf(request.url, "$filter"));
  const isBelow = coverageOf(world, scope);
  const isShown = (d: DenyAssignment) =>
    (filter.principalId === undefined || d.principals.some((p) => isMeant(p, filter.principalId))) &&
    ((!filter.withoutBelow && isBelow(d.scope)) || coverageOf(world, d.scope)(scope));
  return pageOf(request, world, () => denyAssignmentsOf(world).filter(isShown).map(bodyOf), 0);
}

function isMeant(principal: string, wanted: string | undefined): boolean {
  return principal === everyone || principal.toLowerCase() === wanted;
}

/** The shape of a recorded list (azure-powershell#16410). */
function bodyOf(denial: DenyAssignment): Record<string, unknown> {
  const { id, name, displayName, description, scope, actions, notActions } = denial;
  return {
    properties: {
      denyAssignmentName: displayName,
      description,
      permissions: [{ actions, notActions, dataActions: [], notDataActions: [] }],
      scope,
      doNotApplyToChildScopes: denial.doNotApplyToChildScopes,
      principals: denial.principals.map((p) => principalOf(p)),
      excludePrincipals: denial.excludePrincipals.map((p) => principalOf(p)),
      isSystemProtected: denial.isSystemProtected,
    },
    id,
    type,
    name,
  };
}

function principalOf(id: string): { id: string; type: string } {
  return { id, type: id === everyone ? "SystemDefined" : "ServicePrincipal" };
}
