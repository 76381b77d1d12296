// A map that remembers what its values were, so that a read may see the world as it stood a while ago.

/** One remembered state of a key: what it held from this instant on; undefined: nothing. */
interface Version<T> {
  readonly since: number;
  readonly value: T | undefined;
}

/** How long superseded versions are kept, in milliseconds; no lag may be set longer. */
export const longestLagInMs = 15 * 60_000;

/**
 * A map with case-insensitive keys whose reads may look back in time. Values are never changed in place:
 * whoever changes one sets a new object, so that readers of the past keep what they saw.
 */
export class Store<T> {
  readonly #versions = new Map<string, Version<T>[]>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The value as of an instant (milliseconds since the epoch; default: now), or undefined. */
  get(key: string, asOf: number = Number.POSITIVE_INFINITY): T | undefined {
    return valueAt(this.#versions.get(key.toLowerCase()), asOf);
  }

  /** True if the key holds a value now. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Puts a value, visible at once to reads without lag. */
  set(key: string, value: T): void {
    this.#push(key, value);
  }

  /** Removes a key; reads of the past still see it. Answers whether there was anything to remove. */
  delete(key: string): boolean {
    if (!this.has(key)) return false;
    this.#push(key, undefined);
    return true;
  }

  /** All values as of an instant, in the order in which their keys were first put. */
  values(asOf: number = Number.POSITIVE_INFINITY): T[] {
    return [...this.#versions.values()].map((v) => valueAt(v, asOf)).filter((v) => v !== undefined);
  }

  #push(key: string, value: T | undefined): void {
    const now = this.#now();
    const versions = this.#versions.get(key.toLowerCase()) ?? [];
    const firstNeeded = versions.findLastIndex((v) => v.since <= now - longestLagInMs);
    this.#versions.set(key.toLowerCase(), [
      ...versions.slice(Math.max(firstNeeded, 0)),
      { since: now, value },
    ]);
  }
}

function valueAt<T>(versions: readonly Version<T>[] | undefined, asOf: number): T | undefined {
  return versions?.findLast((v) => v.since <= asOf)?.value;
}
