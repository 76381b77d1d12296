// Answers what the caller may do at a scope.
import { pageOf } from "../paging.ts";
import type { ResourceType } from "../provider.ts";
import { effectivePermissions } from "./rights.ts";
import { requireScope } from "./scope-existence.ts";

/** What the caller may do at a scope: a list only. Everybody may ask it about themselves. */
export const permissions: ResourceType = {
  type: "Microsoft.Authorization/permissions",
  apiVersions: ["2015-07-01", "2018-07-01", "2022-04-01"],
  collection(request, world) {
    requireScope(world, request.path.scope);
    const scope = request.path.scope === "" ? "/" : request.path.scope;
    return pageOf(request, world, () => effectivePermissions(world, request.caller.objectId, scope), 0);
  },
};
