// Decides how a plan looks as a comment on a pull request: what goes and what is held first, the rest folded when long.
import { documentName } from "../../model/document.ts";
import { markdownCode, markdownText, safeText } from "../../model/text.ts";
import type { Change, Orphan, Plan, SelectorMatches, Warning } from "../plan.ts";
import { audienceWords } from "./audience-words.ts";
import { effectsInWords, radiusTitle } from "./blast-words.ts";
import {
  byIdentity,
  countWords,
  type IdentityChanges,
  namesOf,
  signOf,
  subjectWords,
  summaryWords,
  warnedIn,
} from "./change-words.ts";
import { type HeldGroup, heldGroups, releaseCommand } from "./held-groups.ts";
import type { PlanContext } from "./json.ts";
import { type Block, fittedBlocks } from "./markdown-blocks.ts";
import { type Names, placeOf } from "./names.ts";
import { isMoving, selectorPlace, selectorWords } from "./selector-words.ts";

/** GitHub refuses longer comments (its API answers 422 "body is too long (maximum is 65536 characters)"). */
export const githubLimit = 65_536;

/** Longer lists of additions are folded away. */
const foldedFrom = 10;

/** The most of any single text: nobody reads more of it in a comment, and one text must not fill it. */
const longest = 1_000;

/** How the Markdown is rendered. */
export interface MarkdownOptions {
  /** The most characters; default: what GitHub takes. */
  readonly limit?: number;
  /** "bindery apply manifests --policy policy.yaml": what releases begin with. */
  readonly applyCommand?: string;
}

/** The plan as Markdown. Every text from outside is escaped. */
export function renderMarkdown(plan: Plan, context: PlanContext, options: MarkdownOptions = {}): string {
  const { limit = githubLimit, applyCommand } = options;
  const names = namesOf(plan);
  const groups = byIdentity(plan.changes);
  const notes = notesOf(plan);
  const blocks: readonly Block[] = [
    ...removalBlocks(plan, names, notes),
    ...heldBlocks(plan, names, applyCommand),
    ...blastBlocks(plan, names),
    ...summaryBlocks(plan, groups, names),
    ...groups.flatMap((group) => additionBlocks(group, names, notes)),
    ...selectorBlocks(plan.selectors),
    ...warningBlocks(plan.warnings),
    ...orphanBlocks(plan.orphans, names),
  ];
  return fittedBlocks(headOf(plan, context), blocks, footOf(plan, context), limit);
}

function headOf(plan: Plan, { cloud }: PlanContext): string {
  return `## Bindery plan for ${code(plan.owner)} in ${code(cloud)}\n\n**${summaryWords(plan)}**\n`;
}

function footOf(plan: Plan, { tenantId }: PlanContext): string {
  const facts = [
    `digest ${code(plan.digest)}`,
    `revision ${code(plan.revision)}`,
    `tenant ${code(tenantId)}`,
  ];
  return `\n${facts.join(" · ")}\n`;
}

function summaryBlocks(plan: Plan, groups: readonly IdentityChanges[], names: Names): readonly Block[] {
  const heldBy = Map.groupBy(plan.held, (h) => h.change.identityId.toLowerCase());
  const mine = (id: string): number => heldBy.get(id.toLowerCase())?.length ?? 0;
  const rows = groups.map(({ title, identityId, changes }) => {
    const cells = [code(title), code(names(identityId)), countWords(changes), String(mine(identityId) || "")];
    return `| ${cells.join(" | ")} |`;
  });
  const open = "\n| document | identity | changes | held |\n| --- | --- | --- | --- |\n";
  return [{ rank: 2, open, close: "", lines: rows }];
}

function removalBlocks(plan: Plan, names: Names, notes: Notes): readonly Block[] {
  const removals = plan.changes.filter((change) => signOf(change) === "-");
  const lines = byIdentity(removals).flatMap(({ title, identityId, changes }) =>
    changes.map((change) =>
      changeItem(change, names, notes, ` of ${code(title)} (${code(names(identityId))})`),
    ),
  );
  return [{ rank: 0, open: `\n### Taken away (${removals.length})\n\n`, close: "", lines }];
}

function heldBlocks(plan: Plan, names: Names, applyCommand: string | undefined): readonly Block[] {
  const lines = heldGroups(plan.held).flatMap((group) => heldItems(group, names, applyCommand));
  return [{ rank: 1, open: `\n### Held (${plan.held.length})\n\n`, close: "", lines }];
}

