// Decides how each mistake that the schema finds is told: where it stands, what is wrong, what to write.
import type { z } from "zod";
import { nearest } from "../model/nearest.ts";
import { quoted, quotedLength, safeText } from "../model/text.ts";
import type { IssueCure } from "./fields.ts";
import { formatNamed } from "./formats.ts";
import { laterKeysAt } from "./later-versions.ts";
import { pathText } from "./path.ts";
import { exampleOf, keysAt, schemaAt, typeOf } from "./schema-walk.ts";
import type { PlacedMistake, YamlTree } from "./yaml-tree.ts";

type Issue = z.core.$ZodIssue;
type Words = Pick<PlacedMistake, "message" | "cure">;

/** The document that is being told about. */
export interface Subject {
  readonly kind: string;
  readonly schema: z.core.$ZodType;
  readonly tree: YamlTree;
}

/** The part of a tree at a path, or undefined if the document has nothing there. */
export function treeAt(tree: YamlTree, path: readonly PropertyKey[]): YamlTree | undefined {
  return path.reduce<YamlTree | undefined>((at, segment) => at?.children.get(String(segment)), tree);
}

/** What there is at a path or, failing that, around it. */
export function nearestTree(tree: YamlTree, path: readonly PropertyKey[]): YamlTree {
  return treeAt(tree, path) ?? nearestTree(tree, path.slice(0, -1));
}

/** Where a reader looks for a value: at the value, and at its key if there is no value or none to see. */
function placeOf(tree: YamlTree): number {
  return tree.value === null ? (tree.keyOffset ?? tree.offset) : tree.offset;
}

/** Where a reader looks for a key, or for what is missing beside the keys of a mapping. */
export function keyPlaceOf(tree: YamlTree): number {
  return tree.keyOffset ?? tree.offset;
}

/** The mistakes of one issue of zod: one, but for unknown keys. */
export function mistakesFrom(subject: Subject, issue: Issue): PlacedMistake[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(subject, issue.path, key));
  }
  const found = treeAt(subject.tree, issue.path);
  const path = pathText(issue.path);
  if (found === undefined) {
    return [{ offset: keyPlaceOf(nearestTree(subject.tree, issue.path)), path, ...missing(subject, issue) }];
  }
  const isKey = issue.code === "invalid_key" || (issue.code === "custom" && cureOf(issue).isKey);
  return [{ offset: isKey ? keyPlaceOf(found) : placeOf(found), path, ...wordsFor(subject, issue, found) }];
}

function cureOf(issue: z.core.$ZodIssueCustom): IssueCure {
  const cure: unknown = issue.params?.cure;
  return { cure: typeof cure === "string" ? cure : "correct it", isKey: issue.params?.isKey === true };
}

function unknownKey(subject: Subject, path: readonly PropertyKey[], key: string): PlacedMistake {
  const whole = [...path, key];
  const place = { offset: keyPlaceOf(nearestTree(subject.tree, whole)), path: pathText(whole) };
  const later = laterKeysAt(subject.kind, path);
  if (later.includes(key)) {
    return { ...place, message: `${quoted(key)} is not in this version of Bindery`, cure: "remove it" };
  }
  const known = keysAt(subject.schema, path);
  const [meant] = nearest(key, [...known, ...later]);
  const notYet =
    meant !== undefined && later.includes(meant) ? " (which is not in this version of Bindery)" : "";
  const cure =
    meant === undefined ? `known keys here are ${known.join(", ")}` : `did you mean ${meant}?${notYet}`;
  return { ...place, message: `unknown key ${quoted(key)}`, cure };
}

/** An example as somebody would write it in YAML, on one line. */
function yamlText(example: unknown): string {
  if (Array.isArray(example)) {
    return `[${example.map(yamlText).join(", ")}]`;
  }
  if (typeof example === "object" && example !== null) {
    const entries = Object.entries(example).map(([key, value]) => `${key}: ${yamlText(value)}`);
    return `{ ${entries.join(", ")} }`;
  }
  return String(example);
}

function exampleText(subject: Subject, path: readonly PropertyKey[]): string | undefined {
  const schema = schemaAt(subject.schema, path);
  const example = schema && exampleOf(schema);
  return example === undefined ? undefined : yamlText(example);
}

function missing(subject: Subject, issue: Issue): Words {
  const key = String(issue.path.at(-1));
  const message = `${key} is missing`;
  if (issue.code === "invalid_value") {
    return { message, cure: `add "${key}:" with ${issue.values.map(String).join(" or ")}` };
  }
  const example = exampleText(subject, issue.path);
  return {
    message,
    cure: example === undefined ? `add "${key}:"` : `add it, like "${key}: ${example}"`,
  };
}

