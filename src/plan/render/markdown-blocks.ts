// Decides what of a long Markdown text is kept when it must not exceed a number of characters.

/** A part of the text whose lines can be cut from the end; nothing of it is printed where there are no lines. */
export interface Block {
  /** What must stay longest has the lowest number. */
  readonly rank: number;
  /** Printed before and after the lines; goes when no line fits. */
  readonly open: string;
  readonly close: string;
  /** What is kept or cut as one; it may span several lines of the text. */
  readonly lines: readonly string[];
}

/** Room for the sentence that says how much was cut. */
const noteRoom = 80;

/**
 * The blocks in their order between head and foot, at most `limit` UTF-16 units long; what fits is whole. Blocks of
 * a higher rank are cut first; each place where something is missing says how many lines. Head and foot are never cut.
 */
export function fittedBlocks(head: string, blocks: readonly Block[], foot: string, limit: number): string {
  const room = limit - head.length - foot.length;
  const whole = blocks.map(wholeText).join("");
  return `${head}${whole.length <= room ? whole : cutText(blocks, room - noteRoom)}${foot}`;
}

function cutText(blocks: readonly Block[], roomForAll: number): string {
  const kept = new Map<Block, number>();
  let room = roomForAll;
  for (const block of blocks.toSorted((a, b) => a.rank - b.rank)) {
    const count = countThatFits(block, room);
    if (count === 0) continue;
    kept.set(block, count);
    room -= blockText(block, count).length;
  }
  const body = blocks.flatMap((block) => blockText(block, kept.get(block) ?? 0));
  const lost = blocks.flatMap((block) => (kept.has(block) ? [] : block.lines));
  return `${body.join("")}${cutNote(lost)}`;
}

function wholeText(block: Block): string {
  return blockText(block, block.lines.length);
}

function blockText({ open, lines, close }: Block, count: number): string {
  if (count === 0) return "";
  const shown = lines.slice(0, count).map((line) => `${line}\n`);
  return `${open}${shown.join("")}${cutNote(lines.slice(count))}${close}`;
}

/** A paragraph of its own: without the empty line before it, it would be read as part of the list or table above. */
function cutNote(left: readonly string[]): string {
  if (left.length === 0) return "";
  const count = left.join("\n").split("\n").length;
  return `\n… ${count} more ${count === 1 ? "line" : "lines"}; see the job's log.\n`;
}

function countThatFits(block: Block, room: number): number {
  const { open, lines, close } = block;
  if (wholeText(block).length <= room) return lines.length;
  let length = open.length + close.length + noteRoom;
  for (const [index, line] of lines.entries()) {
    length += line.length + 1;
    if (length > room) return index;
  }
  return 0;
}
