// The first exchange of a connection: versions, encryption and whether a token is going to follow (MS-TDS 2.2.6.5).
import { createWriter } from "./bytes.ts";
import { WireError } from "./packets.ts";

/** The options of a PRELOGIN message. */
export const preloginOptions = {
  version: 0,
  encryption: 1,
  instance: 2,
  thread: 3,
  mars: 4,
  fedAuthRequired: 6,
} as const;

/** What each side says of encryption. */
export const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

/** The options by number. */
export function parsePrelogin(data: Buffer): ReadonlyMap<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; data[at] !== 0xff; at += 5) {
    if (at + 5 > data.length) throw new WireError("PRELOGIN has no end.");
    const [offset, length] = [data.readUInt16BE(at + 1), data.readUInt16BE(at + 3)];
    options.set(data.readUInt8(at), data.subarray(offset, offset + length));
  }
  return options;
}

/** The message with these options. */
export function preloginFrom(options: readonly (readonly [number, Buffer])[]): Buffer {
  const writer = createWriter();
  let offset = options.length * 5 + 1;
  for (const [id, body] of options) {
    writer.u8(id).u16be(offset).u16be(body.length);
    offset += body.length;
  }
  writer.u8(0xff);
  for (const [, body] of options) writer.raw(body);
  return writer.done();
}
