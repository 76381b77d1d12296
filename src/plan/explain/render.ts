// Decides how the answer to "why has this what it has?" looks, for people and for programs.

import { databaseName } from "../../model/database.ts";
import { type DocumentRef, documentName } from "../../model/document.ts";
import { safeText } from "../../model/text.ts";
import { type Names, namesFor } from "../render/names.ts";
import { jsonText } from "../render/safe-json.ts";
import type { Paint, Style } from "../render/style.ts";
import type {
  ExplainedAssignment,
  ExplainedAttachment,
  ExplainedDatabaseRight,
  ExplainedIdentity,
  Explanation,
  Standing,
  Wish,
} from "./explanation.ts";

/** The version of the JSON shape of an explanation. */
export const explanationApiVersion = "bindery.dev/explanation/v1";

const styles: Readonly<Record<Standing, Style>> = {
  Declared: "come",
  Missing: "become",
  Undeclared: "go",
  Ignored: "quiet",
  Foreign: "quiet",
};

interface Page {
  readonly names: Names;
  readonly paint: Paint;
}

/** The explanation as JSON, ending in a line break. */
export function renderExplanationJson(explanation: Explanation): string {
  return jsonText({ apiVersion: explanationApiVersion, ...explanation });
}

/** The explanation as text, ending in a line break. Every text from outside is made harmless. */
export function renderExplanationText(explanation: Explanation, paint: Paint = (_, text) => text): string {
  const { resourceId, revision, kind, attachments, assignments, reach = [], systemAssigned } = explanation;
  const { databases = [] } = explanation;
  const ids = [
    ...attachments.flatMap((a) => [a.identityId, a.targetId]),
    ...[...assignments, ...reach].flatMap((a) => [a.identityId, a.scope]),
    ...databases.map((d) => d.identityId),
    resourceId,
  ];
  const page = { names: namesFor(ids), paint };
  const system =
    systemAssigned === undefined ? [] : [`System-assigned identity: ${systemAssigned ? "yes" : "no"}.`];
  const sections = [
    [
      paint("heading", safeText(resourceId)),
      paint("quiet", `As the documents are at revision ${safeText(revision)}.`),
      ...identityLines(explanation.identity),
      ...system,
    ],
    section(
      "Attached",
      attachments.map((one) => attachmentLine(one, kind, page)),
      page,
    ),
    section(
      "Has through them",
      reach.map((one) => assignmentLine(one, "reach", page)),
      page,
    ),
    section(
      kind === "identity" ? "Roles" : "Who has roles on it",
      assignments.map((one) => assignmentLine(one, kind, page)),
      page,
    ),
    section(
      "In databases",
      databases.map((one) => databaseLine(one, kind, page)),
      page,
    ),
    section(
      "Doubts",
      explanation.doubts.map((doubt) => safeText(doubt)),
      page,
    ),
    emptyLines(explanation),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function emptyLines({ kind, attachments, assignments, databases = [] }: Explanation): readonly string[] {
  if (attachments.length + assignments.length + databases.length > 0) return [];
  if (kind === "database") return ["No identity has anything there, as far as this credential can see."];
  const what =
    kind === "identity"
      ? "It is attached to nothing and has no role"
      : "No identity is attached here, and none of ours has a role here";
  return [`${what}, as far as this credential can see.`];
}

function section(title: string, lines: readonly string[], { paint }: Page): readonly string[] {
  return lines.length === 0 ? [] : [paint("heading", title), ...lines.map((line) => `  ${line}`)];
}

function identityLines(identity: ExplainedIdentity | undefined): readonly string[] {
  if (!identity) return [];
  const { document, lifecycle, prunePolicy, principalId, clientId } = identity;
  const declared = document
    ? `Declared by ${placeOf(document)}: lifecycle ${lifecycle}, prunePolicy ${prunePolicy}.`
    : identity.orphaned
      ? "Declared by nobody any more: an orphan, nothing of it is touched until a document says Released or Absent."
      : "Declared by nobody.";
  const principal =
    principalId === undefined
      ? "It does not exist in Azure."
      : `Principal ${safeText(principalId)}, client ${safeText(clientId ?? "")}.`;
  return [declared, `It is ${ownershipWords(identity)}.`, principal];
}

function ownershipWords({ ownership, owner }: Pick<ExplainedIdentity, "ownership" | "owner">): string {
  switch (ownership) {
    case "Absent":
      return "not there yet";
    case "Unowned":
      return "without an owner tag, not ours";
    case "Lost":
      return "no longer tagged as ours";
    case "Another":
      return `owned by ${safeText(owner ?? "another instance")}`;
    case "Ours":
      return "owned by this instance";
    case "Unfinished":
      return "owned by this instance, its creation is unfinished";
    case "Copied":
      return "with a copied owner tag, not ours";
    case "Recreated":
      return "deleted and created again by someone else";
  }
}

function attachmentLine(one: ExplainedAttachment, kind: Explanation["kind"], { names, paint }: Page): string {
  const what = safeText(names(kind === "identity" ? one.targetId : one.identityId));
  const whose = kind === "identity" ? "" : `; the identity is ${ownershipWords(one)}`;
  return `${paint(styles[one.standing], what)}  ${standingWords(one)}${whose}`;
}

function assignmentLine(
  one: ExplainedAssignment,
  kind: Explanation["kind"] | "reach",
  { names, paint }: Page,
): string {
  const who = kind === "identity" ? "" : `${safeText(names(one.identityId))}: `;
  const isAbout = kind === "identity" || kind === "reach" || one.inherited;
  const where = isAbout ? ` on ${safeText(names(one.scope))}` : "";
  const notes = [
    ...(one.condition === undefined ? [] : ["with a condition"]),
    ...(one.inherited ? ["inherited"] : []),
    ...(one.markedBy === undefined ? [] : [`marked by ${safeText(one.markedBy)}`]),
  ];
  const note = notes.length > 0 ? ` (${notes.join(", ")})` : "";
  const what = paint(styles[one.standing], `${who}${safeText(one.roleName)}${where}`);
  return `${what}${note}  ${standingWords(one)}`;
}

function databaseLine(
  one: ExplainedDatabaseRight,
  kind: Explanation["kind"],
  { names, paint }: Page,
): string {
  const who = kind === "identity" ? "" : `${safeText(names(one.identityId))}: `;
  const verb = one.denied === true ? "DENY of " : "";
  const what = one.kind === "user" ? `user ${one.userName}` : one.what;
  const notes = [
    ...(one.dead === true ? ["of a principal that is gone"] : []),
    ...(one.markedBy === undefined ? [] : [`marked by ${safeText(one.markedBy)}`]),
  ];
  const note = notes.length > 0 ? ` (${notes.join(", ")})` : "";
  const text = `${who}${verb}${safeText(what)} in ${safeText(databaseName(one.database))}`;
  return `${paint(styles[one.standing], text)}${note}  ${standingWords(one)}`;
}

function standingWords({
  standing,
  wishes,
  orphaned,
  unseen,
}: Pick<ExplainedAttachment, "standing" | "wishes" | "orphaned"> &
  Pick<ExplainedDatabaseRight, "unseen">): string {
  switch (standing) {
    case "Declared":
      return wishes.map(wishWords).join("; ");
    case "Missing":
      return `${unseen ? "not known to be there" : "not there"}, though ${wishes.map(wishWords).join("; ")}`;
    case "Undeclared":
      return orphaned
        ? "nobody: no document names the identity any more (an orphan)"
        : "nobody: no document lists it";
    case "Ignored":
      return "nobody: its document leaves it to others (ignore)";
    case "Foreign":
      return "not ours: no document lists it";
  }
}

function wishWords({ document, how, suspended }: Wish): string {
  const verb = how === "selector" ? "matches the selector of" : "listed by";
  return `${verb} ${placeOf(document)}${suspended ? " (suspended)" : ""}`;
}

function placeOf(document: DocumentRef): string {
  return `${safeText(documentName(document))} (${safeText(document.file)}:${document.line})`;
}
