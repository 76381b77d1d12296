// Decides what `bindery status` asks for: the whole daemon, or a document by its name.
import { quoted } from "../model/text.ts";
import { CliError, exitCodes } from "./errors.ts";
import { DocumentAnswer, StatusAnswer } from "./status-answer.ts";
import { type Asked, askServer, noStatus, type StatusServer } from "./status-client.ts";
import { renderDocumentStatusText } from "./status-document-text.ts";
import { documentNews, statusNews } from "./status-news.ts";
import { renderStatusText } from "./status-text.ts";
import type { StatusView } from "./status-words.ts";

/** What is asked for, and how an answer is shown. */
export interface StatusSubject<T> {
  /** Asks once. Throws a `CliError` where asking again cannot help. */
  look(stop: AbortSignal): Promise<{ readonly answer: T } | { readonly unreachable: string }>;
  isReady(answer: T): boolean;
  text(answer: T, view: StatusView): string;
  /** As the daemon has given it. */
  json(answer: T): unknown;
  /** What has changed since the answer before, one line each; of the first one what matters most. */
  news(before: T | undefined, now: T): readonly string[];
}

interface Answer<T> {
  readonly answer: T;
  readonly json: unknown;
}

/** Answers are of one kind throughout: what shows them is handed the very thing that `look` gave. */
export type AnySubject = StatusSubject<unknown>;

/** The subject that an argument names. Throws a `CliError` for what names nothing. */
export function subjectFrom(
  document: string | undefined,
  server: StatusServer,
  output: "text" | "json",
): AnySubject {
  return (document === undefined ? wholeStatus(server) : oneDocument(document, server, output)) as AnySubject;
}

function wholeStatus(server: StatusServer): StatusSubject<Answer<StatusAnswer>> {
  return {
    async look(stop) {
      const asked = await askServer(server, "api/v1/status", StatusAnswer, stop);
      if (asked.kind === "missing") throw noStatus(server.base, "it has no /api/v1/status");
      return asked.kind === "unreachable" ? { unreachable: asked.message } : { answer: asked };
    },
    isReady: ({ answer }) => answer.ready,
    text: ({ answer }, view) => renderStatusText(answer, view),
    json: ({ json }) => json,
    news: (before, { answer }) => statusNews(before?.answer, answer),
  };
}

const kinds = new Map([
  ["identitybinding", "IdentityBinding"],
  ["binding", "IdentityBinding"],
  ["userassignedidentity", "UserAssignedIdentity"],
  ["identity", "UserAssignedIdentity"],
]);

/** An identity and a binding may have the same name: as text both are shown, as JSON the kind must be told. */
function oneDocument(
  name: string,
  server: StatusServer,
  output: "text" | "json",
): StatusSubject<readonly Answer<DocumentAnswer>[]> {
  const paths = pathsOf(name);
  return {
    async look(stop) {
      const asked = await Promise.all(paths.map((path) => askServer(server, path, DocumentAnswer, stop)));
      const unreachable = asked.find((one) => one.kind === "unreachable");
      if (unreachable) return { unreachable: unreachable.message };
      return { answer: found(name, asked, output) };
    },
    isReady: (documents) => documents.every(({ answer }) => answer.ready),
    text: (documents, view) =>
      documents.map(({ answer }) => renderDocumentStatusText(answer, view)).join("\n"),
    json: ([document]) => document?.json,
    news: (before, now) =>
      now.flatMap(({ answer }) => {
        const known = before?.find((one) => one.answer.kind === answer.kind);
        return documentNews(known?.answer, answer, answer.observedAt);
      }),
  };
}

function pathsOf(text: string): readonly string[] {
  const parts = text.split("/");
  const [namespace = "", name = ""] = parts.slice(-2);
  const kind = parts.length === 3 ? kinds.get(parts[0]?.toLowerCase() ?? "") : undefined;
  const isName = [namespace, name].every((part) => /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(part));
  if (!isName || parts.length < 2 || parts.length > 3 || (parts.length === 3 && kind === undefined)) {
    throw new CliError(
      exitCodes.badInput,
      `${quoted(text)} names no document.`,
      "Write NAMESPACE/NAME, or IdentityBinding/NAMESPACE/NAME or UserAssignedIdentity/NAMESPACE/NAME.",
    );
  }
  const wanted = kind === undefined ? ["UserAssignedIdentity", "IdentityBinding"] : [kind];
  return wanted.map((one) => `api/v1/documents/${one}/${namespace}/${name}`);
}

function found(
  name: string,
  asked: readonly Asked<DocumentAnswer>[],
  output: "text" | "json",
): readonly Answer<DocumentAnswer>[] {
  const documents = asked.filter((one) => one.kind === "answer");
  if (documents.length === 0) {
    throw new CliError(
      exitCodes.badInput,
      `The daemon knows no document ${quoted(name)}.`,
      "`bindery status` lists all of them; one of a new revision is there after its first pass.",
    );
  }
  if (documents.length > 1 && output === "json") {
    throw new CliError(
      exitCodes.badInput,
      `There are two documents ${quoted(name)}.`,
      `Write IdentityBinding/${name} or UserAssignedIdentity/${name}.`,
    );
  }
  return documents;
}
