import { expect, test } from "vitest";
import { failureNamed, faultAnswers } from "./fault-answers.ts";

const path = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1";
const request = { method: "PATCH", pathname: path, seconds: 7 };
const made = (name: (typeof faultAnswers)[number], hasRetryAfter = true) =>
  failureNamed(name, request, hasRetryAfter, 0);

test.each([
  ["armThrottled", 429, ["error", "code"], "SubscriptionRequestsThrottled"],
  ["armStorageThrottled", 429, ["error", "code"], "SubscriptionRequestsThrottled"],
  ["providerThrottled", 429, ["error", "code"], "ResourceRequestsThrottled"],
  ["computeThrottled", 429, ["code"], "OperationNotAllowed"],
  ["identityThrottled", 429, ["error", "code"], "429"],
  ["nestedIdentityThrottled", 429, ["error", "code"], "FailedIdentityOperation"],
  ["retryable", 429, ["error", "code"], "RetryableError"],
  ["retryableDueToAnotherOperation", 429, ["error", "code"], "RetryableErrorDueToAnotherOperation"],
  ["graphThrottled", 429, ["error", "code"], "RateLimiting"],
  ["appServiceThrottled", 429, ["Code"], "429"],
  ["conflict", 409, ["error", "code"], "Conflict"],
  ["serverTimeout", 503, ["error", "code"], "ServerTimeout"],
  ["gatewayTimeout", 504, ["error", "code"], "GatewayTimeout"],
  ["internalServerError", 500, ["error", "code"], "InternalServerError"],
] as const)("%s answers %i with its code where Azure has it", (name, status, where, code) => {
  const { status: answered, body } = made(name);
  expect(answered).toBe(status);
  expect(body).toHaveProperty([...where], code);
});

test.each(["html500", "html502", "html503"] as const)("%s is a page, not JSON", (name) => {
  const { status, headers, body } = made(name);
  expect(String(status)).toBe(name.slice(4));
  expect(headers["content-type"]).toBe("text/html");
  expect(body).toMatch(/^<html>/);
});

test("Retry-After is there with the seconds, and can be left out", () => {
  expect(made("identityThrottled").headers["retry-after"]).toBe("7");
  expect(made("identityThrottled", false).headers["retry-after"]).toBeUndefined();
});

test("the identity layer behind a provider tells the seconds only in the nested text", () => {
  const { headers, body } = made("nestedIdentityThrottled");
  expect(headers["retry-after"]).toBeUndefined();
  expect(JSON.stringify(body)).toContain("Retry after 7 seconds.");
});

test("Compute's 429 has no envelope", () => {
  expect(made("computeThrottled").body).not.toHaveProperty("error");
  expect(made("computeThrottled").body).toHaveProperty(["details", 0, "code"], "TooManyRequests");
});

test("every answer is a failure", () => {
  expect(faultAnswers.map((name) => made(name).status).filter((status) => status < 400)).toEqual([]);
});
