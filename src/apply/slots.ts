// Decides how many operations work at the same time, and who is next when one makes room.

/** Runs a wait (a retry's delay, the polling of an accepted write) without a place among the working ones. */
export type Outside = <T>(wait: () => Promise<T>) => Promise<T>;

/**
 * Lets at most `count` waits at a time go without a place; a further one keeps its place, so that nothing new begins
 * until some have ended.
 */
export function boundedOutside(count: number): (outside: Outside) => Outside {
  let waiting = 0;
  return (outside) => async (wait) => {
    if (waiting >= count) return await wait();
    waiting += 1;
    try {
      return await outside(wait);
    } finally {
      waiting -= 1;
    }
  };
}

/** A bounded number of places for work. */
export interface Slots {
  /** Runs the work as soon as there is a place for it. */
  inside<T>(work: (outside: Outside) => Promise<T>): Promise<T>;
}

/**
 * Places for `count` pieces of work at a time. Work that comes back from a wait goes before work that has not
 * begun: what is begun is to end.
 */
export function slotsFrom(count: number): Slots {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`concurrency must be 1 or more: ${count}`);
  const returning: (() => void)[] = [];
  const fresh: (() => void)[] = [];
  let free = count;

  async function take(queue: (() => void)[]): Promise<void> {
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    queue.push(resolve);
    await promise;
  }

  function leave(): void {
    const next = returning.shift() ?? fresh.shift();
    if (next) next();
    else free += 1;
  }

  /** The `outside` of one piece of work: a wait within a wait has no place to give up. */
  function outsideOfOne(): Outside {
    let hasPlace = true;
    return async (wait) => {
      if (!hasPlace) return await wait();
      hasPlace = false;
      leave();
      try {
        return await wait();
      } finally {
        await take(returning);
        hasPlace = true;
      }
    };
  }

  async function inside<T>(work: (outside: Outside) => Promise<T>): Promise<T> {
    await take(fresh);
    try {
      return await work(outsideOfOne());
    } finally {
      leave();
    }
  }

  return { inside };
}
