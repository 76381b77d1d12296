// How a GUID lies in sixteen bytes in SQL Server: the first three groups little-endian, the rest as written.

const shape = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i;

/** True for a GUID with its dashes, in braces or not. */
export function isGuidText(text: string): boolean {
  return shape.test(text);
}

/** The bytes of a GUID (MS-DTYP 2.3.4.2). Throws a TypeError for a text that is none. */
export function guidToBytes(guid: string): Buffer {
  if (!isGuidText(guid)) throw new TypeError(`${JSON.stringify(guid)} is no GUID.`);
  return swapped(Buffer.from(guid.replace(/[{}-]/g, ""), "hex"));
}

/** The GUID in the first sixteen bytes, in capitals as SQL Server writes it. */
export function guidFromBytes(bytes: Uint8Array): string {
  const hex = swapped(Buffer.from(bytes.subarray(0, 16)))
    .toString("hex")
    .toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function swapped(bytes: Buffer): Buffer {
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
