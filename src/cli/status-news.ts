// Decides which changes of a status are told in one line each, where the whole cannot be drawn again.
import { safeText } from "../model/text.ts";
import type { DocumentHead, StatusAnswer } from "./status-answer.ts";
import { countsWords, documentWords, leadingOf, passWords, stateWord } from "./status-words.ts";

/** What is different from the answer before; of the first one the headline, and every document that is not Ready. */
export function statusNews(before: StatusAnswer | undefined, now: StatusAnswer): readonly string[] {
  const lines = [
    ...sourceNews(before, now),
    ...turnNews(before, now),
    ...documentsNews(before, now),
    ...orphanNews(before, now),
  ];
  return lines.map((line) => safeText(`${now.asOf}  ${line}`));
}

/** What is different in one document; of the first answer how it stands. */
export function documentNews(
  before: DocumentHead | undefined,
  now: DocumentHead,
  time: string,
): readonly string[] {
  const line = headLine(now);
  return before && headLine(before) === line ? [] : [safeText(`${time}  ${line}`)];
}

function headLine(document: DocumentHead): string {
  const { reason, message } = leadingOf(document);
  const why = document.ready ? "" : `: ${message}`;
  return `${documentWords(document)}  ${stateWord(document)} ${reason}${why}`;
}

/** The line, if it is another one than before and there is something to tell. */
function unlessSame<T>(before: T | undefined, now: T, lineOf: (of: T) => string): readonly string[] {
  const line = lineOf(now);
  return line === "" || (before !== undefined && lineOf(before) === line) ? [] : [line];
}

function sourceNews(before: StatusAnswer | undefined, now: StatusAnswer): readonly string[] {
  return [
    ...unlessSame(before, now, ({ role, owner }) => `role  ${role ?? "not known yet"}, owner ${owner}`),
    ...unlessSame(before, now, ({ revision }) => `revision  ${revision.inForce ?? "none in force"}`),
    ...(before?.revision.refusal && !now.revision.refusal ? ["refused  nothing any more"] : []),
    ...unlessSame(before, now, ({ revision: { refusal } }) =>
      refusal ? `refused  ${refusal.reason} ${refusal.revision ?? ""}: ${refusal.message}` : "",
    ),
    ...unlessSame(before, now, ({ stopping }) => (stopping ? `stopping  ${stopping.why}` : "")),
  ];
}

function turnNews(before: StatusAnswer | undefined, now: StatusAnswer): readonly string[] {
  const known = new Set(before?.history.map(({ id }) => id));
  const passes = now.history
    .filter(({ id, endedAt }) => endedAt !== null && !known.has(id))
    .slice(0, before ? undefined : 1)
    .toReversed()
    .filter(({ changes }) => Object.keys(changes).length > 0);
  return [
    ...passes.map((pass) => `pass ${pass.turn}.${pass.number}  ${passWords(pass)}`),
    ...unlessSame(before, now, ({ lastTurn }) =>
      lastTurn?.failure ? `turn failed  ${lastTurn.failure.code}: ${lastTurn.failure.message}` : "",
    ),
  ];
}

function documentsNews(before: StatusAnswer | undefined, now: StatusAnswer): readonly string[] {
  const keyOf = ({ kind, namespace, name }: DocumentHead): string => `${kind}/${namespace}/${name}`;
  const known = new Map(before?.documents.map((document) => [keyOf(document), document]));
  const present = new Set(now.documents.map(keyOf));
  const changed = now.documents.filter((document) => {
    const was = known.get(keyOf(document));
    return was ? headLine(was) !== headLine(document) : before !== undefined || !document.ready;
  });
  const gone = before?.documents.filter((document) => !present.has(keyOf(document))) ?? [];
  const counts = countsWords(
    Object.fromEntries([...Map.groupBy(now.documents, stateWord)].map(([state, of]) => [state, of.length])),
  );
  return [
    ...(before ? [] : [`documents  ${counts === "" ? "none looked at yet" : counts}`]),
    ...changed.map(headLine),
    ...gone.map((document) => `${documentWords(document)}  vanished with the revision that had it`),
  ];
}

function orphanNews(before: StatusAnswer | undefined, now: StatusAnswer): readonly string[] {
  const known = new Set(before?.orphans.map(({ identityId }) => identityId));
  const present = new Set(now.orphans.map(({ identityId }) => identityId));
  return [
    ...[...present].filter((id) => !known.has(id)).map((id) => `orphan  ${id}`),
    ...[...known].filter((id) => !present.has(id)).map((id) => `no orphan any more  ${id}`),
  ];
}
