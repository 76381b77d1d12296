// What CAST and CONVERT make of a value. A uniqueidentifier is carried as its text.
import { sqlErrors } from "../sql-error.ts";
import { guidFromBytes, guidToBytes, isGuidText } from "../wire/guid-bytes.ts";
import type { SqlValue } from "../wire/sql-type.ts";

/** How binaries become texts and back: 1 with 0x in front, 2 without. */
const styles = { prefixed: 1, bare: 2 } as const;

/** The value as the type of a declaration like `nvarchar(128)`. */
export function convert(value: SqlValue, declaration: string, style: number): SqlValue {
  const type = declaration.toLowerCase().replace(/\(.*/, "").trim();
  const length = Number(/\(\s*(\d+)/.exec(declaration)?.[1] ?? Number.NaN);
  const made = converted(value, type, style);
  if (Number.isNaN(length) || made === null) return made;
  if (made instanceof Uint8Array) return made.subarray(0, length);
  return typeof made === "string" ? made.slice(0, length) : made;
}

function converted(value: SqlValue, type: string, style: number): SqlValue {
  switch (type) {
    case "uniqueidentifier":
      return value === null ? null : guidOf(value);
    case "varbinary":
    case "binary":
      return value === null ? null : bytesOf(value, style);
    case "nvarchar":
    case "varchar":
    case "nchar":
    case "char":
    case "sysname":
      return value === null ? null : textOf(value, style);
    case "int":
    case "bigint":
    case "smallint":
    case "tinyint":
      return value === null ? null : integerOf(value, type);
    case "bit":
      return value === null ? null : Number(integerOf(value, type) !== 0);
    default:
      throw sqlErrors.unknownType(type);
  }
}

function guidOf(value: SqlValue): string {
  if (value instanceof Uint8Array) {
    if (value.length < 16) throw sqlErrors.conversion("uniqueidentifier");
    return guidFromBytes(value);
  }
  const text = String(value);
  if (!isGuidText(text)) throw sqlErrors.conversion("uniqueidentifier");
  return text.toUpperCase().replace(/[{}]/g, "");
}

function bytesOf(value: SqlValue, style: number): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const text = String(value);
  // Only uniqueidentifiers are written with dashes in capitals here.
  if (isGuidText(text) && text === text.toUpperCase()) return guidToBytes(text);
  if (style === styles.prefixed || style === styles.bare) {
    const digits = style === styles.prefixed ? text.replace(/^0x/i, "") : text;
    if (!/^([0-9a-f]{2})*$/i.test(digits)) throw sqlErrors.conversion("varbinary");
    return Buffer.from(digits, "hex");
  }
  return Buffer.from(text, "utf16le");
}

function textOf(value: SqlValue, style: number): string {
  if (!(value instanceof Uint8Array)) return String(value);
  const hex = Buffer.from(value).toString("hex").toUpperCase();
  if (style === styles.prefixed) return `0x${hex}`;
  return style === styles.bare ? hex : Buffer.from(value).toString("utf16le");
}

function integerOf(value: SqlValue, type: string): number {
  const number = Math.trunc(Number(value));
  if (!Number.isSafeInteger(number)) throw sqlErrors.conversion(type);
  return number;
}
