// Every refusal of the Entra endpoints in one table, with Entra's own codes, statuses and texts.

/** One row: what a refusal looks like; `text` is the description after "AADSTSnnn: ". */
export interface EntraError {
  /** The number after "AADSTS". */
  readonly aadsts: number;
  readonly status: number;
  readonly error: string;
  readonly text: string;
}

function row(aadsts: number, status: number, error: string, text: string): EntraError {
  return { aadsts, status, error, text };
}

const WRONG_TENANT = "You may have sent your authentication request to the wrong tenant.";
const NOT_INSTALLED =
  "This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.";

/** An instant as .NET's round-trip format, which AADSTS700024 uses. */
function dotNetTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/Z$/, "0000Z");
}

/** Texts as public recordings and issue reports of Entra have them (2022–2025), save where a comment says otherwise. */
export const ENTRA_ERRORS = {
  methodNotAllowed: (method: string) =>
    row(
      900561,
      400,
      "invalid_request",
      `The endpoint only accepts POST requests. Received a ${method} request.`,
    ),
  tenantNotFound: (tenant: string) =>
    row(
      90002,
      400,
      "invalid_request",
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
    ),
  tenantMissing: () =>
    row(
      50059,
      400,
      "invalid_request",
      "No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
  unknownInstance: () => row(50049, 400, "invalid_instance", "Unknown or invalid instance."),
  parameterMissing: (name: string) =>
    row(900144, 400, "invalid_request", `The request body must contain the following parameter: '${name}'.`),
  // The code is Entra's for a malformed request; which text it has for each parameter is not known.
  parameterInvalid: (name: string, why: string) =>
    row(
      90023,
      400,
      "invalid_request",
      `The provided value for the input parameter '${name}' is not valid: ${why}`,
    ),
  grantUnsupported: (grant: string) =>
    row(70003, 400, "unsupported_grant_type", `The app requested an unsupported grant type '${grant}'.`),
  clientNotFound: (clientId: string, tenant: string) =>
    row(
      700016,
      400,
      "unauthorized_client",
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. ${NOT_INSTALLED} ${WRONG_TENANT}`,
    ),
  credentialMissing: () =>
    row(
      7000218,
      401,
      "invalid_client",
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
  secretInvalid: (clientId: string) =>
    row(
      7000215,
      401,
      "invalid_client",
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    ),
  assertionMalformed: () => row(50027, 400, "invalid_request", "JWT token is invalid or malformed."),
  assertionOutOfTime: (now: number, from: number, until: number) =>
    row(
      700024,
      401,
      "invalid_client",
      `Client assertion is not within its valid time range. Current time: ${dotNetTime(now)}, assertion valid from ${dotNetTime(from)}, expiry time of assertion ${dotNetTime(until)}. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .`,
    ),
  assertionSignature: (reason: string) =>
    row(700027, 401, "invalid_client", `Client assertion failed signature validation. [Reason - ${reason}]`),
  issuerUnreachable: () => row(50166, 400, "invalid_request", "Request to External OIDC endpoint failed."),
  federationMismatch: (issuer: string, subject: string, audience: string) =>
    row(
      70021,
      400,
      "invalid_request",
      `No matching federated identity record found for presented assertion. Assertion Issuer: '${issuer}'. Assertion Subject: '${subject}'. Assertion Audience: '${audience}'. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation`,
    ),
  fieldMissing: (name: string) =>
    row(
      90014,
      400,
      "invalid_request",
      `The required field '${name}' is missing from the credential. Ensure that you have all the necessary parameters for the login request.`,
    ),
  resourceParameter: () =>
    row(901002, 400, "invalid_request", "The 'resource' request parameter is not supported."),
  scopeInvalid: (scope: string) =>
    row(
      1002012,
      400,
      "invalid_scope",
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    ),
  resourceNotFound: (resource: string, tenant: string) =>
    row(
      500011,
      400,
      "invalid_resource",
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. ${NOT_INSTALLED} You might have sent your authentication request to the wrong tenant.`,
    ),
} as const;

/** Where and when a refusal happens: the correlation id is the caller's own where it sent one. */
export interface RefusalContext {
  readonly correlationId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The refusal as Entra's token endpoint answers it (recorded in public test cassettes, 2023). */
export function refusalFrom(error: EntraError, context: RefusalContext): Response {
  const traceId = crypto.randomUUID();
  const timestamp = `${new Date(context.now).toISOString().slice(0, 19).replace("T", " ")}Z`;
  const trailer = [
    `Trace ID: ${traceId}`,
    `Correlation ID: ${context.correlationId}`,
    `Timestamp: ${timestamp}`,
  ];
  const body = {
    error: error.error,
    error_description: [`AADSTS${error.aadsts}: ${error.text}`, ...trailer].join("\r\n"),
    error_codes: [error.aadsts],
    timestamp,
    trace_id: traceId,
    correlation_id: context.correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${error.aadsts}`,
  };
  const headers = { "cache-control": "no-store, no-cache", pragma: "no-cache", "x-ms-request-id": traceId };
  return Response.json(body, { status: error.status, headers });
}
