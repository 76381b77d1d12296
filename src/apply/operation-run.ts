// What an operation has at hand while it runs: ports, retries, what the run has learned, and whom to warn.
import { idKey } from "../model/arm-id.ts";
import type { DatabaseReader } from "../model/database.ts";
import { Failure } from "../model/failure.ts";
import type { Identity } from "../model/identity.ts";
import { linkedTo } from "../model/linked-signal.ts";
import type { Catalogue, Reader, RunningWrite, WritePorts } from "../model/ports.ts";
import type { Change, OperationAction, Warning } from "../plan/plan.ts";
import type { Verdict } from "./outcome.ts";
import { type RetryScope, retried, seen } from "./retry.ts";

/** What applying a plan asks of Azure: fresh reads of single things, and all writes. */
export interface ApplyPorts
  extends Reader,
    Pick<Catalogue, "listCredentials">,
    Pick<DatabaseReader, "readDatabase">,
    WritePorts {}

/** The principals that identities were found to have in this run, by identity. */
export interface KnownPrincipals {
  remember(identity: Identity): void;
  /** The principal id of an identity that this run has created or read; undefined if it has not. */
  principalIdOf(identityId: string): string | undefined;
  /** Its client id, likewise. */
  clientIdOf(identityId: string): string | undefined;
}

/** Remembers principals for the operations that come later in the run. */
export function knownPrincipals(): KnownPrincipals {
  const identities = new Map<string, Identity>();
  return {
    remember: (identity) => void identities.set(idKey(identity.id), identity),
    principalIdOf: (identityId) => identities.get(idKey(identityId))?.principalId,
    clientIdOf: (identityId) => identities.get(idKey(identityId))?.clientId,
  };
}

/** One operation that runs. */
export interface OperationRun {
  readonly ports: ApplyPorts;
  /** Cuts every request when it aborts. */
  readonly signal: AbortSignal;
  /** Whose changes these are: the value of the owner tag. */
  readonly owner: string;
  readonly principals: KnownPrincipals;
  /** The changes that are still to be made; those that have fallen out are left out of the request. */
  readonly changes: readonly Change[];
  /** As `retried` of this operation. */
  retried<T>(attempt: (number: number) => Promise<T>): Promise<T>;
  /** As `seen` of this operation. */
  seen<T>(read: () => Promise<T>, isAsWanted: (answer: T) => boolean): Promise<boolean>;
  /** True once a stop cuts all waiting short. */
  isStopping(): boolean;
  /** Waits, without a place among the working operations, for the end of what Azure has accepted. */
  ended(write: RunningWrite): Promise<void>;
  warn(warning: Warning): void;
}

/** The verdicts of an operation: one for each change that it was given. */
export type Verdicts = ReadonlyMap<string, Verdict>;

/** How one kind of operation is run. Throws the `Failure` that ended it where that holds for all its changes. */
export type Runner<K extends OperationAction["kind"]> = (
  action: Extract<OperationAction, { kind: K }>,
  run: OperationRun,
) => Promise<Verdicts | Verdict>;

/** The retries and waits of an operation, bound to its scope. */
export function waitsFrom(
  scope: RetryScope,
): Pick<OperationRun, "retried" | "seen" | "ended" | "isStopping"> {
  return {
    isStopping: () => scope.stop.aborted,
    retried: (attempt) => retried(scope, attempt),
    seen: (read, isAsWanted) => seen(scope, read, isAsWanted),
    ended: (write) => scope.whilePolling(() => endedInTime(write, scope)),
  };
}

/**
 * Waits for the end of an accepted write; after the policy's time, or when it is handed over, it counts as under way,
 * whatever becomes of it.
 */
async function endedInTime(
  write: RunningWrite,
  { policy, clock, abort, handOver }: RetryScope,
): Promise<void> {
  if (handOver.aborted) throw handedOver();
  using over = linkedTo(abort);
  const { promise: handed, reject } = Promise.withResolvers<never>();
  const hand = (): void => reject(handedOver());
  handOver.addEventListener("abort", hand, { once: true });
  const deadline = clock.sleep(policy.runningWriteInMs, over.signal).then(() => {
    const minutes = Math.round(policy.runningWriteInMs / 60_000);
    throw new Failure("transient", `Azure has not ended the operation within ${minutes} minutes.`, {
      code: "InProgress",
      mayHaveHappened: true,
    });
  });
  try {
    await Promise.race([write.ended(over.signal), deadline, handed]);
  } finally {
    handOver.removeEventListener("abort", hand);
    over.abort(undefined);
  }
}

/** It has been written, and how it ends is for the next pass to see: lag, not a failure. */
function handedOver(): Failure {
  const message = "Azure has accepted it and still works on it; the next pass shows how it ended.";
  return new Failure("propagating", message, { code: "InProgress", mayHaveHappened: true });
}
