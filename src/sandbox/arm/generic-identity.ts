// How the types that are only kept change their identity: at once, without an operation.
import type { ArmResource, IdentityBlock, World } from "../world.ts";
import { isRecord } from "./body.ts";
import {
  type Bearer,
  carryOutIdentity,
  dropSystemPrincipal,
  withPrincipals,
} from "./identity/identity-attach.ts";
import { namespaceOf } from "./namespaces.ts";
import type { ArmRequest } from "./provider.ts";

/** Providers that answer `{"type":"None"}` where others leave the member away (recorded Sep 2021 to Jun 2024). */
const statingNone = new Set([
  "microsoft.storage",
  "microsoft.recoveryservices",
  "microsoft.cognitiveservices",
]);

/**
 * The identity block after the sent one has been carried out; principals come and go with it. A request without a
 * block changes nothing. Throws ARM's refusals of identity blocks.
 */
export function changedIdentity(
  request: ArmRequest,
  world: World,
  sent: unknown,
  before: ArmResource | undefined,
): IdentityBlock | undefined {
  const bearer = before ?? newBearer(request);
  const change = carryOutIdentity(request, world, bearer, sent);
  const block = withPrincipals(world, change);
  dropSystemPrincipal(world, before?.identity, block);
  const isStated =
    block === undefined && isRecord(sent) && statingNone.has(namespaceOf(bearer.type).toLowerCase());
  return isStated ? { type: "None" } : block;
}

function newBearer({ path }: ArmRequest): Bearer {
  return { id: path.path, name: path.names.at(-1) ?? "", type: path.type ?? "" };
}
