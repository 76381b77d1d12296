import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { bounds } from "../model/source.ts";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";

const schema = jsonSchema();
const documentation = readFileSync(new URL("../../docs/documents.md", import.meta.url), "utf8");

interface Field {
  readonly path: string;
  readonly schema: JsonSchema;
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? (value as JsonSchema) : {};
}

/** Every field of a schema: properties, list entries, and the values of free maps. */
function fieldsOf(at: JsonSchema, path: string): Field[] {
  const properties = Object.entries(asSchema(at.properties)).flatMap(([key, value]) =>
    fieldsOf(asSchema(value), `${path}.${key}`),
  );
  const items = at.items === undefined ? [] : fieldsOf(asSchema(at.items), `${path}[]`);
  const values =
    typeof at.additionalProperties === "object"
      ? fieldsOf(asSchema(at.additionalProperties), `${path}.*`)
      : [];
  return [{ path, schema: at }, ...properties, ...items, ...values];
}

const definitions = asSchema(schema.definitions);
const fields = Object.entries(definitions).flatMap(([kind, value]) => fieldsOf(asSchema(value), kind));

describe("the JSON Schema", () => {
  test("is draft-07 and has every kind", () => {
    expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
    expect(Object.keys(definitions)).toEqual(["UserAssignedIdentity", "IdentityBinding", "Policy", "List"]);
    expect(fields.length).toBeGreaterThan(80);
  });

  test("describes every field", () => {
    const silent = fields.filter(({ schema: field, path }) => path !== "List.items[]" && !field.description);
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("knows no member of a later version", () => {
    const text = JSON.stringify(schema);
    for (const later of ["postgresDatabase", "webApp"]) {
      expect(text).not.toContain(`"${later}"`);
    }
  });

  test("has only patterns that compile with and without the flag u, as editors try them", () => {
    const patterns = fields.flatMap(({ schema: field }) =>
      typeof field.pattern === "string" ? [field.pattern] : [],
    );
    expect(patterns.length).toBeGreaterThan(20);
    for (const pattern of patterns) {
      expect(() => new RegExp(pattern, "u")).not.toThrow();
    }
  });

  test("closes every mapping that is no free map", () => {
    const open = fields.filter(
      ({ schema: field }) => field.properties !== undefined && field.additionalProperties !== false,
    );
    expect(open.map(({ path }) => path)).toEqual([]);
  });
});

describe("a validator of JSON Schema agrees with Bindery", () => {
  const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  ajv.addKeyword("patternErrorMessage");
  const validate = ajv.compile(schema);

  const identity = {
    apiVersion: "bindery.dev/v1alpha1",
    kind: "UserAssignedIdentity",
    metadata: { name: "orders", namespace: "team-orders" },
    spec: {
      subscriptionId: "00000000-0000-0000-0000-000000000001",
      resourceGroup: "rg-identities",
      prunePolicy: "Additive",
    },
  };
  const binding = (spec: object) => ({
    ...identity,
    kind: "IdentityBinding",
    spec: { identityRef: { name: "orders" }, ...spec },
  });
  const scope = "/subscriptions/00000000-0000-0000-0000-000000000001";
  const vm = { virtualMachine: { resourceGroup: "rg", name: "vm" } };

  test.each([
    ["an identity", identity, true],
    ["a List", { apiVersion: "v1", kind: "List", items: [identity] }, true],
    ["a List with a mistake inside", { apiVersion: "v1", kind: "List", items: [{ kind: "Policy" }] }, false],
    ["an unknown key", { ...identity, spec: { ...identity.spec, locaton: "x" } }, false],
    ["no prunePolicy", { ...identity, spec: { ...identity.spec, prunePolicy: undefined } }, false],
    [
      "a tag of Bindery's own",
      { ...identity, spec: { ...identity.spec, tags: { "Bindery-owner": "x" } } },
      false,
    ],
    ["a number as a tag", { ...identity, spec: { ...identity.spec, tags: { a: 42 } } }, false],
    ["a location in words", { ...identity, spec: { ...identity.spec, location: "West Europe" } }, true],
    ["a binding without lists", binding({}), true],
    ["a target", binding({ targets: [vm] }), true],
    ["no member", binding({ targets: [{}] }), false],
    ["two members", binding({ targets: [{ ...vm, virtualMachineScaleSet: vm.virtualMachine }] }), false],
    [
      "an empty selector",
      binding({ targets: [{ virtualMachines: { resourceGroups: ["rg"], selector: { matchTags: {} } } }] }),
      false,
    ],
    ["no resource groups", binding({ targets: [{ virtualMachines: { resourceGroups: [] } }] }), false],
    ["a role", binding({ grants: [{ azureRole: { roleName: "Reader", scope } }] }), true],
    [
      "a role twice",
      binding({
        grants: [
          {
            azureRole: {
              roleName: "R",
              roleDefinitionId:
                "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6",
              scope,
            },
          },
        ],
      }),
      false,
    ],
    ["no role", binding({ grants: [{ azureRole: { scope } }] }), false],
    [
      "a scope in capitals",
      binding({ grants: [{ azureRole: { roleName: "Reader", scope: scope.toUpperCase() } }] }),
      true,
    ],
    ["the root as a scope", binding({ grants: [{ azureRole: { roleName: "Reader", scope: "/" } }] }), false],
  ])("%s", (_, document, isValid) => {
    expect(validate(JSON.parse(JSON.stringify(document))), JSON.stringify(validate.errors)).toBe(isValid);
  });
});

describe("docs/documents.md", () => {
  test("has a row for every field", () => {
    const names = new Set(
      fields
        .map(({ path }) => path.replace(/^List.*/, "").replace(/^\w+\./, ""))
        .filter((path) => /\w$/.test(path) && /^(metadata|spec)\./.test(path)),
    );
    expect(names.size).toBeGreaterThan(40);
    expect([...names].filter((name) => !documentation.includes(`| \`${name}\` |`))).toEqual([]);
  });

  test("states every bound as it is", () => {
    for (const [name, value] of Object.entries(bounds)) {
      expect(documentation, name).toContain(`| \`${name}\` | ${value.toLocaleString("en-US")} |`);
    }
  });
});
