// Decides how text from outside (manifests, Azure, databases) is made harmless for whatever prints it.

/**
 * What nobody can see, or what makes a reader see something else than what is there: controls (ANSI escapes
 * begin with one), bidirectional and zero-width formatting, invisible fillers, spaces that look like a space
 * and are none, private and unassigned code points, lone surrogates, and marks stacked so high on one letter
 * that they paint over the lines around it.
 */
const hidden =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|(?<=\p{M}{4})\p{M}/gu;

/** Azure Pipelines and older GitHub runners find these prefixes of a command anywhere in a line. */
const commandPrefix = /#(?=#(?:vso)?\[)/gi;

/** GitHub's runner takes a line that begins with `::`, blanks aside, for a command. */
const leadingCommand = /^(\s*):(?=:)/;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeOf(character: string): string {
  return shortEscapes[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function withoutHidden(text: string): string {
  return text
    .replace(leadingCommand, (_, blanks: string) => `${blanks}${escapeOf(":")}`)
    .replace(commandPrefix, escapeOf)
    .replace(hidden, escapeOf);
}

/**
 * Safe text, cut where it is longer than `max` UTF-16 units (at least 1): between characters, never inside one of our
 * own escapes, and with `…` in the end.
 */
export function cutTo(max: number, text: string): string {
  if (text.length <= max) return text;
  const kept: string[] = [];
  let length = 0;
  for (const character of text) {
    length += character.length;
    if (length > max - 1) {
      break;
    }
    kept.push(character);
  }
  return `${kept.join("").replace(/\\(?:u(?:\{[0-9a-f]*)?)?$/, "")}…`;
}

/**
 * The text, on one line, without anything that a terminal, a log or a CI runner could take for a command, and
 * without anything invisible. Such characters are shown as `\n`, `\r`, `\t` or `\u{hex}`; a leading `::` and
 * the prefixes `##[` and `##vso[` are broken the same way. Safe text stays as it is.
 *
 * Every text that did not come from Bindery's own source goes through here before it is printed.
 *
 * @param options.max the longest result in UTF-16 units, at least 1; what had to be cut ends in `…`
 */
export function safeText(text: string, options: { readonly max?: number } = {}): string {
  const { max } = options;
  if (max === undefined) {
    return withoutHidden(text);
  }
  // Nothing gets shorter here, so what lies beyond the limit (and the longest prefix looked for) does not matter.
  return cutTo(max, withoutHidden(text.slice(0, max + 8)));
}

/** Text of several lines, each made harmless for itself. */
export function safeLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => safeText(line))
    .join("\n");
}

/**
 * JSON text in which every invisible or steering character stands as its own `\uXXXX`: the same value for every
 * parser, and harmless to print. Only for text that `JSON.stringify` (or pino) has made; its line breaks stay.
 */
export function harmlessJson(json: string): string {
  return json
    .replace(commandPrefix, jsonEscapeOf)
    .replace(hidden, (character) => (character === "\n" ? character : jsonEscapeOf(character)));
}

function jsonEscapeOf(character: string): string {
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");
}

/** How much of the input a diagnostic or message quotes, in UTF-16 units. */
export const quotedLength = 80;

/** A piece of outside text in double quotes, for the middle of a sentence; at most 80 characters of it. */
export function quoted(text: string): string {
  return `"${safeText(text, { max: quotedLength })}"`;
}

/** An invisible character that keeps GitHub from linking what follows; as an entity, because it is ours. */
const breaker = "&#8203;";

const markdownEscapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "@": `@${breaker}`,
  "#": `\\#${breaker}`,
};

/**
 * Outside text as Markdown prose or table cell that renders as that very text: no markup, HTML, link, mention,
 * issue reference, table cell or heading can come out of it. Calls `safeText`.
 */
export function markdownText(text: string, options: { readonly max?: number } = {}): string {
  return safeText(text, options)
    .replace(/[&<>@#]|[\\`*_{}[\]()|~!$^=]/g, (character) => markdownEscapes[character] ?? `\\${character}`)
    .replace(/:(?=\/\/)/g, `:${breaker}`)
    .replace(/www\./gi, (found) => `${found.slice(0, 3)}${breaker}.`)
    .replace(/\b(GH)-(?=\d)/gi, `$1${breaker}-`)
    .replace(/^(\s*)([-+]|\d+(?=[.)]))/, (_, blanks: string, mark: string) =>
      /\d/.test(mark) ? `${blanks}${mark}${breaker}` : `${blanks}\\${mark}`,
    );
}

/**
 * Outside text as a Markdown code span, fit for prose and table cells: the fence is longer than any run of
 * backticks inside, and pipes are escaped (which tables take back, even in code). Calls `safeText`.
 */
export function markdownCode(text: string, options: { readonly max?: number } = {}): string {
  const safe = safeText(text, options).replaceAll("|", "\\|");
  if (safe.trim() === "") {
    return "` `";
  }
  const runs = safe.match(/`+/g) ?? [];
  const fence = "`".repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  const padding = /^[` ]|[` ]$/.test(safe) ? " " : "";
  return `${fence}${padding}${safe}${padding}${fence}`;
}

/** Text as the message of a GitHub workflow command (`::error …::here`); line breaks in it are kept. */
export function workflowCommandData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** Text as the value of a property of a GitHub workflow command (`::error file=here,line=…`). */
export function workflowCommandProperty(text: string): string {
  return workflowCommandData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Text as the message of a logging command of Azure Pipelines (`##vso[…]here`); line breaks in it are kept. */
export function loggingCommandData(text: string): string {
  return text.replaceAll("%", "%AZP25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** Text as the value of a property of a logging command of Azure Pipelines (`##vso[task.logissue sourcepath=here;]`). */
export function loggingCommandProperty(text: string): string {
  return loggingCommandData(text).replaceAll(";", "%3B").replaceAll("]", "%5D");
}
