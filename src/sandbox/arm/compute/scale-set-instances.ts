// What a change of a scale set's model means for its instances, and which instances there are.
import type { ArmResource, World } from "../../world.ts";
import { isRecord } from "../body.ts";
import { withIdentity } from "./compute-state.ts";

/** The instances of a uniform scale set. */
export function instancesOf(world: World, scaleSetId: string, asOf?: number): ArmResource[] {
  const prefix = `${scaleSetId}/virtualMachines/`.toLowerCase();
  return world.resources.values(asOf).filter((r) => r.id.toLowerCase().startsWith(prefix));
}

/** True if the machine is a member of the flexible scale set with this id. */
export function isMemberOf({ properties }: ArmResource, scaleSetId: string): boolean {
  const set = properties?.virtualMachineScaleSet;
  return isRecord(set) && String(set.id).toLowerCase() === scaleSetId.toLowerCase();
}

/** The last segment of an instance's id. */
export function instanceIdOf(instance: ArmResource): string {
  return instance.id.slice(instance.id.lastIndexOf("/") + 1);
}

/**
 * After a change of the model: instances are left behind under a manual policy and follow under the others. Whether
 * the identity waits for the upgrade is contradicted by public reports (azure-cli#19813, aad-pod-identity#968), and
 * what machines of a flexible set show is not documented: both are switches.
 */
export function outdateInstances(world: World, scaleSet: ArmResource): void {
  if (world.switches.flexibleInstanceIdentity === "ofSet") {
    for (const member of world.resources.values().filter((r) => isMemberOf(r, scaleSet.id))) {
      world.resources.set(member.id, withIdentity(member, scaleSet.identity));
    }
  }
  const policy = scaleSet.properties?.upgradePolicy;
  const mode = isRecord(policy) && "mode" in policy ? policy.mode : "Manual";
  if (mode !== "Manual") {
    upgradeInstances(world, scaleSet, () => true);
    return;
  }
  const isAtOnce = world.switches.uniformInstanceIdentity === "atOnce";
  for (const instance of instancesOf(world, scaleSet.id)) {
    const after = isAtOnce ? withIdentity(instance, scaleSet.identity) : instance;
    world.resources.set(instance.id, { ...after, properties: propertiesOf(world, after, false) });
  }
}

function propertiesOf(
  world: World,
  { properties }: ArmResource,
  hasLatest: boolean,
): Record<string, unknown> {
  const { latestModelApplied: _, ...rest } = properties ?? {};
  return world.switches.latestModelApplied === "hidden"
    ? rest
    : { ...properties, latestModelApplied: hasLatest };
}

/** Brings the instances that are meant to the latest model. */
export function upgradeInstances(
  world: World,
  scaleSet: ArmResource,
  isMeant: (instance: ArmResource) => boolean,
): void {
  for (const instance of instancesOf(world, scaleSet.id).filter(isMeant)) {
    const upgraded = withIdentity(instance, scaleSet.identity);
    world.resources.set(instance.id, { ...upgraded, properties: propertiesOf(world, upgraded, true) });
  }
}
