// A map that remembers what its values were, so that a read may see the world as it stood a while ago.

/** One remembered state of a key: what it held from this instant on; undefined: nothing. */
interface Version<T> {
  readonly since: number;
  readonly value: T | undefined;
}

/** How long superseded versions are kept, in milliseconds; no lag may be set longer. */
export const longestLagInMs = 15 * 60_000;

const firstSweepAt = 1000;

/**
 * A map with case-insensitive keys whose reads may look back in time. Values are never changed in place:
 * whoever changes one sets a new object, so that readers of the past keep what they saw.
 */
export class Store<T> {
  #versions = new Map<string, readonly Version<T>[]>();
  readonly #now: () => number;
  /** At this many keys those that nobody can see any more are dropped. */
  #sweepAt = firstSweepAt;

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
    const values: T[] = [];
    for (const versions of this.#versions.values()) {
      const value = valueAt(versions, asOf);
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /** Forgets everything, the past included, as if nothing had ever been put. */
  clear(): void {
    this.#versions.clear();
  }

  /** Remembers everything as it is at this moment, the past included; what it gives makes it so again. */
  remember(): () => void {
    const kept = new Map(this.#versions);
    return () => {
      this.#versions = new Map(kept);
    };
  }

  #push(key: string, value: T | undefined): void {
    const now = this.#now();
    const versions = this.#versions.get(key.toLowerCase()) ?? [];
    const firstNeeded = versions.findLastIndex((v) => v.since <= now - longestLagInMs);
    this.#versions.set(key.toLowerCase(), [
      ...versions.slice(Math.max(firstNeeded, 0)),
      { since: now, value },
    ]);
    if (this.#versions.size >= this.#sweepAt) this.#sweep(now - longestLagInMs);
  }

  /** Drops the keys that have held nothing for longer than any read looks back. */
  #sweep(before: number): void {
    for (const [key, versions] of this.#versions) {
      const last = versions.at(-1);
      if (last?.value === undefined && (last?.since ?? 0) <= before) this.#versions.delete(key);
    }
    this.#sweepAt = Math.max(firstSweepAt, this.#versions.size * 2);
  }
}

/** The last one that had begun by then; versions are few and the newest is asked for most. */
function valueAt<T>(versions: readonly Version<T>[] | undefined, asOf: number): T | undefined {
  if (versions === undefined) return undefined;
  for (let i = versions.length - 1; i >= 0; i -= 1) {
    const version = versions[i];
    if (version !== undefined && version.since <= asOf) return version.value;
  }
  return undefined;
}
