// Which access tokens are no good any more although they have not expired: what continuous access evaluation does.
import type { SandboxClock } from "./clock.ts";
import type { TokenVerdict } from "./entra/access-token.ts";
import { armClaimsChallenge, armUnauthorized } from "./entra/arm-challenge.ts";

/** Revoked: the client is asked for a newer token by a claims challenge. Expired: a plain 401, for everybody. */
export type RevocationKind = "revoked" | "expired";

/** The revocations of one start. */
export interface TokenRevocation {
  /** Makes all tokens that were issued until now worthless, those of one principal (its object id) or all. */
  revoke(kind: RevocationKind, objectId?: string): void;
  /** The 401 that a token gets although it verifies; undefined: none. */
  refusalOf(verdict: TokenVerdict & { ok: true }, authorizationUri: string): Response | undefined;
}

interface Revocation {
  readonly kind: RevocationKind;
  readonly at: number;
  readonly objectId: string | undefined;
}

/**
 * No revocations at first. Tokens tell their age in whole seconds, so a revocation moves the clock to the next one:
 * a token that is asked for right afterwards is newer. Clients that cannot handle claims challenges (no `cp1`) keep
 * a revoked token until it expires (Microsoft's "Continuous access evaluation").
 */
export function createTokenRevocation(clock: SandboxClock): TokenRevocation {
  const revocations: Revocation[] = [];
  return {
    revoke(kind, objectId) {
      clock.advance(1000 - (clock.now() % 1000));
      revocations.push({ kind, at: Math.floor(clock.now() / 1000) * 1000, objectId });
    },
    refusalOf({ caller }, authorizationUri) {
      const hit = revocations.findLast(
        (r) => caller.issuedAt < r.at && (r.objectId === undefined || r.objectId === caller.objectId),
      );
      if (hit === undefined) return undefined;
      if (hit.kind === "expired") {
        const refusal = { kind: "Expired", expiresAt: hit.at, now: clock.now() } as const;
        return armUnauthorized(refusal, authorizationUri);
      }
      return caller.capabilities.includes("cp1") ? armClaimsChallenge(hit.at, authorizationUri) : undefined;
    },
  };
}
