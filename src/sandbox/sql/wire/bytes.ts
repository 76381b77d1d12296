// Reading and writing the little-endian fields and UTF-16 texts that TDS messages are made of.
import { WireError } from "./packets.ts";

/** Reads one message from its start to its end; every read beyond the end throws WireError. */
export interface Reader {
  readonly left: () => number;
  /** The next byte, without taking it; undefined at the end. */
  readonly peek: () => number | undefined;
  readonly u8: () => number;
  readonly u16: () => number;
  readonly u32: () => number;
  readonly u64: () => bigint;
  readonly bytes: (length: number) => Buffer;
  /** A text of so many UTF-16 units. */
  readonly ucs2: (units: number) => string;
  /** A text behind a one-byte length. */
  readonly shortText: () => string;
}

/** A reader at the start of a message. */
export function readerOf(buffer: Buffer): Reader {
  let at = 0;
  const bytes = (length: number): Buffer => {
    if (length < 0 || at + length > buffer.length) throw new WireError("The message is truncated.");
    at += length;
    return buffer.subarray(at - length, at);
  };
  const u8 = () => bytes(1).readUInt8();
  const ucs2 = (units: number) => bytes(units * 2).toString("utf16le");
  return {
    left: () => buffer.length - at,
    peek: () => buffer[at],
    u8,
    u16: () => bytes(2).readUInt16LE(),
    u32: () => bytes(4).readUInt32LE(),
    u64: () => bytes(8).readBigUInt64LE(),
    bytes,
    ucs2,
    shortText: () => ucs2(u8()),
  };
}

/** Gathers a message; every method answers the writer itself. */
export interface Writer {
  u8(value: number): Writer;
  u16(value: number): Writer;
  u32(value: number): Writer;
  u64(value: bigint): Writer;
  /** Big-endian, as PRELOGIN and the version in LOGINACK are. */
  u16be(value: number): Writer;
  u32be(value: number): Writer;
  raw(bytes: Uint8Array): Writer;
  ucs2(text: string): Writer;
  /** A text behind its length in one byte, cut to what that can tell. */
  shortText(text: string): Writer;
  /** A text behind its length in two bytes. */
  longText(text: string): Writer;
  done(): Buffer;
}

/** An empty message. */
export function createWriter(): Writer {
  const parts: Buffer[] = [];
  const add = (length: number, fill: (buffer: Buffer) => void): Writer => {
    const buffer = Buffer.alloc(length);
    fill(buffer);
    parts.push(buffer);
    return writer;
  };
  const writer: Writer = {
    u8: (value) => add(1, (b) => b.writeUInt8(value & 0xff)),
    u16: (value) => add(2, (b) => b.writeUInt16LE(value & 0xffff)),
    u32: (value) => add(4, (b) => b.writeUInt32LE(value >>> 0)),
    u64: (value) => add(8, (b) => b.writeBigUInt64LE(value)),
    u16be: (value) => add(2, (b) => b.writeUInt16BE(value & 0xffff)),
    u32be: (value) => add(4, (b) => b.writeUInt32BE(value >>> 0)),
    raw: (bytes) => {
      parts.push(Buffer.from(bytes));
      return writer;
    },
    ucs2: (text) => writer.raw(Buffer.from(text, "utf16le")),
    shortText: (text) => writer.u8(Math.min(text.length, 255)).ucs2(text.slice(0, 255)),
    longText: (text) => writer.u16(Math.min(text.length, 32_000)).ucs2(text.slice(0, 32_000)),
    done: () => Buffer.concat(parts),
  };
  return writer;
}
