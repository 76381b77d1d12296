// What the end of a long-running operation of Compute does to the world.
import type { ArmResource, Operation, OperationEffect, World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import { dropSystemPrincipal, principalOf, withPrincipals } from "../identity/identity-attach.ts";
import { storedSpelling } from "../identity/identity-block.ts";
import { removeWithChildren } from "../removal.ts";
import { extensionErrorOf } from "./broken-extensions.ts";
import { stateOf, withIdentity } from "./compute-state.ts";
import { instanceIdOf, outdateInstances, upgradeInstances } from "./scale-set-instances.ts";

/** Lets every operation that has ended have its effect. Called before anybody looks at the world. */
export function settleOperations(world: World): void {
  const now = world.now();
  for (const operation of world.operations.values()) {
    if (operation.effect === undefined || (operation.visibleAt ?? operation.endsAt) > now) continue;
    const { effect, ...ended } = operation;
    const error = settle(world, operation, effect);
    world.operations.set(operation.id, { ...ended, ...(error !== undefined && { error }) });
  }
}

function settle(world: World, operation: Operation, effect: OperationEffect): Operation["error"] {
  const resource = world.resources.get(operation.resourceId);
  if (resource === undefined) return operation.error;
  if (operation.mode === "failed" || operation.mode === "cancelled") {
    takeBack(world, resource, effect, operation.mode === "failed" ? "Failed" : "Canceled");
    return operation.error;
  }
  const error = effected(world, resource, effect);
  if (operation.mode !== "failedThoughApplied") return error;
  const after = world.resources.get(resource.id);
  if (after !== undefined) world.resources.set(after.id, stateOf(after, "Failed"));
  return operation.error;
}

/** The identity block is as before; the rest of the body keeps what was sent (Compute leaves failed models behind). */
function takeBack(world: World, resource: ArmResource, effect: OperationEffect, state: string): void {
  if (effect.kind === "upgrade") return;
  if (effect.kind === "delete") {
    world.resources.set(resource.id, stateOf(resource, state));
    return;
  }
  dropSystemPrincipal(world, resource.identity, effect.identityBefore);
  world.resources.set(resource.id, stateOf(withIdentity(resource, effect.identityBefore), state));
}

function effected(world: World, resource: ArmResource, effect: OperationEffect): Operation["error"] {
  switch (effect.kind) {
    case "delete":
      removeWithChildren(world, resource.id);
      return undefined;
    case "upgrade":
      upgradeInstances(world, resource, (instance) => effect.instanceIds.includes(instanceIdOf(instance)));
      return undefined;
    case "update":
      return settleUpdate(world, effect.pending ?? resource, effect);
  }
}

/** An identity that went away while it was being attached fails the operation; the old block comes back. */
function settleUpdate(
  world: World,
  resource: ArmResource,
  effect: OperationEffect & { kind: "update" },
): Operation["error"] {
  const missing = effect.attached.find((id) => principalOf(world, id) === undefined);
  if (missing !== undefined) {
    takeBack(world, resource, effect, "Failed");
    const { code, message } = armErrors.identityMissing(resource.id, storedSpelling(missing));
    return { code, message };
  }
  const broken = extensionErrorOf(world, resource.id);
  if (broken !== undefined && world.switches.brokenExtension === "rollsBack") {
    takeBack(world, resource, effect, "Failed");
    return broken;
  }
  const identity = withPrincipals(world, { block: resource.identity, attached: effect.attached });
  dropSystemPrincipal(world, effect.identityBefore, identity);
  const after = stateOf(withIdentity(resource, identity), broken === undefined ? "Succeeded" : "Failed");
  world.resources.set(resource.id, after);
  if (effect.outdatesInstances) outdateInstances(world, after);
  return broken;
}
