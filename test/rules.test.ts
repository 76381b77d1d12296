// Every promise of docs/safety.md has tests that carry its number, and its tables name all that Bindery says, and no more.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { byText } from "../src/model/order.ts";
import { heldReasons } from "../src/plan/held-reasons.ts";
import { warningCodes } from "../src/plan/warning-codes.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/safety.md"), "utf8");

/** What stands below a heading, up to the next one of its depth. */
function section(heading: string): string {
  const [, text] = page.split(`\n## ${heading}\n`);
  if (text === undefined) throw new Error(`docs/safety.md has no section "${heading}"`);
  return text.split("\n## ")[0] ?? "";
}

/** The names in the first column of a section's table. */
function tableOf(heading: string): readonly string[] {
  const rows = section(heading)
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ""),
  );
}

/** What lies among the source and only tests use. */
const helpers = /(^|\/)(fake-azure|fixtures)\.ts$/;

function filesIn(folder: string, isTest: boolean): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && path.endsWith(".test.ts") === isTest && !helpers.test(path))
    .map((path) => readFileSync(join(root, folder, path), "utf8"));
}

const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].toSorted(byText);
const numbersIn = (text: string, pattern: RegExp): readonly number[] =>
  [...text.matchAll(pattern)].map(([, number]) => Number(number));

describe("the promises", () => {
  const promised = numbersIn(section("The promises"), /^(\d+)\. /gm);
  const named = ["src", "test"].flatMap((folder) =>
    filesIn(folder, true).flatMap((text) => numbersIn(text, /(?:\(\s*|\bname: )["`]rule (\d+): \S/g)),
  );

  test("are counted from 1, each once", () => {
    expect(promised.length).toBeGreaterThanOrEqual(20);
    expect(promised).toEqual(promised.map((_, i) => i + 1));
  });

  test("have each a test or a table with its number in the title, and no title names another", () => {
    expect([...new Set(named)].toSorted((a, b) => a - b)).toEqual(promised);
  });

  test("are the rules that comments in the source name", () => {
    const cited = filesIn("src", false).flatMap((text) => numbersIn(text, /\brules? (\d+)\b/gi));
    expect(cited.length).toBeGreaterThan(10);
    expect(cited.filter((number) => !promised.includes(number))).toEqual([]);
  });
});

describe("the threat model", () => {
  const model = readFileSync(join(root, "docs/threat-model.md"), "utf8");

  test("leads to pages and tests that are there", () => {
    const links = [...model.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !existsSync(join(root, "docs", link)))).toEqual([]);
  });

  test("names reasons and warnings that there are", () => {
    const known = new Set<string>([...heldReasons, ...warningCodes, "OverriddenByPolicy"]);
    const named = [...model.matchAll(/(?:held as|alarm,|or) `([A-Z]\w+)`/g)].map(([, name]) => name ?? "");
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("the tables", () => {
  /** Of Azure's own codes those that are worth a row. */
  const azures = ["DenyAssignmentAuthorizationFailed", "RequestDisallowedByPolicy", "ScopeLocked"];

  test("have a row for every reason for which something is held, and for no other", () => {
    expect(sorted(tableOf("What is held, and what helps"))).toEqual(sorted(heldReasons));
  });

  test("have a row for every warning, and for no other", () => {
    expect(sorted(tableOf("Warnings"))).toEqual(sorted(warningCodes));
  });

  test("have a row for every code of Bindery's own failures, and for no other", () => {
    const text = ["src/apply", "src/azure", "src/sql", "src/model"]
      .flatMap((folder) => filesIn(folder, false))
      .join("\n");
    const given = [
      ...text.matchAll(/\bcode(?: =|:) (?:\w+ \? )?"([A-Z]\w+)"/g),
      ...text.matchAll(/\b(?:rule\("\w+", |moved\()\s*"(\w+)"/g),
    ].map(([, code]) => code ?? "");
    expect(sorted([...given, ...azures])).toEqual(sorted(tableOf("What a failed change says")));
  });
});
