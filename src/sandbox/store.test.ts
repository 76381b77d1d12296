// What a store remembers of the past, and when it forgets.
import { expect, test } from "vitest";
import { longestLagInMs, Store } from "./store.ts";

function storeAt() {
  const clock = { time: 1_000_000 };
  return { clock, store: new Store<number>(() => clock.time) };
}

test("Reads look back in time, keys have no case, and a deleted value is still seen by reads of the past.", () => {
  const { clock, store } = storeAt();
  store.set("Key", 1);
  clock.time += 10;
  store.set("KEY", 2);
  clock.time += 10;
  expect([store.get("key", clock.time - 20), store.get("key", clock.time - 10), store.get("key")]).toEqual([
    1, 2, 2,
  ]);
  expect(store.get("key", clock.time - 21)).toBeUndefined();
  expect([store.delete("kEy"), store.delete("kEy")]).toEqual([true, false]);
  expect([store.get("key"), store.get("key", clock.time - 1)]).toEqual([undefined, 2]);
  expect([store.values(), store.values(clock.time - 1)]).toEqual([[], [2]]);
});

test("However many keys come and go, what reads of the past can still see is kept, in its order.", () => {
  const { clock, store } = storeAt();
  store.set("first", -1);
  for (let i = 0; i < 5000; i += 1) {
    store.set(`key-${i}`, i);
    clock.time += longestLagInMs / 1000;
    store.delete(`key-${i}`);
  }
  store.set("last", -2);
  expect(store.values()).toEqual([-1, -2]);
  expect(store.get("key-4990", clock.time - 9.5 * (longestLagInMs / 1000))).toBe(4990);
  const before = store.values(clock.time - 0.5 * (longestLagInMs / 1000));
  expect(before).toEqual([-1, 4999]);
});

test("A cleared store knows no past.", () => {
  const { clock, store } = storeAt();
  store.set("key", 1);
  clock.time += 1;
  store.clear();
  expect([store.get("key", clock.time), store.values(clock.time - 1)]).toEqual([undefined, []]);
});
