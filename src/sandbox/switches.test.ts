import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { defaultSwitches, SwitchesPatch, switchTable } from "./switches.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const documented = readFileSync(here("../../docs/sandbox.md"), "utf8").split("\n");
const rows = Object.entries(switchTable);

describe.each(rows)("the switch %s", (name, { values, meaning, readIn }) => {
  test("stands in the documentation with both behaviours and its meaning", () => {
    const [byDefault, other] = values;
    expect(documented).toContain(`| \`${name}\` | \`${byDefault}\` | \`${other}\` | ${meaning} |`);
  });

  test("is read where the table says", () => {
    expect(readFileSync(here(`./${readIn}`), "utf8")).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test("takes both behaviours and no other", () => {
    for (const value of values) expect(SwitchesPatch.safeParse({ [name]: value }).success).toBe(true);
    expect(SwitchesPatch.safeParse({ [name]: "perhaps" }).success).toBe(false);
  });
});

test("the documentation names no switch that is not there", () => {
  const at = documented.indexOf("## Switches");
  const end = documented.findIndex((line, i) => i > at && line.startsWith("## "));
  const named = documented.slice(at, end).flatMap((line) => /^\| `(\w+)` \| `/.exec(line)?.[1] ?? []);
  expect(named.toSorted()).toEqual(rows.map(([name]) => name).toSorted());
});

test("a start has every switch at its first behaviour, in an object of its own", () => {
  const [first, second] = [defaultSwitches(), defaultSwitches()];
  expect(first).toEqual(Object.fromEntries(rows.map(([name, { values }]) => [name, values[0]])));
  first.ifMatch = "ignored";
  expect(second.ifMatch).toBe("honoured");
});

test("an unknown switch is refused", () => {
  expect(SwitchesPatch.safeParse({ ifMatches: "honoured" }).success).toBe(false);
});
