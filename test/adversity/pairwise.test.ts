// The switches of the adverse cases: any two states of two switches stand together, in the rows and in what CI draws.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Switches, switchTable } from "../../src/sandbox/switches.ts";
import { anyCase, switchRows } from "./draw.ts";
import { coveringRows, pairsIn, pairsOf } from "./pairwise.ts";

const valuesOf = Object.fromEntries(Object.entries(switchTable).map(([name, { values }]) => [name, values]));

test("any two values of two factors stand together in a row, and every row has all factors", () => {
  const factors = { a: ["1", "2", "3"], b: ["1", "2"], c: ["1", "2", "3", "4"], d: ["1"] };
  const rows = coveringRows(factors);
  expect(new Set(rows.flatMap(pairsIn))).toEqual(new Set(pairsOf(factors)));
  expect(pairsOf(factors)).toHaveLength(6 + 12 + 3 + 8 + 2 + 4);
  for (const row of rows) expect(new Set(Object.keys(row))).toEqual(new Set(["a", "b", "c", "d"]));
});

test("the rows of switches cover all pairs, and are few", () => {
  expect(new Set(switchRows.flatMap(pairsIn))).toEqual(new Set(pairsOf(valuesOf)));
  expect(switchRows.length).toBeLessThan(40);
});

test.each([200, 2000])("%i cases of the standing seed take every row", (numRuns) => {
  const drawn = fc.sample(anyCase, { seed: 20_261_122, numRuns });
  const missing = switchRows.filter((row) => !drawn.some(({ switches }) => isSame(switches, row)));
  expect(missing).toEqual([]);
});

function isSame(switches: Switches, row: Readonly<Record<string, string>>): boolean {
  return Object.entries(switches).every(([name, value]) => row[name] === value);
}
