// Decides how a plan looks in a terminal and in a log: what happens to which identity and why, at a glance.
import { safeText } from "../../model/text.ts";
import type { Change, Plan } from "../plan.ts";
import { byIdentity, type IdentityChanges, namesOf, signOf, summaryWords, warnedIn } from "./change-words.ts";
import { releaseCommand, releaseInPolicy } from "./held-groups.ts";
import { placeOf } from "./names.ts";
import type { Paint } from "./style.ts";
import { changeLines, foldedFrom, type Page } from "./text-page.ts";
import { blastLines, heldLines, orphanLines, selectorLines, warningLines } from "./text-sections.ts";

/** How the text is rendered. */
export interface TextOptions {
  /** Without it there is no colour. */
  readonly paint?: Paint;
  /** True: long lists of additions, gains and warnings are not folded. Removals, losses and what is held never are. */
  readonly all?: boolean;
  /** "bindery apply manifests --policy policy.yaml": what releases begin with. */
  readonly applyCommand?: string;
  /** True: the plan is a daemon's, which has no command line to release with, only its policy. */
  readonly releasedByPolicy?: boolean;
}

/** The whole plan as text, ending in its summary line. Every text from outside is made harmless. */
export function renderText(plan: Plan, options: TextOptions = {}): string {
  const page: Page = {
    paint: options.paint ?? ((_, text) => text),
    names: namesOf(plan),
    all: options.all ?? false,
    released: new Set(plan.released),
    warned: warnedIn(plan),
    releaseWords: options.releasedByPolicy
      ? releaseInPolicy
      : (digest) => releaseCommand(digest, options.applyCommand),
  };
  const sections = [
    ...byIdentity(plan.changes).map((group) => identityLines(group, page)),
    blastLines(plan.blastRadius, page),
    selectorLines(plan.selectors, page),
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

function reasonOf({ id, reason }: Change, { released, warned }: Page): string {
  const word = warned.get(id);
  return `${reason}${released.has(id) ? " (released)" : ""}${word === undefined ? "" : ` (${word})`}`;
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
