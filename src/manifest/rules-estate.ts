// Decides whether documents stay inside of what the policy puts under management.
import { isGuid } from "../model/arm-id.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import { quoted } from "../model/text.ts";
import type { PathSegment } from "./path.ts";
import { type ReadDocument, textAt } from "./read-document.ts";
import { ofKind } from "./rules-identities.ts";
import { treeAt } from "./schema-mistakes.ts";
import type { Policy } from "./schema-policy.ts";
import { diagnosticIn, entriesOf, holderOf } from "./sketch.ts";

/** A place in a document that names something in Azure. */
interface Named {
  readonly document: ReadDocument;
  readonly path: readonly PathSegment[];
  readonly subscription?: string;
  readonly managementGroup?: string;
}

function namedByIdentity(document: ReadDocument): Named[] {
  const path = ["spec", "subscriptionId"];
  const subscription = textAt(document.tree, path);
  return subscription === undefined ? [] : [{ document, path, subscription }];
}

function namedByBinding(document: ReadDocument): Named[] {
  const targets = entriesOf(document, "targets").flatMap(({ path, tree }) => {
    const subscription = textAt(tree, ["subscriptionId"]);
    return subscription === undefined ? [] : [{ document, path: [...path, "subscriptionId"], subscription }];
  });
  const grants = entriesOf(document, "grants").flatMap(({ path, tree }) => {
    const scope = textAt(tree, ["scope"]);
    return scope === undefined ? [] : [{ document, path: [...path, "scope"], ...holderOf(scope) }];
  });
  return [...targets, ...grants];
}

function has(names: readonly string[], name: string): boolean {
  return names.some((known) => known.toLowerCase() === name.toLowerCase());
}

function outsideEstate(named: Named, policy: Policy): Diagnostic[] {
  const { estate } = policy.spec;
  const { managementGroup } = named;
  // What is no GUID has its own diagnostic.
  const subscription = named.subscription && isGuid(named.subscription) ? named.subscription : undefined;
  const inPolicy = `policy ${quoted(policy.metadata.name)}`;
  // Which subscriptions lie below a management group only Azure can tell, so the plan answers for these.
  if (
    subscription !== undefined &&
    estate.managementGroups.length === 0 &&
    !has(estate.subscriptions, subscription)
  ) {
    const message = `the subscription ${quoted(subscription)} is outside the estate of the ${inPolicy}`;
    const cure =
      "name one of the estate, or have the operator add it to spec.estate.subscriptions of the policy";
    return [diagnosticIn(named.document, named.path, { message, cure })];
  }
  if (managementGroup !== undefined && !has(estate.managementGroups, managementGroup)) {
    const message = `the management group ${quoted(managementGroup)} is outside the estate of the ${inPolicy}`;
    const cure =
      "choose a scope in the estate, or have the operator add it to spec.estate.managementGroups of the policy";
    return [diagnosticIn(named.document, named.path, { message, cure })];
  }
  return [];
}

/** What documents name lies in the estate. */
export function insideEstate(documents: readonly ReadDocument[], policy: Policy): Diagnostic[] {
  const named = [
    ...ofKind(documents, "UserAssignedIdentity").flatMap(namedByIdentity),
    ...ofKind(documents, "IdentityBinding").flatMap(namedByBinding),
  ];
  return named.flatMap((name) => outsideEstate(name, policy));
}

/** A selector searches a whole subscription only if the policy allows it. */
export function allowedSelectors(documents: readonly ReadDocument[], policy: Policy): Diagnostic[] {
  if (policy.spec.selectors.wholeSubscription === "Allow") {
    return [];
  }
  return ofKind(documents, "IdentityBinding").flatMap((document) =>
    entriesOf(document, "targets").flatMap(({ path, tree }) => {
      const groups = treeAt(tree, ["resourceGroups"])?.value;
      return Array.isArray(groups) && groups.includes("*")
        ? [
            diagnosticIn(document, [...path, "resourceGroups"], {
              message: `a selector over a whole subscription is not allowed by the policy ${quoted(policy.metadata.name)}`,
              cure: "name the resource groups, or have the operator set spec.selectors.wholeSubscription: Allow in the policy",
            }),
          ]
        : [];
    }),
  );
}
