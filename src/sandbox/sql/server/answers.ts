// How a signed-in session's requests are answered: batches, calls, transactions, resets and cancellations.
import { randomBytes } from "node:crypto";
import type { Outcome, Result, Session } from "../engine/batch.ts";
import { SqlError, sqlErrors } from "../sql-error.ts";
import { type Message, packetTypes, WireError } from "../wire/packets.ts";
import {
  parseBatch,
  parseRpc,
  parseTransaction,
  type Rpc,
  type TransactionRequest,
} from "../wire/requests.ts";
import type { SqlValue } from "../wire/sql-type.ts";
import { createReply, type DoneKind, doneStatus, type Reply, type ServerMessage } from "../wire/tokens.ts";

/** A request's answer; a fatal one is the connection's last. */
export interface Answer {
  readonly reply: Reply;
  readonly isFatal: boolean;
}

/** From this severity on SQL Server ends the connection. */
const fatalSeverity = 20;
const nothing = Buffer.alloc(0);

/** Answers requests one after the other, remembering the transaction that the client was told of. */
export function createAnswers(session: Session, serverName: string): (message: Message) => Promise<Answer> {
  let transaction: Buffer | undefined;
  const manage = async (reply: Reply, request: TransactionRequest): Promise<void> => {
    const before = transaction ?? nothing;
    switch (request) {
      case "begin":
        await session.begin();
        transaction = randomBytes(8);
        reply.transaction("begin", transaction, nothing);
        break;
      case "commit":
      case "rollback":
        session[request]();
        transaction = undefined;
        reply.transaction(request, nothing, before);
        break;
      case "other":
        break;
    }
    reply.done("batch", 0);
  };
  return async (message) => {
    const reply = createReply(serverName);
    if (message.reset) {
      session.reset();
      transaction = undefined;
      reply.transaction("reset", nothing, nothing);
    }
    if (message.ignore) return { reply: reply.done("batch", 0), isFatal: false };
    try {
      const isFatal = await answerTo(message, session, reply, manage);
      return { reply, isFatal };
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      return {
        reply: reply.error(error).done("batch", doneStatus.error),
        isFatal: error.severity >= fatalSeverity,
      };
    }
  };
}

async function answerTo(
  message: Message,
  session: Session,
  reply: Reply,
  manage: (reply: Reply, request: TransactionRequest) => Promise<void>,
): Promise<boolean> {
  switch (message.type) {
    case packetTypes.attention:
      reply.done("batch", doneStatus.attention);
      return false;
    case packetTypes.batch: {
      const outcome = await session.run(parseBatch(message.data), new Map());
      writeBatch(reply, outcome, session);
      return isFatal(outcome);
    }
    case packetTypes.rpc: {
      const outcome = await called(parseRpc(message.data), session);
      writeCall(reply, outcome, session);
      return isFatal(outcome);
    }
    case packetTypes.transaction:
      await manage(reply, parseTransaction(message.data));
      return false;
    default:
      throw new WireError(`Packets of type 0x${message.type.toString(16)} are not taken.`);
  }
}

function isFatal({ errors }: Outcome): boolean {
  return errors.some((e) => e.severity >= fatalSeverity);
}

/** sp_executesql is a batch with parameters; everything else is a procedure by its name. */
async function called({ procedure, parameters }: Rpc, session: Session): Promise<Outcome> {
  if (procedure.toLowerCase() === "sp_executesql") {
    const [statement, , ...values] = parameters;
    if (typeof statement?.value !== "string") throw sqlErrors.invalidOption("sp_executesql");
    const named = new Map<string, SqlValue>(values.map(({ name, value }) => [name.toLowerCase(), value]));
    return await session.run(statement.value, named);
  }
  if (procedure.toLowerCase() === "sp_reset_connection") {
    session.reset();
    return { results: [], errors: [] };
  }
  return await session.call(procedure, parameters);
}

/** In a batch each statement ends with DONE, and the last one says that nothing follows. */
function writeBatch(reply: Reply, { results, errors }: Outcome, session: Session): void {
  results.forEach((result, i) => {
    const isLast = i === results.length - 1 && errors.length === 0;
    writeResult(reply, result, { kind: "batch", more: isLast ? 0 : doneStatus.more, session });
  });
  for (const error of errors) reply.error(error);
  if (errors.length > 0) reply.done("batch", doneStatus.error);
  else if (results.length === 0) reply.done("batch", 0);
}

function writeCall(reply: Reply, { results, errors }: Outcome, session: Session): void {
  for (const result of results) {
    writeResult(reply, result, { kind: "inProcedure", more: doneStatus.more, session });
  }
  for (const error of errors) reply.error(error);
  const isGood = errors.length === 0;
  reply.returnStatus(isGood ? 0 : 1).done("procedure", isGood ? 0 : doneStatus.error);
}

interface Ending {
  readonly kind: DoneKind;
  readonly more: number;
  readonly session: Session;
}

function writeResult(reply: Reply, result: Result, { kind, more, session }: Ending): void {
  switch (result.kind) {
    case "rows":
      reply.columns(result.columns);
      for (const row of result.rows) reply.row(result.columns, row);
      reply.done(kind, doneStatus.count | more, result.rows.length);
      return;
    case "count":
      reply.done(kind, doneStatus.count | more, result.count);
      return;
    case "notice":
      reply.notice(notice(0, 0, result.text)).done(kind, more);
      return;
    case "database":
      writeDatabase(reply, result.name, session.context().database);
      reply.done(kind, more);
      return;
    case "done":
      reply.done(kind, more);
      return;
  }
}

function notice(number: number, severity: number, message: string): ServerMessage {
  return { number, severity, message, state: 2 };
}

/** Tells which database the session is in. */
export function writeDatabase(reply: Reply, now: string, before: string): void {
  reply.changed("database", now, before);
  reply.notice(notice(5701, 10, `Changed database context to '${now}'.`));
}

/** Tells which language messages are in. */
export function writeLanguage(reply: Reply): void {
  reply.changed("language", "us_english", "");
  reply.notice(notice(5703, 10, "Changed language setting to us_english."));
}
