// What Bindery knows about a resource that identities are attached to, and what a change of its identities must send.
import { idKey } from "./arm-id.ts";

/** The kinds of targets that can be changed; `other` ones are seen and never written. */
export type TargetKind = "virtualMachine" | "virtualMachineScaleSet" | "other";

/** One attached identity; ids are missing while an attach is under way and when the identity no longer exists. */
export interface AttachedIdentity {
  readonly id: string;
  readonly principalId?: string;
  readonly clientId?: string;
}

/** Who is attached to a target. */
export interface Attachments {
  readonly systemAssigned: boolean;
  readonly userAssigned: readonly AttachedIdentity[];
}

/** A resource with the identities that are attached to it. */
export interface Target {
  readonly id: string;
  readonly kind: TargetKind;
  /** The ARM type, "Microsoft.Compute/virtualMachines"; casing as it came. */
  readonly type: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly attachments: Attachments;
  /** Present only after a GET, and only where the resource type has one. */
  readonly etag?: string;
  /** Who manages the resource or its group (AKS, Databricks …), or undefined. */
  readonly managedBy?: string;
  /** The flexible scale set that a virtual machine is an instance of. */
  readonly scaleSetId?: string;
  readonly orchestrationMode?: "Uniform" | "Flexible";
  readonly upgradeMode?: "Automatic" | "Manual" | "Rolling";
  /** "Succeeded", "Updating", "Deleting" …, as Azure says. */
  readonly provisioningState?: string;
}

/** The kinds that can be changed, by lower-case ARM type. */
const kinds: Readonly<Record<string, TargetKind>> = {
  "microsoft.compute/virtualmachines": "virtualMachine",
  "microsoft.compute/virtualmachinescalesets": "virtualMachineScaleSet",
};

/** The ARM type of each kind that a document can name. */
export const armTypeOf = {
  virtualMachine: "Microsoft.Compute/virtualMachines",
  virtualMachineScaleSet: "Microsoft.Compute/virtualMachineScaleSets",
} as const;

/** Which kind of target an ARM type is. */
export function targetKindOf(armType: string): TargetKind {
  return kinds[armType.toLowerCase()] ?? "other";
}

/** True if an identity is attached, whatever the spelling of its id. */
export function isAttached(attachments: Attachments, identityId: string): boolean {
  return attachments.userAssigned.some((a) => idKey(a.id) === idKey(identityId));
}

/** The attachments as they will be once these identities have come and gone. */
export function attachmentsAfter(
  before: Attachments,
  attach: readonly string[],
  detach: readonly string[],
): Attachments {
  const gone = new Set(detach.map(idKey));
  const added = attach.filter((id) => !isAttached(before, id)).map((id) => ({ id }));
  const kept = before.userAssigned.filter((a) => !gone.has(idKey(a.id)));
  return { systemAssigned: before.systemAssigned, userAssigned: [...kept, ...added] };
}

/**
 * The `type` that a PATCH must state. It is a full statement, never merged: one that does not name what is there
 * drops it, and one that names user identities when none is left is refused (400 FailedIdentityOperation).
 */
export function identityTypeOf(attachments: Attachments): string {
  const parts = [
    ...(attachments.systemAssigned ? ["SystemAssigned"] : []),
    ...(attachments.userAssigned.length > 0 ? ["UserAssigned"] : []),
  ];
  return parts.join(", ") || "None";
}
