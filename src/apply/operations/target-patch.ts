// Decides what a PATCH of a target's identities says and when it may be sent, and notes what it may have changed.
import { idKey } from "../../model/arm-id.ts";
import { Failure } from "../../model/failure.ts";
import type { AttachmentPatch } from "../../model/ports.ts";
import { type Attachments, attachmentsAfter, identityTypeOf, type Target } from "../../model/target.ts";
import type { OperationRun } from "../operation-run.ts";
import type { Keys } from "./target-keys.ts";

/** What is noted of the writes of one operation. */
export interface Write {
  /** The attachments that a read showed before the first PATCH that may have taken effect. */
  baseline?: Attachments | undefined;
  /** True once a PATCH was accepted, or may have taken effect although it failed. */
  wasWritten: boolean;
  /** True while the last read is older than a PATCH that may have taken effect. */
  isStale: boolean;
}

/** A PATCH that Azure refused, or accepted and then failed to carry out. */
export interface Refused {
  readonly failure: Failure;
  readonly wasAccepted: boolean;
}

const busyStates: ReadonlySet<string> = new Set(["creating", "updating", "deleting", "migrating"]);

/** True while an operation is under way on the target, ours or somebody else's. */
export function isBusy(target: Target): boolean {
  return busyStates.has(target.provisioningState?.toLowerCase() ?? "");
}

/** Throws `InProgress`: a target is not written while Azure still works on it. */
export function refuseIfBusy(target: Target): void {
  if (!isBusy(target)) return;
  const message = `Azure is still at work on the target (${target.provisioningState}).`;
  throw new Failure("transient", message, { code: "InProgress" });
}

/** Sends one PATCH and waits for its end; gives what was refused, undefined if nothing was. */
export async function sendPatch(
  write: Write,
  run: OperationRun,
  before: Target,
  keys: Keys,
): Promise<Refused | undefined> {
  const patch = patchFrom(before, keys);
  if (patch.ifMatch === undefined && couldDrop(patch.type)) await requireAgreement(before, run);
  const earlier = write.baseline;
  write.baseline ??= before.attachments;
  let wasAccepted = false;
  try {
    const running = await run.ports.patchAttachments(patch, run.signal);
    wasAccepted = true;
    noteWritten(write);
    await run.ended(running);
    return;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const hasHappened = wasAccepted || error.details.mayHaveHappened === true;
    if (hasHappened) noteWritten(write);
    else write.baseline = earlier;
    return { failure: inProgressIfConflict(error), wasAccepted };
  }
}

function noteWritten(write: Write): void {
  write.wasWritten = true;
  write.isStale = true;
}

function patchFrom(before: Target, keys: Keys): AttachmentPatch {
  const attach = keys.attach.map((key) => key.identityId);
  const detach = [...keys.detach, ...keys.renew].map((key) => key.identityId);
  return {
    targetId: before.id,
    type: identityTypeOf(attachmentsAfter(before.attachments, attach, detach)),
    attach,
    detach,
    ...(before.etag === undefined ? {} : { ifMatch: before.etag }),
  };
}

/**
 * True if this type takes away what somebody else may have added since the read: the type is a full statement, so
 * one without SystemAssigned drops a system identity and one without UserAssigned drops all user identities.
 */
function couldDrop(type: string): boolean {
  return type !== "SystemAssigned, UserAssigned";
}

/** Without an etag a second read must show the same, or somebody else is at work on the target. */
async function requireAgreement(before: Target, run: OperationRun): Promise<void> {
  const again = await run.ports.readTarget(before.id, run.signal);
  if (again && signature(again.attachments) === signature(before.attachments)) return;
  throw new Failure(
    "transient",
    "Two reads of the target's identities disagree: somebody else is changing them.",
    {
      code: "ReadsDisagree",
    },
  );
}

function signature({ systemAssigned, userAssigned }: Attachments): string {
  return [String(systemAssigned), ...userAssigned.map((one) => idKey(one.id)).toSorted()].join("|");
}

/** Compute answers a concurrent write with 409 Conflict: the same as an update under way. */
function inProgressIfConflict(failure: Failure): Failure {
  if (failure.class !== "transient" || failure.details.status !== 409) return failure;
  const details = { ...failure.details, code: "InProgress" };
  return new Failure("transient", failure.message, details, { cause: failure });
}
