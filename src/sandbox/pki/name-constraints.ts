// The X.509 name constraints extension (RFC 5280 §4.2.1.10), which @peculiar/x509 has no class for, in DER.
import { Extension } from "@peculiar/x509";

const NAME_CONSTRAINTS_OID = "2.5.29.30";
const SEQUENCE = 0x30;
const PERMITTED_SUBTREES = 0xa0;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

function derFrom(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) {
    return Buffer.concat([Buffer.from([tag, content.length]), content]);
  }
  if (content.length > 0xffff) {
    throw new RangeError(
      `Name constraints of ${content.length} bytes are longer than a certificate should be.`,
    );
  }
  return Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 0xff]), content]);
}

function addressAndFullMask(address: Buffer): Buffer {
  return Buffer.concat([address, Buffer.alloc(address.length, 0xff)]);
}

/**
 * A critical name constraints extension that permits these DNS names (with what is below them) and exactly these
 * IP addresses (4 or 16 bytes each); a certificate for any other DNS name or address is then invalid.
 */
export function nameConstraintsFrom(dnsNames: readonly string[], addresses: readonly Buffer[]): Extension {
  const names = dnsNames.map((name) => derFrom(DNS_NAME, Buffer.from(name, "ascii")));
  const ranges = addresses.map((address) => derFrom(IP_ADDRESS, addressAndFullMask(address)));
  const subtrees = [...names, ...ranges].map((base) => derFrom(SEQUENCE, base));
  const permitted = derFrom(PERMITTED_SUBTREES, Buffer.concat(subtrees));
  return new Extension(NAME_CONSTRAINTS_OID, true, new Uint8Array(derFrom(SEQUENCE, permitted)));
}
