import { expect, test } from "vitest";
import { isLoopback } from "./loopback.ts";

test.each([
  ["::1", true],
  ["[::1]", true],
  ["127.1.2.255", true],
  ["LocalHost", true],
  ["127.0.0.256", false],
  ["127.0.0.01", false],
  ["127.0.0.1.nip.io", false],
  ["localhost.", false],
  ["[::1", false],
  ["::", false],
])("%s is loopback: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
