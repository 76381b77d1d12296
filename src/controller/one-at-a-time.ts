// Lets works that must not overlap wait for each other.

/** Runs each work once all that were given before it have ended, well or not; gives what it gives, throws what it throws. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = before.then(work);
    before = mine.catch(() => undefined);
    return mine;
  };
}
