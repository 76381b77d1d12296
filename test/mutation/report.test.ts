import { expect, test } from "vitest";
import { lineOf, type Mutant, mutatedSource, scoresOf } from "./report.ts";

const mutant: Mutant = {
  file: "src/plan/a.ts",
  source: "const a = 1;\nexport const b = a > 0;\n",
  mutator: "EqualityOperator",
  status: "Survived",
  replacement: "a >= 0",
  start: { line: 2, column: 18 },
  end: { line: 2, column: 23 },
};

test("a mutant stands where its place says", () => {
  expect(mutatedSource(mutant)).toBe("const a = 1;\nexport const b = a >= 0;\n");
  expect(lineOf(mutant)).toBe("src/plan/a.ts:2:18 EqualityOperator: a > 0 → a >= 0");
});

test("scores count what tests have noticed of what they could have noticed", () => {
  const of = (file: string, ...states: string[]) => states.map((status) => ({ ...mutant, file, status }));
  const mutants = [
    ...of("src/plan/b.ts", "Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "CompileError"),
    ...of("src/desired/c.ts", "Ignored"),
  ];
  expect(scoresOf(mutants)).toEqual([
    { folder: "src/desired", detected: 0, undetected: 0, percent: 100 },
    { folder: "src/plan", detected: 2, undetected: 2, percent: 50 },
    { folder: "all", detected: 2, undetected: 2, percent: 50 },
  ]);
});
