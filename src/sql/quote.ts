// How names and text get into a statement: nothing that a manifest or a database says can become anything else.
import { Failure } from "../model/failure.ts";

/** SQL Server's longest name, in UTF-16 units (sysname). */
const longestName = 128;

/** A delimited identifier: [name], with ] doubled. Throws a `Failure` for what no identifier can be. */
export function identifier(name: string): string {
  if (name.length === 0 || name.length > longestName || name.includes("\0") || !name.isWellFormed()) {
    throw new Failure("terminal", "A name in SQL has 1 to 128 characters, and none of them is NUL.", {
      code: "InvalidName",
    });
  }
  return `[${name.replaceAll("]", "]]")}]`;
}

/** A Unicode string literal: N'text', with ' doubled. */
export function literal(text: string): string {
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new Failure("terminal", "Text in SQL cannot hold NUL or half a character.", {
      code: "InvalidName",
    });
  }
  return `N'${text.replaceAll("'", "''")}'`;
}
