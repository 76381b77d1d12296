// placeholder until identity-block.ts is there
import type { ArmResource, IdentityBlock, World } from "../world.ts";
import type { ArmRequest } from "./provider.ts";
export function genericPutIdentity(_r: ArmRequest, _w: World, body: unknown, _b: ArmResource | undefined): IdentityBlock | undefined {
  return body as IdentityBlock | undefined;
}
export function genericPatchIdentity(_r: ArmRequest, _w: World, body: unknown, before: ArmResource): IdentityBlock | undefined {
  return (body as IdentityBlock | undefined) ?? before.identity;
}
