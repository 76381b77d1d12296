// What the rewriting of a query shares among its parts, and what each of them gives.
import type { Token } from "../language/token.ts";

/** What rewriting one query shares. */
export interface Rewriting {
  readonly tokens: readonly Token[];
  /** Names that WITH defines: no tables. */
  readonly defined: ReadonlySet<string>;
  /** The text for the tokens between two places. */
  readonly between: (from: number, to: number) => string;
  /** The place of the parenthesis that closes the one here. */
  readonly closing: (open: number) => number;
}

/** A piece of text for some tokens, and the place after them. */
export interface Piece {
  readonly text: string;
  readonly next: number;
}
