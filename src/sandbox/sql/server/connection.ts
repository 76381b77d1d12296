// One TDS connection from its first byte to its end: PRELOGIN, TLS, sign-in, requests (MS-TDS 3.3).
import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import { SqlError } from "../sql-error.ts";
import { featureIds, type Login7, parseFedAuthToken, parseLogin7 } from "../wire/login7.ts";
import { createDeframer, frame, type Message, packetTypes, WireError } from "../wire/packets.ts";
import { encryption, parsePrelogin, preloginFrom, preloginOptions } from "../wire/prelogin.ts";
import { createReply, doneStatus, type Reply } from "../wire/tokens.ts";
import { type Answer, createAnswers, writeDatabase, writeLanguage } from "./answers.ts";
import { type Backend, ConnectionCut, type Credential, Interrupted } from "./backend.ts";
import { type PacketTls, startPacketTls } from "./tls-in-packets.ts";

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly backend: Backend;
  readonly sessionId: number;
  /** TLS 1.2 at most: TDS 7 cannot frame what TLS 1.3 sends after its handshake. */
  readonly tls12: SecureContext;
  /** True for TDS 8, where TLS came before everything else. */
  readonly isStrict: boolean;
}

const versions = { oldest: 0x72090002, newest: 0x74000004, strict: 0x08000000 } as const;
const signInWithinMs = 30_000;

/** Whether TLS inside of packets has begun, and whether its records come bare by now. */
type Handshake = "none" | "wrapped" | "over";
type Step = (message: Message) => Promise<void>;

