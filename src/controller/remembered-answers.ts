// Decides how long an answer of Azure may stand for another one: until its age, a write, or another question ends it.

/** An answer that was read once. */
export interface Answer<T> {
  readonly value: T;
  /** Which observation read it. */
  readonly observation: number;
}

/** Answers by key. Times are milliseconds of whatever clock the caller uses. */
export interface Answers<T> {
  /** The answer to exactly this question, if it is not too old. */
  find(key: string, question: string, nowInMs: number): Answer<T> | undefined;
  /** Reads, and keeps what came unless something was dropped meanwhile. */
  read(key: string, question: string, by: Reading, run: () => Promise<T>): Promise<T>;
  drop(key: string): void;
  clear(): void;
  /** Forgets what nobody has asked for since it got too old. */
  prune(nowInMs: number): void;
  size(): number;
}

/** Who reads. */
export interface Reading {
  readonly observation: number;
  readonly now: () => number;
}

interface Kept<T> extends Answer<T> {
  readonly question: string;
  readonly sinceInMs: number;
  readonly untilInMs: number;
}

/**
 * No answers yet. None is found once it is older than the limit. The first ones live shorter, each by another share of
 * it, so that later on only a few are due at a time.
 */
export function rememberedAnswers<T>(limitInMs: number): Answers<T> {
  const kept = new Map<string, Kept<T>>();
  let drops = 0;
  return {
    find(key, question, nowInMs): Answer<T> | undefined {
      const one = kept.get(key);
      if (!one || one.question !== question) return;
      // Before it was read: the clock was set back, and how old it is nobody can tell.
      return nowInMs >= one.sinceInMs && nowInMs < one.untilInMs ? one : undefined;
    },
    async read(key, question, { observation, now }, run): Promise<T> {
      const [startedAtInMs, dropsBefore] = [now(), drops];
      const isFirst = kept.get(key)?.question !== question;
      kept.delete(key);
      const value = await run();
      const untilInMs = startedAtInMs + limitInMs * (isFirst ? shareOf(key) : 1);
      if (drops === dropsBefore) {
        kept.set(key, { value, question, observation, sinceInMs: startedAtInMs, untilInMs });
      }
      return value;
    },
    drop(key): void {
      drops += 1;
      kept.delete(key);
    },
    clear(): void {
      drops += 1;
      kept.clear();
    },
    prune(nowInMs): void {
      for (const [key, { untilInMs }] of kept) if (nowInMs >= untilInMs + limitInMs) kept.delete(key);
    },
    size: () => kept.size,
  };
}

/** From a twelfth to one, evenly, the same for the same key (FNV-1a, its bits mixed as MurmurHash3 does in the end). */
function shareOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (1 + (11 * ((hash ^ (hash >>> 16)) >>> 0)) / 2 ** 32) / 12;
}
