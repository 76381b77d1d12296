// How Compute lists: everything below a scope, with the resource group in capitals in lists by subscription.
import type { ArmResource, World } from "../../world.ts";
import { isRecord } from "../body.ts";
import { armErrors } from "../errors.ts";
import { pageOf, parameterOf } from "../paging.ts";
import type { ArmRequest, ArmResponse } from "../provider.ts";
import { shown } from "./compute-body.ts";
import { type ComputePolicy, computeHeaders } from "./compute-quota.ts";
import { isMemberOf } from "./scale-set-instances.ts";
import { settleOperations } from "./settle-operations.ts";

/** A page of the resources of a type below the scope of the request. */
export function computeList(
  request: ArmRequest,
  world: World,
  { type, policy }: { type: string; policy: ComputePolicy },
): ArmResponse {
  settleOperations(world);
  const { path } = request;
  const scaleSetId = scaleSetFilterOf(request.url);
  const headers = computeHeaders(world, policy, path.path);
  const prefix = `${path.scope}/`.toLowerCase();
  const isWide = path.resourceGroup === undefined || scaleSetId !== undefined;
  const inCapitals = isWide && world.switches.subscriptionListIds === "capitals";
  const page = pageOf(request, world, (asOf) =>
    world.resources
      .values(asOf)
      .filter((r) => r.type.toLowerCase() === type.toLowerCase() && r.id.toLowerCase().startsWith(prefix))
      .filter((r) => scaleSetId === undefined || isMemberOf(r, scaleSetId))
      .map((r) => listItem(shown(world, r), inCapitals)),
  );
  return { ...page, headers };
}

/** The one filter that the list of machines takes: the members of a flexible scale set (recorded Apr 2024). */
function scaleSetFilterOf(url: URL): string | undefined {
  const filter = parameterOf(url, "$filter");
  if (filter === undefined) return undefined;
  const match = /^\s*'virtualMachineScaleSet\/id'\s+eq\s+'([^']+)'\s*$/i.exec(filter);
  if (match?.[1] === undefined) throw armErrors.invalidFilter(filter);
  return match[1];
}

/** Extensions are listed by id alone; the machine's own ids have the group in capitals, identities keep theirs. */
function listItem(resource: ArmResource, inCapitals: boolean): ArmResource {
  const idOf = (id: string) => (inCapitals ? groupInCapitals(id) : id);
  const { resources, properties = {} } = resource;
  const set = properties.virtualMachineScaleSet;
  const extensions: readonly unknown[] = Array.isArray(resources) ? resources : [];
  return {
    ...resource,
    id: idOf(resource.id),
    properties: {
      ...properties,
      ...(isRecord(set) && { virtualMachineScaleSet: { ...set, id: idOf(String(set.id)) } }),
    },
    ...(Array.isArray(resources) && {
      resources: extensions.filter(isRecord).map((e) => ({ id: idOf(String(e.id)) })),
    }),
  };
}

function groupInCapitals(id: string): string {
  return id.replace(
    /^(\/subscriptions\/[^/]+\/resourceGroups\/)([^/]+)/i,
    (_, head: string, group: string) => head + group.toUpperCase(),
  );
}
