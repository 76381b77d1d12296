// Decides how JSON is written so that names in it can neither steer a terminal nor command a CI runner.

/** What nobody can see or what reorders a line; a line feed and a space are what JSON's own layout is made of. */
const hidden = /(?![ \n])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]|(?<=\p{M}{4})\p{M}/gu;

/** Azure Pipelines finds these prefixes of a command anywhere in a line. */
const commandPrefix = /#(?=#(?:vso)?\[)/gi;

/**
 * JSON text in which every invisible or steering character stands as its own `\uXXXX`: the same value for every
 * parser, and harmless to print. Only for text that `JSON.stringify` (or pino) has made.
 */
export function harmlessJson(json: string): string {
  return json.replace(commandPrefix, escapeOf).replace(hidden, escapeOf);
}

/** A value as harmless JSON that ends in a line break: on several lines, or on one for logs. */
export function jsonText(value: unknown, layout: "lines" | "oneLine" = "lines"): string {
  return `${harmlessJson(JSON.stringify(value, undefined, layout === "lines" ? 2 : undefined))}\n`;
}

function escapeOf(character: string): string {
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");
}
