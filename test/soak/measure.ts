// What must not grow with time: memory after a garbage collection, whatever keeps Node busy, listeners, and what the daemon tells.
import { getHeapSpaceStatistics } from "node:v8";
import type { EmbeddedAzure } from "../support/embedded-azure.ts";
import type { SoakedDaemon } from "./daemon.ts";

/** At one moment between two turns. */
export interface Measure {
  readonly passes: number;
  /** What objects take: not what V8 has compiled, which goes on for hours, nor the embedded Azure's memory of writes. */
  readonly heapInKb: number;
  /** Handles and requests that keep Node busy; timers among them. */
  readonly resources: number;
  /** Waits, and listeners on each signal that lives as long as the daemon. */
  readonly listeners: readonly number[];
  /** UTF-16 units of the status as JSON, and of the metrics. */
  readonly status: number;
  readonly metrics: number;
}

/** Measures now; time stands still meanwhile. */
export async function measured(passes: number, daemon: SoakedDaemon, azure: EmbeddedAzure): Promise<Measure> {
  return await azure.clock.busy(async () => {
    const told = await daemon.told();
    azure.world.activities.clear();
    const heapInKb = await heap();
    // What makes the virtual clock tick is the soak's own.
    const resources = process.getActiveResourcesInfo().filter((name) => name !== "Immediate").length;
    return { passes, heapInKb, resources, listeners: daemon.listeners(), ...told };
  });
}

/** Where V8 keeps objects; bytecode, machine code and what belongs to them lie elsewhere. */
const spaces = new Set(["new_space", "old_space", "large_object_space", "new_large_object_space"]);

async function heap(): Promise<number> {
  if (!globalThis.gc) throw new Error("Node has to be started with --expose-gc.");
  for (let times = 0; times < 2; times += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const used = getHeapSpaceStatistics().filter(({ space_name }) => spaces.has(space_name));
  if (used.length !== spaces.size) throw new Error("V8 calls its spaces by other names.");
  return Math.round(used.reduce((sum, { space_used_size }) => sum + space_used_size, 0) / 1024);
}
