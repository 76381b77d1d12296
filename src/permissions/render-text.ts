// Decides how rights are told to people: scope by scope, each action with the lines that need it.
import { idKey } from "../model/arm-id.ts";
import { databaseName } from "../model/database.ts";
import { type DocumentRef, documentName } from "../model/document.ts";
import { safeText } from "../model/text.ts";
import type { Paint } from "../plan/render/style.ts";
import type { Need, Reason } from "./needs.ts";
import type { Verdict } from "./permits.ts";
import type { RightsReport } from "./report.ts";
import { workNamed } from "./work.ts";

const plain: Paint = (_, text) => text;

/** The rights as text. Every text from outside is made harmless. */
export function renderRightsText(report: RightsReport, paint: Paint = plain): string {
  const { owner, purpose, needs, databases, notes } = report;
  const what = purpose === "plan" ? "plan" : "plan and apply";
  const sections = [
    [paint("heading", `What Bindery ${safeText(owner)} needs to ${what}`)],
    ...byScopes(needs).map(({ scopes, group }) => [
      ...scopes.map((scope) => paint("heading", safeText(scope))),
      ...needLines(group),
    ]),
    ...databases.map(({ ref, statements, documents }) => [
      `${paint("heading", `Database ${safeText(databaseName(ref))}`)}  ${places(documents)}`,
      ...statements.map((statement) => `  ${safeText(statement)}`),
    ]),
    notes.map((note) => `${paint("warning", "Note")}  ${safeText(note)}`),
  ];
  return textOf(sections);
}

/** What is missing or unknown of the rights, as text. */
export function renderRightsCheckText(
  { owner, needs }: Pick<RightsReport, "owner" | "needs">,
  { missing, unknown }: Verdict<Need>,
  paint: Paint = plain,
): string {
  const part = (title: string, list: readonly Need[]) =>
    byScopes(list).map(({ scopes, group }) => [
      ...scopes.map((scope) => `${paint("held", title)} ${paint("heading", `at ${safeText(scope)}`)}`),
      ...needLines(group),
    ]);
  const unclear = unknown.length === 0 ? "" : `, ${unknown.length} could not be checked`;
  const end = `${needs.length} rights of Bindery ${safeText(owner)}: ${missing.length} missing${unclear}.`;
  return textOf([...part("Missing", missing), ...part("Not known", unknown), [paint("heading", end)]]);
}

function textOf(sections: readonly (readonly string[])[]): string {
  const shown = sections.filter((lines) => lines.length > 0);
  return shown.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

interface ScopeGroup {
  readonly scopes: readonly string[];
  readonly group: readonly Need[];
}

/** Scope by scope; those that need the same for the same reasons (all of an estate) stand together. */
function byScopes(needs: readonly Need[]): readonly ScopeGroup[] {
  const byScope = [
    ...Map.groupBy(needs, ({ scope, work }) => `${workNamed(work).phase} ${idKey(scope)}`).values(),
  ];
  const same = Map.groupBy(byScope, (group) => needLines(group).join("\n"));
  return [...same.values()].map((groups) => ({
    scopes: groups.flatMap(([first]) => (first ? [first.scope] : [])),
    group: groups[0] ?? [],
  }));
}

function needLines(needs: readonly Need[]): readonly string[] {
  const width = Math.max(0, ...needs.map(({ action }) => safeText(action).length));
  return needs.map(
    ({ action, work, reasons }) =>
      `  ${safeText(action).padEnd(width)}  to ${safeText(workNamed(work).what)}${reasonWords(reasons)}`,
  );
}

function reasonWords(reasons: readonly Reason[]): string {
  const [first] = reasons.filter(({ document }) => document !== undefined);
  if (!first?.document) return "";
  const rest = reasons.length > 1 ? `, and ${reasons.length - 1} more` : "";
  return `: ${safeText(first.what)} ${places([first.document])}${rest}`;
}

/** The first document of several, with its line. */
function places(documents: readonly DocumentRef[]): string {
  const [first] = documents;
  if (!first) return "";
  const rest = documents.length > 1 ? `, and ${documents.length - 1} more` : "";
  return `(${safeText(documentName(first))}, ${safeText(first.file)}:${first.line}${rest})`;
}
