// Makes the RS256 key that signs every token of one start of the sandbox.
import type { webcrypto } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";

/** A key pair with its public half as a JSON Web Key (with kid, use, alg), as JWKS endpoints show it. */
export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
  readonly publicJwk: JWK;
}

/** A new 2048-bit RSA key; the private half cannot be exported. */
export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { modulusLength: 2048 });
  const bare = await exportJWK(publicKey);
  const keyId = await calculateJwkThumbprint(bare);
  return { keyId, privateKey, publicKey, publicJwk: { ...bare, kid: keyId, use: "sig", alg: "RS256" } };
}
