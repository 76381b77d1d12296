// What a client says of itself when it signs in: LOGIN7 with its features, and the FEDAUTH message (MS-TDS 2.2.6.3, 2.2.6.4).
import { readerOf } from "./bytes.ts";
import { WireError } from "./packets.ts";

/** How a client is going to show its token: in LOGIN7 itself, or after it was told where to get one. */
export type FedAuth =
  | { readonly library: "securityToken"; readonly isEcho: boolean; readonly token: string }
  | { readonly library: "adal"; readonly isEcho: boolean };

/** A sign-in. */
export interface Login7 {
  readonly tdsVersion: number;
  readonly packetSize: number;
  readonly userName: string;
  readonly password: string;
  readonly applicationName: string;
  readonly database: string;
  /** True for Windows authentication. */
  readonly isIntegrated: boolean;
  /** True if a read-only replica will do. */
  readonly isReadOnlyIntent: boolean;
  readonly features: ReadonlyMap<number, Buffer>;
  readonly fedAuth?: FedAuth;
}

/** The features that are answered. */
export const featureIds = { fedAuth: 0x02, utf8: 0x0a } as const;

const fixedPartInBytes = 94;
const flags = { extension: 0x10, integrated: 0x80, readOnlyIntent: 0x20 } as const;

/** Reads LOGIN7. Throws WireError for what is truncated or of an unknown library. */
export function parseLogin7(data: Buffer): Login7 {
  if (data.length < fixedPartInBytes) throw new WireError("LOGIN7 is truncated.");
  const partAt = (at: number): Buffer => {
    const [offset, units] = [data.readUInt16LE(at), data.readUInt16LE(at + 2)];
    if (offset + units * 2 > data.length) throw new WireError("LOGIN7 is truncated.");
    return data.subarray(offset, offset + units * 2);
  };
  const textAt = (at: number) => partAt(at).toString("utf16le");
  const features = featuresOf(data);
  const fedAuth = features.get(featureIds.fedAuth);
  return {
    tdsVersion: data.readUInt32LE(4),
    packetSize: data.readUInt32LE(8),
    userName: textAt(40),
    password: unscrambled(partAt(44)),
    applicationName: textAt(48),
    database: textAt(68),
    isIntegrated: (data.readUInt8(25) & flags.integrated) !== 0,
    isReadOnlyIntent: (data.readUInt8(26) & flags.readOnlyIntent) !== 0,
    features,
    ...(fedAuth !== undefined && { fedAuth: fedAuthFrom(fedAuth) }),
  };
}

/** Passwords are hidden from the eye only: halves swapped and an XOR with 0xA5. */
function unscrambled(bytes: Buffer): string {
  return Buffer.from(
    bytes.map((byte) => {
      const x = byte ^ 0xa5;
      return ((x & 0x0f) << 4) | (x >> 4);
    }),
  ).toString("utf16le");
}

/** tedious sets the flag in every version but sends the block for 7.4 only, so its length decides. */
function featuresOf(data: Buffer): Map<number, Buffer> {
  const features = new Map<number, Buffer>();
  const isExtended = (data.readUInt8(27) & flags.extension) !== 0 && data.readUInt16LE(58) >= 4;
  if (!isExtended) return features;
  const pointer = readerOf(data);
  pointer.bytes(data.readUInt16LE(56));
  const reader = readerOf(data);
  reader.bytes(pointer.u32());
  for (let id = reader.u8(); id !== 0xff; id = reader.u8()) features.set(id, reader.bytes(reader.u32()));
  return features;
}

function fedAuthFrom(feature: Buffer): FedAuth {
  const reader = readerOf(feature);
  const options = reader.u8();
  const isEcho = (options & 1) === 1;
  switch (options >> 1) {
    case 1:
      return { library: "securityToken", isEcho, token: reader.bytes(reader.u32()).toString("utf16le") };
    case 2:
      return { library: "adal", isEcho };
    default:
      throw new WireError("The library of FEDAUTH is unknown.");
  }
}

/** The token of a FEDAUTH message. */
export function parseFedAuthToken(data: Buffer): string {
  const reader = readerOf(data);
  reader.u32();
  return reader.bytes(reader.u32()).toString("utf16le");
}
