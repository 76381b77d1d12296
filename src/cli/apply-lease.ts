// Decides what `apply` does about the policy's lease: takes it before anything can be written, and gives it back at the end.
import { type HoldOptions, holdLease } from "../controller/hold-lease.ts";
import { Failure } from "../model/failure.ts";
import type { Lease, LeaseStore, WriteFence } from "../model/lease.ts";
import type { LeasePlace } from "../model/policy.ts";
import { safeText } from "../model/text.ts";
import type { AzureOptions, OpenAzure } from "./azure.ts";
import { CliError, exitCodes } from "./errors.ts";
import { untilStopped } from "./plan-command.ts";
import { steadyClock } from "./system-clock.ts";

/** How the lease is taken. */
export interface ApplyLeaseOptions {
  /** How long to wait while somebody else holds it; 0: not at all. */
  readonly waitInMs: number;
  readonly say: (line: string) => void;
  /** As `say`, when all progress has been shown. */
  readonly sayLast: (line: string) => void;
}

/** The lease of one apply, if the policy names one; given back when this is disposed of. */
export interface ApplyLease extends AsyncDisposable {
  /** What the way to Azure must know of it: nothing is written before it is taken, nor after it is lost. */
  readonly access: Pick<AzureOptions, "lease" | "fence">;
  /** Takes it, or refuses; what it gives aborts on a stop, and when the lease is lost. */
  take(opened: Pick<OpenAzure, "leaseStore">, stop: AbortSignal): Promise<AbortSignal>;
}

/** A lease that is not taken yet. */
export function applyLease(
  place: LeasePlace | undefined,
  { waitInMs, say, sayLast }: ApplyLeaseOptions,
): ApplyLease {
  if (place === undefined) {
    return { access: {}, take: async (_, stop) => stop, [Symbol.asyncDispose]: async () => undefined };
  }
  const ended = new AbortController();
  const tell = (text: string): void => say(safeText(text));
  let lease: Lease | undefined;
  const fence: WriteFence = { mayWrite: () => lease?.mayWrite() ?? false, ended: ended.signal };
  return {
    access: { lease: place, fence },
    async take({ leaseStore }, stop) {
      const store = await leaseStore(place);
      const options: HoldOptions = { clock: steadyClock, stop, waitInMs, ...tellers(store, tell) };
      const held = await untilStopped(stop, () => holdLease(store, options));
      if (!held) throw refusal(store);
      lease = held;
      const { lost } = held;
      held.ended.addEventListener("abort", () => ended.abort(held.ended.reason), { once: true });
      lost.addEventListener("abort", () => tell(`Stopping: ${messageOf(lost.reason)}`), { once: true });
      return AbortSignal.any([stop, lost]);
    },
    async [Symbol.asyncDispose]() {
      try {
        await lease?.release();
      } catch (error) {
        // Everything else is done, and nobody is harmed: the lease runs out.
        if (!(error instanceof Failure)) throw error;
        const why = `${error.details.code}: ${error.message}`;
        sayLast(safeText(`The lease was not given back (${why}): it ends by itself.`));
      }
    },
  };
}

function tellers(store: LeaseStore, tell: (text: string) => void): Pick<HoldOptions, "onWait" | "onTrouble"> {
  return {
    onWait: () => tell(`Waiting: ${heldByAnother(store)}`),
    onTrouble: ({ details, message }, leftInMs) => {
      const why = `${details.code}: ${message}`;
      tell(`The lease was not renewed (${why}); writing ends in ${seconds(leftInMs)} unless it is.`);
    },
  };
}

function refusal(store: LeaseStore): CliError {
  return new CliError(
    exitCodes.refused,
    heldByAnother(store),
    "Let the other one end, then apply again; or wait for it with --lease-timeout 5m.",
  );
}

function heldByAnother({ name, durationInMs }: LeaseStore): string {
  return `another Bindery holds the lease of ${name}; it ends by itself within ${seconds(durationInMs)} once its holder is gone.`;
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function seconds(inMs: number): string {
  return `${Math.max(0, Math.round(inMs / 1000))} s`;
}
