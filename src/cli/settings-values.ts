// Decides what the texts of settings mean, each for itself, and how they are told.
import { nearest } from "../model/nearest.ts";
import { quoted } from "../model/text.ts";
import type { ReadSettings } from "./settings-checks.ts";
import type { SettingMistake } from "./settings-file.ts";
import { type Given, type Origin, originText } from "./settings-given.ts";
import {
  type Setting,
  type SettingName,
  type SettingValues,
  settingNames,
  settings,
  variableOf,
} from "./settings-table.ts";

/** A setting as it stands, for `bindery config`. */
export interface ToldSetting {
  readonly name: SettingName;
  /** As it would be written in a settings file; undefined where there is neither a value nor a default. */
  readonly value?: string | number | boolean | readonly string[];
  readonly origin: Origin;
}

/** The values that are right in themselves, and the mistakes of the others. */
export function valuesFrom(given: ReadonlyMap<SettingName, Given>): {
  readonly values: SettingValues;
  readonly mistakes: readonly SettingMistake[];
} {
  const mistakes: SettingMistake[] = [];
  const entries = [...given].map(([name, { texts, origin }]) => {
    if (texts.length === 0) return [name, undefined];
    const { schema, isList }: Setting = settings[name];
    const result = schema.safeParse(isList ? texts : texts[0]);
    if (result.success) return [name, result.data];
    const [issue] = result.error.issues;
    const text = String(texts[Number(issue?.path[0] ?? 0)]);
    // A URL may hold a credential.
    const what = text.includes("://") ? "This address" : quoted(text);
    mistakes.push({
      where: originText(origin),
      message: text === "" ? "This is empty." : `${what} does not fit ${name}.`,
      cure: issue?.message ?? "Correct it.",
    });
    return [name, undefined];
  });
  return { values: Object.fromEntries(entries) as SettingValues, mistakes };
}

/** Our variables that are no settings of the daemon. */
const otherVariables: ReadonlySet<string> = new Set([
  "BINDERY_CONFIG",
  "BINDERY_DEBUG",
  "BINDERY_GIT_TOKEN",
  "BINDERY_GIT_USER",
]);

/** What Kubernetes gives every container beside a Service that is called bindery. */
const ofKubernetes = /^BINDERY_(?:\w+_)?(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)/;

const prefix = "BINDERY_";

/** Variables that look like a setting and are none; others of that prefix are none of our business. */
export function strangeVariables(
  env: Readonly<Record<string, string | undefined>>,
): readonly SettingMistake[] {
  const known = settingNames.map(variableOf);
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && env[name] && !known.includes(name))
    .filter((name) => !otherVariables.has(name) && !ofKubernetes.test(name))
    .flatMap((name) => {
      const ends = known.map((one) => one.slice(prefix.length));
      const [meant] = nearest(name.slice(prefix.length), ends);
      if (meant === undefined) return [];
      const cure = `Did you mean ${prefix}${meant}?`;
      return [{ where: name, message: "There is no setting for this variable.", cure }];
    });
}

/** As long as nobody says otherwise: a folder costs nothing to look at. */
export function defaultPollInterval({ source }: SettingValues): "30s" | "5s" {
  return source === undefined ? "5s" : "30s";
}

/** Every setting as it stands. */
export function toldFrom({ values, given }: ReadSettings): readonly ToldSetting[] {
  return settingNames.map((name) => {
    const { texts = [], origin = { kind: "default" } } = given.get(name) ?? {};
    const told = tellable(values, name, texts);
    return { name, ...(told !== undefined && { value: told }), origin };
  });
}

function tellable(
  values: SettingValues,
  name: SettingName,
  texts: readonly string[],
): ToldSetting["value"] | undefined {
  const { isList }: Setting = settings[name];
  const value = values[name];
  if (name === "pollInterval" && texts.length === 0) return defaultPollInterval(values);
  if (typeof value === "boolean" || name === "concurrency") return value as boolean | number;
  if (isList) return texts.length > 0 ? texts : undefined;
  return texts[0];
}