/** The command is not cut: half of one would release nothing, or something else. */
function heldItems(group: HeldGroup, names: Names, applyCommand: string | undefined): readonly string[] {
  const { title, reason, count, releasable, digest } = group;
  const size = count > 1 ? ` (${count})` : "";
  const release = releasable ? [`  - release: ${markdownCode(releaseCommand(digest, applyCommand))}`] : [];
  return [
    `- ${code(title)} **${reason}**${size}`,
    ...release,
    ...group.parts.flatMap(({ message, cure, snippet, identities }) => [
      `  - ${prose(message)} → ${prose(cure)}`,
      ...snippetItems(snippet),
      ...identities.flatMap((one) => {
        const whose = identities.length > 1 ? ` of ${code(one.title)}` : "";
        return one.changes.map(
          (c) => `    - ${code(`${signOf(c)} ${c.kind}`)} ${code(subjectWords(c, names))}${whose}`,
        );
      }),
    ]),
  ];
}

/** One item, so that no limit cuts it in the middle and leaves the fence open. */
function snippetItems(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const fenced = ["```", ...lines.map((line) => safeText(line)), "```"];
  return [fenced.map((line) => `    ${line}`).join("\n")];
}

/** Who gains and loses what, identity by identity. */
function blastBlocks({ blastRadius }: Plan, names: Names): readonly Block[] {
  const lines = blastRadius.flatMap((radius) => [
    `- ${code(radiusTitle(radius, names))}`,
    ...effectsInWords(radius.effects, names).map(({ sign, words, privileged }) => {
      const why = privileged === undefined ? "" : ` **privileged**: ${prose(privileged)}`;
      return `  - ${code(sign)} ${prose(words)}${why}`;
    }),
  ]);
  return [{ rank: 2, open: "\n### Blast radius\n\n", close: "", lines }];
}

/** Those that find something else than before; the JSON has all. */
function selectorBlocks(selectors: readonly SelectorMatches[]): readonly Block[] {
  const moving = selectors.filter(isMoving);
  const lines = moving.map((one) => `- ${code(selectorPlace(one))} ${selectorWords(one)}`);
  return [{ rank: 3, open: "\n### Selectors\n\n", close: "", lines }];
}

/** What comes and what changes of one identity; what goes stands in a list of its own. */
function additionBlocks(group: IdentityChanges, names: Names, notes: Notes): readonly Block[] {
  const changes = group.changes.filter((change) => signOf(change) !== "-");
  const place = prose(placeOf(group.identityId, names));
  const heading = `\n**${code(group.title)} → ${code(names(group.identityId))}** (${place})\n\n`;
  const isFolded = changes.length > foldedFrom;
  return [
    {
      rank: 4,
      open: isFolded ? `${heading}<details><summary>${countWords(changes)}</summary>\n\n` : heading,
      close: isFolded ? "\n</details>\n" : "",
      lines: changes.map((change) => changeItem(change, names, notes)),
    },
  ];
}

/** What stands behind a change's reason. */
type Notes = (change: Change) => string;

function notesOf(plan: Plan): Notes {
  const [released, warned] = [new Set(plan.released), warnedIn(plan)];
  return ({ id }) => {
    const word = warned.get(id);
    return `${released.has(id) ? " (released)" : ""}${word === undefined ? "" : ` (${prose(word)})`}`;
  };
}

function changeItem(change: Change, names: Names, notes: Notes, whose = ""): string {
  const what = code(subjectWords(change, names));
  return `- ${code(`${signOf(change)} ${change.kind}`)} ${what}${whose}: ${prose(change.reason)}${notes(change)}`;
}

function warningBlocks(warnings: readonly Warning[]): readonly Block[] {
  const lines = warnings.map(({ code: warningCode, message, document }) => {
    const place = document
      ? ` (${code(documentName(document))}, ${code(`${document.file}:${document.line}`)})`
      : "";
    return `- **${prose(warningCode)}** ${prose(message)}${place}`;
  });
  return [{ rank: 3, open: `\n### Warnings (${warnings.length})\n\n`, close: "", lines }];
}

function orphanBlocks(orphans: readonly Orphan[], names: Names): readonly Block[] {
  const open = `\n### Orphans (${orphans.length})\n\nNamed by no document; nothing of them is touched until one says Released or Absent.\n\n`;
  const lines = orphans.flatMap(({ identityId, targets, roles, credentials }) => [
    `- ${code(names(identityId))} (${prose(placeOf(identityId, names))})`,
    ...targets.map((id) => `  - attached to ${code(names(id))}`),
    ...roles.map(({ roleName, scope }) => `  - holds ${code(roleName)} on ${code(names(scope))}`),
    ...credentials.map(
      ({ issuer, subject, audience }) =>
        `  - trusts ${code(subject)} of ${code(issuer)}${prose(audienceWords(audience))}`,
    ),
  ]);
  return [{ rank: 3, open, close: "", lines }];
}

function code(text: string): string {
  return markdownCode(text, { max: longest });
}

function prose(text: string): string {
  return markdownText(text, { max: longest });
}
