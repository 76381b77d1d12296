// What a T-SQL text is made of.

/** A token; `from` and `to` are its place in the text. */
export type Token = { readonly from: number; readonly to: number } & (
  | { readonly kind: "word"; readonly value: string; readonly upper: string }
  /** [quoted] or "quoted", unescaped. */
  | { readonly kind: "name"; readonly value: string }
  /** 'text' or N'text', unescaped. */
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "number"; readonly value: string }
  /** 0x…, its digits. */
  | { readonly kind: "binary"; readonly value: string }
  /** @name or @@name, in lower case. */
  | { readonly kind: "variable"; readonly value: string }
  | { readonly kind: "sign"; readonly value: string }
);

/** The token as an error names it. */
export function textOf(token: Token | undefined): string {
  if (token === undefined) return "";
  return token.kind === "binary" ? `0x${token.value}` : token.value;
}

/** True for this keyword, written without quotes. */
export function isWord(token: Token | undefined, upper: string): boolean {
  return token?.kind === "word" && token.upper === upper;
}

/** True for this operator or bracket. */
export function isSign(token: Token | undefined, value: string): boolean {
  return token?.kind === "sign" && token.value === value;
}
