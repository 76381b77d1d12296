// How a provider behind ARM counts requests: token buckets that belong to a world.
import type { World } from "../../world.ts";

/** How much a bucket holds, and how much comes back. */
export interface BucketSize {
  readonly size: number;
  readonly refillPerSecond: number;
}

interface Level {
  readonly tokens: number;
  readonly at: number;
}

/** The levels live and die with their world. */
const levelsOf = new WeakMap<World, Map<string, Level>>();

/** Takes one token and answers how many are left, rounded down; below zero: there was none, and none was taken. */
export function takeToken(world: World, key: string, { size, refillPerSecond }: BucketSize): number {
  const levels = levelsOf.get(world) ?? new Map<string, Level>();
  levelsOf.set(world, levels);
  const at = world.now();
  const { tokens, at: since } = levels.get(key) ?? { tokens: size, at };
  const refilled = Math.min(size, tokens + ((at - since) / 1000) * refillPerSecond);
  const left = refilled - 1;
  levels.set(key, { tokens: left < 0 ? refilled : left, at });
  return Math.floor(left);
}
