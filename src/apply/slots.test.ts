import { expect, test } from "vitest";
import { boundedOutside, slotsFrom } from "./slots.ts";

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Begins `count` pieces of work that all wait outside for the same signal; how many have begun, step by step. */
async function begun(count: number, places: number, mostOutside: number) {
  const slots = slotsFrom(places);
  const bounded = boundedOutside(mostOutside);
  const { promise, resolve } = Promise.withResolvers<void>();
  let begunSoFar = 0;
  const all = Array.from({ length: count }, () =>
    slots.inside(async (outside) => {
      begunSoFar += 1;
      await bounded(outside)(() => promise);
    }),
  );
  await tick();
  const before = begunSoFar;
  resolve();
  await Promise.all(all);
  return [before, begunSoFar];
}

test("beyond the bound a wait keeps its place, and in the end everything has been done", async () => {
  expect(await begun(20, 2, 5)).toEqual([7, 20]);
  expect(await begun(20, 2, 50)).toEqual([20, 20]);
});

test("a wait that fails makes room again", async () => {
  const slots = slotsFrom(1);
  const bounded = boundedOutside(1);
  const waitThat = (ends: () => Promise<void>): Promise<void> =>
    slots.inside((outside) => bounded(outside)(ends));
  await expect(waitThat(() => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  const { promise, resolve } = Promise.withResolvers<void>();
  const [first, second] = [waitThat(() => promise), waitThat(async () => resolve())];
  await Promise.all([first, second]);
});

test("a wait within a wait gives up no second place", async () => {
  const slots = slotsFrom(1);
  let [working, most] = [0, 0];
  const work = (): Promise<void> =>
    slots.inside(async (outside) => {
      await outside(() => outside(tick));
      working += 1;
      most = Math.max(most, working);
      await tick();
      working -= 1;
    });
  await Promise.all([work(), work(), work(), work()]);
  expect(most).toBe(1);
});
