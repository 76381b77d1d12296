// Decides how a plan looks in a terminal and in a log: what happens to which identity and why, at a glance.
import stringWidth from "string-width";
import { idKey } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import { safeText } from "../../model/text.ts";
import type { Change, Orphan, Plan, Warning } from "../plan.ts";
import {
  byIdentity,
  type HeldGroup,
  heldGroups,
  type IdentityChanges,
  namesOf,
  type Sign,
  signOf,
  subjectWords,
  summaryWords,
} from "./change-words.ts";
import { type Names, placeOf } from "./names.ts";

/** What a piece of output is; a terminal shows each in its own colour. */
export type Style = "heading" | "come" | "go" | "become" | "held" | "warning" | "quiet";

/** Colours a text that is safe already, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** How the text is rendered. */
export interface TextOptions {
  /** Without it there is no colour. */
  readonly paint?: Paint;
  /** True: long lists of additions and warnings are not folded. Removals and what is held never are. */
  readonly all?: boolean;
}

/** From here on additions of one kind to one identity are folded, and warnings of one code. */
const foldedFrom = 50;

/** Wider subjects do not push the reasons of all other lines to the right. */
const widestColumn = 64;

const styleOfSign: Readonly<Record<Sign, Style>> = { "+": "come", "-": "go", "~": "become" };

interface Page {
  readonly paint: Paint;
  readonly names: Names;
  readonly all: boolean;
  readonly released: ReadonlySet<string>;
}

/** The whole plan as text, ending in its summary line. Every text from outside is made harmless. */
export function renderText(plan: Plan, options: TextOptions = {}): string {
  const page: Page = {
    paint: options.paint ?? ((_, text) => text),
    names: namesOf(plan),
    all: options.all ?? false,
    released: new Set(plan.released),
  };
  const sections = [
    ...byIdentity(plan.changes).map((group) => identityLines(group, page)),
    heldLines(plan, page),
    warningLines(plan.warnings, page),
    orphanLines(plan.orphans, page),
    [summaryLine(plan, page)],
  ].filter((lines) => lines.length > 0);
  return sections.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function summaryLine(plan: Plan, { paint }: Page): string {
  const isEmpty = plan.changes.length + plan.held.length === 0;
  const digest = isEmpty ? "" : ` ${paint("quiet", `(digest ${safeText(plan.digest)})`)}`;
  return `${paint("heading", summaryWords(plan))}${digest}`;
}

function identityLines({ identityId, title, changes }: IdentityChanges, page: Page): readonly string[] {
  const { paint, names } = page;
  const place = paint("quiet", `(${safeText(placeOf(identityId, names))})`);
  const heading = `${paint("heading", safeText(title))} → ${safeText(names(identityId))} ${place}`;
  const { shown, folded } = foldAdditions(changes, page);
  return [
    heading,
    ...changeLines(shown, page, (change) => reasonOf(change, page)).map((line) => `  ${line}`),
    ...folded.map(({ kind, count }) =>
      paint("quiet", `    … and ${count} more to ${kind} (--verbose lists them)`),
    ),
  ];
}

function reasonOf({ id, reason }: Change, { released }: Page): string {
  return released.has(id) ? `${reason} (released)` : reason;
}

/** Aligned lines "+ attach  vm-orders-1  listed by team-orders/orders". */
function changeLines(
  changes: readonly Change[],
  { paint, names }: Page,
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

function foldAdditions(
  changes: readonly Change[],
  { all }: Page,
): { readonly shown: readonly Change[]; readonly folded: readonly { kind: string; count: number }[] } {
  if (all) return { shown: changes, folded: [] };
  const seen = new Map<string, number>();
  const shown = changes.filter((change) => {
    if (signOf(change) !== "+") return true;
    const count = (seen.get(change.kind) ?? 0) + 1;
    seen.set(change.kind, count);
    return count <= foldedFrom;
  });
  const folded = [...seen].map(([kind, count]) => ({ kind, count: count - foldedFrom }));
  return { shown, folded: folded.filter(({ count }) => count > 0) };
}

function heldLines(plan: Plan, page: Page): readonly string[] {
  if (plan.held.length === 0) return [];
  const heading = page.paint("held", `Held (${plan.held.length})`);
  return [heading, ...heldGroups(plan.held).flatMap((group) => heldGroupLines(group, page))];
}

function heldGroupLines(group: HeldGroup, page: Page): readonly string[] {
  const { paint } = page;
  const title = `  ${paint("heading", safeText(group.title))} ${paint("held", group.reason)}`;
  const release = group.releasable ? [`    → release with --release ${group.digest}`] : [];
  return [
    title,
    ...group.parts.flatMap((part) => [
      ...changeLines(part.changes, page, () => "").map((line) => `    ${line}`),
      `      ${safeText(part.message)}`,
      `      → ${safeText(part.cure)}`,
    ]),
    ...release,
  ];
}

function warningLines(warnings: readonly Warning[], { paint, all }: Page): readonly string[] {
  if (warnings.length === 0) return [];
  const groups = [...Map.groupBy(warnings, ({ code }) => code)];
  const width = Math.max(...groups.map(([code]) => code.length));
  const lines = groups.flatMap(([code, group]) => {
    const shown = all ? group : group.slice(0, foldedFrom);
    const left = group.length - shown.length;
    return [
      ...shown.map(
        (warning) => `  ${paint("warning", safeText(code).padEnd(width))}  ${warningWords(warning)}`,
      ),
      ...(left > 0 ? [paint("quiet", `  … and ${left} more ${safeText(code)} (--verbose lists them)`)] : []),
    ];
  });
  return [paint("warning", `Warnings (${warnings.length})`), ...lines];
}

function warningWords({ message, document }: Warning): string {
  const place = document
    ? ` (${safeText(documentName(document))}, ${safeText(document.file)}:${document.line})`
    : "";
  return `${safeText(message)}${place}`;
}

function orphanLines(orphans: readonly Orphan[], { paint, names }: Page): readonly string[] {
  if (orphans.length === 0) return [];
  const heading = paint(
    "warning",
    `Orphans (${orphans.length}), named by no document: nothing of them is touched`,
  );
  return [
    heading,
    ...orphans.flatMap(({ identityId, targets, roles }) => [
      `  ${safeText(names(identityId))} ${paint("quiet", `(${safeText(placeOf(identityId, names))})`)}`,
      ...[...new Map(targets.map((id) => [idKey(id), id])).values()].map(
        (id) => `    attached to ${safeText(names(id))}`,
      ),
      ...roles.map(({ roleName, scope }) => `    holds ${safeText(roleName)} on ${safeText(names(scope))}`),
      "    → Declare it in a document: with lifecycle Released to let it go, Absent to delete it.",
    ]),
  ];
}
