// Cuts the text of a role assignment condition into words, texts, attributes and signs.

/** One piece of a condition; `at` is its offset in the text. */
export interface Token {
  readonly kind: "word" | "text" | "attribute" | "sign";
  readonly value: string;
  readonly at: number;
}

/** Thrown when a condition cannot be read; the message says where and why. */
export class ConditionSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConditionSyntaxError";
  }
}

const tokenPattern =
  /\s+|(?<attribute>@[A-Za-z]+\s*\[[^\]]*\])|'(?<text>(?:[^'\\]|\\.)*)'|(?<sign>&&|\|\||[(){},!])|(?<word>[A-Za-z0-9_.:+-]+)/y;

/** All tokens of a condition. Throws a ConditionSyntaxError at the first character that starts none. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (match === null) throw new ConditionSyntaxError(`Unexpected '${text[at]}' at ${at}.`);
    const token = tokenFrom(match, at);
    if (token !== undefined) tokens.push(token);
    at += match[0].length;
  }
  return tokens;
}

function tokenFrom(match: RegExpExecArray, at: number): Token | undefined {
  const { attribute, text, sign, word } = match.groups ?? {};
  if (attribute !== undefined) return { kind: "attribute", value: attribute.replaceAll(/\s/g, ""), at };
  if (text !== undefined) return { kind: "text", value: text.replaceAll("\\'", "'"), at };
  if (sign !== undefined) return { kind: "sign", value: sign, at };
  return word === undefined ? undefined : { kind: "word", value: word, at };
}
