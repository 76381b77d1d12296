// A lease that others want too: they take it when it is free, break it, and the store cannot be asked for a while.
import { Failure } from "../../src/model/failure.ts";
import type { LeaseStore } from "../../src/model/lease.ts";

/** Who may write, by the store's own clock. */
export type Holder = "ours" | "theirs" | "nobody";

export interface ContendedLease {
  readonly store: LeaseStore;
  holder(): Holder;
  /** Somebody else waits for it, and takes it as soon as it is free. */
  contend(): void;
  /** An operator breaks it: it runs out, and is not renewed any more. */
  breakIt(): void;
  setReachable(isReachable: boolean): void;
  /** Nobody else wants it any more, and the store answers. */
  settle(): void;
}

/** A lease of a minute; `nowInMs` only goes forward. */
export function contendedLease(nowInMs: () => number): ContendedLease {
  const durationInMs = 60_000;
  let held: { readonly by: "ours" | "theirs"; readonly untilInMs: number } | undefined;
  let [isWanted, isBroken, isReachable] = [false, false, true];

  function pass(): void {
    if (held && nowInMs() >= held.untilInMs) [held, isBroken] = [undefined, false];
    if (!held && isWanted) held = { by: "theirs", untilInMs: Number.POSITIVE_INFINITY };
  }

  function ask(): void {
    pass();
    if (isReachable) return;
    throw new Failure("transient", "The store does not answer.", { code: "StoreUnreachable" });
  }

  function grant(): boolean {
    held = { by: "ours", untilInMs: nowInMs() + durationInMs };
    return true;
  }

  return {
    store: {
      name: "a lease",
      durationInMs,
      async acquire() {
        ask();
        return held?.by !== "theirs" && !isBroken && grant();
      },
      async renew() {
        ask();
        return held?.by === "ours" && !isBroken && grant();
      },
      async release() {
        ask();
        if (held?.by === "ours") held = undefined;
      },
    },
    holder() {
      pass();
      return held?.by ?? "nobody";
    },
    contend() {
      isWanted = true;
    },
    breakIt() {
      pass();
      isBroken = held?.by === "ours";
    },
    setReachable(now) {
      isReachable = now;
    },
    settle() {
      [isWanted, isReachable] = [false, true];
      if (held?.by === "theirs") held = undefined;
    },
  };
}
