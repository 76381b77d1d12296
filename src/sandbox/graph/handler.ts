// Puts Resource Graph behind ARM's front door.
import type { Handler } from "../arm/provider.ts";
import type { World } from "../world.ts";
import { createKqlEngine } from "./kql/engine.ts";
import { createQueryQuota } from "./quota.ts";
import { answerResourceGraph } from "./resource-graph.ts";
import { graphColumns } from "./view.ts";
import type { MayRead } from "./visibility.ts";
import { viewOf } from "./world-view.ts";

/**
 * The handler of `POST /providers/Microsoft.ResourceGraph/resources`. It has quotas and compiled queries of its
 * own, so one is made for each world. `rightsOf` says what a principal may read.
 */
export function createResourceGraphHandler(
  rightsOf: (world: World, principalId: string) => MayRead,
): Handler {
  const engine = createKqlEngine({
    resources: graphColumns,
    resourcecontainers: graphColumns,
    authorizationresources: graphColumns,
  });
  const quota = createQueryQuota();
  return ({ body, apiVersion, caller }, world) =>
    answerResourceGraph(
      { body, apiVersion, caller, now: world.now() },
      {
        viewAt: (instant) => viewOf(world, instant),
        mayRead: rightsOf(world, caller.objectId),
        lagInMs: world.settings.graphLagInMs,
        throttled: world.settings.throttled,
        throttleCode: world.switches.graphThrottleCode,
        isTruncatedWhilePaging: world.switches.resultTruncated === "trueWhilePaging",
        hasUnevenPages: world.settings.pages === "uneven",
        lastPageFails: world.settings.lastPageFails === true,
        engine,
        quota,
      },
    );
}
