// Decides which of a flag, the environment, a file and a default gives the value of each setting.
import { dirname, isAbsolute, join } from "node:path";
import type { FileValue } from "./settings-file.ts";
import {
  flagOf,
  type Setting,
  type SettingName,
  settingNames,
  settings,
  variableOf,
} from "./settings-table.ts";
import { isFolderSource } from "./source-options.ts";

/** Where the value of a setting comes from. */
export type Origin =
  | { readonly kind: "argument" }
  | { readonly kind: "flag"; readonly name: string }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "file"; readonly file: string; readonly line: number }
  | { readonly kind: "default" };

/** What a command line says, as commander gives it: nothing but text, and true for a switch. */
export interface CommandLine {
  readonly paths: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** A settings file that was read. */
export interface ReadSettingsFile {
  /** As it was named. */
  readonly path: string;
  readonly values: ReadonlyMap<SettingName, FileValue>;
}

/** The value of one setting, as texts; none where it was not given and has no default. */
export interface Given {
  readonly texts: readonly string[];
  readonly origin: Origin;
}

/** What is asked for a value, the first one first. */
export interface Givers {
  readonly line: CommandLine;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: ReadSettingsFile;
}

/** Every setting with what gives its value. */
export function givenFrom(givers: Givers): ReadonlyMap<SettingName, Given> {
  const given = new Map(
    settingNames.map((name) => {
      const setting: Setting = settings[name];
      const given =
        fromLine(name, givers.line) ??
        fromEnvironment(name, setting, givers.env) ??
        fromFile(name, setting, givers.file) ??
        byDefault(setting);
      return [name, given] as const;
    }),
  );
  return withFolderAsPath(given, givers.file);
}

/** A source that is a folder is the PATH that it is, unless there are others. */
function withFolderAsPath(
  given: ReadonlyMap<SettingName, Given>,
  file: Givers["file"],
): ReadonlyMap<SettingName, Given> {
  const source = given.get("source");
  const [text] = source?.texts ?? [];
  const hasPaths = given.get("paths")?.origin.kind !== "default";
  if (source === undefined || text === undefined || hasPaths || !isFolderSource(text)) return given;
  const folder = source.origin.kind === "file" && file ? besideFile(text, file.path) : text;
  const nothing: Given = { texts: [], origin: { kind: "default" } };
  return new Map([...given, ["source", nothing], ["paths", { ...source, texts: [folder] }]]);
}

/** Where a value comes from, in a few words. */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case "argument":
      return "PATH";
    case "flag":
    case "environment":
      return origin.name;
    case "file":
      return `${origin.file}:${origin.line}`;
    case "default":
      return "default";
  }
}

function fromLine(name: SettingName, { paths, flags }: CommandLine): Given | undefined {
  if (name === "paths") return paths.length > 0 ? { texts: paths, origin: { kind: "argument" } } : undefined;
  const value = flags[name];
  if (value === undefined) return;
  const texts = typeof value === "boolean" ? [String(value)] : [value].flat();
  return { texts, origin: { kind: "flag", name: flagOf(name) } };
}

/** A variable that is set to nothing counts as not set: that is how a container is told to forget one. */
function fromEnvironment(
  name: SettingName,
  { isList, alsoFrom = [] }: Setting,
  env: Givers["env"],
): Given | undefined {
  for (const { variable, below } of [{ variable: variableOf(name), below: undefined }, ...alsoFrom]) {
    const value = env[variable];
    if (!value) continue;
    const texts = isList ? value.split(",").map((one) => one.trim()) : [value];
    const whole = below === undefined ? texts : texts.map((text) => `${text.replace(/\/+$/, "")}/${below}`);
    return { texts: whole, origin: { kind: "environment", name: variable } };
  }
  return;
}

function fromFile(name: SettingName, { isFile }: Setting, file: Givers["file"]): Given | undefined {
  const value = file?.values.get(name);
  if (!file || !value) return;
  const texts = isFile ? value.texts.map((text) => besideFile(text, file.path)) : value.texts;
  return { texts, origin: { kind: "file", file: file.path, line: value.line } };
}

/** Words that stand where a path may stand, and are none. */
const noPaths: ReadonlySet<string> = new Set(["", "-", "public", "usgovernment", "china"]);

function besideFile(text: string, path: string): string {
  return noPaths.has(text) || isAbsolute(text) ? text : join(dirname(path), text);
}

function byDefault({ default: value }: Setting): Given {
  return { texts: value === undefined ? [] : [value], origin: { kind: "default" } };
}
