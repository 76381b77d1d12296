// What an observer sees of SQL: every sign-in, request and statement, as a bounded log and on a diagnostics channel.
import { channel } from "node:diagnostics_channel";
import type { Statement } from "../language/statement.ts";

interface InSession {
  /** Unique in one start. */
  readonly session: number;
  /** The server's name, without its suffix. */
  readonly server: string;
  readonly database: string;
}

/** Something that happened. `user` is the user in the database, "" where nobody got in. */
export type SqlEvent =
  | (InSession & {
      readonly kind: "login";
      readonly user: string;
      readonly application: string;
      /** The number of the error that refused it. */
      readonly error?: number;
    })
  /** A batch or call as it came, before it is even parsed. */
  | (InSession & { readonly kind: "request"; readonly user: string; readonly text: string })
  /** A statement that is about to be carried out, those inside of procedures and dynamic texts too. */
  | (InSession & {
      readonly kind: "statement";
      readonly user: string;
      readonly statement: Statement["kind"];
      readonly text: string;
    });

/** The name of the diagnostics channel on which each SqlEvent is published. */
export const sqlChannel = "bindery.sandbox.sql";

const mostEvents = 20_000;

/** The log of one start; the oldest entries go first. */
export interface SqlLog {
  add(event: SqlEvent): void;
  entries(): readonly SqlEvent[];
  clear(): void;
}

/** An empty log. */
export function createSqlLog(): SqlLog {
  const events: SqlEvent[] = [];
  const seen = channel(sqlChannel);
  return {
    add(event) {
      if (events.push(event) > mostEvents) events.shift();
      seen.publish(event);
    },
    entries: () => [...events],
    clear: () => {
      events.length = 0;
    },
  };
}
