// What the rules across documents look at: the parts of a document that can be read, even if others are wrong.
import { idKey, managementGroupOf, subscriptionOf } from "../model/arm-id.ts";
import { databaseKey } from "../model/database.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import { roleGuidOf } from "../model/grant.ts";
import type { PathSegment } from "./path.ts";
import { pathText } from "./path.ts";
import { type ReadDocument, textAt } from "./read-document.ts";
import { keyPlaceOf, nearestTree, treeAt } from "./schema-mistakes.ts";
import { diagnosticAt, type Mistake, positionAt } from "./source-text.ts";
import type { YamlTree } from "./yaml-tree.ts";

/** `namespace/name` of a document, or undefined if one of the two cannot be read. */
export function documentKey(document: ReadDocument): string | undefined {
  const namespace = textAt(document.tree, ["metadata", "namespace"]);
  const name = textAt(document.tree, ["metadata", "name"]);
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
}

/** The text of a field or, without the field, what it means to omit it; undefined if what stands there is no text. */
export function textOr<T>(tree: YamlTree, field: string, omitted: T): string | T | undefined {
  return tree.children.has(field) ? textAt(tree, [field]) : omitted;
}

/** The document that a binding refers to, as `documentKey` writes it. */
export function identityRefOf(binding: ReadDocument): { namespace: string; name: string } | undefined {
  const name = textAt(binding.tree, ["spec", "identityRef", "name"]);
  const written = treeAt(binding.tree, ["spec", "identityRef", "namespace"]);
  const namespace = textAt(
    binding.tree,
    written === undefined ? ["metadata", "namespace"] : ["spec", "identityRef", "namespace"],
  );
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** The identity in Azure that a document describes, by subscription, group and name without case. */
export function azureIdentityKey(identity: ReadDocument): string | undefined {
  const { tree } = identity;
  const name = textAt(tree, treeAt(tree, ["spec", "name"]) ? ["spec", "name"] : ["metadata", "name"]);
  const parts = [textAt(tree, ["spec", "subscriptionId"]), textAt(tree, ["spec", "resourceGroup"]), name];
  return parts.some((part) => part === undefined) ? undefined : parts.join("/").toLowerCase();
}

/** A diagnostic at a path of a document. */
export function diagnosticIn(
  document: ReadDocument,
  path: readonly PathSegment[],
  words: Omit<Mistake, "path">,
): Diagnostic {
  const found = treeAt(document.tree, path);
  const isValue = found !== undefined && found.children.size === 0;
  const offset = isValue ? found.offset : keyPlaceOf(found ?? nearestTree(document.tree, path));
  return diagnosticAt(document.source, offset, { ...words, path: pathText(path) });
}

/** `file:line` of a document, for messages about another one. */
export function placeOf(document: ReadDocument): string {
  return `${document.source.file}:${positionAt(document.source, document.tree.offset).line}`;
}

/** One list entry of `targets` or `grants`: the member that it has, and its place. */
export interface ListEntry {
  readonly member: string;
  /** The path of the member. */
  readonly path: readonly PathSegment[];
  readonly tree: YamlTree;
}

/** The entries of a list of a binding. */
export function entriesOf(binding: ReadDocument, list: "targets" | "grants"): ListEntry[] {
  const entries = [...(treeAt(binding.tree, ["spec", list])?.children.values() ?? [])];
  return entries.flatMap((entry, index) =>
    [...entry.children].map(([member, tree]) => ({ member, path: ["spec", list, index, member], tree })),
  );
}

/** What a target is, without case, or undefined if that cannot be read. */
export function targetKey(entry: ListEntry, defaultSubscription: string): string | undefined {
  const subscription = textOr(entry.tree, "subscriptionId", defaultSubscription);
  if (subscription === undefined) {
    return undefined;
  }
  if (entry.member === "virtualMachines") {
    return selectorKey(entry, subscription);
  }
  const [group, name] = [textAt(entry.tree, ["resourceGroup"]), textAt(entry.tree, ["name"])];
  if (group === undefined || name === undefined) {
    return undefined;
  }
  return [entry.member, subscription, group, name].join("|").toLowerCase();
}

function selectorKey(entry: ListEntry, subscription: string): string | undefined {
  const groups = treeAt(entry.tree, ["resourceGroups"])?.value;
  if (!Array.isArray(groups)) {
    return undefined;
  }
  const tags = treeAt(entry.tree, ["selector", "matchTags"])?.children ?? new Map<string, YamlTree>();
  const matches = [...tags].map(([key, tag]) => `${key.toLowerCase()}=${String(tag.value)}`);
  const names = groups.map((group) => String(group).toLowerCase());
  return JSON.stringify([entry.member, subscription.toLowerCase(), inOrder(names), inOrder(matches)]);
}

function inOrder(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => (a < b ? -1 : 1));
}

/** Which role at which scope, or which database, a grant is about, or undefined if that cannot be read. */
export function grantKey(entry: ListEntry): string | undefined {
  if (entry.member === "sqlDatabase") return databaseKeyOf(entry);
  const scope = textAt(entry.tree, ["scope"]);
  const [name, id] = [textAt(entry.tree, ["roleName"]), textAt(entry.tree, ["roleDefinitionId"])];
  const role = name === undefined ? id && roleGuidOf(id) : `name ${name.toLowerCase()}`;
  return scope === undefined || role === undefined ? undefined : `${role}|${idKey(scope)}`;
}

/** Which database a grant is about, without case. */
export function databaseKeyOf({ tree }: ListEntry): string | undefined {
  const [server, database] = [textAt(tree, ["server"]), textAt(tree, ["database"])];
  return server === undefined || database === undefined ? undefined : databaseKey({ server, database });
}

/** The subscription or management group that a scope lies in. */
export function holderOf(scope: string): { subscription?: string; managementGroup?: string } {
  const subscription = subscriptionOf(scope);
  const managementGroup = managementGroupOf(scope);
  return { ...(subscription && { subscription }), ...(managementGroup && { managementGroup }) };
}
