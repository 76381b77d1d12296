// Decides what `bindery schema` prints: the documents as JSON Schema (draft-07), for editors.
import { z } from "zod";
import { IdentityBinding } from "./schema-binding.ts";
import { UserAssignedIdentity } from "./schema-identity.ts";
import { apiVersion } from "./schema-metadata.ts";
import { Policy } from "./schema-policy.ts";

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

const kinds = { UserAssignedIdentity, IdentityBinding, Policy } as const;

function schemaOf(schema: z.core.$ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: "draft-07",
    // What users write, before defaults are filled in.
    io: "input",
    // The names of our formats mean nothing outside of Bindery; their patterns say it all.
    override: ({ jsonSchema }) => {
      delete jsonSchema.format;
    },
  });
  return json;
}

/**
 * The schema of every document that this version reads. `kind` decides which of the definitions holds, so that
 * VS Code's YAML plugin completes and explains just the fields of that kind.
 */
export function jsonSchema(): JsonSchema {
  const names = Object.keys(kinds);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Bindery documents (${apiVersion})`,
    description: "The documents of Bindery: identities, bindings, and the operator's policy.",
    type: "object",
    required: ["apiVersion", "kind"],
    properties: {
      apiVersion: { description: `${apiVersion}; v1 for a List.`, enum: [apiVersion, "v1"] },
      kind: { description: "The kind of document.", enum: [...names, "List"] },
    },
    allOf: [
      ...names.map((name) => ({
        if: { properties: { kind: { const: name } }, required: ["kind"] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: `#/definitions/${name}` },
      })),
      {
        if: { properties: { kind: { const: "List" } }, required: ["kind"] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: "#/definitions/List" },
      },
    ],
    definitions: {
      ...Object.fromEntries(Object.entries(kinds).map(([name, schema]) => [name, schemaOf(schema)])),
      List: listSchema,
    },
  };
}

const listSchema: JsonSchema = {
  type: "object",
  description: "Several documents in one, as kubectl writes them.",
  required: ["apiVersion", "kind", "items"],
  additionalProperties: false,
  properties: {
    apiVersion: { description: "v1, as kubectl writes it.", enum: ["v1", apiVersion] },
    kind: { description: "The kind of document.", const: "List" },
    metadata: { description: "Not read.", type: "object" },
    items: { description: "The documents.", type: "array", items: { $ref: "#" } },
  },
};
