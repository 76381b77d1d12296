// Decides how the sections below a plan's changes look as text: blast radius, selectors, what is held, warnings, orphans.
import { documentName } from "../../model/document.ts";
import { safeText } from "../../model/text.ts";
import type { BlastRadius } from "../blast/blast.ts";
import type { Orphan, Plan, SelectorMatches, Warning } from "../plan.ts";
import { audienceWords } from "./audience-words.ts";
import { type EffectWords, effectsInWords, radiusTitle } from "./blast-words.ts";
import { type HeldGroup, type HeldPart, heldGroups } from "./held-groups.ts";
import { placeOf } from "./names.ts";
import { isMoving, selectorPlace, selectorWords } from "./selector-words.ts";
import { changeLines, foldedFrom, type Page, styleOfSign } from "./text-page.ts";

/** Who gains and loses what. What is privileged and what is lost is never folded. */
export function blastLines(radius: readonly BlastRadius[], page: Page): readonly string[] {
  if (radius.length === 0) return [];
  const { paint, names } = page;
  return [
    paint("heading", "Blast radius"),
    ...radius.flatMap((one) => [
      `  ${safeText(radiusTitle(one, names))}`,
      ...effectLines(effectsInWords(one.effects, names), page).map((line) => `    ${line}`),
    ]),
  ];
}

function effectLines(effects: readonly EffectWords[], { paint, all }: Page): readonly string[] {
  const gains = effects.filter(({ sign, privileged }) => sign !== "-" && privileged === undefined);
  const folded = new Set(all ? [] : gains.slice(foldedFrom));
  const lines = effects
    .filter((effect) => !folded.has(effect))
    .map(({ sign, words, privileged }) => {
      const why = privileged === undefined ? "" : `  ${paint("held", `privileged: ${safeText(privileged)}`)}`;
      return `${paint(styleOfSign[sign], sign)} ${safeText(words)}${why}`;
    });
  if (folded.size === 0) return lines;
  return [...lines, paint("quiet", `… and ${folded.size} more (--verbose lists them)`)];
}

/** What the selectors match before and after; those that stay as they are are counted. */
export function selectorLines(
  selectors: readonly SelectorMatches[],
  { paint, all }: Page,
): readonly string[] {
  const shown = selectors.filter((one) => all || isMoving(one));
  if (shown.length === 0) return [];
  const left = selectors.length - shown.length;
  return [
    paint("heading", "Selectors"),
    ...shown.map((one) => `  ${safeText(selectorPlace(one))}  ${selectorWords(one)}`),
    ...(left > 0 ? [paint("quiet", `  … and ${left} more as before (--verbose lists them)`)] : []),
  ];
}

/** What is held, each set once, with what releases it or what else helps. */
export function heldLines(plan: Plan, page: Page): readonly string[] {
  if (plan.held.length === 0) return [];
  const heading = page.paint("held", `Held (${plan.held.length})`);
  return [heading, ...heldGroups(plan.held).flatMap((group) => heldGroupLines(group, page))];
}

function heldGroupLines(group: HeldGroup, page: Page): readonly string[] {
  const { paint, releaseWords } = page;
  const { title, reason, count, releasable, digest } = group;
  const size = count > 1 ? ` (${count})` : "";
  const release = releasable ? [`    → release: ${safeText(releaseWords(digest))}`] : [];
  return [
    `  ${paint("heading", safeText(title))} ${paint("held", reason)}${size}`,
    ...group.parts.flatMap((part) => heldPartLines(part, page)),
    ...release,
  ];
}

/** The changes by identity, where they are of several, then the words that hold for all of them. */
function heldPartLines({ identities, message, cure, snippet }: HeldPart, page: Page): readonly string[] {
  const isOne = identities.length === 1;
  return [
    ...identities.flatMap(({ title, changes }) => [
      ...(isOne ? [] : [`    ${safeText(title)}`]),
      ...changeLines(changes, page, () => "").map((line) => `${isOne ? "    " : "      "}${line}`),
    ]),
    `      ${safeText(message)}`,
    `      → ${safeText(cure)}`,
    ...snippet.map((line) => `          ${safeText(line)}`),
  ];
}

/** Warnings by code, long lists of one code folded. */
export function warningLines(warnings: readonly Warning[], { paint, all }: Page): readonly string[] {
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

/** Identities of ours that no document names, with all that they still can. */
export function orphanLines(orphans: readonly Orphan[], { paint, names }: Page): readonly string[] {
  if (orphans.length === 0) return [];
  const heading = paint(
    "warning",
    `Orphans (${orphans.length}), named by no document: nothing of them is touched`,
  );
  return [
    heading,
    ...orphans.flatMap(({ identityId, targets, roles, credentials }) => [
      `  ${safeText(names(identityId))} ${paint("quiet", `(${safeText(placeOf(identityId, names))})`)}`,
      ...targets.map((id) => `    attached to ${safeText(names(id))}`),
      ...roles.map(({ roleName, scope }) => `    holds ${safeText(roleName)} on ${safeText(names(scope))}`),
      ...credentials.map(
        ({ issuer, subject, audience }) =>
          `    trusts ${safeText(subject)} of ${safeText(issuer)}${safeText(audienceWords(audience))}`,
      ),
      "    → Declare it in a document: with lifecycle Released to let it go, Absent to delete it.",
    ]),
  ];
}
