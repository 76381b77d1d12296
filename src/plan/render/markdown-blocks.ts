// Decides what of a long Markdown text is kept when it must not exceed a number of characters.

/** A part of the text whose lines can be cut from the end. */
export interface Block {
  /** What must stay longest has the lowest number. */
  readonly rank: number;
  /** Printed before and after the lines; goes when no line fits. */
  readonly open: string;
  readonly close: string;
  readonly lines: readonly string[];
}

/** Room for the sentence that says how much was cut, and for one such sentence per cut block. */
const noteRoom = 80;

/**
 * The blocks in their order between head and foot, at most `limit` UTF-16 units long. Blocks of a higher rank are
 * cut first; each place where something is missing says how many lines. Head and foot are never cut.
 */
export function fittedBlocks(head: string, blocks: readonly Block[], foot: string, limit: number): string {
  const kept = new Map<Block, number>();
  let room = limit - head.length - foot.length - noteRoom;
  for (const block of blocks.toSorted((a, b) => a.rank - b.rank)) {
    const frame = block.open.length + block.close.length + noteRoom;
    const count = countThatFits(block.lines, room - frame);
    if (count === 0) continue;
    kept.set(block, count);
    room -= frame + lengthOf(block.lines.slice(0, count));
  }
  const body = blocks.map((block) => blockText(block, kept.get(block) ?? 0)).join("");
  const lost = blocks.filter((block) => !kept.has(block)).reduce((sum, block) => sum + block.lines.length, 0);
  return `${head}${body}${lost > 0 ? `${cutNote(lost)}\n` : ""}${foot}`;
}

function blockText({ open, lines, close }: Block, count: number): string {
  if (count === 0) return "";
  const left = lines.length - count;
  const shown = lines.slice(0, count).map((line) => `${line}\n`);
  return `${open}${shown.join("")}${left > 0 ? `\n${cutNote(left)}\n` : ""}${close}`;
}

function cutNote(count: number): string {
  return `… ${count} more ${count === 1 ? "line" : "lines"}; see the job's log.`;
}

function countThatFits(lines: readonly string[], room: number): number {
  let length = 0;
  for (const [index, line] of lines.entries()) {
    length += line.length + 1;
    if (length > room) return index;
  }
  return lines.length;
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}
