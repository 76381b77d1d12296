import { readFileSync } from "node:fs";
import { collectDefaultMetrics, Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { instrumentsOn } from "./instruments.ts";

const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");

interface Told {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

function wordsIn(text = ""): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
}

const told: readonly Told[] = page
  .split("\n")
  .filter((line) => /^\| `(bindery|process|nodejs)_/.test(line))
  .map((line) => {
    const [, name, type = "", labels] = line.split("|").map((cell) => cell.trim());
    return { name: wordsIn(name)[0] ?? "", type, labels: wordsIn(labels) };
  });

function registered(): readonly Told[] {
  const register = new Registry();
  instrumentsOn(register);
  collectDefaultMetrics({ register });
  const all = register.getMetricsAsArray() as unknown as readonly (Told & {
    readonly labelNames: string[];
  })[];
  return all.map(({ name, type, labelNames }) => ({ name, type, labels: labelNames }));
}

const rules = z
  .strictObject({
    groups: z.tuple([
      z.strictObject({
        name: z.literal("bindery"),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^Bindery[A-Za-z]+$/),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[mhd]$/)
              .optional(),
            labels: z.strictObject({ severity: z.enum(["critical", "warning", "info"]) }),
            annotations: z.strictObject({ summary: z.string().min(10), description: z.string().min(20) }),
          }),
        ),
      }),
    ]),
  })
  .parse(parse(/```yaml\n(groups:[\s\S]*?)```/.exec(page)?.[1] ?? "")).groups[0].rules;

test("the page lists every metric with its type and labels, and no other", () => {
  const byName = (all: readonly Told[]) => Object.fromEntries(all.map((one) => [one.name, one]));
  expect(byName(told)).toEqual(byName(registered()));
  expect(told).toHaveLength(registered().length);
});

const functions = [
  "absent",
  "and",
  "by",
  "histogram_quantile",
  "increase",
  "max",
  "min",
  "on",
  "rate",
  "sum",
  "time",
];

/** The metrics that an expression uses, each with the labels that it picks by. */
function usesIn(expr: string): readonly { readonly name: string; readonly picks: readonly string[] }[] {
  const plain = expr.replaceAll(/\b(by|on) \([\w, ]*\)/g, "");
  const uses = [...plain.matchAll(/([a-z_]\w*)(?:\{([^}]*)\})?/gi)].filter(
    ([, name = ""]) => !/^[mhd]$/.test(name),
  );
  return uses
    .filter(([, name = ""]) => !functions.includes(name))
    .map(([, name = "", picks = ""]) => ({
      name,
      picks: [...picks.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = ""]) => label),
    }));
}

/** What is wrong with an expression. */
function mistakesIn(expr: string): readonly string[] {
  const labelsOf = new Map(
    registered().flatMap(({ name, type, labels }) =>
      type === "histogram"
        ? ["_bucket", "_sum", "_count"].map((end) => [`${name}${end}`, [...labels, "le"]] as const)
        : [[name, labels] as const],
    ),
  );
  const uses = usesIn(expr);
  const known = new Set(["job", "namespace", ...uses.flatMap(({ name }) => labelsOf.get(name) ?? [])]);
  const grouped = [...expr.matchAll(/\b(?:by|on) \(([\w, ]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(", "),
  );
  return [
    ...(uses.length === 0 ? ["no metric"] : []),
    ...uses.filter(({ name }) => !labelsOf.has(name)).map(({ name }) => `no metric ${name}`),
    ...uses.flatMap(({ name, picks }) =>
      picks.filter((label) => !labelsOf.get(name)?.includes(label)).map((label) => `${name} has no ${label}`),
    ),
    ...grouped.filter((label) => !known.has(label)).map((label) => `nothing has ${label}`),
    ...(expr.split("(").length === expr.split(")").length ? [] : ["brackets do not match"]),
  ];
}

describe("alerts", () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    "%s uses what there is",
    (_, { expr, annotations }) => {
      expect(mistakesIn(expr)).toEqual([]);
      const named = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label);
      for (const label of named) expect(expr).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
    },
  );
  test("have names of their own", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(rules.length).toBeGreaterThan(20);
  });
  test.each([
    ["bindery_turns_totals > 0", "no metric bindery_turns_totals"],
    ['bindery_leader{end="failed"} == 1', "bindery_leader has no end"],
    ["max by (job, name) (bindery_leader) == 1", "nothing has name"],
    ["bindery_turn_duration_seconds > 1", "no metric bindery_turn_duration_seconds"],
    ["maximum(bindery_leader) > 1", "no metric maximum"],
    ["max(bindery_leader > 1", "brackets do not match"],
    ["time() > 1", "no metric"],
  ])("%s would be found wrong", (expr, mistake) => {
    expect(mistakesIn(expr)).toContain(mistake);
  });
});

/** The words that an expression picks by must be ones that can be. */
test("alerts pick by words that there are", () => {
  const picked = rules.flatMap(({ expr }) => [
    ...expr.matchAll(/(reason|code|end|result|condition)(?:=~|!~|=)"([^"]+)"/g),
  ]);
  const words = picked.flatMap(([, , list = ""]) => list.split("|"));
  const sources = ["loop-metrics.ts", "../plan/held-reasons.ts", "../plan/warning-codes.ts", "webhook.ts"];
  const text = sources.map((file) => readFileSync(new URL(file, import.meta.url), "utf8")).join("\n");
  expect(words.length).toBeGreaterThan(15);
  expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(text))).toEqual([]);
});
