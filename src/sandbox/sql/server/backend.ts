// What a TDS connection asks of the server that it leads to, and what ends a connection.
import type { Session } from "../engine/batch.ts";
import type { Login7 } from "../wire/login7.ts";

/** What somebody signs in with. */
export type Credential =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly user: string; readonly password: string };

/** A sign-in that was let in, or sent on to another address. */
export type LoginAnswer =
  | {
      readonly kind: "session";
      readonly session: Session;
      /** Ends what is running: the client has cancelled it, or is gone. */
      readonly interrupt: () => void;
    }
  | { readonly kind: "redirect"; readonly server: string; readonly port: number };

/** A server, as its connections see it. */
export interface Backend {
  /** Its name in messages. */
  readonly name: () => string;
  /** Where clients without a token are sent to, and for which resource. */
  readonly fedAuth: () => { readonly authority: string; readonly resource: string };
  /** Throws SqlError for who is refused, ConnectionCut for who is cut off. */
  login(credential: Credential, login: Login7, sessionId: number): Promise<LoginAnswer>;
}

/** Thrown to end a connection without another word. */
export class ConnectionCut extends Error {
  constructor() {
    super("The connection is cut.");
    this.name = "ConnectionCut";
  }
}

/** Thrown where a batch stops because its client has cancelled it. */
export class Interrupted extends Error {
  constructor() {
    super("The batch is cancelled.");
    this.name = "Interrupted";
  }
}
