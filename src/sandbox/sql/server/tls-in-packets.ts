// How TLS runs inside of PRELOGIN packets until its handshake is over, as TDS 7 has it (MS-TDS 3.3.5.1).
import { Duplex } from "node:stream";
import { type SecureContext, TLSSocket } from "node:tls";

/** The encrypted side of a TDS 7 connection. */
export interface PacketTls {
  readonly secure: TLSSocket;
  /** Feeds what the client has sent, without the packets' headers. */
  readonly feed: (bytes: Buffer) => void;
}

/**
 * Starts TLS as the server; `send` gets what is to go to the client. One flight of the handshake must be one message,
 * so what TLS writes in one turn is gathered.
 */
export function startPacketTls(secureContext: SecureContext, send: (bytes: Buffer) => void): PacketTls {
  let waiting: Buffer[] = [];
  const flush = () => {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    send(bytes);
  };
  const bridge = new Duplex({
    read() {
      // What comes is pushed by `feed`.
    },
    write(chunk: Buffer, _encoding, done) {
      if (waiting.push(chunk) === 1) setImmediate(flush);
      done();
    },
  });
  return {
    secure: new TLSSocket(bridge, { isServer: true, secureContext }),
    feed: (bytes) => bridge.push(bytes),
  };
}
