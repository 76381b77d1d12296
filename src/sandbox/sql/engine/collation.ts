// How names compare in a database: by its collation, as far as case, accents and blanks at the end go.

/** A collation by its name. */
export interface Collation {
  readonly name: string;
  /** What two names have in common if and only if they are equal. */
  readonly key: (name: string) => string;
  /** The collation of SQLite that comes nearest; NOCASE folds ASCII only. */
  readonly sqlite: "NOCASE" | "BINARY";
}

/** The collation of new databases in Azure. */
export const defaultCollation = "SQL_Latin1_General_CP1_CI_AS";

/** True for a name that looks like a collation of SQL Server. */
export function isCollationName(name: string): boolean {
  return /^[a-z]\w*_(BIN2?|(CI|CS)_(AI|AS)(_\w+)?)$/i.test(name);
}

/** The collation of that name. */
export function collationNamed(name: string): Collation {
  const isBinary = /_BIN2?$/i.test(name);
  const isCaseSensitive = isBinary || /_CS(_|$)/i.test(name);
  const isAccentSensitive = isBinary || !/_AI(_|$)/i.test(name);
  return {
    name,
    sqlite: isCaseSensitive ? "BINARY" : "NOCASE",
    key: (text) => {
      const trimmed = text.replace(/ +$/, "");
      const cased = isCaseSensitive ? trimmed : trimmed.toUpperCase().toLowerCase();
      return isAccentSensitive ? cased : cased.normalize("NFD").replace(/\p{Mn}/gu, "");
    },
  };
}
