import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  markdownCode,
  markdownText,
  quoted,
  safeText,
  workflowCommandData,
  workflowCommandProperty,
} from "./text.ts";

/** Text of the kinds that attack, mixed with anything at all. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\u001b[31m",
        "\u001b]8;;http://x\u0007",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\r\n",
        "\n::error::x",
        "::set-env name=x::y",
        "##vso[task.setvariable]",
        "##[command]",
        "|",
        "`",
        "```",
        "<img src=x>",
        "@team",
        "#12",
        "http://evil.example",
        "www.evil.example",
        "[a](b)",
        "\u0301".repeat(20),
        "\udb40\udc41",
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

describe("safeText", () => {
  test.each([
    [
      "plain text is kept",
      "id-orders (West Europe): 14 × größer, 東京 👍",
      "id-orders (West Europe): 14 × größer, 東京 👍",
    ],
    ["line breaks and tabs", "a\r\nb\tc", "a\\r\\nb\\tc"],
    ["ANSI", "\u001b[31mred", "\\u{1b}[31mred"],
    ["C1 control", "\u009b31m", "\\u{9b}31m"],
    ["bidi override", "a\u202eb", "a\\u{202e}b"],
    ["zero width", "a\u200bb\ufeffc", "a\\u{200b}b\\u{feff}c"],
    ["invisible letters", "\u3164\u115f\u2800", "\\u{3164}\\u{115f}\\u{2800}"],
    ["tag characters", "x\u{e0041}", "x\\u{e0041}"],
    ["a space that is none", "a\u00a0b", "a\\u{a0}b"],
    ["line separator", "a\u2028b", "a\\u{2028}b"],
    ["lone surrogate", "a\ud800b", "a\\u{d800}b"],
    ["leading workflow command", "::error::x", "\\u{3a}:error::x"],
    ["workflow command after blanks", "  ::error::x", "  \\u{3a}:error::x"],
    ["colons inside", "a::b", "a::b"],
    ["Azure Pipelines command", "x ##VSO[task.complete]", "x \\u{23}#VSO[task.complete]"],
    ["older runner command", "##[error]x", "\\u{23}#[error]x"],
    ["stacked marks", `e${"\u0301".repeat(6)}`, `e${"\u0301".repeat(4)}\\u{301}\\u{301}`],
  ])("%s", (_, text, expected) => {
    expect(safeText(text)).toBe(expected);
  });

  test.each([
    ["abcdef", 6, "abcdef"],
    ["abcdefg", 6, "abcde…"],
    ["👍👍👍", 5, "👍👍…"],
    ["👍👍👍", 4, "👍…"],
    ["ab\u001b[31m", 6, "ab…"],
    ["abc", 1, "…"],
  ])("%j within %i is %j", (text, max, expected) => {
    expect(safeText(text, { max })).toBe(expected);
  });

  test("nothing dangerous or invisible comes through, whatever goes in", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const safe = safeText(text);
        expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(safe).not.toMatch(/^\s*::/);
        expect(safe).not.toMatch(/##(vso)?\[/i);
      }),
    );
  });

  test("what is safe stays as it is", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(safeText(safeText(text))).toBe(safeText(text));
      }),
    );
  });

  test("the limit holds and never cuts an escape or a character in two", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 30 }), (text, max) => {
        const cut = safeText(text, { max });
        expect(cut.length).toBeLessThanOrEqual(max);
        const whole = safeText(text);
        expect(whole === cut || whole.startsWith(cut.slice(0, -1))).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
        expect(cut).not.toMatch(/\\u\{[0-9a-f]*…$/);
      }),
    );
  });
});

test("a quotation has at most 80 characters of the input", () => {
  expect(quoted("x".repeat(200))).toBe(`"${"x".repeat(79)}…"`);
});

describe("Markdown", () => {
  test.each([
    ["a|b", "a\\|b"],
    ["`x`", "\\`x\\`"],
    ["<b>&", "&lt;b&gt;&amp;"],
    ["@team/x", "@&#8203;team/x"],
    ["#12", "\\#&#8203;12"],
    ["GH-12", "GH&#8203;-12"],
    ["[a](http://b)", "\\[a\\]\\(http:&#8203;//b\\)"],
    ["www.evil.example", "www&#8203;.evil.example"],
    ["- item", "\\- item"],
    ["1. item", "1&#8203;. item"],
    ["kv-orders", "kv-orders"],
  ])("prose: %j becomes %j", (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  test.each([
    ["id-orders", "`id-orders`"],
    ["a`b", "``a`b``"],
    ["`a``b", "``` `a``b ```"],
    ["a|b", "`a\\|b`"],
    ["", "` `"],
    ["@team <b>", "`@team <b>`"],
  ])("code: %j becomes %j", (text, expected) => {
    expect(markdownCode(text)).toBe(expected);
  });

  test("prose has no character left that opens markup, and no cell or line break", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const markdown = markdownText(text);
        const bare = markdown.replace(/\\[\\`*_{}[\]()|~!$^=#+-]/g, "");
        expect(bare).not.toMatch(/[\\`*_[\]|~<>!\n\r]/);
        expect(markdown).not.toMatch(/@\w|:\/\/|www\./i);
      }),
    );
  });

  test("a code span cannot be left from within", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const code = markdownCode(text);
        const fence = /^`+/.exec(code)?.[0] ?? "";
        const inside = code.slice(fence.length, -fence.length);
        expect(code.endsWith(fence)).toBe(true);
        expect(inside.match(/`+/g)?.includes(fence) ?? false).toBe(false);
        expect(inside).not.toMatch(/(?<!\\)\||[\n\r]/);
      }),
    );
  });
});

describe("GitHub workflow commands", () => {
  test("data keeps line breaks as %0A and properties escape separators too", () => {
    expect(workflowCommandData("50%\r\na:b,c")).toBe("50%25%0D%0Aa:b,c");
    expect(workflowCommandProperty("50%\r\na:b,c")).toBe("50%25%0D%0Aa%3Ab%2Cc");
  });

  test("neither can end the line or the property", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(workflowCommandData(text)).not.toMatch(/[\r\n]/);
        expect(workflowCommandProperty(text)).not.toMatch(/[\r\n:,]/);
      }),
    );
  });
});
