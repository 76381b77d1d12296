import fc from "fast-check";
import { expect, test } from "vitest";
import { tokensOf } from "./lexer.ts";

const cases: readonly (readonly [sql: string, tokens: readonly (readonly [string, string])[]])[] = [
  ["", []],
  [" \t\r\n -- nothing\n/* a /* nested */ comment */ ", []],
  [
    "SELECT [a]]b], \"c\"\"d\", N'it''s', 'x'",
    [
      ["word", "SELECT"],
      ["name", "a]b"],
      ["sign", ","],
      ["name", 'c"d'],
      ["sign", ","],
      ["text", "it's"],
      ["sign", ","],
      ["text", "x"],
    ],
  ],
  [
    "0xABC 12.5 .5 @Name @@TranCount #t x$1",
    [
      ["binary", "0ABC"],
      ["number", "12.5"],
      ["number", ".5"],
      ["variable", "@name"],
      ["variable", "@@trancount"],
      ["word", "#t"],
      ["word", "x$1"],
    ],
  ],
  [
    "SCHEMA::[s]<>>=!=",
    [
      ["word", "SCHEMA"],
      ["sign", "::"],
      ["name", "s"],
      ["sign", "<>"],
      ["sign", ">="],
      ["sign", "!="],
    ],
  ],
  ["größe", [["word", "größe"]]],
  ["--last line", []],
];

test.each(cases)("%j falls into tokens", (sql, tokens) => {
  expect(tokensOf(sql).map(({ kind, value }) => [kind, value])).toEqual(tokens);
});

test.each([
  ["SELECT 'a", 105],
  ["SELECT [a", 105],
  ["SELECT /* a", 113],
  ["SELECT ?", 102],
  ["SELECT 😀", 102],
])("%j is refused with %i", (sql, number) => {
  expect(() => tokensOf(sql)).toThrow(expect.objectContaining({ number }));
});

test("whatever a name contains, quoted it is one token", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      expect(tokensOf(`[${name.replaceAll("]", "]]")}]`)).toMatchObject([{ kind: "name", value: name }]);
      expect(tokensOf(`N'${name.replaceAll("'", "''")}'`)).toMatchObject([{ kind: "text", value: name }]);
    }),
  );
});
