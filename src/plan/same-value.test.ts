import { describe, expect, test } from "vitest";
import { sameValue } from "./same-value.ts";

const nested = (levels: number, around: (inner: unknown) => unknown): unknown =>
  levels === 0 ? 1 : around(nested(levels - 1, around));
const inList = (inner: unknown) => ["a", inner];
const inRecord = (inner: unknown) => ({ a: 1, b: inner });

describe("two values are", () => {
  test.each([
    ["the same in another order of keys", { a: 1, b: [2] }, { b: [2], a: 1 }, true],
    ["the same where a key is missing or says nothing", { a: 1, b: undefined }, { a: 1 }, true],
    ["others in another order of a list", [1, 2], [2, 1], false],
    ["others where one has a key more", { a: 1 }, { a: 1, b: null }, false],
    ["others where a list is a record", ["a"], { 0: "a" }, false],
    ["others as text and as number", "1", 1, false],
  ])("%s", (_, a, b, expected) => {
    expect(sameValue(a, b)).toBe(expected);
  });
});

test.each([
  ["lists", inList],
  ["records", inRecord],
])(
  "eight levels of %s can be compared; what lies deeper was made up, and is the same as nothing",
  (_, around) => {
    expect(sameValue(nested(8, around), nested(8, around))).toBe(true);
    expect(sameValue(nested(9, around), nested(9, around))).toBe(false);
  },
);
