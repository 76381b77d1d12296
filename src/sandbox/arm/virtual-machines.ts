// Virtual machines: read, listed, updated by PATCH with long-running identity changes, created and deleted.
import type { ArmResource, World } from "../world.ts";
import { computeList } from "./compute-list.ts";
import { type ComputeKind, computeHandlers } from "./compute-resource.ts";
import { computeTime, computeVersions } from "./compute-versions.ts";
import { parameterOf } from "./paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "./provider.ts";

const kind: ComputeKind = {
  type: "Microsoft.Compute/virtualMachines",
  idProperty: "vmId",
  policies: { get: "getVm", update: "updateVm", put: "putVm", delete: "deleteVm" },
  stepsOf: () => 1,
};

const handlers = computeHandlers(kind);

async function get(request: ArmRequest, world: World): Promise<ArmResponse> {
  const answer = await handlers.get(request, world);
  const expand = parameterOf(request.url, "$expand")?.toLowerCase().split(",") ?? [];
  const vm = world.resources.get(request.path.path);
  if (vm === undefined || !expand.includes("instanceview")) return answer;
  return { ...answer, body: withInstanceView(vm, world.now()) };
}

/** Machines are always running here: Bindery's concern is who they are, not what they do. */
function withInstanceView(vm: ArmResource, now: number): ArmResource {
  const state = String(vm.properties?.provisioningState).toLowerCase();
  const statuses = [
    {
      code: `ProvisioningState/${state}`,
      level: "Info",
      displayStatus: `Provisioning ${state}`,
      time: computeTime(now),
    },
    { code: "PowerState/running", level: "Info", displayStatus: "VM running" },
  ];
  return { ...vm, properties: { ...vm.properties, instanceView: { statuses } } };
}

/** `Microsoft.Compute/virtualMachines`. Actions such as start and deallocate are not there: 405, as ARM words it. */
export const virtualMachines: ResourceType = {
  ...handlers,
  type: kind.type,
  apiVersions: computeVersions,
  get,
  collection: (request, world) => computeList(request, world, { type: kind.type, policy: "listVms" }),
};
