// How types and values go to the client: TYPE_INFO in COLMETADATA and the values of rows (MS-TDS 2.2.5.4 to 2.2.5.6).
import { createWriter, type Writer } from "./bytes.ts";
import { guidToBytes } from "./guid-bytes.ts";
import type { SqlType, SqlValue } from "./sql-type.ts";
import { typeTokens } from "./type-tokens.ts";

/** SQL_Latin1_General_CP1_CI_AS: LCID 0x0409, ignore case, width and kana, sort id 52. */
export const wireCollation: Buffer = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

const nullLength = 0xffff;
const unknownLength = 0xffff_ffff_ffff_ffffn;
const dayInMs = 86_400_000;

type SizedType = Extract<SqlType, { readonly size: number }> & { readonly id: Exclude<SqlType["id"], "int"> };

function isSized(type: SqlType): type is SizedType {
  return "size" in type && type.id !== "int";
}

/** Number and size of the types that have no other size. */
const fixedInfo = {
  bit: [typeTokens.bitn, 1],
  float: [typeTokens.floatn, 8],
  guid: [typeTokens.guid, 16],
  datetime: [typeTokens.datetimen, 8],
  variant: [typeTokens.variant, 8009],
} as const;

/** Writes TYPE_INFO. */
export function writeTypeInfo(writer: Writer, type: SqlType): void {
  if (isSized(type)) {
    writer.u8(typeTokens[type.id]).u16(type.size < 0 ? nullLength : type.size);
    if (type.id !== "varbinary") writer.raw(wireCollation);
    return;
  }
  const [token, size] = type.id === "int" ? [typeTokens.intn, type.size] : fixedInfo[type.id];
  writer.u8(token);
  if (type.id === "variant") writer.u32(size);
  else writer.u8(size);
}

/** Writes one value of a row. */
export function writeValue(writer: Writer, type: SqlType, value: SqlValue): void {
  if (isSized(type)) writeSized(writer, type, value);
  else if (type.id === "variant") writeVariant(writer, value);
  else if (value === null) writer.u8(0);
  else {
    const bytes = fixedBytes(type, value);
    writer.u8(bytes.length).raw(bytes);
  }
}

function fixedBytes(type: SqlType, value: Exclude<SqlValue, null>): Buffer {
  const bytes = Buffer.alloc(8);
  switch (type.id) {
    case "int":
      bytes.writeBigInt64LE(typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value))));
      return bytes.subarray(0, type.size);
    case "bit":
      return Buffer.from([Number(value) === 0 ? 0 : 1]);
    case "float":
      bytes.writeDoubleLE(Number(value));
      return bytes;
    case "guid":
      return guidToBytes(String(value));
    default:
      return datetimeBytes(String(value));
  }
}

/** Days since 1900 and 300ths of a second. */
function datetimeBytes(text: string): Buffer {
  const since1900 = Date.parse(text) - Date.UTC(1900, 0, 1);
  const days = Math.floor(since1900 / dayInMs);
  return createWriter()
    .u32(days)
    .u32(Math.round((since1900 - days * dayInMs) * 0.3))
    .done();
}

function writeSized(writer: Writer, type: SizedType, value: SqlValue): void {
  const isLong = type.size < 0;
  if (value === null) {
    if (isLong) writer.u64(unknownLength);
    else writer.u16(nullLength);
    return;
  }
  const bytes = sizedBytes(type, value);
  if (!isLong) {
    writer.u16(bytes.length).raw(bytes);
    return;
  }
  writer.u64(BigInt(bytes.length));
  if (bytes.length > 0) writer.u32(bytes.length).raw(bytes);
  writer.u32(0);
}

function sizedBytes({ id }: SizedType, value: Exclude<SqlValue, null>): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  return Buffer.from(String(value), id === "varchar" || id === "char" ? "latin1" : "utf16le");
}

/** A sql_variant: its length, the type of what is in it, that type's properties, the value. */
function writeVariant(writer: Writer, value: SqlValue): void {
  if (value === null) {
    writer.u32(0);
    return;
  }
  if (typeof value === "number" && Number.isInteger(value)) {
    writer.u32(6).u8(typeTokens.int4).u8(0).u32(value);
    return;
  }
  const bytes = Buffer.from(String(value), "utf16le");
  writer
    .u32(bytes.length + 9)
    .u8(typeTokens.nvarchar)
    .u8(7);
  writer.raw(wireCollation).u16(bytes.length).raw(bytes);
}
