// What a table and its columns are, for the query engine.

/** The Kusto types that occur in results. */
export type KqlType = "string" | "dynamic" | "long" | "int" | "real" | "bool";

/** One column of a table or of a result. */
export interface Column {
  readonly name: string;
  readonly type: KqlType;
}

/** One row; a column that is missing holds null. */
export type Row = Readonly<Record<string, unknown>>;

/** The tables that exist with their columns; names are matched without case. */
export type KqlSchema = Readonly<Record<string, readonly Column[]>>;

/** The rows of the tables; called once for each time that a query names the table. */
export type KqlTables = Readonly<Record<string, () => readonly Row[]>>;

/** Rows with the columns that the query gives them, in order. */
export interface Relation {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}
