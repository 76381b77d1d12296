// Decides what in the chart's folder is made of something else: the alerts, the policy's schema, the README's table.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isPair, isScalar, type Pair, parseDocument } from "yaml";
import { jsonSchema } from "../../src/manifest/json-schema.ts";

const root = join(import.meta.dirname, "../..");

/** The chart's folder. */
export const chart = join(root, "charts/bindery");

/** Each file that is made, under its path, with what it should hold. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    [join(chart, "files/alerts.yaml")]: alertsOf(text(join(root, "docs/metrics.md"))),
    [join(chart, "values.schema.json")]: withPolicy(text(join(chart, "values.schema.json"))),
    [join(chart, "README.md")]: withTable(
      text(join(chart, "README.md")),
      tableOf(text(join(chart, "values.yaml"))),
    ),
  };
}

function text(path: string): string {
  return readFileSync(path, "utf8");
}

/** The block of docs/metrics.md that Prometheus loads. */
function alertsOf(page: string): string {
  const [, block] = /```yaml\n(groups:\n[\s\S]*?)```/.exec(page) ?? [];
  if (block === undefined) throw new Error("docs/metrics.md has no block of alerts");
  return block;
}

/** Helm knows no lookahead in patterns; what Bindery itself refuses it still refuses at its start. */
function withPolicy(schema: string): string {
  const values = JSON.parse(schema);
  const { definitions } = jsonSchema() as {
    definitions: { Policy: { properties: { spec: unknown } } };
  };
  const policySpec: unknown = JSON.parse(JSON.stringify(definitions.Policy.properties.spec), (key, value) =>
    key === "pattern" && typeof value === "string" && value.includes("(?!") ? undefined : value,
  );
  return `${JSON.stringify({ ...values, definitions: { ...values.definitions, policySpec } }, null, 2)}\n`;
}

function withTable(readme: string, table: string): string {
  const parts = /^([\s\S]*<!-- values -->\n)[\s\S]*(<!-- end of values -->[\s\S]*)$/.exec(readme);
  if (!parts) throw new Error("charts/bindery/README.md has no place for the table");
  return `${parts[1]}\n${table}\n${parts[2]}`;
}

/** One value of values.yaml that has a comment of its own. */
export interface ValueRow {
  readonly path: readonly string[];
  readonly standard: unknown;
  readonly means: string;
}

/** All values of values.yaml; a comment "# -- …" makes a value one, whatever is in it. */
export function valueRows(values: string): readonly ValueRow[] {
  const { contents } = parseDocument(values);
  return isMap(contents) ? contents.items.flatMap((pair) => rowsOf(pair, [], contents.commentBefore)) : [];
}

function rowsOf(pair: unknown, above: readonly string[], firstComment?: string | null): readonly ValueRow[] {
  if (!isPair(pair) || !isScalar(pair.key)) throw new Error("values.yaml has a key that is no text");
  const path = [...above, String(pair.key.value)];
  const means = meaningOf(pair) ?? (above.length === 0 ? undefined : meaningIn(firstComment));
  if (means !== undefined) return [{ path, standard: plainValue(pair), means }];
  if (!isMap(pair.value)) throw new Error(`${path.join(".")} has no comment in values.yaml`);
  const { items, commentBefore } = pair.value;
  return items.flatMap((one, i) => rowsOf(one, path, i === 0 ? commentBefore : undefined));
}

function meaningOf({ key }: Pair): string | undefined {
  return isScalar(key) ? meaningIn(key.commentBefore) : undefined;
}

function meaningIn(comment: string | null | undefined): string | undefined {
  return /^ -- (.+)$/m.exec(comment ?? "")?.[1];
}

function plainValue({ value }: Pair): unknown {
  if (isScalar(value)) return value.value;
  return value instanceof Object && "toJSON" in value ? (value.toJSON as () => unknown)() : value;
}

function tableOf(values: string): string {
  const rows = valueRows(values).map(
    ({ path, standard, means }) =>
      `| \`${path.join(".")}\` | \`${JSON.stringify(standard)}\` | ${means.replaceAll("|", "\\|")} |`,
  );
  return ["| value | default | means |", "| --- | --- | --- |", ...rows, ""].join("\n");
}
