import { expect, test } from "vitest";
import {
  assignmentMarker,
  isAssignableAt,
  parseAssignmentMarker,
  type RoleDefinition,
  roleScopeOf,
} from "./grant.ts";

const subscription = "/subscriptions/00000000-0000-4000-8000-00000000000a";
const mine = `${subscription}/resourceGroups/mine`;
const other = `${subscription}/resourceGroups/other`;

test.each([
  ["a built-in role", ["/"], mine, true],
  ["one for the subscription, in other case", [subscription.toUpperCase()], mine, true],
  ["one for a management group above", ["/providers/Microsoft.Management/managementGroups/mg"], mine, true],
  ["one for this group", [mine.toUpperCase()], `${mine}/providers/Microsoft.KeyVault/vaults/kv`, true],
  ["one for another group", [other], mine, false],
  ["one for a group, at its subscription", [mine], subscription, false],
])("%s", (_name, assignableScopes, scope, expected) => {
  expect(isAssignableAt(scope, { assignableScopes } as unknown as RoleDefinition)).toBe(expected);
});

test.each([
  [`${mine}/providers/Microsoft.KeyVault/vaults/kv`, subscription],
  [
    "/providers/Microsoft.Management/managementGroups/MG",
    "/providers/microsoft.management/managementgroups/mg",
  ],
  ["/", "/"],
])("the roles for %s are those of %s", (scope, expected) => {
  expect(roleScopeOf(scope)).toBe(expected);
});

test("a marker says whose an assignment is and for which identity; other descriptions are none", () => {
  const marker = assignmentMarker("prod", `${mine}/ID`);
  expect(parseAssignmentMarker(marker)).toEqual({ owner: "prod", identityId: `${mine}/ID`.toLowerCase() });
  for (const text of [undefined, "", "nightly backup", `${marker} and more`, "bindery-owner=prod"]) {
    expect(parseAssignmentMarker(text)).toBeUndefined();
  }
});
