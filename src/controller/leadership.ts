// Decides whether this process writes: takes the lease, keeps it, and after it is lost takes it again, without end.
import { Failure } from "../model/failure.ts";
import { type Lease, type LeaseClock, type LeaseStore, leaseLost, type WriteFence } from "../model/lease.ts";
import { abortOf, linkedTo, unlessCut } from "../model/linked-signal.ts";
import { holdLease } from "./hold-lease.ts";

/** What this process is among its replicas: `alone` has no lease to hold. */
export type Role = "leader" | "standby" | "alone";

/** Who is told of leadership, and asked before it changes hands. */
export interface LeadershipWatch {
  /** Told the first role as soon as it is known, then each change. */
  readonly onRole: (role: Role) => void;
  /** Resolves once nothing that began in an earlier term writes any more: only then the next term begins. */
  readonly settled: () => Promise<void>;
}

/** Whether this process writes, and since when. */
export interface Leadership {
  /** Stands before every write, and always speaks for the present term. */
  readonly fence: WriteFence;
  /** Aborts with a `Failure` when the present term is over; undefined while there is none. */
  term(): AbortSignal | undefined;
  role(): Role;
  /** Runs beside the loop until the stop, then gives the lease back. Rejects only for what is a bug. */
  run(stop: AbortSignal, watch: LeadershipWatch): Promise<void>;
}

/** What leadership by a lease needs. */
export interface LeadershipParts {
  readonly store: LeaseStore;
  readonly clock: LeaseClock;
  /** From 0 up to 1, as `Math.random`: keeps replicas from asking in step. */
  readonly random: () => number;
  /**
   * Told of everything that goes wrong with the lease: it could not be taken, renewed (with the time that is left for
   * another try) or given back.
   */
  readonly onTrouble: (failure: Failure, doing: "take" | "renew" | "release", leftInMs?: number) => void;
}

/** Of the lease's duration: between attempts while somebody else holds it. */
const askAfter = 1 / 15;
/** A store that cannot be asked is asked again after at most so many durations. */
const longestPause = 5;

/** Leadership by a lease. */
export function leadershipBy(parts: LeadershipParts): Leadership {
  const { store, clock, random } = parts;
  const notHeld = AbortSignal.abort(leaseLost("The lease is not held, so that nothing is written."));
  let lease: Lease | undefined;
  let told: Role | undefined;

  function tell(role: Role, { onRole }: LeadershipWatch): void {
    if (told === role) return;
    told = role;
    onRole(role);
  }

  async function rule(held: Lease, stop: AbortSignal, watch: LeadershipWatch): Promise<void> {
    lease = held;
    tell("leader", watch);
    using over = linkedTo(stop, held.lost);
    await abortOf(over.signal);
    if (held.lost.aborted) tell("standby", watch);
    // What is under way may end for as long as the lease cannot be anybody else's; then it is cut.
    await watch.settled();
    lease = undefined;
    await givenBack(held, parts);
  }

  function pauseInMs(troubles: number): number {
    const durations = Math.min(longestPause, askAfter * 2 ** Math.max(0, troubles - 1));
    return store.durationInMs * durations * (0.75 + random() / 4);
  }

  return {
    fence: {
      mayWrite: () => lease?.mayWrite() ?? false,
      get ended() {
        return lease?.ended ?? notHeld;
      },
    },
    term: () => (lease?.mayWrite() ? lease.lost : undefined),
    role: () => (lease?.mayWrite() ? "leader" : "standby"),
    async run(stop, watch) {
      let troubles = 0;
      while (!stop.aborted) {
        const answer = await attempt(parts, stop);
        troubles = answer instanceof Failure ? troubles + 1 : 0;
        if (answer instanceof Failure) parts.onTrouble(answer, "take");
        else if (answer) await rule(answer, stop, watch);
        if (stop.aborted) return;
        tell("standby", watch);
        await unlessCut(stop, () => clock.sleep(pauseInMs(troubles), stop));
      }
    },
  };
}

/** Leadership where no lease is configured: nothing keeps two instances apart, and nothing ends the term. */
export function alone(): Leadership {
  const { signal: never } = new AbortController();
  return {
    fence: { mayWrite: () => true, ended: never },
    term: () => never,
    role: () => "alone",
    async run(stop, { onRole }) {
      onRole("alone");
      await abortOf(stop);
    },
  };
}

/** The lease; undefined: somebody else holds it, or a stop came first; a failure: the store could not be asked. */
async function attempt(
  { store, clock, onTrouble }: LeadershipParts,
  stop: AbortSignal,
): Promise<Lease | undefined | Failure> {
  const onRenewal = (failure: Failure, leftInMs: number): void => onTrouble(failure, "renew", leftInMs);
  try {
    return await holdLease(store, { clock, stop, waitInMs: 0, onTrouble: onRenewal });
  } catch (error) {
    if (stop.aborted) return;
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** A lease that is not given back runs out by itself: told, and nobody is harmed. */
async function givenBack(lease: Lease, { onTrouble }: LeadershipParts): Promise<void> {
  try {
    await lease.release();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    onTrouble(error, "release");
  }
}
