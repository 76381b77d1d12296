// Decides what the entries of bindings may say together: nothing twice in one, no two bindings that disagree.
import type { Diagnostic } from "../model/diagnostic.ts";
import { quoted } from "../model/text.ts";
import { pathText } from "./path.ts";
import { type ReadDocument, textAt } from "./read-document.ts";
import { identityOf, ofKind } from "./rules-identities.ts";
import {
  diagnosticIn,
  documentKey,
  entriesOf,
  grantKey,
  identityRefOf,
  type ListEntry,
  placeOf,
  targetKey,
  textOr,
} from "./sketch.ts";

/** One entry of one binding, with what it is about. */
interface Line {
  readonly binding: ReadDocument;
  readonly entry: ListEntry;
  /** What the entry is about: two entries of equal key mean the same target or grant. */
  readonly key: string;
}

/** The lines of each binding, in the order of the documents. */
function linesByBinding(documents: readonly ReadDocument[]): Line[][] {
  const identityFor = identityOf(documents);
  return ofKind(documents, "IdentityBinding").map((binding) => linesOf(binding, identityFor(binding)));
}

function linesOf(binding: ReadDocument, identity: ReadDocument | undefined): Line[] {
  const subscription = (identity && textAt(identity.tree, ["spec", "subscriptionId"])) ?? "";
  const targets = entriesOf(binding, "targets").map((entry) => ({
    entry,
    key: targetKey(entry, subscription),
  }));
  const grants = entriesOf(binding, "grants").map((entry) => ({ entry, key: grantKey(entry) }));
  return [...targets, ...grants].flatMap(({ entry, key }) =>
    key === undefined ? [] : [{ binding, entry, key }],
  );
}

/** Within one binding, a target or grant stands once: a second one is most often a copy that was not edited. */
export function nothingTwice(documents: readonly ReadDocument[]): Diagnostic[] {
  return linesByBinding(documents).flatMap((lines) => {
    const seen = new Map<string, Line>();
    return lines.flatMap((line) => {
      const first = seen.get(line.key);
      if (first === undefined) {
        seen.set(line.key, line);
        return [];
      }
      const message = `this is the same as ${pathText(first.entry.path.slice(0, 3))} of this binding`;
      return [
        diagnosticIn(line.binding, line.entry.path, {
          message,
          cure: "remove one of the two, or name what was meant",
        }),
      ];
    });
  });
}

/** The fields on which several bindings of one identity must agree, with what an omitted one means. */
const agreed = [
  { member: "virtualMachineScaleSet", field: "instanceUpgrade", omitted: "Never" },
  { member: "azureRole", field: "condition", omitted: "" },
  { member: "sqlDatabase", field: "userName", omitted: "" },
  { member: "sqlDatabase", field: "userFrom", omitted: "Sid" },
  { member: "sqlDatabase", field: "replaceUserWithSid", omitted: "" },
] as const;

/** Bindings of one identity agree on how a target is upgraded, the condition of a role at a scope, and the user in a database. */
export function agreeingBindings(documents: readonly ReadDocument[]): Diagnostic[] {
  const seen = new Map<string, Line>();
  return linesByBinding(documents)
    .flat()
    .flatMap((line) => {
      const ref = identityRefOf(line.binding);
      const key = `${ref?.namespace}/${ref?.name} ${line.key}`;
      const first = seen.get(key) ?? line;
      seen.set(key, first);
      return ref === undefined || first.binding === line.binding ? [] : disagreement(line, first);
    });
}

function disagreement(line: Line, first: Line): Diagnostic[] {
  return agreed
    .filter(({ member }) => member === line.entry.member)
    .flatMap((rule) => disagreementOn(rule, line, first));
}

function disagreementOn(rule: (typeof agreed)[number], line: Line, first: Line): Diagnostic[] {
  const here = textOr(line.entry.tree, rule.field, rule.omitted);
  const there = textOr(first.entry.tree, rule.field, rule.omitted);
  // What is no text has its own diagnostic.
  if (here === undefined || there === undefined || here === there) {
    return [];
  }
  const other = `${quoted(documentKey(first.binding) ?? "?")} in ${placeOf(first.binding)}`;
  const words = {
    message: `this ${rule.field} is not the one of the same ${rule.member} in ${other}, ${there === "" ? "which has none" : quoted(there)}`,
    cure: `write the same ${rule.field} in both`,
  };
  return [diagnosticIn(line.binding, [...line.entry.path, rule.field], words)];
}
