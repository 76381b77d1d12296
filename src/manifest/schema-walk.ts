// What the schema says at a path: its keys, description and example.
import { z } from "zod";

type Schema = z.core.$ZodType;

/** The schemas around and inside a schema that stand for the same place: optional, with default, checked. */
function layers(schema: Schema): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "default":
      return [schema, ...layers(def.innerType)];
    case "pipe":
      return [schema, ...layers(def.in)];
    default:
      return [schema];
  }
}

function childOf(schema: Schema, segment: PropertyKey): Schema | undefined {
  const { def } = (layers(schema).at(-1) as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
      return Object.hasOwn(def.shape, segment) ? def.shape[String(segment)] : undefined;
    case "array":
      return def.element;
    case "record":
      return def.valueType;
    default:
      return undefined;
  }
}

/** The schema at a path, or undefined where the schema knows nothing. */
export function schemaAt(schema: Schema, path: readonly PropertyKey[]): Schema | undefined {
  return path.reduce<Schema | undefined>((at, segment) => at && childOf(at, segment), schema);
}

/** The keys that a mapping at this path may have. */
export function keysAt(schema: Schema, path: readonly PropertyKey[]): string[] {
  const found = schemaAt(schema, path);
  const def = found && (layers(found).at(-1) as z.core.$ZodTypes)._zod.def;
  return def?.type === "object" ? Object.keys(def.shape) : [];
}

/** The type of the value at a place, as zod calls it. */
export function typeOf(schema: Schema): string {
  return (layers(schema).at(-1) as z.core.$ZodTypes)._zod.def.type;
}

/** The example that a field gives, or undefined. */
export function exampleOf(schema: Schema): unknown {
  return layers(schema)
    .map((layer) => z.globalRegistry.get(layer)?.examples)
    .find((examples) => Array.isArray(examples))?.[0];
}
