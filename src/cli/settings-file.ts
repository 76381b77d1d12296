// Reads a settings file: one YAML mapping, the name of each setting its key; every mistake with its line.
import { decodeFile, positionAt, type SourceText } from "../manifest/source-text.ts";
import { parseYaml } from "../manifest/yaml-documents.ts";
import type { YamlTree } from "../manifest/yaml-tree.ts";
import { nearest } from "../model/nearest.ts";
import type { SourceFile } from "../model/source.ts";
import { quoted } from "../model/text.ts";
import { type SettingName, settingNames, settings } from "./settings-table.ts";

/** A mistake in the settings; `where` is how its place is called. Harmless for no output yet. */
export interface SettingMistake {
  readonly where: string;
  /** A full sentence. */
  readonly message: string;
  readonly cure: string;
}

/** A value in a settings file, as texts. */
export interface FileValue {
  readonly texts: readonly string[];
  /** Counted from 1. */
  readonly line: number;
}

/** What a settings file says. */
export interface SettingsFile {
  readonly values: ReadonlyMap<SettingName, FileValue>;
  readonly mistakes: readonly SettingMistake[];
}

/** Reads a settings file; an empty one says nothing. */
export function parseSettingsFile(file: SourceFile): SettingsFile {
  const { source, diagnostics: unreadable } = decodeFile(file);
  const [document, second] = source ? parseYaml(source) : [];
  const broken = [...unreadable, ...(document?.diagnostics ?? [])].map((one) => ({
    where: `${one.file}:${one.line}:${one.column}`,
    message: sentence(one.path === "" ? one.message : `${one.path}: ${one.message}`),
    cure: sentence(one.cure),
  }));
  const values = new Map<SettingName, FileValue>();
  if (!source || !document?.tree) return { values, mistakes: broken };
  const mistakes: SettingMistake[] = [...broken];
  if (second) mistakes.push(atTree(source, second.tree, "A second document.", "Write all settings in one."));
  if (!isMapping(document.tree)) {
    mistakes.push(atTree(source, document.tree, "This is no mapping.", 'Write "name: value" lines.'));
  }
  for (const [key, tree] of isMapping(document.tree) ? document.tree.children : []) {
    const at = (message: string, cure: string): void =>
      void mistakes.push(atTree(source, tree, message, cure));
    if (!isSetting(key)) at(`There is no setting ${quoted(key)}.`, cureFor(key));
    else {
      const texts = textsOf(tree, key, at);
      if (texts) values.set(key, { texts, line: positionAt(source, placeOf(tree)).line });
    }
  }
  return { values, mistakes };
}

function isSetting(key: string): key is SettingName {
  return Object.hasOwn(settings, key);
}

function cureFor(key: string): string {
  const [meant] = nearest(key.replaceAll(/[-_]/g, ""), settingNames);
  return meant === undefined ? `There are ${settingNames.join(", ")}.` : `Did you mean ${meant}?`;
}

/** The value as texts; undefined where a mistake has been told. */
function textsOf(
  tree: YamlTree,
  name: SettingName,
  at: (message: string, cure: string) => void,
): readonly string[] | undefined {
  const isList = "isList" in settings[name];
  const parts = isList && Array.isArray(tree.value) ? [...tree.children.values()] : [tree];
  const texts = parts.map(({ value, written }) =>
    value === null || typeof value === "object" ? undefined : typeof value === "string" ? value : written,
  );
  if (texts.every((text) => text !== undefined)) return texts;
  const what = tree.value === null ? "has no value" : "is more than one value";
  at(`${name} ${what}.`, isList ? "Write a list of texts, or one." : "Write one value, or remove the key.");
  return;
}

function isMapping({ value }: YamlTree): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function placeOf({ keyOffset, offset }: YamlTree): number {
  return keyOffset ?? offset;
}

function atTree(
  source: SourceText,
  tree: YamlTree | undefined,
  message: string,
  cure: string,
): SettingMistake {
  const { line, column } = positionAt(source, tree ? placeOf(tree) : 0);
  return { where: `${source.file}:${line}:${column}`, message, cure };
}

function sentence(text: string): string {
  const whole = /[.?!]$/.test(text) ? text : `${text}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}
