// Decides which instances of a scale set a change of its identities has not reached yet.
import { type Attachments, isAttached, type Target } from "./target.ts";

/** One machine of a uniform scale set. */
export interface ScaleSetInstance {
  /** "0", "17": what the instance is called in its set. */
  readonly instanceId: string;
  /** What the instance itself shows; Azure may show nothing although the set has identities. */
  readonly attachments: Attachments;
  /** Undefined where Azure does not say. */
  readonly hasLatestModel?: boolean;
  /** True if somebody has protected it from what is done to the whole set. */
  readonly isProtected: boolean;
  readonly provisioningState?: string;
}

/**
 * True for a uniform set with a manual upgrade policy. Under the other policies Azure brings the instances up to date
 * itself, and flexible sets refuse to (azure-docs, virtual-machine-scale-sets-upgrade-policy).
 */
export function isRolledOutByHand({ kind, orchestrationMode, upgradeMode = "Manual" }: Target): boolean {
  return kind === "virtualMachineScaleSet" && orchestrationMode !== "Flexible" && upgradeMode === "Manual";
}

/**
 * True if an instance does not show the identity. An upgrade does nothing to one that has the latest model, and
 * protected ones are left alone, as those are that come or go.
 */
export function lacks(instance: ScaleSetInstance, identityId: string): boolean {
  const { isProtected, provisioningState, attachments } = instance;
  const isPassing = provisioningState === "Creating" || provisioningState === "Deleting";
  return !isProtected && !isPassing && !isAttached(attachments, identityId);
}

/**
 * True if an instance does not show the identity and says that it does not have the set's latest model. Only both
 * together are a reason to upgrade: what lags behind and has the identity waits for somebody else's change.
 */
export function isBehind(instance: ScaleSetInstance, identityId: string): boolean {
  return instance.hasLatestModel === false && lacks(instance, identityId);
}
