// What must not grow with time: memory after a garbage collection, whatever keeps Node busy, listeners, and what the daemon tells.
import type { EmbeddedAzure } from "../support/embedded-azure.ts";
import type { SoakedDaemon } from "./daemon.ts";

/** At one moment between two turns. */
export interface Measure {
  readonly passes: number;
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
    const heapInKb = await heap();
    // What makes the virtual clock tick is the soak's own.
    const resources = process.getActiveResourcesInfo().filter((name) => name !== "Immediate").length;
    return { passes, heapInKb, resources, listeners: daemon.listeners(), ...told };
  });
}

async function heap(): Promise<number> {
  if (!globalThis.gc) throw new Error("Node has to be started with --expose-gc.");
  for (let times = 0; times < 2; times += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Math.round(process.memoryUsage().heapUsed / 1024);
}
