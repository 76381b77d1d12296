// How a TDS byte stream is cut into messages and messages into packets (MS-TDS 2.2.3.1).

/** The types of packets that a server sees or sends. */
export const packetTypes = {
  batch: 0x01,
  rpc: 0x03,
  reply: 0x04,
  attention: 0x06,
  fedAuth: 0x08,
  transaction: 0x0e,
  login7: 0x10,
  prelogin: 0x12,
} as const;

const headerInBytes = 8;
const status = { endOfMessage: 0x01, ignore: 0x02, reset: 0x08, resetKeepTransaction: 0x10 } as const;

/** Larger messages end the connection: nobody sends a batch of this size to a sandbox. */
const largestMessageInBytes = 4 * 1024 * 1024;

/** A whole message; `reset`: the session is to be reset before it, `ignore`: it is not to be carried out. */
export interface Message {
  readonly type: number;
  readonly data: Buffer;
  readonly reset: boolean;
  readonly ignore: boolean;
}

/** Thrown for bytes that are no TDS; whoever sent them is hung up on. */
export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WireError";
  }
}

/** Gathers the packets of one connection into messages. */
export interface Deframer {
  /** The messages that a chunk completes, in order. Throws WireError for what is no packet. */
  push(chunk: Buffer): readonly Message[];
  /** True if the last chunk ended with a message. */
  isBetweenMessages(): boolean;
}

/** A deframer at the start of a stream. */
export function createDeframer(limitInBytes: number = largestMessageInBytes): Deframer {
  let rest: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let size = 0;
  let reset = false;
  const take = (packet: Buffer): Message | undefined => {
    const [type = 0, flags = 0] = packet;
    parts.push(packet.subarray(headerInBytes));
    size += packet.length - headerInBytes;
    if (size > limitInBytes) throw new WireError("The message is too large.");
    if ((flags & (status.reset | status.resetKeepTransaction)) !== 0) reset = true;
    if ((flags & status.endOfMessage) === 0) return undefined;
    const message = { type, data: Buffer.concat(parts), reset, ignore: (flags & status.ignore) !== 0 };
    [parts, size, reset] = [[], 0, false];
    return message;
  };
  return {
    push(chunk) {
      const messages: Message[] = [];
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let length = lengthOf(rest); length <= rest.length; length = lengthOf(rest)) {
        const message = take(rest.subarray(0, length));
        if (message !== undefined) messages.push(message);
        rest = rest.subarray(length);
      }
      return messages;
    },
    isBetweenMessages: () => rest.length === 0 && parts.length === 0,
  };
}

/** The length of the packet that begins here; infinite while its header is incomplete. */
function lengthOf(bytes: Buffer): number {
  if (bytes.length < headerInBytes) return Number.POSITIVE_INFINITY;
  const length = bytes.readUInt16BE(2);
  if (length < headerInBytes) throw new WireError("The packet is shorter than its header.");
  return length;
}

/** A message as packets of at most `packetSize` bytes. */
export function frame(type: number, data: Buffer, packetSize: number, sessionId: number): Buffer {
  const room = packetSize - headerInBytes;
  const count = Math.max(1, Math.ceil(data.length / room));
  const packets = Array.from({ length: count }, (_, i) => {
    const body = data.subarray(i * room, (i + 1) * room);
    const head = Buffer.alloc(headerInBytes);
    head[0] = type;
    head[1] = i === count - 1 ? status.endOfMessage : 0;
    head.writeUInt16BE(body.length + headerInBytes, 2);
    head.writeUInt16BE(sessionId & 0xffff, 4);
    head[6] = (i + 1) & 0xff;
    return [head, body];
  });
  return Buffer.concat(packets.flat());
}
