// The short name of a thing that people approve: the same text gives the same digest, another text another.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** 96 bits of SHA-256 in hexadecimal over a value's JSON: short enough to type, too long to be forged by trial. */
export function digestOf(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(value)))).slice(0, 24);
}
