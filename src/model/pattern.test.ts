import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesPattern } from "./pattern.ts";

test.each([
  ["repo:contoso/orders:ref:refs/heads/main", "repo:contoso/orders:ref:refs/heads/main", true],
  ["repo:contoso/orders:ref:refs/heads/main", "repo:contoso/orders:ref:refs/heads/Main", false],
  ["repo:contoso/orders:ref:refs/heads/main", "repo:contoso/orders:ref:refs/heads/main2", false],
  ["repo:contoso/*:ref:refs/heads/main", "repo:contoso/orders:ref:refs/heads/main", true],
  ["repo:contoso/*:ref:refs/heads/main", "repo:contoso/:ref:refs/heads/main", true],
  ["repo:contoso/*:ref:refs/heads/main", "repo:contoso/a/b:ref:refs/heads/main", false],
  ["repo:contoso/*:ref:refs/heads/main", "repo:contoso/x:environment:y:ref:refs/heads/main", false],
  ["repo:contoso/*", "repo:contoso/orders:pull_request", false],
  ["repo:contoso/**", "repo:contoso/orders:pull_request", true],
  ["repo:contoso/**", "repo:contoso-evil/orders:pull_request", false],
  ["https://*.example.com", "https://a.example.com", true],
  ["https://*.example.com", "https://a.example.com.evil.org", false],
  ["https://*.example.com", "https://evil.org/a.example.com", false],
  ["https://a.example.com", "https://axexample.com", false],
  ["", "", true],
  ["", "a", false],
  ["*", "", true],
  ["**", "a/b:c\nd", true],
  ["a**b*c", "a/:/b.c", true],
  ["***", "a/b", true],
])("%j fits %j: %s", (pattern, text, expected) => {
  expect(matchesPattern(pattern, text)).toBe(expected);
});

const alphabet = fc.constantFrom("a", "b", "/", ":", ".", "*", "**", "😀");
const words = fc.array(alphabet, { maxLength: 8 }).map((parts) => parts.join(""));

test("agrees with the regular expression that says the same", () => {
  fc.assert(
    fc.property(words, words, (pattern, text) => {
      const source = pattern.replace(/\*{2,}|\*|[.]/g, (found) =>
        found === "." ? "\\." : found === "*" ? "[^/:]*" : "[^]*",
      );
      expect(matchesPattern(pattern, text)).toBe(new RegExp(`^${source}$`, "u").test(text));
    }),
    { numRuns: 2_000 },
  );
});

test("a text without wildcards fits itself and nothing else", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      fc.pre(!a.includes("*"));
      expect(matchesPattern(a, a)).toBe(true);
      expect(matchesPattern(a, b)).toBe(a === b);
    }),
  );
});

test("the time grows no faster than pattern and text, even for the worst of them", () => {
  const before = performance.now();
  expect(matchesPattern(`${"*a".repeat(300)}b`, "a".repeat(600))).toBe(false);
  expect(matchesPattern(`${"**a".repeat(200)}b`, "a".repeat(600))).toBe(false);
  expect(performance.now() - before).toBeLessThan(2_000);
});
