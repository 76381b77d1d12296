// Decides whether a caller knows a secret, in a time that does not depend on how much of it is right.
import { createHash, timingSafeEqual } from "node:crypto";
import { Failure } from "../model/failure.ts";

const shortestInCharacters = 16;

/** True if both are the same; neither the place of a difference nor a length shows in the time that it takes. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(secret));
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

/** Throws a `Failure` (`WeakSecret`) if a secret is too short to withstand guessing; the message does not quote it. */
export function refuseWeakSecret(what: string, secret: string): void {
  if (secret.trim().length >= shortestInCharacters) return;
  const message = `${what} has fewer than ${shortestInCharacters} characters. Make one with: openssl rand -hex 32`;
  throw new Failure("terminal", message, { code: "WeakSecret" });
}
