// Virtual machines: read, listed, updated by PATCH with long-running identity changes, created and deleted.
import type { ArmResource, PowerState, World } from "../../world.ts";
import { isRecord } from "../body.ts";
import { armErrors } from "../errors.ts";
import { parameterOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { shown } from "./compute-body.ts";
import { computeList } from "./compute-list.ts";
import { type ComputeKind, computeHandlers } from "./compute-resource.ts";
import { computeTime, computeVersions } from "./compute-versions.ts";

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
  const shownVm = shown(world, vm);
  return {
    ...answer,
    body: withInstanceView(shownVm, world.powerStates.get(vm.id) ?? "running", world.now()),
  };
}

/** Nothing in the sources says that a machine that is deallocated refuses; the switch lets it (our wording). */
function patch(request: ArmRequest, world: World): ArmResponse | Promise<ArmResponse> {
  const isRefused =
    world.switches.deallocatedMachine === "refusesIdentities" &&
    world.powerStates.get(request.path.path) === "deallocated" &&
    isRecord(request.body) &&
    isRecord(request.body.identity);
  if (!isRefused) return handlers.patch(request, world);
  const message = `Cannot modify identities of VM '${request.path.names[0] ?? ""}' when it is deallocated. Please start the VM and try again.`;
  throw armErrors.operationNotAllowed(message);
}

/** Machines run unless the seed or the admin endpoint says otherwise. */
function withInstanceView(vm: ArmResource, power: PowerState, now: number): ArmResource {
  const state = String(vm.properties?.provisioningState).toLowerCase();
  const statuses = [
    {
      code: `ProvisioningState/${state}`,
      level: "Info",
      displayStatus: `Provisioning ${state}`,
      time: computeTime(now),
    },
    { code: `PowerState/${power}`, level: "Info", displayStatus: `VM ${power}` },
  ];
  return { ...vm, properties: { ...vm.properties, instanceView: { statuses } } };
}

/** `Microsoft.Compute/virtualMachines`. Actions such as start and deallocate are not there: 405, as ARM words it. */
export const virtualMachines: ResourceType = {
  ...handlers,
  type: kind.type,
  apiVersions: computeVersions,
  get,
  patch,
  collection: (request, world) => computeList(request, world, { type: kind.type, policy: "listVms" }),
};
