// Whether a client assertion (a JWT in place of a secret) proves that the caller is the principal it says.
import { createLocalJWKSet, decodeJwt, errors, type JWK, type JWTPayload, jwtVerify } from "jose";
import type { IssuerKeys, Principal } from "./directory.ts";
import { ENTRA_ERRORS, type EntraError } from "./errors.ts";

function claimsOf(assertion: string): JWTPayload | undefined {
  try {
    return decodeJwt(assertion);
  } catch (error) {
    if (error instanceof errors.JWTInvalid) {
      return undefined;
    }
    throw error;
  }
}

/** Audiences as a list; a federated credential matches if its own is among them. */
function audiencesOf(claims: JWTPayload): readonly string[] {
  if (claims.aud === undefined) {
    return [];
  }
  return typeof claims.aud === "string" ? [claims.aud] : claims.aud;
}

async function signatureError(assertion: string, keys: readonly JWK[], now: number) {
  try {
    const set = createLocalJWKSet({ keys: [...keys] });
    await jwtVerify(assertion, set, { currentDate: new Date(now), algorithms: ["RS256", "ES256"] });
    return undefined;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) {
      return ENTRA_ERRORS.assertionSignature("The key was not found.");
    }
    if (error instanceof errors.JOSEError) {
      return ENTRA_ERRORS.assertionSignature(
        "Key was found, but use of the key to verify the signature failed.",
      );
    }
    throw error;
  }
}

function timeError(claims: JWTPayload, now: number): EntraError | undefined {
  if (claims.exp === undefined) {
    return ENTRA_ERRORS.assertionMalformed();
  }
  const from = claims.nbf ?? claims.iat ?? 0;
  const seconds = now / 1000;
  return from <= seconds && seconds < claims.exp
    ? undefined
    : ENTRA_ERRORS.assertionOutOfTime(seconds, from, claims.exp);
}

/**
 * Why an assertion does not prove that its bearer is the principal; undefined if it does. It must match one of the
 * principal's federated credentials in issuer, subject and audience, to the letter, be in its time, and be signed by
 * a key of that issuer. Assertions that an application signs itself (with a certificate) need a registered key; the
 * directory has none, so they are refused as Entra refuses an unknown key.
 */
export async function assertionError(
  assertion: string,
  principal: Principal,
  keysOf: IssuerKeys,
  now: number,
): Promise<EntraError | undefined> {
  const claims = claimsOf(assertion);
  if (claims?.iss === undefined || claims.sub === undefined) {
    return ENTRA_ERRORS.assertionMalformed();
  }
  const { iss, sub } = claims;
  if (iss === principal.clientId) {
    return ENTRA_ERRORS.assertionSignature("The key was not found.");
  }
  const audiences = audiencesOf(claims);
  const match = principal.federated?.find(
    (credential) =>
      credential.issuer === iss && credential.subject === sub && audiences.includes(credential.audience),
  );
  if (match === undefined) {
    return ENTRA_ERRORS.federationMismatch(iss, sub, audiences.join(","));
  }
  const keys = keysOf(iss);
  if (keys === undefined) {
    return ENTRA_ERRORS.issuerUnreachable();
  }
  return timeError(claims, now) ?? (await signatureError(assertion, keys, now));
}
