// Decides how the lines of a plan's text are laid out: aligned columns, colours, and what is folded.
import stringWidth from "string-width";
import { safeText } from "../../model/text.ts";
import type { Change } from "../plan.ts";
import { signOf, subjectWords } from "./change-words.ts";
import type { Names, Sign } from "./names.ts";
import type { Paint, Style } from "./style.ts";

/** What all sections of one text share. */
export interface Page {
  readonly paint: Paint;
  readonly names: Names;
  /** True: nothing is folded. */
  readonly all: boolean;
  readonly released: ReadonlySet<string>;
  /** What warnings say of single changes: their codes, by the id of the change. */
  readonly warned: ReadonlyMap<string, string>;
  /** What a person does to release the set with this digest. */
  readonly releaseWords: (digest: string) => string;
}

/** From here on additions of one kind to one identity are folded, and warnings of one code. */
export const foldedFrom = 50;

/** Wider subjects do not push the reasons of all other lines to the right. */
const widestColumn = 64;

/** The colour of each sign. */
export const styleOfSign: Readonly<Record<Sign, Style>> = { "+": "come", "-": "go", "~": "become" };

/** Aligned lines "+ attach  vm-orders-1  listed by team-orders/orders". */
export function changeLines(
  changes: readonly Change[],
  { paint, names }: Pick<Page, "paint" | "names">,
  noteOf: (change: Change) => string,
): readonly string[] {
  const rows = changes.map((change) => ({
    sign: signOf(change),
    kind: change.kind,
    subject: safeText(subjectWords(change, names)),
    note: safeText(noteOf(change)),
  }));
  const kindWidth = Math.max(0, ...rows.map(({ kind }) => kind.length));
  const widths = rows.map(({ subject }) => stringWidth(subject)).filter((width) => width <= widestColumn);
  const subjectWidth = Math.max(0, ...widths);
  return rows.map(({ sign, kind, subject, note }) => {
    const verb = paint(styleOfSign[sign], `${sign} ${kind.padEnd(kindWidth)}`);
    if (note === "") return `${verb}  ${subject}`;
    return `${verb}  ${padded(subject, subjectWidth)}  ${paint("quiet", note)}`;
  });
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}
