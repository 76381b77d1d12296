import { describe, expect, test } from "vitest";
import { type ConditionInput, isFulfilled, parseCondition } from "./abac.ts";

const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const write = "Microsoft.Authorization/roleAssignments/write";
const remove = "Microsoft.Authorization/roleAssignments/delete";
const roleId = "Microsoft.Authorization/roleAssignments:RoleDefinitionId";
const principalType = "Microsoft.Authorization/roleAssignments:PrincipalType";

/** What Azure's portal writes for "constrain roles and principal types". */
const constrained = `((!(ActionMatches{'${write}'})) OR (@Request[${roleId}] ForAnyOfAnyValues:GuidEquals {${reader}} AND @Request[${principalType}] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'})) AND ((!(ActionMatches{'${remove}'})) OR (@Resource[${roleId}] ForAnyOfAnyValues:GuidEquals {${reader}}))`;

const privilegedRefused = `((!(ActionMatches{'${write}'})) OR (@Request[${roleId}] ForAnyOfAllValues:GuidNotEquals {${owner}, 18d7d88d-d35e-4fb5-a5c3-7773c20a72d9}))`;

function input(action: string, parts: Partial<ConditionInput> = {}): ConditionInput {
  return { action, request: {}, resource: {}, environment: { UtcNow: "2026-01-01T00:00:00Z" }, ...parts };
}

function judge(text: string, given: ConditionInput): boolean {
  const parsed = parseCondition(text);
  if (parsed.kind === "invalid") throw new Error(parsed.reason);
  return isFulfilled(parsed.condition, given);
}

describe("a delegation condition", () => {
  test.each([
    [
      "writes the role for a service principal",
      constrained,
      write,
      { request: { [roleId]: reader, [principalType]: "serviceprincipal" } },
      true,
    ],
    [
      "compares the role without case and dashes",
      constrained,
      write,
      {
        request: { [roleId]: reader.toUpperCase().replaceAll("-", ""), [principalType]: "ServicePrincipal" },
      },
      true,
    ],
    [
      "writes another role",
      constrained,
      write,
      { request: { [roleId]: owner, [principalType]: "ServicePrincipal" } },
      false,
    ],
    [
      "writes the role for a user",
      constrained,
      write,
      { request: { [roleId]: reader, [principalType]: "User" } },
      false,
    ],
    ["writes without saying what", constrained, write, {}, false],
    ["deletes the role", constrained, remove, { resource: { [roleId]: reader } }, true],
    ["deletes another role", constrained, remove, { resource: { [roleId]: owner } }, false],
    ["does something else", constrained, "Microsoft.Compute/virtualMachines/read", {}, true],
    ["writes an unprivileged role", privilegedRefused, write, { request: { [roleId]: reader } }, true],
    ["writes a privileged role", privilegedRefused, write, { request: { [roleId]: owner } }, false],
  ])("who %s", (_, text, action, parts, expected) => {
    expect(judge(text, input(action, parts))).toBe(expected);
  });
});

describe("one comparison", () => {
  test.each([
    ["StringEquals 'abcd'", true],
    ["stringEquals 'ABCD'", false],
    ["StringEqualsIgnoreCase 'ABCD'", true],
    ["StringNotEquals 'abcd'", false],
    ["StringLike 'a*c?'", true],
    ["StringLike 'A*C?'", false],
    ["StringLikeIgnoreCase 'A*C?'", true],
    ["StringLike 'a*c'", false],
    [String.raw`StringLike 'a\*cd'`, false],
    ["StringNotLike 'x*'", true],
    ["StringStartsWith 'ab'", true],
    ["StringNotStartsWithIgnoreCase 'AB'", false],
    ["ForAnyOfAnyValues:StringEquals {'x', 'abcd'}", true],
    ["ForAnyOfAllValues:StringNotEquals {'x', 'abcd'}", false],
    ["ForAllOfAnyValues:StringNotEquals {'x', 'abcd'}", true],
    ["ForAllOfAllValues:StringEquals {'abcd'}", true],
    ["StringEquals @Resource[c]", false],
    ["StringEquals @Resource[same]", true],
  ])("@Resource[a] %s is %s", (text, expected) => {
    expect(
      judge(`@Resource[a] ${text}`, input(write, { resource: { A: "abcd", c: "other", same: "abcd" } })),
    ).toBe(expected);
  });

  test.each([
    ["@Resource[n] NumericLessThan 12", true],
    ["@Resource[n] NumericGreaterThanEquals 11", false],
    ["@Resource[b] BoolEquals true", true],
    ["@Resource[b] BoolNotEquals true", false],
    ["@Environment[UtcNow] DateTimeGreaterThan '2025-12-31T00:00:00Z'", true],
    ["@Environment[UtcNow] DateTimeLessThan '2025-12-31T00:00:00Z'", false],
    ["Exists @Resource[n]", true],
    ["NOT Exists @Resource[missing]", true],
    ["@Resource[missing] StringEquals 'x'", false],
    ["@Resource[missing] StringNotEquals 'x'", false],
    ["@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringEquals 'x'", false],
    ["ActionMatches{'Microsoft.Authorization/roleAssignments/*'}", true],
    ["ActionMatches{'Microsoft.Authorization/roleDefinitions/*'}", false],
    ["SubOperationMatches{'Blob.List'}", false],
  ])("%s is %s", (text, expected) => {
    expect(judge(text, input(write, { resource: { n: "10", b: "True" } }))).toBe(expected);
  });
});

describe("text that is no condition", () => {
  test.each([
    ["", "The condition ends where an attribute should stand."],
    ["true", "'true' at 0 stands where an attribute should."],
    ["@Resource[a]", "The condition ends where an operator should stand."],
    ["@Resource[a] StringMatches 'x'", "'StringMatches' at 13 stands where an operator should."],
    [
      "@Resource[a] ForSomeValues:StringEquals 'x'",
      "'ForSomeValues:StringEquals' at 13 stands where an operator should.",
    ],
    ["@Resource[a] StringEquals", "The condition ends where a value should stand."],
    ["@Resource[a] StringEquals {}", "'}' at 27 stands where a value should."],
    ["(@Resource[a] StringEquals 'x'", "The condition ends where ')' should stand."],
    ["@Resource[a] StringEquals 'x')", "')' at 29 stands where the end should."],
    ["@Tenant[a] StringEquals 'x'", "'@Tenant[a]' at 0 stands where an attribute should."],
    ["@Resource[] StringEquals 'x'", "'@Resource[]' at 0 stands where an attribute should."],
    ["@Resource[a] StringEquals 'x", "Unexpected ''' at 26."],
    [
      "ActionMatches{'a'} AND ActionMatches{'b'} OR ActionMatches{'c'}",
      "'OR' at 42 stands where 'AND' or parentheses should.",
    ],
    [
      "ActionMatches{'a'} || ActionMatches{'b'} && ActionMatches{'c'}",
      "'&&' at 41 stands where 'OR' or parentheses should.",
    ],
  ])("%j is refused", (text, reason) => {
    expect(parseCondition(text)).toEqual({ kind: "invalid", reason });
  });
});

test("a text nested without end is refused instead of exhausting the stack", () => {
  const nested = (depth: number) => `${"(".repeat(depth)}ActionMatches{'${write}'}${")".repeat(depth)}`;
  expect(judge(nested(100), input(write))).toBe(true);
  const refused = { kind: "invalid", reason: "The condition is nested too deeply." };
  expect(parseCondition(nested(4000))).toEqual(refused);
  expect(parseCondition(`${"!".repeat(8000)}ActionMatches{'${write}'}`)).toEqual(refused);
});
