// Compute's own throttling: which policies a request counts against, and the header that tells what is left.
import type { World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import { takeToken } from "./token-bucket.ts";

/** A bucket: its name in the header, what it holds, what a minute brings back, and whose it is. */
interface Bucket {
  readonly name: string;
  readonly size: number;
  readonly perMinute: number;
  readonly of: "subscription" | "resource";
  /** True if it is documented, but no header tells of it. */
  readonly isSilent?: boolean;
}

function bucket(name: string, of: Bucket["of"], perMinute: number): Bucket {
  return { name, size: perMinute * 3, perMinute, of };
}

function silent(name: string, of: Bucket["of"], perMinute: number): Bucket {
  return { ...bucket(name, of, perMinute), isSilent: true };
}

/**
 * Sizes are those of Microsoft's page on Compute throttling (a bucket holds three minutes' refill); names and order
 * are those of recorded headers (azure-cli, Aug 2024 and Jan 2026). The list of scale sets has no header there.
 */
const policies = {
  getVm: [
    bucket("LowCostGetSubscriptionMaximum", "subscription", 8000),
    bucket("LowCostGetResource", "resource", 12),
  ],
  listVms: [bucket("HighCostGetSubscriptionMaximum", "subscription", 300)],
  updateVm: [
    bucket("UpdateVMSubscriptionMaximum", "subscription", 500),
    bucket("UpdateVMResource", "resource", 4),
  ],
  putVm: [bucket("PutVMSubscriptionMaximum", "subscription", 500), bucket("PutVMResource", "resource", 4)],
  deleteVm: [
    bucket("DeleteVMSubscriptionMaximum", "subscription", 500),
    bucket("DeleteVMResource", "resource", 4),
  ],
  getScaleSet: [
    bucket("GetVMScaleSetSubscriptionMaximum", "subscription", 800),
    bucket("GetVMScaleSetResource", "resource", 12),
  ],
  listScaleSets: [silent("HighCostGetVMScaleSetSubscriptionMaximum", "subscription", 360)],
  updateScaleSet: [
    bucket("VMScaleSetActionsSubscriptionMaximum", "subscription", 500),
    bucket("VMScaleSetActionsResource", "resource", 4),
    bucket("VMScaleSetBatchedVMRequestsSubscriptionMaximum", "subscription", 2000),
  ],
  putScaleSet: [
    bucket("CreateVMScaleSetSubscriptionMaximum", "subscription", 125),
    bucket("CreateVMScaleSetResource", "resource", 4),
  ],
  deleteScaleSet: [
    bucket("DeleteVMScaleSetSubscriptionMaximum", "subscription", 175),
    bucket("DeleteVMScaleSetResource", "resource", 4),
  ],
  upgradeInstances: [
    bucket("VMScaleSetActionsSubscriptionMaximum", "subscription", 500),
    bucket("VMScaleSetBatchedVMRequestsSubscriptionMaximum", "subscription", 2000),
  ],
  getInstances: [
    bucket("HighCostGetVMScaleSetSubscriptionMaximum", "subscription", 360),
    silent("HighCostGetVMScaleSetResource", "resource", 10),
  ],
  pollOperation: [
    bucket("GetOperationResource", "resource", 15),
    bucket("GetOperationSubscriptionMaximum", "subscription", 5000),
  ],
} as const satisfies Readonly<Record<string, readonly Bucket[]>>;

/** The name of a policy. */
export type ComputePolicy = keyof typeof policies;

/**
 * Counts a request and answers the headers that go with it. Throws Compute's 429, which has no `error` envelope,
 * when quotas are enforced and a bucket is empty.
 */
export function computeHeaders(
  world: World,
  policy: ComputePolicy,
  resourceId: string,
): Record<string, string> {
  const [, , subscription = ""] = resourceId.toLowerCase().split("/");
  const buckets: readonly Bucket[] = policies[policy];
  const counts = buckets.map(({ name, size, perMinute, of, isSilent = false }) => {
    const key = `${name}/${of === "resource" ? resourceId.toLowerCase() : subscription}`;
    const left = takeToken(world, key, { size, refillPerSecond: perMinute / 60 });
    if (left < 0 && world.settings.throttled)
      throw armErrors.computeThrottled(name, Math.ceil(60 / perMinute));
    return isSilent ? [] : [`Microsoft.Compute/${name};${Math.max(left, 0)}`];
  });
  const told = counts.flat();
  return {
    "x-ms-need-to-refresh-epl-cache": "False",
    ...(told.length > 0 && { "x-ms-ratelimit-remaining-resource": told.join(",") }),
  };
}
