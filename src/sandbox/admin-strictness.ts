// How the admin endpoint turns switches, lets operations go wrong and puts machines to sleep.
import { z } from "zod";
import { AdminRefusal, parsed } from "./admin-refusal.ts";
import { endEndlessOperations } from "./arm/compute/compute-operations.ts";
import { OperationModeRule } from "./operation-modes.ts";
import { SwitchesPatch } from "./switches.ts";
import type { World } from "./world.ts";

interface Call {
  readonly url: URL;
  readonly body: unknown;
  readonly ports: { readonly world: World };
}

/** Everything about switches, operation modes and power states, by "METHOD name". */
export const adminStrictness = {
  "GET switches": ({ ports }: Call) => ports.world.switches,
  "PATCH switches": ({ body, ports }: Call) =>
    Object.assign(ports.world.switches, parsed(SwitchesPatch, body)),
  "GET operation-modes": ({ ports }: Call) => ports.world.operationModes.list(),
  "POST operation-modes": ({ body, ports }: Call) => addMode(parsed(OperationModeRule, body), ports.world),
  "DELETE operation-modes": ({ url, ports }: Call) => removeModes(url.searchParams.get("id"), ports.world),
  "PUT power": (call: Call) => setPower(call),
} as const;

function addMode(rule: OperationModeRule, { operationModes }: World): unknown {
  try {
    return operationModes.add(rule);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AdminRefusal(400, `The path is no regular expression: ${error.message}`);
  }
}

/** Without an id: all of them, and operations that would never end have their effect. */
function removeModes(id: string | null, world: World): void {
  if (id === null) {
    world.operationModes.clear();
    endEndlessOperations(world);
    return;
  }
  if (!world.operationModes.remove(id)) throw new AdminRefusal(404, `There is no operation mode '${id}'.`);
}

function setPower({ url, body, ports: { world } }: Call): unknown {
  const resource = world.resources.get(url.searchParams.get("id") ?? "");
  if (resource === undefined) throw new AdminRefusal(404, "There is no such machine.");
  const { state } = parsed(z.strictObject({ state: z.enum(["running", "deallocated"]) }), body);
  world.powerStates.set(resource.id, state);
  return { id: resource.id, state };
}
