import { describe, expect, test } from "vitest";
import type { Effect, Holder, Power } from "../blast/blast.ts";
import { group, vaultScope } from "../fixtures.ts";
import { countsOf, effectsInWords } from "./blast-words.ts";
import { namesFor } from "./names.ts";

const power = { kind: "azureRole", roleGuid: "g", roleName: "Reader", scope: vaultScope } as const;
const database = { server: "sql-orders.database.windows.net", database: "orders" };
const vms = "Microsoft.Compute/virtualMachines";

function targets(count: number, type = vms, from = 0): readonly Holder[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: "target",
    targetId: `${group}/providers/${type}/x-${from + i}`,
    targetKind: "virtualMachine",
    type,
  }));
}

function trusts(count: number, from = 0, audience = "api://AzureADTokenExchange"): readonly Holder[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: "trust",
    issuer: "https://i",
    subject: `repo-${from + i}`,
    audience,
  }));
}

function effect(parts: Partial<Effect>, roleName = "Reader"): Effect {
  return { kind: "gain", power: { ...power, roleName }, conditions: [], holders: targets(1), ...parts };
}

function wordsOf(effects: readonly Effect[]): readonly string[] {
  return effectsInWords(effects, namesFor([])).map(({ sign, words }) => `${sign} ${words}`);
}

function inDatabase(securable: Extract<Power, { kind: "databasePermission" }>["securable"]): Power {
  return { kind: "databasePermission", database, permission: "SELECT", securable };
}

describe("who gains and loses what, sentence by sentence", () => {
  test.each<[string, readonly Effect[], readonly string[]]>([
    [
      "nobody who is no resource",
      [effect({ holders: trusts(1) })],
      ["+ whoever has a token of https://i for repo-0 gains Reader on kv"],
    ],
    [
      "two trusts that have the same subject",
      [effect({ holders: trusts(1) }), effect({ holders: trusts(1, 0, "api"), kind: "lose" })],
      [
        "+ whoever has a token of https://i for repo-0 gains Reader on kv",
        "- whoever has a token of https://i for repo-0 with the audience api loses Reader on kv",
      ],
    ],
    [
      "three trusts, each for itself, what befalls one in one sentence",
      [effect({ holders: trusts(3) }), effect({ holders: trusts(3) }, "Owner")],
      [0, 1, 2].map(
        (i) => `+ whoever has a token of https://i for repo-${i} gains Reader on kv and Owner on kv`,
      ),
    ],
    [
      "the same four trusts",
      [effect({ holders: trusts(4) }), effect({ holders: trusts(4) }, "Owner")],
      ["+ whoever has a token that one of 4 federated credentials trusts gains Reader on kv and Owner on kv"],
    ],
    [
      "four trusts and four others, which do not share a sentence",
      [effect({ holders: trusts(4) }), effect({ holders: trusts(4, 4) }, "Owner")],
      ["Reader", "Owner"].map(
        (role) => `+ whoever has a token that one of 4 federated credentials trusts gains ${role} on kv`,
      ),
    ],
    [
      "a condition that becomes another has a line of its own",
      [
        effect({ kind: "alter", conditions: ["c"], formerConditions: ["b"] }),
        effect({ kind: "alter", conditions: ["c"] }, "Owner"),
      ],
      ["~ x-0 keeps Reader on kv, with another condition", "~ x-0 keeps Owner on kv, now with a condition"],
    ],
    [
      "what is gained with a condition and without",
      [effect({ conditions: ["c"] }), effect({}, "Owner")],
      ["+ x-0 gains Reader on kv (with a condition) and Owner on kv"],
    ],
    [
      "a permission on the whole database and one on a schema",
      [
        effect({ power: inDatabase({ class: "database" }) }),
        effect({ kind: "lose", power: inDatabase({ class: "schema", schema: "sales" }) }),
      ],
      ["+ x-0 gains SELECT in sql-orders/orders", "- x-0 loses SELECT on schema::sales in sql-orders/orders"],
    ],
    [
      "one of a type among many of another",
      [effect({ holders: [...targets(3), ...targets(1, "Microsoft.Web/sites")] })],
      ["+ 3 VMs and 1 resource of type Microsoft.Web/sites gain Reader on kv"],
    ],
    [
      "one machine among others",
      [effect({ holders: [...targets(1), ...targets(3, "Microsoft.Compute/virtualMachineScaleSets")] })],
      ["+ 1 VM and 3 scale sets gain Reader on kv"],
    ],
  ])("%s", (_, effects, words) => {
    expect(wordsOf(effects)).toEqual(words);
  });
});

test.each([
  [3, ["x-0", "x-1", "x-2"]],
  [4, []],
])("programs are told the ids of %i resources: %j", (count, names) => {
  const ids = names.map((name) => `${group}/providers/${vms}/${name}`);
  expect(countsOf([...targets(count), ...trusts(2)])).toEqual([{ type: vms, count, ids }]);
});
