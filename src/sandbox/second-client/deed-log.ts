// How the activity log shows what the second client did: as the writes of a user who came in by the front door.
import { logWrite } from "../arm/activity/activity-record.ts";
import type { World } from "../world.ts";
import type { Deed } from "./deed.ts";

const somebodyElse = {
  objectId: "5a4d0000-0000-0000-0000-00000000e15e",
  /** Azure PowerShell. */
  clientId: "1950a258-227b-4e31-a9cf-717495945fc2",
  userName: "somebody-else@contoso.com",
} as const;

/** Logs a deed. `typeOf` knows the types of resources as they were before it. */
export function logDeed(world: World, deed: Deed, type: string | undefined): void {
  for (const [action, resourceId] of writesOf(deed, type ?? "Microsoft.Resources/resources")) {
    logWrite(world, { writer: somebodyElse, action, resourceId })(200);
  }
}

function writesOf(deed: Deed, type: string): readonly (readonly [string, string])[] {
  const { resourceId, assignmentId = resourceId, lockId = resourceId } = deed;
  switch (deed.kind) {
    case "grantRole":
      return [["Microsoft.Authorization/roleAssignments/write", assignmentId]];
    case "addLock":
      return [["Microsoft.Authorization/locks/write", lockId]];
    case "moveMachine":
      return [["Microsoft.Resources/subscriptions/resourceGroups/moveResources/action", groupOf(resourceId)]];
    case "recreateIdentity":
      return [
        [`${type}/delete`, resourceId],
        [`${type}/write`, resourceId],
      ];
    case "stripTags":
    case "enableSystemIdentity":
    case "attachForeign":
    case "detachForeign":
    case "scaleSet":
      return [[`${type}/write`, resourceId]];
  }
}

function groupOf(id: string): string {
  return id.split("/").slice(0, 5).join("/");
}
