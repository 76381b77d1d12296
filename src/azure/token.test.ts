import { expect, test } from "vitest";
import { wellKnownClouds } from "./cloud.ts";
import { guardedCredential } from "./credential.ts";
import { selfFromToken } from "./token.ts";

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

const tid = "11111111-1111-1111-1111-111111111111";
const foreign = "22222222-2222-2222-2222-222222222222";

test("a token says who it was issued to", () => {
  expect(selfFromToken(token({ oid: "o", tid }))).toEqual({ principalId: "o", tenantId: tid });
  expect(selfFromToken(token({ oid: "o", tid, xms_mirid: "/r" }))).toEqual({
    principalId: "o",
    tenantId: tid,
    resourceId: "/r",
  });
});

test.each(["", "opaque", "a.b.c", token([]), token(null), token({ oid: "o" }), token({ tid })])(
  "%s says nothing",
  (text) => {
    expect(() => selfFromToken(text)).toThrow(/access token/);
  },
);

test("tokens of the wrong tenant are not handed out", async () => {
  const credential = { getToken: async () => ({ token: token({ oid: "o", tid }), expiresOnTimestamp: 0 }) };
  const { public: cloud } = wellKnownClouds;
  await expect(guardedCredential(credential, cloud).getToken("s")).resolves.not.toBeNull();
  await expect(guardedCredential(credential, cloud, tid.toUpperCase()).getToken("s")).resolves.not.toBeNull();
  await expect(guardedCredential(credential, cloud, foreign).getToken("s")).rejects.toMatchObject({
    details: { code: "ForeignTenant" },
  });
  const sandbox = { ...cloud, sandbox: true, name: "sandbox" };
  await expect(guardedCredential(credential, sandbox).getToken("s")).rejects.toThrow(
    /takes only its reserved tenant/,
  );
});
