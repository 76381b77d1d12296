// Which types values have on the wire, and how they follow from a column's declaration or from a value.

/** A value of a row or a parameter. Instants are ISO texts, GUIDs texts, binaries bytes. */
export type SqlValue = null | number | bigint | boolean | string | Uint8Array;

/** A type; sizes in bytes, -1 for `max`. */
export type SqlType =
  | { readonly id: "int"; readonly size: 1 | 2 | 4 | 8 }
  | { readonly id: "bit" | "float" | "guid" | "datetime" | "variant" }
  | { readonly id: "nvarchar" | "nchar" | "varchar" | "char" | "varbinary"; readonly size: number };

/** A column of a result. */
export interface Column {
  readonly name: string;
  readonly type: SqlType;
}

const plain: Readonly<Record<string, SqlType>> = {
  tinyint: { id: "int", size: 1 },
  smallint: { id: "int", size: 2 },
  int: { id: "int", size: 4 },
  bigint: { id: "int", size: 8 },
  bit: { id: "bit" },
  float: { id: "float" },
  real: { id: "float" },
  uniqueidentifier: { id: "guid" },
  datetime: { id: "datetime" },
  datetime2: { id: "datetime" },
  sysname: { id: "nvarchar", size: 256 },
  sql_variant: { id: "variant" },
};

/** The types that a declaration may name. */
export const declarableTypes: readonly string[] = [
  ...Object.keys(plain),
  "nvarchar",
  "nchar",
  "varchar",
  "char",
  "varbinary",
  "binary",
];

/** The type of a declaration like `nvarchar(128)`; nvarchar(max) for one that is not known. */
export function typeFromDeclaration(declaration: string): SqlType {
  const match = /^\s*(\w+)\s*(?:\(\s*(\d+|max)\s*\))?/i.exec(declaration);
  const name = match?.[1]?.toLowerCase() ?? "";
  const known = plain[name];
  if (known !== undefined) return known;
  const length = match?.[2]?.toLowerCase() ?? "1";
  const size = length === "max" ? -1 : Number(length);
  switch (name) {
    case "nvarchar":
    case "nchar":
      return { id: name, size: size < 0 ? -1 : size * 2 };
    case "varchar":
    case "char":
      return { id: name, size };
    case "varbinary":
    case "binary":
      return { id: "varbinary", size };
    default:
      return { id: "nvarchar", size: -1 };
  }
}

/** The type of an expression, by a value that it has given. */
export function typeOfValue(value: SqlValue): SqlType {
  if (typeof value === "bigint") return { id: "int", size: 8 };
  if (typeof value === "number") return numberType(value);
  if (typeof value === "boolean") return { id: "bit" };
  if (value instanceof Uint8Array) return { id: "varbinary", size: value.length > 8000 ? -1 : 8000 };
  return { id: "nvarchar", size: typeof value === "string" && value.length > 4000 ? -1 : 8000 };
}

function numberType(value: number): SqlType {
  if (!Number.isInteger(value)) return { id: "float" };
  return { id: "int", size: Math.abs(value) < 2 ** 31 ? 4 : 8 };
}
