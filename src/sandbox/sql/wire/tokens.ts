// What a server answers with: the tokens of a reply (MS-TDS 2.2.7), gathered one after the other.
import { createWriter, type Writer } from "./bytes.ts";
import type { Column, SqlValue } from "./sql-type.ts";
import { wireCollation, writeTypeInfo, writeValue } from "./write-values.ts";

/** The bits of DONE. */
export const doneStatus = { more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;

/** An error or a notice. */
export interface ServerMessage {
  readonly number: number;
  readonly state: number;
  readonly severity: number;
  readonly message: string;
}

/** Which DONE token ends a statement: of a batch, of a procedure, or inside of a procedure. */
export type DoneKind = "batch" | "procedure" | "inProcedure";

const doneTokens = { batch: 0xfd, procedure: 0xfe, inProcedure: 0xff } as const;
const environment = { database: 1, language: 2, packetSize: 4 } as const;
const transactions = { begin: 8, commit: 9, rollback: 10, reset: 18 } as const;

/** A reply under construction; every method answers the reply itself. */
export interface Reply {
  loginAck(tdsVersion: number): Reply;
  changed(what: keyof typeof environment, now: string, before: string): Reply;
  collation(): Reply;
  /** The eight bytes that name a transaction, as it begins or ends. */
  transaction(what: keyof typeof transactions, now: Uint8Array, before: Uint8Array): Reply;
  routing(server: string, port: number): Reply;
  features(acknowledged: readonly (readonly [number, Buffer])[]): Reply;
  fedAuthInfo(authority: string, resource: string): Reply;
  error(message: ServerMessage): Reply;
  notice(message: ServerMessage): Reply;
  columns(columns: readonly Column[]): Reply;
  row(columns: readonly Column[], values: readonly SqlValue[]): Reply;
  returnStatus(value: number): Reply;
  done(kind: DoneKind, status: number, count?: number): Reply;
  build(): Buffer;
}

/** An empty reply of a server of that name. */
export function createReply(serverName: string): Reply {
  const writer = createWriter();
  const tell = (token: number, m: ServerMessage) => {
    const body = createWriter().u32(m.number).u8(m.state).u8(m.severity).longText(m.message);
    sized(writer, token, body.shortText(serverName).shortText("").u32(1).done());
  };
  const change = (type: number, body: Buffer) =>
    sized(writer, 0xe3, createWriter().u8(type).raw(body).done());
  const reply: Reply = {
    loginAck: (version) => then(() => sized(writer, 0xad, loginAckFrom(version))),
    changed: (what, now, before) =>
      then(() => change(environment[what], createWriter().shortText(now).shortText(before).done())),
    collation: () => then(() => change(7, createWriter().u8(5).raw(wireCollation).u8(0).done())),
    transaction: (what, now, before) => then(() => change(transactions[what], pair(now, before))),
    routing: (server, port) => then(() => change(20, routingFrom(server, port))),
    features: (acknowledged) => then(() => writeFeatures(writer, acknowledged)),
    fedAuthInfo: (authority, resource) => then(() => writeFedAuthInfo(writer, authority, resource)),
    error: (message) => then(() => tell(0xaa, message)),
    notice: (message) => then(() => tell(0xab, message)),
    columns: (columns) => then(() => writeColumns(writer, columns)),
    row: (columns, values) =>
      then(() => {
        writer.u8(0xd1);
        columns.forEach((c, i) => {
          writeValue(writer, c.type, values[i] ?? null);
        });
      }),
    returnStatus: (value) => then(() => writer.u8(0x79).u32(value)),
    done: (kind, status, count = 0) =>
      then(() => writer.u8(doneTokens[kind]).u16(status).u16(0xc1).u64(BigInt(count))),
    build: writer.done,
  };
  const then = (write: () => unknown): Reply => {
    write();
    return reply;
  };
  return reply;
}

function sized(writer: Writer, token: number, body: Buffer): void {
  writer.u8(token).u16(body.length).raw(body);
}

function pair(now: Uint8Array, before: Uint8Array): Buffer {
  return createWriter().u8(now.length).raw(now).u8(before.length).raw(before).done();
}

function loginAckFrom(version: number): Buffer {
  const program = createWriter().u8(1).u32be(version).shortText("Microsoft SQL Server");
  return program.u8(12).u8(0).u16be(2000).done();
}

function routingFrom(server: string, port: number): Buffer {
  const alternate = createWriter().u8(0).u16(port).longText(server).done();
  return createWriter().u16(alternate.length).raw(alternate).u16(0).done();
}

function writeFeatures(writer: Writer, acknowledged: readonly (readonly [number, Buffer])[]): void {
  writer.u8(0xae);
  for (const [id, body] of acknowledged) writer.u8(id).u32(body.length).raw(body);
  writer.u8(0xff);
}

/** Where a client that has no token yet may get one: the authority and the resource, in that order. */
function writeFedAuthInfo(writer: Writer, authority: string, resource: string): void {
  const [a, r] = [Buffer.from(authority, "utf16le"), Buffer.from(resource, "utf16le")];
  const head = createWriter().u32(2).u8(1).u32(a.length).u32(22).u8(2).u32(r.length);
  const body = head
    .u32(22 + a.length)
    .raw(a)
    .raw(r)
    .done();
  writer.u8(0xee).u32(body.length).raw(body);
}

function writeColumns(writer: Writer, columns: readonly Column[]): void {
  writer.u8(0x81).u16(columns.length);
  for (const { type, name } of columns) {
    writer.u32(0).u16(0x0009);
    writeTypeInfo(writer, type);
    writer.shortText(name);
  }
}
