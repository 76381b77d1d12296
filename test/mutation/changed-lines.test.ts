import { expect, test } from "vitest";
import { boundedTo, changedLines, isMutated } from "./changed-lines.ts";

const diff = `diff --git src/manifest/fields.ts src/manifest/fields.ts
--- src/manifest/fields.ts
+++ src/manifest/fields.ts
@@ -3 +3,2 @@ function a() {
-old
+new
+newer
@@ -9,2 +10,0 @@
-gone
-gone
diff --git src/plan/hold.ts src/plan/hold.ts
--- src/plan/hold.ts
+++ src/plan/hold.ts
@@ -0,0 +7 @@
+one
@@ -20,2 +22,3 @@
diff --git src/plan/hold.test.ts src/plan/hold.test.ts
--- src/plan/hold.test.ts
+++ src/plan/hold.test.ts
@@ -1 +1 @@
diff --git src/plan/old.ts /dev/null
--- src/plan/old.ts
+++ /dev/null
@@ -1,3 +0,0 @@
`;
const plan = [
  { file: "src/plan/hold.ts", from: 7, to: 7 },
  { file: "src/plan/hold.ts", from: 22, to: 24 },
];
const fields = { file: "src/manifest/fields.ts", from: 3, to: 4 };

test("new and different lines are found, what is gone is not, and the plan comes first", () => {
  expect(changedLines(diff)).toEqual([...plan, fields]);
  expect(changedLines("")).toEqual([]);
});

test.each([
  [6, [...plan, fields], 0],
  [5, [...plan, { ...fields, to: 3 }], 1],
  [4, plan, 2],
  [2, [plan[0], { ...plan[1], to: 22 }], 4],
  [0, [], 6],
])("of six lines %i are looked at, and the rest is counted", (lines, taken, leftOut) => {
  expect(boundedTo(lines, [...plan, fields])).toEqual({ taken, leftOut });
});

test.each([
  ["src/plan/diff/grants.ts", true],
  ["src/desired/desired.ts", true],
  ["src/plan/plan-for.test.ts", false],
  ["src/plan/fixtures.ts", false],
  ["src/model/policy.ts", false],
])("%s is mutated: %s", (file, expected) => {
  expect(isMutated(file)).toBe(expected);
});
