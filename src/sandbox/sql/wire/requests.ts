// What a signed-in client sends: batches, procedure calls, transaction requests (MS-TDS 2.2.6.7, 2.2.6.6, 2.2.6.9).
import { type Reader, readerOf } from "./bytes.ts";
import { WireError } from "./packets.ts";
import { readTypedValue } from "./read-values.ts";
import type { SqlValue } from "./sql-type.ts";

/** A parameter; its name is "" where it is meant by position. */
export interface RpcParameter {
  readonly name: string;
  readonly value: SqlValue;
}

/** A procedure call. */
export interface Rpc {
  readonly procedure: string;
  readonly parameters: readonly RpcParameter[];
}

/** What a transaction request asks for. */
export type TransactionRequest = "begin" | "commit" | "rollback" | "other";

const executeSqlId = 10;

/** The text of a batch. */
export function parseBatch(data: Buffer): string {
  const reader = readerOf(data);
  skipHeaders(reader);
  return reader.bytes(reader.left()).toString("utf16le");
}

/** A call. Of the procedures with numbers only sp_executesql is known; several calls in one message are refused. */
export function parseRpc(data: Buffer): Rpc {
  const reader = readerOf(data);
  skipHeaders(reader);
  const length = reader.u16();
  const procedure = length === 0xffff ? procedureNumbered(reader.u16()) : reader.ucs2(length);
  reader.u16();
  const parameters: RpcParameter[] = [];
  while (reader.left() > 0) {
    if (reader.peek() === 0x80 || reader.peek() === 0xff) {
      throw new WireError("Several calls in one message are not taken.");
    }
    const name = reader.shortText();
    reader.u8();
    parameters.push({ name, value: readTypedValue(reader) });
  }
  return { procedure, parameters };
}

function procedureNumbered(id: number): string {
  return id === executeSqlId ? "sp_executesql" : `procedure number ${id}`;
}

/** A transaction manager request. */
export function parseTransaction(data: Buffer): TransactionRequest {
  const reader = readerOf(data);
  skipHeaders(reader);
  switch (reader.u16()) {
    case 5:
      return "begin";
    case 7:
      return "commit";
    case 8:
      return "rollback";
    default:
      return "other";
  }
}

function skipHeaders(reader: Reader): void {
  const total = reader.u32();
  if (total < 4) throw new WireError("The headers of the message are wrong.");
  reader.bytes(total - 4);
}
