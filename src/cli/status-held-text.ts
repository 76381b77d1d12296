// Decides how what is held is shown in a status: each set once, whatever the number of its documents, with its cure.
import { safeText } from "../model/text.ts";
import { releaseInPolicy } from "../plan/render/held-groups.ts";
import type { DocumentHead, DocumentRow } from "./status-answer.ts";
import { countsWords, documentWords, durationWords, indented, type StatusView } from "./status-words.ts";

/** More documents of a set are counted, not listed. */
const mostNamed = 3;

/** What is held of these documents, or nothing. */
export function heldLines(
  documents: readonly Pick<DocumentHead, "kind" | "namespace" | "name" | "held">[],
  { paint }: Pick<StatusView, "paint">,
): readonly string[] {
  const all = documents.flatMap((document) => document.held.map((set) => ({ document, set })));
  const groups = Map.groupBy(all, ({ set }) =>
    JSON.stringify([set.reason, set.digest, set.message, set.cure]),
  );
  if (groups.size === 0) return [];
  const lines = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { reason, message, cure, digest, releasable } = first.set;
    const count = group.reduce((sum, { set }) => sum + set.count, 0);
    const whose = group.slice(0, mostNamed).map(({ document }) => documentWords(document as DocumentHead));
    const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : "";
    const changes = `${count} ${count === 1 ? "change" : "changes"}`;
    const release = `Or approve it: ${releaseInPolicy(digest)}.`;
    return [
      `  ${paint("held", safeText(reason))}  ${safeText(`${changes} of ${whose.join(", ")}${more}`)}`,
      ...indented("    ", message),
      ...indented("    → ", cure),
      ...(releasable ? indented("    → ", release) : []),
    ];
  });
  return [paint("heading", "Held"), ...lines];
}

/** How far a document is, in a few words: what is not up to date, and when it is tried again. */
export function noteOf(
  { attachments, grants, nextRetryAt }: Pick<DocumentRow, "attachments" | "grants" | "nextRetryAt">,
  nowInMs: number,
): string {
  const retry = nextRetryAt === null ? "" : `again in ${durationWords(nowInMs, Date.parse(nextRetryAt))}`;
  const words = [openWords("attachments", attachments), openWords("grants", grants), retry];
  return words.filter((word) => word !== "").join("; ");
}

function openWords(what: string, counts: Readonly<Record<string, number>>): string {
  const words = countsWords(counts);
  return words === "" ? "" : `${what} ${words}`;
}
