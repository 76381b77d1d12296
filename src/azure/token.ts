// Reads what Azure's own token says about who Bindery is. Nothing is verified here: Azure does that.
import { Failure } from "../model/failure.ts";
import type { Self } from "../model/ports.ts";

/** Who a token (a JWT in its compact form) was issued to; a Failure "TokenUnreadable" if it does not say. */
export function selfFromToken(token: string): Self {
  const claims = claimsOf(token);
  const { oid, tid, xms_mirid: resourceId } = claims;
  if (typeof oid !== "string" || typeof tid !== "string") {
    throw unreadable("names no principal (oid) or no tenant (tid)");
  }
  return { principalId: oid, tenantId: tid, ...(typeof resourceId === "string" ? { resourceId } : {}) };
}

function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split(".")[1];
  if (payload === undefined) throw unreadable("is no JSON web token");
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    if (typeof claims === "object" && claims !== null) return { ...claims };
  } catch {
    // The answer is the same as for a payload that is no object: see below.
  }
  throw unreadable("has no readable claims");
}

function unreadable(what: string): Failure {
  return new Failure("terminal", `The access token ${what}, so Bindery cannot know who it is.`, {
    code: "TokenUnreadable",
  });
}
