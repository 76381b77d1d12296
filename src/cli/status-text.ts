// Decides how the status of a daemon is shown to people: what matters first, what is as it should be folded.
import stringWidth from "string-width";
import { safeText } from "../model/text.ts";
import type { DocumentRow, StatusAnswer } from "./status-answer.ts";
import { heldLines, noteOf } from "./status-held-text.ts";
import {
  agoWords,
  countsWords,
  documentWords,
  durationWords,
  forWords,
  indented,
  leadingOf,
  passWords,
  type StatusView,
  stateWord,
  styleOfState,
} from "./status-words.ts";

/** More documents that are Ready, orphans and warnings are counted, not listed. */
const mostReady = 20;
const mostOrphans = 20;
const mostWarnings = 10;

/** The whole status as text that ends in a line break. */
export function renderStatusText(answer: StatusAnswer, view: StatusView): string {
  const sections = [
    headLines(answer, view),
    documentLines(answer, view),
    heldLines(answer.documents, view),
    orphanLines(answer, view),
    warningLines(answer, view),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function headLines(answer: StatusAnswer, { paint, nowInMs }: StatusView): readonly string[] {
  const { version, cloud, tenantId, owner, source, role, roleSince, revision, stopping, drift } = answer;
  const since = role === null ? "" : ` ${forWords(roleSince, nowInMs)}`;
  const who = `Bindery ${version}: ${role ?? "starting"}${since}, owner ${owner}`;
  const inForce =
    revision.inForce === null
      ? "none is known to be good: nothing is written"
      : `${revision.inForce} in force ${forWords(revision.since, nowInMs)}`;
  const isBehind = revision.observed !== null && revision.observed !== revision.inForce;
  return [
    paint("heading", safeText(who)),
    row("Azure", `cloud ${cloud}, tenant ${tenantId}`),
    row("Source", source),
    row("Revision", inForce),
    ...(isBehind ? [row("", `the documents below are those of ${revision.observed}`)] : []),
    ...refusalLines(answer, { paint, nowInMs }),
    ...turnLines(answer, { paint, nowInMs }),
    ...(drift.last
      ? [row("Drift", `${drift.total} since the start, the last ${agoWords(drift.last.at, nowInMs)}`)]
      : []),
    ...(stopping ? [paint("warning", row("Stopping", stopping.why))] : []),
  ];
}

function row(title: string, text: string): string {
  return `${title.padEnd(10)} ${safeText(text)}`;
}

function refusalLines({ revision }: StatusAnswer, { paint, nowInMs }: StatusView): readonly string[] {
  const { refusal } = revision;
  if (!refusal) return [];
  const which = refusal.revision === null ? "" : `, revision ${refusal.revision}`;
  const words = `${refusal.reason} ${forWords(refusal.since, nowInMs)}${which}`;
  return [paint("go", row("Refused", words)), ...indented(" ".repeat(11), refusal.message)];
}

function turnLines(answer: StatusAnswer, { paint, nowInMs }: StatusView): readonly string[] {
  const { turn, lastTurn, nextTurnAt, history, failedTurns } = answer;
  const next =
    nextTurnAt === null
      ? "nothing is due"
      : `the next turn in ${durationWords(nowInMs, Date.parse(nextTurnAt))}`;
  const now = turn
    ? `turn ${turn.turn} ${forWords(turn.startedAt, nowInMs)} (${turn.reasons.join(", ")})${reportWords(turn)}`
    : next;
  const { failure } = lastTurn ?? {};
  const last = lastTurn
    ? `turn ${lastTurn.turn} ${lastTurn.end} ${agoWords(lastTurn.endedAt, nowInMs)}${reportWords(lastTurn)}`
    : "no turn has ended yet";
  const pass = history.find(({ endedAt }) => endedAt !== null);
  const inARow = failedTurns > 1 ? ` (${failedTurns} turns in a row)` : "";
  return [
    ...(pass?.endedAt
      ? [
          row(
            "Last pass",
            `${agoWords(pass.endedAt, nowInMs)}, ${durationWords(Date.parse(pass.startedAt), Date.parse(pass.endedAt))} long: ${passWords(pass)}`,
          ),
        ]
      : []),
    row("Last turn", last),
    ...(failure ? [paint("go", row("Failed", `${failure.code}: ${failure.message}${inARow}`))] : []),
    row("Now", now),
  ];
}

function reportWords({ reportsBecause }: { readonly reportsBecause: string | null }): string {
  return reportsBecause === null ? "" : `, only reporting (${reportsBecause})`;
}

function documentLines({ documents }: StatusAnswer, view: StatusView): readonly string[] {
  const states = Map.groupBy(documents, stateWord);
  const counts = Object.fromEntries([...states].map(([state, group]) => [state, group.length]));
  const [good, bad] = [documents.filter((one) => one.ready), documents.filter((one) => !one.ready)];
  const shown = [...bad, ...good.slice(0, mostReady)];
  const folded = documents.length - shown.length;
  const title = documents.length === 0 ? "No document has been looked at yet" : countsWords(counts);
  return [
    view.paint("heading", `Documents: ${title}`),
    ...tableLines(shown, view),
    ...(folded > 0 ? [`  … and ${folded} more that are Ready`] : []),
  ];
}

function tableLines(documents: readonly DocumentRow[], { paint, nowInMs }: StatusView): readonly string[] {
  const rows = documents.map((document) => {
    const { reason, message, since } = leadingOf(document);
    const cells = [stateWord(document), reason, forWords(since, nowInMs), documentWords(document)];
    const note = noteOf(document, nowInMs);
    return { document, cells, message, note };
  });
  const widths = [0, 1, 2, 3].map((i) =>
    Math.max(0, ...rows.map(({ cells }) => stringWidth(cells[i] ?? ""))),
  );
  return rows.flatMap(({ document, cells, message, note }) => {
    const [state = "", ...others] = cells.map((cell, i) => padded(cell, widths[i] ?? 0));
    const line = `  ${paint(styleOfState(cells[0] ?? ""), state)}  ${others.join("  ")}${note === "" ? "" : `  ${paint("quiet", note)}`}`;
    return [line.trimEnd(), ...(document.ready ? [] : indented("    ", message))];
  });
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

function orphanLines({ orphans }: StatusAnswer, { paint }: StatusView): readonly string[] {
  if (orphans.length === 0) return [];
  const more = orphans.length - mostOrphans;
  return [
    paint("warning", `Orphans (${orphans.length})`),
    ...orphans
      .slice(0, mostOrphans)
      .flatMap(({ conditions }) => indented("  ", leadingOf({ conditions }).message)),
    ...(more > 0 ? [`  … and ${more} more, which --output json lists`] : []),
  ];
}

function warningLines({ warnings }: StatusAnswer, { paint }: StatusView): readonly string[] {
  if (warnings.length === 0) return [];
  const more = warnings.length - mostWarnings;
  return [
    paint("warning", `Warnings of the last pass (${warnings.length})`),
    ...warnings.slice(0, mostWarnings).map(({ code, message }) => `  ${safeText(`${code}  ${message}`)}`),
    ...(more > 0 ? [`  … and ${more} more, which --output json lists`] : []),
  ];
}
