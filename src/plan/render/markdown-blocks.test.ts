import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, fittedBlocks } from "./markdown-blocks.ts";

const head = "HEAD\n";
const foot = "\nFOOT\n";

/** A block of lines that are ten characters long with their line break: "gone-0001". */
function block(rank: number, name: string, count: number, parts: Partial<Block> = {}): Block {
  const lines = Array.from({ length: count }, (_, i) => `${name}-${`${i}`.padStart(4, "0")}`);
  return { rank, open: `\n# ${name}\n\n`, close: "", lines, ...parts };
}

/** The text without room for `missing` of its characters. */
function fitted(blocks: readonly Block[], missing: number): string {
  const whole = fittedBlocks(head, blocks, foot, Number.MAX_SAFE_INTEGER);
  return fittedBlocks(head, blocks, foot, whole.length - missing);
}

function linesOf(name: string, from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => `${name}-${`${from + i}`.padStart(4, "0")}\n`).join("");
}

describe("what of a long text is kept", () => {
  test("all of it, in its order, as long as it fits to the character", () => {
    const blocks = [block(4, "come", 2), block(0, "gone", 3, { close: "\nend\n" })];
    expect(fitted(blocks, 0)).toBe(
      `HEAD\n\n# come\n\n${linesOf("come", 0, 2)}\n# gone\n\n${linesOf("gone", 0, 3)}\nend\n\nFOOT\n`,
    );
    expect(fitted(blocks, 1)).toContain("more line");
  });

  test("many small blocks are not cut for the sake of notes that none of them needs", () => {
    const blocks = Array.from({ length: 300 }, (_, i) => block(4, `${i}`.padStart(4, "n"), 1));
    expect(fitted(blocks, 0)).not.toContain("more line");
    expect(fitted(blocks, 1).match(/^# /gm)?.length).toBeGreaterThan(290);
  });

  test("the highest rank goes first, wherever it stands; the note says how many lines, before what closes the block", () => {
    const blocks = [block(4, "come", 40, { close: "\n</details>\n" }), block(0, "gone", 40)];
    expect(fitted(blocks, 10)).toBe(
      `HEAD\n\n# come\n\n${linesOf("come", 0, 23)}\n… 17 more lines; see the job's log.\n\n</details>\n\n# gone\n\n${linesOf("gone", 0, 40)}\nFOOT\n`,
    );
  });

  test("the lowest rank is cut only when nothing else is left, and each place says what is missing", () => {
    const blocks = [block(4, "come", 40), block(0, "gone", 40)];
    expect(fitted(blocks, 500)).toBe(
      `HEAD\n\n# gone\n\n${linesOf("gone", 0, 14)}\n… 26 more lines; see the job's log.\n\n… 40 more lines; see the job's log.\n\nFOOT\n`,
    );
  });

  test("a block of which no line fits goes with its heading, and its lines are counted at the end, in a paragraph of their own", () => {
    const blocks = [
      block(1, "held", 5),
      block(3, "warn", 3, { lines: ["x".repeat(400), "y", "z"] }),
      block(4, "come", 1, { lines: ["c".repeat(400)] }),
    ];
    expect(fitted(blocks, 700)).toBe(
      `HEAD\n\n# held\n\n${linesOf("held", 0, 5)}\n… 4 more lines; see the job's log.\n\nFOOT\n`,
    );
  });

  test("what is shorter may stay where something of a lower rank has no room", () => {
    const blocks = [block(3, "warn", 1, { lines: ["x".repeat(400)] }), block(4, "come", 2)];
    expect(fitted(blocks, 300)).toBe(
      `HEAD\n\n# come\n\n${linesOf("come", 0, 2)}\n… 1 more line; see the job's log.\n\nFOOT\n`,
    );
  });

  test("what spans several lines stays or goes as one, and is counted as it is seen", () => {
    const fence = ["```", ...Array.from({ length: 20 }, () => "line of a snippet"), "```"].join("\n");
    const blocks = [block(1, "held", 3, { lines: ["first", fence, "last"] })];
    expect(fitted(blocks, 1)).toBe(
      "HEAD\n\n# held\n\nfirst\n\n… 23 more lines; see the job's log.\n\nFOOT\n",
    );
  });

  test("where there is room for nothing, head and foot stay, and the note between them", () => {
    const blocks = [block(0, "gone", 3), block(4, "none", 0)];
    expect(fittedBlocks(head, blocks, foot, 1)).toBe("HEAD\n\n… 3 more lines; see the job's log.\n\nFOOT\n");
  });

  test("no line is lost without being counted, and the limit holds", () => {
    const blocks = fc.array(
      fc.record({
        rank: fc.nat(4),
        open: fc.constantFrom("", "\n# open\n\n"),
        close: fc.constantFrom("", "\nclose\n"),
        lines: fc.array(
          fc.nat(90).map((length) => `line ${"x".repeat(length)}`),
          { maxLength: 30 },
        ),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(blocks, fc.integer({ min: 91, max: 5_000 }), (some, limit) => {
        const text = fittedBlocks(head, some, foot, limit);
        expect(text.length).toBeLessThanOrEqual(limit);
        const told = [...text.matchAll(/^… (\d+) more lines?; see the job's log\.$/gm)];
        const missing = told.reduce((sum, [, count]) => sum + Number(count), 0);
        const shown = text.match(/^line /gm)?.length ?? 0;
        expect(shown + missing).toBe(some.flatMap(({ lines }) => lines).length);
      }),
      { numRuns: 200 },
    );
  });
});
