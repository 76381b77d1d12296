// How the body of a machine or scale set takes on another identity block or provisioning state.
import type { ArmResource, IdentityBlock } from "../../world.ts";

/** The resource with another identity block; undefined takes the member away. */
export function withIdentity(resource: ArmResource, identity: IdentityBlock | undefined): ArmResource {
  const entries = Object.entries(resource);
  const had = resource.identity !== undefined;
  if (identity === undefined) {
    return { ...resourceFrom(entries.filter(([key]) => key !== "identity")) };
  }
  return had ? { ...resource, identity } : resourceFrom(inserted(entries, identity));
}

/** Compute writes the identity before sku, properties and the rest. */
function inserted(entries: readonly [string, unknown][], identity: IdentityBlock): [string, unknown][] {
  const head = ["name", "id", "type", "location", "tags"];
  const at = entries.findLastIndex(([key]) => head.includes(key)) + 1;
  return [...entries.slice(0, at), ["identity", identity], ...entries.slice(at)];
}

function resourceFrom(entries: readonly (readonly [string, unknown])[]): ArmResource {
  return Object.fromEntries(entries) as unknown as ArmResource;
}

/** The resource in another provisioning state. */
export function stateOf(resource: ArmResource, provisioningState: string): ArmResource {
  return { ...resource, properties: { ...resource.properties, provisioningState } };
}
