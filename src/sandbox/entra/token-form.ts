// Reads what a client sends to the token endpoint: the form, HTTP Basic credentials, and the claims it asks for.
import { z } from "zod";
import { ENTRA_ERRORS, type EntraError } from "./errors.ts";

/** The parameters of a token request that client credentials know; others are of no meaning to it. */
export interface TokenForm {
  readonly grantType?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly assertion?: string | undefined;
  readonly assertionType?: string | undefined;
  readonly scope?: string | undefined;
  readonly resource?: string | undefined;
  /** What the client can handle, from `claims`: `{"access_token":{"xms_cc":{"values":["cp1"]}}}`. */
  readonly capabilities: readonly string[];
}

const RequestedClaims = z.looseObject({
  access_token: z
    .looseObject({ xms_cc: z.looseObject({ values: z.array(z.string()) }).optional() })
    .optional(),
});

function capabilitiesFrom(claims: string | null): readonly string[] | undefined {
  if (claims === null) {
    return [];
  }
  try {
    const parsed = RequestedClaims.safeParse(JSON.parse(claims));
    return parsed.success ? (parsed.data.access_token?.xms_cc?.values ?? []) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** The client's id and secret from an `Authorization: Basic` header, both form-encoded (RFC 6749 §2.3.1). */
function basicCredentials(header: string | null): { id?: string; secret?: string } {
  const encoded = header?.match(/^basic ([a-z0-9+/=]+)$/i)?.[1];
  if (encoded === undefined) {
    return {};
  }
  const pair = Buffer.from(encoded, "base64").toString();
  const colon = pair.indexOf(":");
  if (colon === -1) {
    return {};
  }
  const fields = new URLSearchParams(`id=${pair.slice(0, colon)}&secret=${pair.slice(colon + 1)}`);
  return { id: fields.get("id") ?? "", secret: fields.get("secret") ?? "" };
}

/** Whether reading or checking gave a refusal. */
export function isEntraError(value: object): value is EntraError {
  return "aadsts" in value;
}

/** The form of a token request, or why it cannot be read: a parameter given twice, claims that are no JSON. */
export async function parseTokenForm(request: Request): Promise<TokenForm | EntraError> {
  const fields = new URLSearchParams(await request.text());
  const repeated = [...fields.keys()].find((name) => fields.getAll(name).length > 1);
  if (repeated !== undefined) {
    return ENTRA_ERRORS.parameterInvalid(repeated, "it is given more than once.");
  }
  const capabilities = capabilitiesFrom(fields.get("claims"));
  if (capabilities === undefined) {
    return ENTRA_ERRORS.parameterInvalid("claims", "it is not a claims request in JSON.");
  }
  const basic = basicCredentials(request.headers.get("authorization"));
  const field = (name: string) => fields.get(name) || undefined;
  return {
    grantType: field("grant_type"),
    clientId: field("client_id") ?? basic.id,
    clientSecret: field("client_secret") ?? basic.secret,
    assertion: field("client_assertion"),
    assertionType: field("client_assertion_type"),
    scope: field("scope"),
    resource: field("resource"),
    capabilities,
  };
}
