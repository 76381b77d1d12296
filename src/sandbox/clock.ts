// What time it is in the embedded Azure: the real time, faster if wanted, and moved forward on request.

/** A clock that only goes forward; instants in milliseconds since the epoch. */
export interface SandboxClock {
  readonly now: () => number;
  /** Moves the clock forward. */
  readonly advance: (byInMs: number) => void;
}

/** A clock that starts at an instant and runs `speed` times as fast as `realNow`. */
export function createClock(startAt: number, speed: number, realNow: () => number = Date.now): SandboxClock {
  const startedAt = realNow();
  let advanced = 0;
  return {
    now: () => startAt + advanced + (realNow() - startedAt) * speed,
    advance: (byInMs) => {
      advanced += byInMs;
    },
  };
}
