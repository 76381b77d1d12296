import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const roles = ["Reader", "Key Vault Reader", "Key Vault Secrets User", "Owner", "Contributor"];

test.each([
  ["Raeder", ["Reader"]],
  ["key vault secret user", ["Key Vault Secrets User", "Key Vault Reader"]],
  ["secrets", ["Key Vault Secrets User"]],
  ["reader", ["Reader", "Key Vault Reader"]],
  ["xyzzy", []],
  ["", []],
  ["r".repeat(101), []],
])("%s may have meant %j", (word, expected) => {
  expect(nearest(word, roles)).toEqual(expected);
});
