import { inspect } from "node:util";
import { createHttpHeaders, createPipelineRequest, RestError } from "@azure/core-rest-pipeline";
import { describe, expect, test } from "vitest";
import { Failure, type FailureClass, type FailureDetails } from "../model/failure.ts";
import { culpritsIn, failureFrom } from "./failures.ts";

const sub = "/subscriptions/00000000-0000-0000-0000-000000000001";
const identity = `${sub}/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/id-1`;
const other = `${sub}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-2`;
const vm = `${sub}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm`;

interface Case {
  readonly what: string;
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly expected: Partial<FailureDetails> & { readonly class: FailureClass };
}

function error(code: string, message: string, more: object = {}): object {
  return { error: { code, message, ...more } };
}

function identityOperation(status: string, inner: string): object {
  const nested = JSON.stringify({ error: { code: status, message: inner } });
  return error(
    "FailedIdentityOperation",
    `Identity operation for resource '${vm}' failed with error 'Failed to perform resource identity operation. Status: '${status}'. Response: '${nested}'.'.`,
  );
}

const throttled = `Request is temporarily throttled because resource ${identity} has issued too many requests. Retry after 20 seconds.`;

/** An error of storage, which answers in XML. */
function storageError(code: string, message: string): string {
  return `\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}\nRequestId:1\nTime:2026-11-22T06:00:00Z</Message></Error>`;
}

