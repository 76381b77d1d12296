import { describe, expect, test } from "vitest";
import type { IdentityBlock } from "../../world.ts";
import { ArmError } from "../provider.ts";
import { changeIdentity, filledIdentity, newlyNamed, parseIdentity } from "./identity-block.ts";

const group = "/subscriptions/S/resourceGroups/rg";
const vmId = `${group}/providers/Microsoft.Compute/virtualMachines/vm`;
const id = (name: string) => `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const [a, b, c, gone] = [id("a"), id("b"), id("c"), id("gone")];
const existing = new Set([a, b, c, ...numbered(160)].map((i) => i.toLowerCase()));

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => id(`n${i}`));
}

const ofA = { principalId: "pa", clientId: "ca" };
const ofB = { principalId: "pb", clientId: "cb" };
const onlyA: IdentityBlock = { type: "UserAssigned", userAssignedIdentities: { [a]: ofA } };
const aAndB: IdentityBlock = { type: "UserAssigned", userAssignedIdentities: { [a]: ofA, [b]: ofB } };
const system: IdentityBlock = { type: "SystemAssigned", principalId: "ps", tenantId: "T" };
const systemAndA: IdentityBlock = {
  ...system,
  type: "SystemAssigned, UserAssigned",
  userAssignedIdentities: { [a]: ofA },
};
const withGone: IdentityBlock = {
  type: "UserAssigned",
  userAssignedIdentities: { [a]: ofA, [gone]: { principalId: "pg", clientId: "cg" } },
};

interface Options {
  readonly method?: "PUT" | "PATCH";
  readonly danglingFailsPatch?: boolean;
}

function apply(before: IdentityBlock | undefined, sent: unknown, options: Options = {}) {
  const method = options.method ?? "PATCH";
  return changeIdentity(parseIdentity(sent, method), {
    method,
    resourceId: vmId,
    tenantId: "T",
    before,
    exists: (i) => existing.has(i.toLowerCase()),
    newSystemPrincipal: () => "new",
    danglingFailsPatch: options.danglingFailsPatch ?? false,
  });
}

function refusal(run: () => unknown): ArmError {
  try {
    run();
  } catch (error) {
    if (error instanceof ArmError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

interface Row {
  readonly name: string;
  readonly before?: IdentityBlock;
  readonly sent: unknown;
  readonly options?: Options;
  /** The map's keys with whether each has its ids already. */
  readonly after: IdentityBlock | undefined;
  readonly attached?: readonly string[];
}

const changes: readonly Row[] = [
  {
    name: "a first identity is there at once, without its ids",
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: {} } },
    after: { type: "UserAssigned", userAssignedIdentities: { [a]: {} } },
    attached: [a],
  },
  {
    name: "a second one is merged; the first keeps its ids",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [b]: {} } },
    after: { type: "UserAssigned", userAssignedIdentities: { [a]: ofA, [b]: {} } },
    attached: [b],
  },
  {
    name: "an attached key sent again changes nothing",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: {} } },
    after: onlyA,
  },
  {
    name: "an attached key sent in another case is the same key, in its old spelling",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a.toUpperCase()]: {} } },
    after: onlyA,
  },
  {
    name: "null removes, in any case",
    before: aAndB,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a.toLowerCase()]: null } },
    after: { type: "UserAssigned", userAssignedIdentities: { [b]: ofB } },
  },
  {
    name: "null for what is not attached changes nothing",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [c]: null } },
    after: onlyA,
  },
  {
    name: "one request swaps",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: null, [b]: {} } },
    after: { type: "UserAssigned", userAssignedIdentities: { [b]: {} } },
    attached: [b],
  },
  {
    name: "the stored values may be sent back",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: ofA } },
    after: onlyA,
  },
  {
    name: "the spelling of a new key is kept",
    sent: { type: "UserAssigned", userAssignedIdentities: { [a.toLowerCase()]: {} } },
    after: { type: "UserAssigned", userAssignedIdentities: { [a.toLowerCase()]: {} } },
    attached: [a.toLowerCase()],
  },
  {
    name: "a type without a blank is written with one",
    before: systemAndA,
    sent: { type: "SystemAssigned,UserAssigned" },
    after: systemAndA,
  },
  {
    name: "a type in any case and order",
    before: systemAndA,
    sent: { type: "  userassigned ,SYSTEMASSIGNED " },
    after: systemAndA,
  },
  {
    name: "a type alone that names UserAssigned keeps the map and adds the system identity",
    before: onlyA,
    sent: { type: "SystemAssigned, UserAssigned" },
    after: {
      type: "SystemAssigned, UserAssigned",
      principalId: "new",
      tenantId: "T",
      userAssignedIdentities: { [a]: ofA },
    },
  },
  {
    name: "a type alone without SystemAssigned drops the system identity",
    before: systemAndA,
    sent: { type: "UserAssigned" },
    after: onlyA,
  },
  {
    name: "an attach that forgets the system identity drops it",
    before: systemAndA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [b]: {} } },
    after: { type: "UserAssigned", userAssignedIdentities: { [a]: ofA, [b]: {} } },
    attached: [b],
  },
  {
    name: "a type without UserAssigned drops the map",
    before: systemAndA,
    sent: { type: "SystemAssigned" },
    after: system,
  },
  {
    name: "and so it does with a map of nulls",
    before: systemAndA,
    sent: { type: "SystemAssigned", userAssignedIdentities: { [a]: null } },
    after: system,
  },
  {
    name: "a system identity keeps its principal",
    before: system,
    sent: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [a]: {} } },
    after: { ...systemAndA, userAssignedIdentities: { [a]: {} } },
    attached: [a],
  },
  {
    name: "a system identity alone is made",
    sent: { type: "SystemAssigned" },
    after: { type: "SystemAssigned", principalId: "new", tenantId: "T" },
  },
  { name: "None drops everything", before: systemAndA, sent: { type: "None" }, after: undefined },
  {
    name: "None with a null map too",
    before: systemAndA,
    sent: { type: "none", userAssignedIdentities: null },
    after: undefined,
  },
  {
    name: "None with a map of nulls too",
    before: onlyA,
    sent: { type: "None", userAssignedIdentities: { [a]: null } },
    after: undefined,
  },
  {
    name: "an empty map keeps what is there",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: {} },
    after: onlyA,
  },
  {
    name: "150 identities may come at once",
    sent: {
      type: "UserAssigned",
      userAssignedIdentities: Object.fromEntries(numbered(150).map((i) => [i, {}])),
    },
    after: {
      type: "UserAssigned",
      userAssignedIdentities: Object.fromEntries(numbered(150).map((i) => [i, {}])),
    },
    attached: numbered(150),
  },
  {
    name: "a deleted identity is removed by null",
    before: withGone,
    sent: { type: "UserAssigned", userAssignedIdentities: { [gone]: null } },
    options: { danglingFailsPatch: true },
    after: onlyA,
  },
  {
    name: "a deleted identity that is not named stays as it is",
    before: withGone,
    sent: { type: "UserAssigned", userAssignedIdentities: { [b]: {} } },
    after: { type: "UserAssigned", userAssignedIdentities: { ...withGone.userAssignedIdentities, [b]: {} } },
    attached: [b],
  },
  {
    name: "a PUT's map is the whole truth",
    before: aAndB,
    sent: { type: "UserAssigned", userAssignedIdentities: { [b]: {}, [c]: {} } },
    options: { method: "PUT" },
    after: { type: "UserAssigned", userAssignedIdentities: { [b]: ofB, [c]: {} } },
    attached: [c],
  },
];

describe("a change", () => {
  test.each(changes)("$name", ({ before, sent, options, after, attached = [] }) => {
    const change = apply(before, sent, options);
    expect(change.block).toEqual(after);
    expect(change.attached).toEqual(attached);
  });
});

interface RefusalRow {
  readonly name: string;
  readonly before?: IdentityBlock;
  readonly sent: unknown;
  readonly options?: Options;
  readonly code: string;
  readonly text?: string;
}

const refusals: readonly RefusalRow[] = [
  { name: "text", sent: "SystemAssigned", code: "InvalidRequestContent" },
  { name: "a list", sent: [], code: "InvalidRequestContent" },
  {
    name: "no type",
    sent: { userAssignedIdentities: { [a]: {} } },
    code: "InvalidRequestContent",
    text: "Required property 'type' not found in JSON. Path 'identity'",
  },
  { name: "a null type", sent: { type: null }, code: "InvalidRequestContent" },
  { name: "an unknown type", sent: { type: "Managed" }, code: "InvalidRequestContent" },
  { name: "None and another", sent: { type: "None, UserAssigned" }, code: "InvalidRequestContent" },
  { name: "a number as type", sent: { type: 1 }, code: "InvalidRequestContent" },
  {
    name: "a list of ids",
    sent: { type: "UserAssigned", userAssignedIdentities: [a] },
    code: "InvalidRequestContent",
  },
  {
    name: "a name for an id",
    sent: { type: "UserAssigned", userAssignedIdentities: { "id-a": {} } },
    code: "LinkedInvalidPropertyId",
    text: "Property id 'id-a' at path '' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
  },
  {
    name: "an empty id",
    sent: { type: "UserAssigned", userAssignedIdentities: { "": {} } },
    code: "LinkedInvalidPropertyId",
  },
  {
    name: "one id twice in other case",
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: {}, [a.toLowerCase()]: {} } },
    code: "DuplicateIdentityIds",
    text: `'${a},${a.toLowerCase()}'`,
  },
  {
    name: "an id attached and removed in other case",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: {}, [a.toUpperCase()]: null } },
    code: "DuplicateIdentityIds",
  },
  {
    name: "a value that is text",
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: "x" } },
    code: "InvalidIdentityValues",
  },
  {
    name: "foreign ids as value",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: { ...ofA, clientId: "other" } } },
    code: "InvalidIdentityValues",
  },
  {
    name: "ids for what is not attached",
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: ofA } },
    code: "InvalidIdentityValues",
  },
  {
    name: "null in a PUT",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: null } },
    options: { method: "PUT" },
    code: "InvalidIdentityValues",
    text: "should only be empty null during PATCH",
  },
  {
    name: "identities under SystemAssigned",
    sent: { type: "SystemAssigned", userAssignedIdentities: { [a]: {} } },
    code: "InvalidParameter",
    text: 'if the type is "SystemAssigned"',
  },
  {
    name: "identities under None",
    sent: { type: "None", userAssignedIdentities: { [a]: {} } },
    code: "InvalidParameter",
  },
  { name: "UserAssigned without any", sent: { type: "UserAssigned" }, code: "MissingIdentityIds" },
  {
    name: "UserAssigned with an empty map",
    before: system,
    sent: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: {} },
    code: "MissingIdentityIds",
  },
  {
    name: "the last one by null",
    before: onlyA,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: null } },
    code: "FailedIdentityOperation",
    text: `Removal of all user-assigned identities assigned to resource '${vmId.replace("resourceGroups", "resourcegroups")}' with type 'UserAssigned' is invalid.`,
  },
  {
    name: "all of several by null",
    before: aAndB,
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: null, [b]: null } },
    code: "FailedIdentityOperation",
  },
  {
    name: "the last one by null beside a system identity",
    before: systemAndA,
    sent: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [a]: null } },
    code: "FailedIdentityOperation",
    text: "with type 'SystemAssigned, UserAssigned' is invalid",
  },
  {
    name: "an identity that does not exist",
    sent: { type: "UserAssigned", userAssignedIdentities: { [a]: {}, [gone]: {} } },
    code: "FailedIdentityOperation",
    text: `Resource '${gone.replace("resourceGroups", "resourcegroups")}' was not found.`,
  },
  {
    name: "a deleted one that is attached and named again",
    before: withGone,
    sent: { type: "UserAssigned", userAssignedIdentities: { [gone]: {} } },
    code: "FailedIdentityOperation",
  },
  {
    name: "a deleted one that is attached, where that is set to fail",
    before: withGone,
    sent: { type: "UserAssigned", userAssignedIdentities: { [b]: {} } },
    options: { danglingFailsPatch: true },
    code: "FailedIdentityOperation",
  },
  {
    name: "151 at once",
    sent: {
      type: "UserAssigned",
      userAssignedIdentities: Object.fromEntries(numbered(151).map((i) => [i, {}])),
    },
    code: "FailedIdentityOperation",
    text: "User Assigned Identities Number '151' Assign exceed limit '150' in one request.",
  },
];

describe("refused", () => {
  test.each(refusals)("$name", ({ before, sent, options, code, text = "" }) => {
    const error = refusal(() => apply(before, sent, options));
    expect(error).toMatchObject({ status: 400, code });
    expect(error.message).toContain(text);
  });

  test("the nested answer is JSON in text, as recorded", () => {
    const error = refusal(() =>
      apply(undefined, { type: "UserAssigned", userAssignedIdentities: { [gone]: {} } }),
    );
    const nested = /Response: '(.*)'\.'\.$/.exec(error.message)?.[1] ?? "";
    expect(JSON.parse(nested)).toMatchObject({ error: { code: "BadRequest" } });
  });
});

describe("around a change", () => {
  test("newly named is what is attached and was not, in any case", () => {
    const sent = {
      type: "UserAssigned",
      userAssignedIdentities: { [a.toLowerCase()]: {}, [b]: {}, [c]: null },
    };
    expect(newlyNamed(parseIdentity(sent, "PATCH"), onlyA)).toEqual([b]);
  });

  test("only what was attached is filled in; what is missing keeps its value", () => {
    const block: IdentityBlock = {
      type: "UserAssigned",
      userAssignedIdentities: { [a]: {}, [b]: {}, [c]: {} },
    };
    const filled = filledIdentity(block, [a.toUpperCase(), c], (i) => (i === a ? ofA : undefined));
    expect(filled.userAssignedIdentities).toEqual({ [a]: ofA, [b]: {}, [c]: {} });
  });
});
