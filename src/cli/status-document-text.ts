// Decides how the status of one document is shown to people.
import { safeText } from "../model/text.ts";
import type { Style } from "../plan/render/style.ts";
import type { DocumentAnswer, ThingList, ThingRow } from "./status-answer.ts";
import { heldLines } from "./status-held-text.ts";
import {
  agoWords,
  countsWords,
  documentWords,
  durationWords,
  forWords,
  indented,
  leadingOf,
  type StatusView,
  stateWord,
  styleOfState,
} from "./status-words.ts";

/** One document as text that ends in a line break. */
export function renderDocumentStatusText(answer: DocumentAnswer, view: StatusView): string {
  const { lastOutcomes } = answer;
  const outcomes = lastOutcomes
    ? thingLines(
        `Last outcomes, of pass ${lastOutcomes.passId} ${agoWords(lastOutcomes.at, view.nowInMs)}`,
        { counts: {}, things: lastOutcomes.things },
        lastOutcomes.count,
        view,
      )
    : [];
  const sections = [
    headLines(answer, view),
    listLines("Attachments", answer.attachments, view),
    listLines("Grants", answer.grants, view),
    listLines("Other changes", answer.others, view),
    heldLines([answer], view),
    outcomes,
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function headLines(answer: DocumentAnswer, { paint, nowInMs }: StatusView): readonly string[] {
  const { observedRevision, observedAt, lastAppliedRevision, nextRetryAt } = answer;
  const state = stateWord(answer);
  const { reason, message, since } = leadingOf(answer);
  const place = safeText(`(${answer.file}:${answer.line})`);
  return [
    `${paint("heading", documentWords(answer))} ${paint("quiet", place)}`,
    `${paint(styleOfState(state), state)} ${forWords(since, nowInMs)}: ${reason}`,
    ...indented("  ", message),
    safeText(`Revision ${observedRevision}, observed ${agoWords(observedAt, nowInMs)}`),
    safeText(`Last applied: ${lastAppliedRevision ?? "none since the daemon has started"}`),
    ...(nextRetryAt === null ? [] : [`Tried again in ${durationWords(nowInMs, Date.parse(nextRetryAt))}`]),
  ];
}

function listLines(title: string, list: ThingList, view: StatusView): readonly string[] {
  const all = Object.values(list.counts).reduce((sum, count) => sum + count, 0);
  return thingLines(`${title}: ${countsWords(list.counts)}`, list, all, view);
}

function thingLines(title: string, { things }: ThingList, all: number, view: StatusView): readonly string[] {
  if (all === 0) return [];
  const width = Math.max(0, ...things.map(({ state }) => safeText(state, { max: 20 }).length));
  const more = all - things.length;
  return [
    view.paint("heading", safeText(title)),
    ...things.flatMap((thing) => linesOf(thing, width, view)),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

const styles = new Map<string, Style>([
  ["UpToDate", "come"],
  ["Applied", "come"],
  ["Failed", "go"],
  ["Held", "held"],
]);

function linesOf(thing: ThingRow, width: number, { paint }: StatusView): readonly string[] {
  const { state, what, change, reason, message, correlationId } = thing;
  const word = safeText(state, { max: 20 });
  const verb = change === null ? "" : `${change} `;
  const line = `  ${paint(styles.get(state) ?? "become", word.padEnd(width))}  ${safeText(`${verb}${what}`)}`;
  if (state === "UpToDate" || state === "Applied") return [line];
  const told = [reason, message].filter((text) => text !== null).join(": ");
  return [
    line,
    ...indented("    ", correlationId === null ? told : `${told} (correlation id ${correlationId})`),
  ];
}
