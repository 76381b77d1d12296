// Decides what the activity log says of a write: that it began, and how it went.
import { randomUUID } from "node:crypto";
import type { ActivityStatus, Writer } from "../../activities.ts";
import type { World } from "../../world.ts";

/** A write that is about to be carried out. */
export interface Written {
  readonly writer: Writer;
  readonly action: string;
  readonly resourceId: string;
  readonly correlationId?: string;
}

/** Logs the beginning of a write; what comes back logs the end, by the status of its answer. */
export function logWrite(world: World, written: Written): (httpStatus: number) => void {
  const { writer, action, resourceId } = written;
  const operationId = randomUUID();
  const correlationId = written.correlationId ?? operationId;
  const add = (status: ActivityStatus): void =>
    world.activities.add({
      eventDataId: randomUUID(),
      operationId,
      correlationId,
      atInMs: world.now(),
      writer,
      action,
      resourceId,
      status,
    });
  add("Started");
  return (httpStatus) => add(statusFrom(httpStatus));
}

function statusFrom(httpStatus: number): ActivityStatus {
  if (httpStatus >= 400) return "Failed";
  return httpStatus === 202 ? "Accepted" : "Succeeded";
}