/** Serves a connection; whatever goes wrong in it ends it and nothing else. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #deframer = createDeframer();
  #packetSize = 4096;
  #tls: PacketTls | undefined;
  #handshake: Handshake = "none";
  #clear: TLSSocket | undefined;
  #step: Step = (message) => this.#prelogin(message);
  #mayEcho = false;
  #queue: Promise<void> = Promise.resolve();
  #end: () => void = () => undefined;
  #interrupt: () => void = () => undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setTimeout(signInWithinMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => this.#guarded(() => this.#onBytes(bytes)));
    socket.on("close", () => this.#onClose());
  }

  #onClose(): void {
    this.#interrupt();
    this.#tls?.secure.destroy();
    // What is running ends first; then whatever it left open is rolled back.
    this.#queue = this.#queue.then(() => this.#end());
  }

  /** After the wrapped handshake the client's records come bare: their first byte is no packet type. */
  #onBytes(bytes: Buffer): void {
    const [first = 0] = bytes;
    const isBare = first >= 0x14 && first <= 0x17 && this.#deframer.isBetweenMessages();
    if (this.#handshake === "wrapped" && isBare) this.#handshake = "over";
    if (this.#handshake === "over") this.#tls?.feed(bytes);
    else this.#onClear(bytes);
  }

  #onClear(bytes: Buffer): void {
    for (const message of this.#deframer.push(bytes)) {
      const isTls = this.#handshake === "wrapped" && message.type === packetTypes.prelogin;
      if (isTls) this.#tls?.feed(message.data);
      else this.#enqueue(message);
    }
  }

  /** Messages are handled one after the other; a cancellation is told at once to what is running. */
  #enqueue(message: Message): void {
    if (message.type === packetTypes.attention) this.#interrupt();
    this.#queue = this.#queue.then(async () => {
      if (this.#socket.destroyed) return;
      try {
        await this.#step(message);
      } catch (error) {
        this.#onFailure(error);
      }
    });
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** Nonsense from the client, and cuts, end the connection. A mistake of ours does too, but is not hidden. */
  #onFailure(error: unknown): void {
    if (error instanceof Interrupted) {
      // What was cut short ends here; the cancellation itself is answered next.
      this.#reply(this.#newReply().done("batch", doneStatus.error));
      return;
    }
    this.#socket.destroy();
    const isExpected =
      error instanceof WireError || error instanceof ConnectionCut || error instanceof RangeError;
    if (!isExpected) throw error;
  }

  #send(type: number, data: Buffer): void {
    const target = this.#clear ?? this.#socket;
    if (!target.destroyed) target.write(frame(type, data, this.#packetSize, this.#options.sessionId));
  }

  #reply(reply: Reply): void {
    this.#send(packetTypes.reply, reply.build());
  }

  #replyAndEnd(reply: Reply): void {
    this.#reply(reply);
    (this.#clear ?? this.#socket).end();
  }

  #newReply(): Reply {
    return createReply(this.#options.backend.name());
  }

  #prelogin({ type, data }: Message): Promise<void> {
    if (type !== packetTypes.prelogin) throw new WireError("PRELOGIN comes first.");
    const asked = parsePrelogin(data);
    const wish = asked.get(preloginOptions.encryption)?.[0] ?? encryption.notSupported;
    const mayEcho = asked.has(preloginOptions.fedAuthRequired);
    this.#mayEcho = mayEcho;
    const answered: [number, Buffer][] = [
      [preloginOptions.version, Buffer.from([12, 0, 0x07, 0xd0, 0, 0])],
      [preloginOptions.encryption, Buffer.from([this.#encryptionFor(wish)])],
      [preloginOptions.instance, Buffer.from([0])],
      [preloginOptions.thread, Buffer.alloc(0)],
      [preloginOptions.mars, Buffer.from([0])],
    ];
    if (mayEcho) answered.push([preloginOptions.fedAuthRequired, Buffer.from([1])]);
    this.#send(packetTypes.reply, preloginFrom(answered));
    this.#step = (message) => this.#login(message);
    if (!this.#options.isStrict) {
      if (wish === encryption.notSupported) this.#socket.end();
      else this.#startTls();
    }
    return Promise.resolve();
  }

  /** As Azure: nothing goes without encryption (the table in MS-TDS 3.3.5.1). */
  #encryptionFor(wish: number): number {
    if (this.#options.isStrict) return wish;
    return wish === encryption.on || wish === encryption.required ? encryption.on : encryption.required;
  }

  #startTls(): void {
    this.#handshake = "wrapped";
    const tls = startPacketTls(this.#options.tls12, (bytes) => {
      if (this.#socket.destroyed) return;
      const { sessionId } = this.#options;
      const wrapped = frame(packetTypes.prelogin, bytes, this.#packetSize, sessionId);
      this.#socket.write(this.#handshake === "wrapped" ? wrapped : bytes);
    });
    tls.secure.on("data", (bytes: Buffer) => this.#guarded(() => this.#onClear(bytes)));
    tls.secure.on("error", () => this.#socket.destroy());
    tls.secure.once("end", () => this.#socket.end());
    tls.secure.once("secure", () => {
      this.#clear = tls.secure;
    });
    this.#tls = tls;
  }

  async #login({ type, data }: Message): Promise<void> {
    const isBare = !this.#options.isStrict && this.#clear === undefined;
    if (type !== packetTypes.login7 || isBare) throw new WireError("LOGIN7 comes second, encrypted.");
    const login = parseLogin7(data);
    const { tdsVersion, fedAuth } = login;
    if (tdsVersion !== versions.strict && tdsVersion < versions.oldest) {
      return this.#refuse(new SqlError(18456, "TDS 7.2 or later is required.", 14));
    }
    if (login.isIntegrated) {
      return this.#refuse(new SqlError(18452, "Login failed. The login is from an untrusted domain.", 14));
    }
    if (fedAuth === undefined) {
      return await this.#signIn({ kind: "password", user: login.userName, password: login.password }, login);
    }
    if (fedAuth.isEcho !== this.#mayEcho) throw new WireError("FEDAUTH does not echo what PRELOGIN said.");
    if (fedAuth.library === "securityToken") {
      return await this.#signIn({ kind: "token", token: fedAuth.token }, login);
    }
    const { authority, resource } = this.#options.backend.fedAuth();
    this.#reply(this.#newReply().fedAuthInfo(authority, resource));
    this.#step = async (message) => {
      if (message.type !== packetTypes.fedAuth) throw new WireError("FEDAUTH comes now.");
      await this.#signIn({ kind: "token", token: parseFedAuthToken(message.data) }, login);
    };
  }

  #refuse(error: SqlError): void {
    this.#replyAndEnd(this.#newReply().error(error).done("batch", doneStatus.error));
  }

  async #signIn(credential: Credential, login: Login7): Promise<void> {
    const { backend, sessionId } = this.#options;
    try {
      const answer = await backend.login(credential, login, sessionId);
      const reply = this.#newReply();
      if (answer.kind === "redirect") {
        acknowledge(reply, login).routing(answer.server, answer.port).done("batch", 0);
        this.#reply(reply);
        return;
      }
      const { session } = answer;
      this.#interrupt = answer.interrupt;
      this.#end = () => session.reset();
      this.#socket.setTimeout(0);
      const packetSize = Math.max(512, Math.min(login.packetSize || 4096, 32_767));
      writeDatabase(reply, session.context().database, "master");
      writeLanguage(reply.collation());
      reply.changed("packetSize", String(packetSize), "4096");
      this.#reply(acknowledge(reply, login).done("batch", 0));
      this.#packetSize = packetSize;
      const answerTo = createAnswers(session, backend.name());
      this.#step = async (message) => this.#give(await answerTo(message));
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      this.#refuse(error);
    }
  }

  #give({ reply, isFatal }: Answer): void {
    if (isFatal) this.#replyAndEnd(reply);
    else this.#reply(reply);
  }
}

/** LOGINACK, and the features that are understood; a client that was sent on needs both as well. */
function acknowledge(reply: Reply, { tdsVersion, fedAuth, features }: Login7): Reply {
  reply.loginAck(tdsVersion === versions.strict ? versions.strict : Math.min(tdsVersion, versions.newest));
  const acknowledged: [number, Buffer][] = [];
  if (fedAuth !== undefined) acknowledged.push([featureIds.fedAuth, Buffer.alloc(0)]);
  if (features.has(featureIds.utf8)) acknowledged.push([featureIds.utf8, Buffer.from([1])]);
  return acknowledged.length === 0 ? reply : reply.features(acknowledged);
}