function wordsFor(subject: Subject, issue: Issue, found: YamlTree): Words {
  if (found.value === null) {
    return noValue(subject, issue);
  }
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue.expected, found);
    case "invalid_value":
      return wrongChoice(issue.values.map(String), found);
    case "invalid_format":
      return wrongFormat(issue.format, String(found.value));
    case "invalid_key":
      return wrongKey(issue);
    case "too_small":
      return tooSmall(issue);
    case "too_big":
      return tooBig(issue);
    case "custom":
      return { message: issue.message, cure: cureOf(issue).cure };
    default:
      // The schema uses nothing else; should it one day, zod's own words are better than none.
      return { message: safeText(issue.message, { max: 200 }), cure: "see docs/documents.md" };
  }
}

function noValue(subject: Subject, issue: Issue): Words {
  const key = issue.path.at(-1);
  const what =
    typeof key === "number" ? "this list entry has no value" : `${quoted(String(key))} has no value`;
  if (issue.code === "invalid_value") {
    return { message: what, cure: `write ${issue.values.map(String).join(" or ")}` };
  }
  const schema = schemaAt(subject.schema, issue.path);
  const type = schema && typeOf(schema);
  if (type === "array") {
    return { message: what, cure: "list entries below it, or write [] for none, or remove the key" };
  }
  if (type === "object" || type === "record") {
    return {
      message: what,
      cure: "indent the lines that belong to it further than its key, or remove the key",
    };
  }
  const example = exampleText(subject, issue.path);
  return { message: what, cure: example === undefined ? "write a value" : `write a value, like ${example}` };
}

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  bigint: "a number",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function typeWordOf(value: unknown): string {
  if (typeof value === "boolean") {
    return "a boolean";
  }
  return typeWords[Array.isArray(value) ? "array" : typeof value] ?? "something else";
}

function writtenOf(found: YamlTree): string {
  return safeText(found.written ?? "", { max: quotedLength });
}

function wrongType(expected: string, found: YamlTree): Words {
  const [is, meant] = [typeWordOf(found.value), typeWords[expected] ?? expected];
  const isScalar = typeof found.value !== "object";
  const message = isScalar
    ? `${writtenOf(found) || '""'} is ${is}, and ${meant} is meant here`
    : `this is ${is}, and ${meant} is meant here`;
  if (expected === "string" && isScalar) {
    return { message, cure: `write "${writtenOf(found)}", in quotes` };
  }
  const cures: Readonly<Record<string, string>> = {
    string: "write one value, as text",
    boolean: "write true or false, without quotes",
    array: 'begin each entry with "- "',
    object: 'write "key: value" lines, indented',
    record: 'write "key: value" lines, indented',
  };
  return { message, cure: cures[expected] ?? `write ${meant}` };
}

function wrongChoice(choices: readonly string[], found: YamlTree): Words {
  const isText = typeof found.value === "string";
  const message = `${isText ? quoted(String(found.value)) : writtenOf(found) || "this"} is none of the choices`;
  const [meant] = isText ? nearest(String(found.value), choices) : [];
  const all = choices.join(" or ");
  return {
    message,
    cure: meant === undefined ? `write ${all}` : `did you mean ${meant}? The choices are ${all}`,
  };
}

function wrongFormat(name: string, value: string): Words {
  const format = formatNamed(name);
  return format === undefined
    ? { message: `${quoted(value)} is not valid`, cure: "see docs/documents.md" }
    : { message: `${quoted(value)} is not ${format.what}`, cure: format.cureFor?.(value) ?? format.cure };
}

function wrongKey(issue: z.core.$ZodIssueInvalidKey): Words {
  const key = String(issue.path.at(-1));
  const [first] = issue.issues;
  return first?.code === "invalid_format"
    ? wrongFormat(first.format, key)
    : { message: `the key ${quoted(key)} is too long or empty`, cure: "write a shorter one" };
}

function tooSmall(issue: z.core.$ZodIssueTooSmall): Words {
  switch (issue.origin) {
    case "array":
      return { message: "this list is empty", cure: "list at least one entry" };
    case "number":
    case "int":
      return { message: `less than ${issue.minimum}`, cure: `write a number from ${issue.minimum} up` };
    default:
      return { message: "this text is empty", cure: "write a value" };
  }
}

function tooBig(issue: z.core.$ZodIssueTooBig): Words {
  switch (issue.origin) {
    case "array":
      return { message: `more than ${issue.maximum} entries`, cure: `keep at most ${issue.maximum}` };
    case "number":
    case "int":
      return { message: `more than ${issue.maximum}`, cure: `write a number up to ${issue.maximum}` };
    default:
      return { message: `longer than ${issue.maximum} characters`, cure: "write a shorter text" };
  }
}
