// How Azure Resource Manager says 401: one row for each way in which a caller is not authenticated.
import type { TokenRefusal } from "./access-token.ts";

/** One row: ARM's error code, its message, and the description in the WWW-Authenticate header. */
interface Unauthorized {
  readonly code: string;
  readonly message: string;
  readonly description: string;
}

/** An instant (milliseconds) as ARM writes it: `11/24/2025 11:31:00 PM`. */
function armTime(milliseconds: number): string {
  return new Date(milliseconds)
    .toLocaleString("en-US", { timeZone: "UTC" })
    .replace(",", "")
    .replaceAll("\u202f", " ");
}

function alike(code: string, message: string): Unauthorized {
  return { code, message, description: message };
}

function wrongTenant(actual: string, expected: string): string {
  return `The access token is from the wrong issuer 'https://sts.windows.net/${actual}/'. It must match the tenant 'https://sts.windows.net/${expected}/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/${expected}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.`;
}

function wrongAudience(audience: string, allowed: readonly string[]): string {
  const list = allowed.map((name) => `'${name}'`).join(",");
  return `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences ${list}.`;
}

/**
 * ARM's words for a refusal. Sources: public issue reports and recordings of 2018 to 2025, and for the missing header
 * the challenge that the SDKs' own tests keep; which words ARM has for a token that is not valid yet or has a bad
 * signature is not known, "The access token is invalid." is what it says of other tokens it cannot use.
 */
function unauthorizedFrom(refusal: TokenRefusal): Unauthorized {
  switch (refusal.kind) {
    case "MissingHeader":
      return {
        code: "AuthenticationFailed",
        message: "Authentication failed. The 'Authorization' header is missing.",
        description: "The authentication failed because of missing 'Authorization' header.",
      };
    case "MalformedHeader":
      return alike(
        "AuthenticationFailedInvalidHeader",
        "Authentication failed. The 'Authorization' header is provided in an invalid format.",
      );
    case "Malformed":
    case "BadSignature":
    case "NotYetValid":
      return alike("InvalidAuthenticationToken", "The access token is invalid.");
    case "Expired":
      return alike(
        "ExpiredAuthenticationToken",
        `The access token expiry UTC time '${armTime(refusal.expiresAt)}' is earlier than current UTC time '${armTime(refusal.now)}'.`,
      );
    case "WrongAudience":
      return alike("InvalidAuthenticationTokenAudience", wrongAudience(refusal.audience, refusal.allowed));
    case "WrongTenant":
      return alike("InvalidAuthenticationTokenTenant", wrongTenant(refusal.tenantId, refusal.expected));
  }
}

function response(code: string, message: string, challenge: string): Response {
  const headers = { "www-authenticate": challenge, "cache-control": "no-cache", pragma: "no-cache" };
  return Response.json({ error: { code, message } }, { status: 401, headers });
}

/** ARM's 401 for a refusal. `authorizationUri` names the tenant's authority: `https://host/{tenantId}`. */
export function armUnauthorized(refusal: TokenRefusal, authorizationUri: string): Response {
  const { code, message, description } = unauthorizedFrom(refusal);
  const challenge = `Bearer authorization_uri="${authorizationUri}", error="invalid_token", error_description="${description.replaceAll('"', "'")}"`;
  return response(code, message, challenge);
}

/**
 * A 401 that asks for another token (continuous access evaluation): only one issued at `notBefore` (milliseconds) or
 * later is good. Clients answer it with one token request that carries these claims. Send it only to a caller whose
 * capabilities include `cp1`. The header is what the SDKs parse; ARM's body is not known.
 */
export function armClaimsChallenge(notBefore: number, authorizationUri: string): Response {
  const nbf = { essential: true, value: String(Math.ceil(notBefore / 1000)) };
  const claims = Buffer.from(JSON.stringify({ access_token: { nbf } })).toString("base64");
  const challenge = `Bearer authorization_uri="${authorizationUri}", error="insufficient_claims", claims="${claims}"`;
  return response("InvalidAuthenticationToken", "The access token has been revoked.", challenge);
}
