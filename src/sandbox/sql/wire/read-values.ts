// How parameters come from the client: TYPE_INFO with one value behind it (MS-TDS 2.2.6.6).
import type { Reader } from "./bytes.ts";
import { guidFromBytes } from "./guid-bytes.ts";
import { WireError } from "./packets.ts";
import type { SqlValue } from "./sql-type.ts";
import { typeTokens } from "./type-tokens.ts";

const longSize = 0xffff;
const nullLength = 0xffff_ffff_ffff_ffffn;

type ReadValue = (reader: Reader) => SqlValue;

/** By the number of the type. */
const readers: ReadonlyMap<number, ReadValue> = new Map<number, ReadValue>([
  [typeTokens.null, () => null],
  [typeTokens.int1, (r) => r.u8()],
  [typeTokens.bit, (r) => r.u8() !== 0],
  [typeTokens.int2, (r) => r.bytes(2).readInt16LE()],
  [typeTokens.int4, (r) => r.bytes(4).readInt32LE()],
  [typeTokens.int8, (r) => r.bytes(8).readBigInt64LE()],
  [typeTokens.intn, (r) => nullable(r, integerFrom)],
  [typeTokens.bitn, (r) => nullable(r, (b) => b[0] !== 0)],
  [typeTokens.floatn, (r) => nullable(r, (b) => (b.length === 4 ? b.readFloatLE() : b.readDoubleLE()))],
  [typeTokens.guid, (r) => nullable(r, guidFromBytes)],
  [typeTokens.varbinary, (r) => sized(r, r.u16())],
  [typeTokens.binary, (r) => sized(r, r.u16())],
  [typeTokens.nvarchar, (r) => text(r, "utf16le")],
  [typeTokens.nchar, (r) => text(r, "utf16le")],
  [typeTokens.varchar, (r) => text(r, "latin1")],
  [typeTokens.char, (r) => text(r, "latin1")],
]);

/** One parameter's value. Throws WireError for a type that is not taken. */
export function readTypedValue(reader: Reader): SqlValue {
  const token = reader.u8();
  const read = readers.get(token);
  if (read === undefined) throw new WireError(`Parameters of type 0x${token.toString(16)} are not taken.`);
  return read(reader);
}

function nullable(reader: Reader, from: (bytes: Buffer) => SqlValue): SqlValue {
  reader.u8();
  const length = reader.u8();
  return length === 0 ? null : from(reader.bytes(length));
}

function integerFrom(bytes: Buffer): SqlValue {
  switch (bytes.length) {
    case 1:
      return bytes.readUInt8();
    case 2:
      return bytes.readInt16LE();
    case 4:
      return bytes.readInt32LE();
    case 8:
      return bytes.readBigInt64LE();
    default:
      throw new WireError(`There is no integer of ${bytes.length} bytes.`);
  }
}

function text(reader: Reader, encoding: "utf16le" | "latin1"): SqlValue {
  const size = reader.u16();
  reader.bytes(5);
  return sized(reader, size)?.toString(encoding) ?? null;
}

function sized(reader: Reader, size: number): Buffer | null {
  if (size === longSize) return chunks(reader);
  const length = reader.u16();
  return length === longSize ? null : reader.bytes(length);
}

/** A `max` value comes in chunks of which the last is empty. */
function chunks(reader: Reader): Buffer | null {
  if (reader.u64() === nullLength) return null;
  const parts: Buffer[] = [];
  for (let length = reader.u32(); length !== 0; length = reader.u32()) parts.push(reader.bytes(length));
  return Buffer.concat(parts);
}
