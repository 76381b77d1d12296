// Chance that can be repeated: the same seed gives the same sequence.

/** A source of chance. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** One of the items; undefined of none. */
  pick<T>(items: readonly T[]): T | undefined;
  /** A GUID of version 4. */
  guid(): string;
}

/** Mulberry32, a generator with 32 bits of state (Tommy Ettinger, public domain). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (): string => Math.floor(next() * 16).toString(16);
  return {
    next,
    pick: (items) => items[Math.floor(next() * items.length)],
    guid: () => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replaceAll(/x/g, () => hex()),
  };
}
