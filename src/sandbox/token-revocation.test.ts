import { expect, test } from "vitest";
import { createClock } from "./clock.ts";
import { createTokenRevocation } from "./token-revocation.ts";

function stage() {
  const clock = createClock(1_700_000_000_400, 1, () => 0);
  const tokens = createTokenRevocation(clock);
  const refusal = (issuedAt: number, capabilities: readonly string[] = ["cp1"], objectId = "o") =>
    tokens.refusalOf(
      {
        ok: true,
        caller: {
          objectId,
          clientId: "c",
          tenantId: "t",
          audience: "a",
          capabilities,
          issuedAt,
          expiresAt: issuedAt + 3_600_000,
        },
      },
      "https://localhost/t",
    );
  return { clock, tokens, refusal };
}

test("nothing is revoked at first", () => expect(stage().refusal(1_700_000_000_000)).toBeUndefined());

test("a revoked token gets a claims challenge with the instant from which tokens are good", async () => {
  const { clock, tokens, refusal } = stage();
  tokens.revoke("revoked");
  const answer = refusal(1_700_000_000_000);
  expect(answer?.status).toBe(401);
  const header = answer?.headers.get("www-authenticate") ?? "";
  const claims = /claims="([^"]+)"/.exec(header)?.[1] ?? "";
  const { access_token } = JSON.parse(Buffer.from(claims, "base64").toString());
  expect(access_token.nbf).toEqual({ essential: true, value: "1700000001" });
  expect(header).toContain('error="insufficient_claims"');
  expect(refusal(Math.floor(clock.now() / 1000) * 1000)).toBeUndefined();
});

test("who cannot handle the challenge keeps its token", () => {
  const { tokens, refusal } = stage();
  tokens.revoke("revoked");
  expect(refusal(1_700_000_000_000, [])).toBeUndefined();
});

test("an expired token is refused to everybody, without claims", async () => {
  const { tokens, refusal } = stage();
  tokens.revoke("expired");
  const answer = refusal(1_700_000_000_000, []);
  expect(await answer?.json()).toHaveProperty("error.code", "ExpiredAuthenticationToken");
  expect(answer?.headers.get("www-authenticate")).not.toContain("claims");
});

test("one principal's tokens are revoked without the others'", () => {
  const { tokens, refusal } = stage();
  tokens.revoke("revoked", "o");
  expect([refusal(0)?.status, refusal(0, ["cp1"], "p")]).toEqual([401, undefined]);
});