const cases: readonly Case[] = [
  {
    what: "a lease that somebody else holds",
    status: 409,
    body: storageError("LeaseAlreadyPresent", "There is already a lease present."),
    method: "PUT",
    expected: { class: "transient", code: "LeaseAlreadyPresent" },
  },
  {
    what: "a lease that is somebody else's now",
    status: 409,
    body: storageError(
      "LeaseIdMismatchWithLeaseOperation",
      "The lease ID specified did not match the lease ID for the blob.",
    ),
    method: "PUT",
    expected: { class: "terminal", code: "LeaseIdMismatchWithLeaseOperation" },
  },
  {
    what: "storage that is busy",
    status: 503,
    body: storageError("ServerBusy", "The server is busy."),
    method: "PUT",
    expected: { class: "transient", code: "ServerBusy", mayHaveHappened: true },
  },
  {
    what: "storage without the right",
    status: 403,
    body: storageError(
      "AuthorizationPermissionMismatch",
      "This request is not authorized to perform this operation using this permission.",
    ),
    method: "PUT",
    expected: { class: "terminal", code: "AuthorizationPermissionMismatch" },
  },
  {
    what: "ARM's throttling, seconds in the text",
    status: 429,
    body: error(
      "SubscriptionRequestsThrottled",
      "Number of 'read' requests exceeded. Please try again after '303' seconds.",
    ),
    expected: { class: "transient", code: "SubscriptionRequestsThrottled", retryAfterInMs: 303_000 },
  },
  {
    what: "Retry-After wins over text",
    status: 429,
    headers: { "retry-after": "10" },
    body: error("SubscriptionRequestsThrottled", "Please try again after '303' seconds."),
    expected: { class: "transient", code: "SubscriptionRequestsThrottled", retryAfterInMs: 10_000 },
  },
  {
    what: "Retry-After as a date, against the answer's own date",
    status: 503,
    headers: { "retry-after": "Sun, 22 Nov 2026 06:00:30 GMT", date: "Sun, 22 Nov 2026 06:00:00 GMT" },
    body: "",
    method: "GET",
    expected: { class: "transient", code: "ServiceUnavailable", retryAfterInMs: 30_000 },
  },
  {
    what: "retry-after-ms",
    status: 429,
    headers: { "retry-after-ms": "250" },
    body: "",
    expected: { class: "transient", code: "TooManyRequests", retryAfterInMs: 250 },
  },
  {
    what: "Resource Graph's quota",
    status: 429,
    headers: { "x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:01:05" },
    body: error("RateLimiting", "Please provide below info"),
    method: "POST",
    expected: { class: "transient", code: "RateLimiting", retryAfterInMs: 65_000 },
  },
  {
    what: "Compute's 429 without envelope",
    status: 429,
    headers: { "retry-after": "1200" },
    body: {
      code: "OperationNotAllowed",
      message:
        "The server rejected the request because too many requests have been received for this subscription.",
    },
    expected: { class: "transient", code: "OperationNotAllowed", retryAfterInMs: 1_200_000 },
  },
  {
    what: "the identity provider's code 429",
    status: 429,
    headers: { "retry-after": "2" },
    body: error("429", throttled),
    expected: { class: "transient", code: "TooManyRequests", retryAfterInMs: 2_000 },
  },
  {
    what: "App Service's capital keys",
    status: 429,
    body: { Code: "429", Message: "Cannot acquire exclusive lock to create, update or delete this site." },
    expected: { class: "transient", code: "TooManyRequests", retryAfterInMs: 10_000 },
  },
  {
    what: "a lock that says 429",
    status: 429,
    body: error("RetryableError", "A retryable error occurred.", {
      details: [
        { code: "RetryableErrorDueToAnotherOperation", message: "The call can be retried in 14 seconds." },
      ],
    }),
    expected: { class: "transient", code: "RetryableError", retryAfterInMs: 14_000 },
  },
  {
    what: "throttling nested in an identity operation blames no identity",
    status: 429,
    body: identityOperation("429", throttled),
    expected: { class: "transient", code: "FailedIdentityOperation", retryAfterInMs: 20_000 },
  },
  {
    what: "the same with status 400",
    status: 400,
    body: identityOperation("TooManyRequests", throttled),
    expected: { class: "transient", code: "FailedIdentityOperation", retryAfterInMs: 20_000 },
  },
  {
    what: "an identity that does not exist",
    status: 400,
    body: identityOperation("BadRequest", `Resource '${identity}' was not found.`),
    expected: { class: "terminal", code: "FailedIdentityOperation", culprits: [identity] },
  },
  {
    what: "the removal of all blames nobody",
    status: 400,
    body: identityOperation(
      "BadRequest",
      `Removal of all user-assigned identities assigned to resource '${vm}' with type 'UserAssigned' is invalid.`,
    ),
    expected: { class: "terminal", code: "FailedIdentityOperation" },
  },
  {
    what: "too many in one request",
    status: 400,
    body: identityOperation(
      "BadRequest",
      "User Assigned Identities Number '151' Assign exceed limit '150' in one request.",
    ),
    expected: { class: "terminal", code: "FailedIdentityOperation" },
  },
  {
    what: "an unwell identity provider",
    status: 500,
    body: identityOperation("InternalServerError", "oops"),
    expected: {
      class: "transient",
      code: "FailedIdentityOperation",
      mayHaveHappened: true,
      retryAfterInMs: 10_000,
    },
  },
  {
    what: "no right to assign two identities",
    status: 403,
    body: error(
      "LinkedAuthorizationFailed",
      `The client 'c' with object id 'o' has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope '${vm}'; however, it does not have permission to perform action 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope(s) '${identity},${other}' or the linked scope(s) are invalid.`,
    ),
    expected: { class: "terminal", code: "LinkedAuthorizationFailed", culprits: [identity, other] },
  },
  {
    what: "a linked subscription of another tenant",
    status: 403,
    body: error(
      "LinkedAuthorizationFailed",
      `on scope '${vm}', however the current tenant 'x' is not authorized to access linked subscription 'y'.`,
    ),
    expected: { class: "terminal", code: "LinkedAuthorizationFailed" },
  },
  {
    what: "no right",
    status: 403,
    body: error("AuthorizationFailed", "does not have authorization to perform action"),
    expected: { class: "terminal", code: "AuthorizationFailed" },
  },
  {
    what: "a deny assignment",
    status: 403,
    body: error(
      "DenyAssignmentAuthorizationFailed",
      "however, the access is denied because of the deny assignment",
    ),
    expected: { class: "terminal", code: "DenyAssignmentAuthorizationFailed" },
  },
  {
    what: "a policy",
    status: 403,
    body: error("RequestDisallowedByPolicy", "Resource 'x' was disallowed by policy."),
    expected: { class: "terminal", code: "RequestDisallowedByPolicy" },
  },
  {
    what: "a lock",
    status: 409,
    body: error(
      "ScopeLocked",
      "cannot perform write operation because following scope(s) are locked: 'x'. Please remove the lock and try again.",
    ),
    expected: { class: "terminal", code: "ScopeLocked" },
  },
  {
    what: "a lock on one of the identities of a request",
    status: 409,
    body: error(
      "ScopeLocked",
      `cannot perform write operation because following scope(s) are locked: '${identity}'. Please remove the lock and try again.`,
    ),
    expected: { class: "terminal", code: "ScopeLocked", culprits: [identity] },
  },
  {
    what: "a principal that is not everywhere yet",
    status: 400,
    body: error("PrincipalNotFound", "Principal x does not exist in the directory y."),
    expected: { class: "propagating", code: "PrincipalNotFound", retryAfterInMs: 5_000 },
  },
  {
    what: "Compute's concurrent write",
    status: 409,
    body: error("Conflict", "The request failed due to conflict with a concurrent request."),
    expected: { class: "transient", code: "Conflict", retryAfterInMs: 10_000 },
  },
  {
    what: "concurrent federated credentials",
    status: 409,
    body: error("ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", "Too many"),
    expected: {
      class: "transient",
      retryAfterInMs: 20_000,
      code: "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
    },
  },
  {
    what: "App Service's 409",
    status: 409,
    body: { Code: "Conflict", Message: "Cannot modify this site because another operation is in progress." },
    expected: { class: "transient", code: "Conflict", retryAfterInMs: 10_000 },
  },
  {
    what: "an operation that is not allowed now",
    status: 409,
    body: error("OperationNotAllowed", "VM is marked for deletion."),
    expected: { class: "terminal", code: "OperationNotAllowed" },
  },
  {
    what: "a role assignment that exists",
    status: 409,
    body: error("RoleAssignmentExists", "The role assignment already exists."),
    expected: { class: "terminal", code: "RoleAssignmentExists" },
  },
  {
    what: "an unknown 409 that asks to retry",
    status: 409,
    body: error("Busy", "Please try again later."),
    expected: { class: "transient", code: "Busy", retryAfterInMs: 10_000 },
  },
  {
    what: "an unknown 409",
    status: 409,
    body: error("Odd", "No."),
    expected: { class: "terminal", code: "Odd" },
  },
  {
    what: "an etag that has changed, without envelope",
    status: 412,
    body: { code: "ConditionNotMet", message: "etag mismatch" },
    expected: { class: "transient", code: "PreconditionFailed", retryAfterInMs: 0 },
  },
  {
    what: "a thing that is not there",
    status: 404,
    body: error("ResourceNotFound", "The Resource 'x' under resource group 'g' was not found."),
    expected: { class: "terminal", code: "ResourceNotFound" },
  },
  {
    what: "a double-encoded 404",
    status: 404,
    body: { code: "NotFound", message: 'Message: {"code":"NotFound","message":"gone"}' },
    expected: { class: "terminal", code: "NotFound" },
  },
  {
    what: "an expired token",
    status: 401,
    body: error("ExpiredAuthenticationToken", "The access token expiry"),
    expected: { class: "transient", code: "ExpiredAuthenticationToken", retryAfterInMs: 1_000 },
  },
  {
    what: "a token that is refused",
    status: 401,
    body: error("InvalidAuthenticationTokenTenant", "wrong issuer"),
    expected: { class: "terminal", code: "InvalidAuthenticationTokenTenant" },
  },
  {
    what: "HTML",
    status: 503,
    body: "<html><head><title>503 Service Unavailable</title></head><body>…</body></html>",
    expected: { class: "transient", code: "ServiceUnavailable", mayHaveHappened: true },
  },
  {
    what: "a read that failed has not happened",
    status: 500,
    method: "GET",
    body: "",
    expected: { class: "transient", code: "InternalServerError" },
  },
  {
    what: "nothing at all",
    status: 502,
    body: undefined,
    expected: { class: "transient", code: "ServerError", mayHaveHappened: true },
  },
  { what: "not implemented", status: 501, body: undefined, expected: { class: "terminal", code: "Http501" } },
  {
    what: "a deny assignment of a managed application, with Azure's advice to try again",
    status: 403,
    body: error(
      "DenyAssignmentAuthorizationFailed",
      `The client 'c' with object id 'o' has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope '${vm}'; however, the access is denied because of the deny assignment with name 'System deny assignment' and Id '1' at scope '${sub}'. Please try again later.`,
    ),
    expected: { class: "terminal", code: "DenyAssignmentAuthorizationFailed" },
  },
  {
    what: "a policy, with what it found in additionalInfo",
    status: 403,
    body: error("RequestDisallowedByPolicy", "Resource 'vm' was disallowed by policy. Reasons: 'retry'.", {
      target: "vm",
      additionalInfo: [{ type: "PolicyViolation", info: { policyDefinitionEffect: "deny" } }],
    }),
    expected: { class: "terminal", code: "RequestDisallowedByPolicy" },
  },
  {
    what: "a policy, as 400",
    status: 400,
    body: error("RequestDisallowedByPolicy", "disallowed"),
    expected: { class: "terminal", code: "RequestDisallowedByPolicy" },
  },
  {
    what: "a subscription that is read-only",
    status: 409,
    body: error("ReadOnlyDisabledSubscription", "marked as read only. Re-enable it and try again."),
    expected: { class: "terminal", code: "ReadOnlyDisabledSubscription" },
  },
  {
    what: "a group that is being deleted",
    status: 409,
    body: error("ResourceGroupBeingDeleted", "The resource group 'g' is in deprovisioning state."),
    expected: { class: "terminal", code: "ResourceGroupBeingDeleted" },
  },
  {
    what: "a provider that is not registered",
    status: 409,
    body: error("MissingSubscriptionRegistration", "is not registered to use namespace. Register and retry."),
    expected: { class: "terminal", code: "MissingSubscriptionRegistration" },
  },
  {
    what: "an identity that was sent elsewhere",
    status: 409,
    body: error("InvalidResourceLocation", "The resource 'N' already exists in location 'westus'."),
    expected: { class: "terminal", code: "InvalidResourceLocation" },
  },
  {
    what: "user identities beside a type that has none (aad-pod-identity#214)",
    status: 400,
    body: error("InvalidParameter", "identityIds should not be provided if the type is SystemAssigned"),
    expected: { class: "terminal", code: "InvalidParameter" },
  },
  {
    what: "the same identity in two spellings (aad-pod-identity#556)",
    status: 400,
    body: error("InvalidParameter", "cannot be duplicated in the provided identityIds list"),
    expected: { class: "terminal", code: "InvalidParameter" },
  },
  {
    what: "the same, by ARM (aad-pod-identity#167)",
    status: 400,
    body: error(
      "DuplicateIdentityIds",
      `The request content has the following duplicate identity ids '${identity}'`,
    ),
    expected: { class: "terminal", code: "DuplicateIdentityIds" },
  },
  {
    what: "values that are not those stored (azapi#840)",
    status: 400,
    body: error("InvalidIdentityValues", "Invalid identity values"),
    expected: { class: "terminal", code: "InvalidIdentityValues" },
  },
  {
    what: "a write beside another one (lisa#4623)",
    status: 409,
    body: error("ConflictingConcurrentWriteNotAllowed", "The request failed due to conflict."),
    expected: { class: "transient", code: "ConflictingConcurrentWriteNotAllowed", retryAfterInMs: 10_000 },
  },
  {
    what: "another operation (pulumi-azure-native#4421)",
    status: 409,
    body: error(
      "AnotherOperationInProgress",
      "Another operation on this or dependent resource is in progress.",
    ),
    expected: { class: "transient", code: "AnotherOperationInProgress", retryAfterInMs: 10_000 },
  },
  {
    what: "an operation that a newer one pushed aside",
    status: 409,
    body: error(
      "OperationPreempted",
      "The operation execution has been preempted by a more recent operation.",
    ),
    expected: { class: "transient", code: "OperationPreempted", retryAfterInMs: 10_000 },
  },
  {
    what: "a lock that says 409 RetryableError",
    status: 409,
    body: error("RetryableError", "A retryable error occurred."),
    expected: { class: "transient", code: "RetryableError", retryAfterInMs: 10_000 },
  },
  {
    what: "a role assignment's name that is taken (ASO#4206)",
    status: 400,
    body: error(
      "RoleAssignmentUpdateNotPermitted",
      "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    ),
    expected: { class: "terminal", code: "RoleAssignmentUpdateNotPermitted" },
  },
  {
    what: "a role assignment's name that is no GUID (ASO#2586)",
    status: 400,
    body: error(
      "InvalidRoleAssignmentId",
      "The role assignment ID 'x' is not valid. The role assignment ID must be a GUID.",
    ),
    expected: { class: "terminal", code: "InvalidRoleAssignmentId" },
  },
  {
    what: "a role assignment's name that clashes (azure-cli#23770)",
    status: 409,
    body: error("HashConflictOnDifferentRoleAssignmentIds", "hash conflict, use a new Guid"),
    expected: { class: "terminal", code: "HashConflictOnDifferentRoleAssignmentIds" },
  },
  {
    what: "no room for another role assignment",
    status: 400,
    body: error("RoleAssignmentLimitExceeded", "No more role assignments can be created (limit: 4000)."),
    expected: { class: "terminal", code: "RoleAssignmentLimitExceeded" },
  },
  {
    what: "a provider's own limit",
    status: 429,
    body: error(
      "ResourceRequestsThrottled",
      "Number of requests for Microsoft.Authorization exceeded the limit of '120' for time interval '00:01:00'. Please try again after '5' seconds.",
    ),
    expected: { class: "transient", code: "ResourceRequestsThrottled", retryAfterInMs: 5_000 },
  },
  {
    what: "ARM's storage",
    status: 429,
    body: error(
      "SubscriptionRequestsThrottled",
      "Number of requests for subscription 'S' and operation 'GET/SUBSCRIPTIONS/RESOURCEGROUPS' exceeded the backend storage limit. Please try again after '6' seconds.",
    ),
    expected: { class: "transient", code: "SubscriptionRequestsThrottled", retryAfterInMs: 6_000 },
  },
  {
    what: "a parent that is not there",
    status: 404,
    body: error("ParentResourceNotFound", "Parent resource 'N' not found."),
    expected: { class: "terminal", code: "ParentResourceNotFound" },
  },
  {
    what: "two federated credentials of one issuer and subject",
    status: 400,
    body: error("BadRequest", "Issuer and subject combination already exists for this Managed Identity."),
    expected: { class: "terminal", code: "BadRequest" },
  },
  {
    what: "a token that continuous access evaluation has revoked",
    status: 401,
    body: error("InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge."),
    expected: { class: "terminal", code: "InvalidAuthenticationToken" },
  },
  {
    what: "Compute unwell inside an operation, whose error has no status",
    status: 400,
    body: error("InternalExecutionError", "An internal execution error occurred. Please retry later."),
    expected: { class: "transient", code: "InternalExecutionError", mayHaveHappened: true },
  },
  {
    what: "a mistake of ours",
    status: 400,
    body: error("InvalidRequestContent", "could not be deserialized {not json}"),
    expected: { class: "terminal", code: "InvalidRequestContent" },
  },
];

function shown(failure: Failure): Partial<FailureDetails> & { class: FailureClass } {
  const { status: _, ...details } = failure.details;
  return { class: failure.class, ...details };
}

function restError(given: Case): RestError {
  const request = createPipelineRequest({
    url: "https://management.azure.com/x",
    method: given.method === "GET" ? "GET" : "PATCH",
  });
  const bodyAsText = typeof given.body === "object" ? JSON.stringify(given.body) : String(given.body ?? "");
  const response = { request, status: given.status, headers: createHttpHeaders(given.headers), bodyAsText };
  return new RestError("The SDK's text", { code: "sdk", statusCode: given.status, request, response });
}

test.each(cases)("$status: $what", (given) => {
  const failure = failureFrom(restError(given));
  expect(shown(failure)).toEqual(given.expected);
  expect(failure.details.status).toBe(given.status);
});

test("the message is Azure's own, the title where the body is a page", () => {
  expect(failureFrom(restError({ ...cases[0], body: error("A", "in words") } as Case)).message).toBe(
    "in words",
  );
  const html = {
    status: 503,
    body: "<html><title>503 Service\n Unavailable</title></html>",
    what: "",
    expected: { class: "transient" },
  } as const;
  expect(failureFrom(restError(html)).message).toBe("503 Service Unavailable");
  expect(failureFrom(restError({ ...html, body: "" })).message).toBe("Azure answered 503.");
});

test("the correlation id is kept", () => {
  const given = { ...cases[0], headers: { "x-ms-correlation-request-id": "c-1" } } as Case;
  expect(failureFrom(restError(given)).details.correlationId).toBe("c-1");
});

describe("without an answer", () => {
  const write = createPipelineRequest({ url: "https://management.azure.com/x", method: "PUT" });
  const read = createPipelineRequest({ url: "https://management.azure.com/x", method: "GET" });
  test.each([
    ["ECONNREFUSED", write, { class: "transient", code: "ECONNREFUSED" }],
    ["ENOTFOUND", write, { class: "transient", code: "ENOTFOUND" }],
    ["ECONNRESET", write, { class: "transient", code: "ECONNRESET", mayHaveHappened: true }],
    ["ECONNRESET", read, { class: "transient", code: "ECONNRESET" }],
    ["PARSE_ERROR", write, { class: "transient", code: "PARSE_ERROR", mayHaveHappened: true }],
    ["SELF_SIGNED_CERT_IN_CHAIN", write, { class: "terminal", code: "SELF_SIGNED_CERT_IN_CHAIN" }],
    ["ERR_TLS_CERT_ALTNAME_INVALID", read, { class: "terminal", code: "ERR_TLS_CERT_ALTNAME_INVALID" }],
    ["ERR_SSL_WRONG_VERSION_NUMBER", read, { class: "terminal", code: "ERR_SSL_WRONG_VERSION_NUMBER" }],
    ["EWHATEVER", write, { class: "transient", code: "EWHATEVER", mayHaveHappened: true }],
  ] as const)("%s", (code, request, expected) => {
    expect(shown(failureFrom(new RestError("cut", { code, request })))).toEqual(expected);
  });
});

function named(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

test.each([
  [
    "the SDK's operation text",
    new Error(
      "The long-running operation has failed. Conflict. The request failed due to conflict with a concurrent request.",
    ),
    { class: "terminal", code: "Conflict", mayHaveHappened: true },
  ],
  [
    "the same with an identity",
    new Error(
      `The long-running operation has failed. FailedIdentityOperation. Status: 'BadRequest'. Resource '${identity}' was not found.`,
    ),
    { class: "terminal", code: "FailedIdentityOperation", culprits: [identity], mayHaveHappened: true },
  ],
  [
    "the same without anything",
    new Error("The long-running operation has failed."),
    { class: "terminal", code: "OperationFailed", mayHaveHappened: true },
  ],
  [
    "a wrong secret",
    named("AuthenticationError", "AADSTS7000215: Invalid client secret provided.", { statusCode: 401 }),
    { class: "terminal", code: "SignInFailed" },
  ],
  [
    "a wrong secret, as client secrets report it",
    named("AuthenticationRequiredError", "invalid_client: AADSTS7000215: Invalid client secret provided."),
    { class: "terminal", code: "SignInFailed" },
  ],
  [
    "a wrong secret at the end of a chain",
    named("AggregateAuthenticationError", "ChainedTokenCredential: AADSTS7000215: Invalid client secret."),
    { class: "terminal", code: "SignInFailed" },
  ],
  [
    "Entra out of reach",
    named("AuthenticationRequiredError", "endpoints_resolution_error: Error: could not resolve endpoints."),
    { class: "transient", code: "SignInFailed" },
  ],
  [
    "Entra unwell",
    named("AuthenticationError", "oops", { statusCode: 503 }),
    { class: "transient", code: "SignInFailed" },
  ],
  [
    "no credential",
    named("CredentialUnavailableError", "EnvironmentCredential is unavailable."),
    { class: "terminal", code: "CredentialUnavailable" },
  ],
  [
    "a network that is away while signing in",
    named("AggregateAuthenticationError", "network_error: ECONNREFUSED"),
    { class: "transient", code: "CredentialUnavailable" },
  ],
  [
    "a bare socket error",
    Object.assign(new Error("cut"), { code: "ECONNRESET" }),
    { class: "transient", code: "ECONNRESET", mayHaveHappened: true },
  ],
  [
    "a bug",
    new TypeError("x is not iterable"),
    { class: "terminal", code: "UnexpectedError", mayHaveHappened: true },
  ],
  ["no error at all", "text", { class: "terminal", code: "UnexpectedError", mayHaveHappened: true }],
])("%s", (_, thrown, expected) => {
  expect(shown(failureFrom(thrown))).toEqual(expected);
});

test("an answer that was accepted and cannot be read", () => {
  const request = createPipelineRequest({ url: "https://management.azure.com/x", method: "PUT" });
  const response = { request, status: 200, headers: createHttpHeaders(), bodyAsText: "<html>" };
  const thrown = new RestError("parse", { code: "PARSE_ERROR", statusCode: 200, request, response });
  expect(shown(failureFrom(thrown))).toEqual({
    class: "transient",
    code: "UnreadableAnswer",
    mayHaveHappened: true,
  });
});

test("no failure holds the request, whose token would end in a log", () => {
  const request = createPipelineRequest({ url: "https://management.azure.com/x", method: "PUT" });
  request.headers.set("authorization", "Bearer secret");
  const response = { request, status: 403, headers: createHttpHeaders(), bodyAsText: "{}" };
  const answered = new RestError("no", { statusCode: 403, request, response });
  const aggregate = named("AggregateAuthenticationError", "none", { errors: [answered] });
  for (const thrown of [answered, new RestError("cut", { code: "ECONNRESET", request }), aggregate]) {
    const failure = failureFrom(thrown);
    expect(failure.cause).toBeUndefined();
    expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain("secret");
  }
});

test("a Failure stays itself, an abort stays an abort", () => {
  const failure = new Failure("terminal", "as it was", { code: "X" });
  expect(failureFrom(failure)).toBe(failure);
  const abort = new DOMException("stop", "AbortError");
  expect(() => failureFrom(abort)).toThrow(abort);
});

test("culprits are named once, whatever their spelling", () => {
  expect(culpritsIn(`'${identity},${identity.toUpperCase()}' and '${other}'`)).toEqual([
    identity.toUpperCase(),
    other,
  ]);
  expect(culpritsIn(`${vm} and nothing else`)).toEqual([]);
});
