// What all bindings of an identity want together: names and selectors become one attachment per target, role names become GUIDs.
import type { DesiredBinding, DesiredGrant, DesiredIdentity, DesiredTarget } from "../../desired/desired.ts";
import { idKey, parseArmId } from "../../model/arm-id.ts";
import { type DocumentRef, documentName } from "../../model/document.ts";
import { isAssignableAt, type RoleDefinition, roleScopeOf } from "../../model/grant.ts";
import { tagOf } from "../../model/identity.ts";
import type { Target } from "../../model/target.ts";
import type { Observed } from "../../observed/observed.ts";

/** One attachment that at least one binding wants. */
export interface WantedAttachment {
  readonly targetId: string;
  readonly document: DocumentRef;
  /** True if only suspended bindings want it. */
  readonly suspended: boolean;
  /** True if only selectors over a whole subscription want it. */
  readonly wholeSubscription: boolean;
  readonly named: boolean;
  readonly instanceUpgrade: "Never" | "Automatic";
  /** "listed by team-orders/orders" or "matches the selector of …". */
  readonly reason: string;
}

/** One role that at least one binding wants. */
export interface WantedGrant {
  readonly scope: string;
  readonly role: DesiredGrant["role"];
  readonly condition?: string;
  readonly document: DocumentRef;
  readonly suspended: boolean;
  /** The definitions that the role's name or GUID means at this scope; exactly one when all is well. */
  readonly definitions: readonly RoleDefinition[];
  /** A line that wants the same with another condition: one by name, one by GUID, else no document would have passed. */
  readonly contradiction?: DocumentRef;
}

type Selector = Extract<DesiredTarget, { kind: "virtualMachines" }>;

/** The attachments that an identity's bindings want, by target key. */
export function wantedAttachments(
  identity: DesiredIdentity,
  observed: Observed,
): ReadonlyMap<string, WantedAttachment> {
  const all = identity.bindings.flatMap((binding) =>
    binding.targets.flatMap((target) => attachmentsFrom(binding, target, observed)),
  );
  const wanted = new Map<string, WantedAttachment>();
  for (const one of all) {
    const key = idKey(one.targetId);
    const other = wanted.get(key);
    if (!other || rank(one) > rank(other)) wanted.set(key, one);
  }
  return wanted;
}

/** The roles that an identity's bindings want; the same role at the same scope only once. */
export function wantedGrants(identity: DesiredIdentity, observed: Observed): readonly WantedGrant[] {
  const wanted = new Map<string, WantedGrant>();
  for (const binding of identity.bindings) {
    for (const grant of binding.grants) {
      const one = grantFrom(binding, grant, observed);
      const key = `${idKey(grant.scope)}|${meaningOf(one)}`;
      const other = wanted.get(key);
      wanted.set(key, other ? mergedGrant(other, one) : one);
    }
  }
  return [...wanted.values()];
}

/** What is not exactly one role is taken for none of those that it may mean. */
function meaningOf({ definitions, role }: WantedGrant): string {
  const [definition, ...more] = definitions;
  return definition && more.length === 0 ? idKey(definition.guid) : JSON.stringify(role).toLowerCase();
}

/** One active binding is enough. */
function mergedGrant(a: WantedGrant, b: WantedGrant): WantedGrant {
  const [first, second] = a.suspended && !b.suspended ? [b, a] : [a, b];
  const contradiction =
    second.contradiction ??
    ((first.condition ?? "") === (second.condition ?? "") ? undefined : second.document);
  return { ...first, ...(contradiction && { contradiction }) };
}

/** True if a selector may match this machine at all: managed ones and flexible instances must be named. */
export function isSelectable(target: Target): boolean {
  if (target.kind !== "virtualMachine" || target.provisioningState === "Deleting") return false;
  return target.managedBy === undefined && target.scaleSetId === undefined;
}

/** True if a selector matches a target; tag keys are compared without case, values exactly. */
export function matches(selector: Selector, target: Target): boolean {
  return (
    isSelectable(target) &&
    Object.entries(selector.matchTags).every(([key, value]) => tagOf(target.tags, key) === value) &&
    isInReach(selector, target)
  );
}

/** True if a target lies where a selector looks, whatever its tags. */
export function isInReach({ subscriptionId, resourceGroups }: Selector, target: Target): boolean {
  const id = parseArmId(target.id);
  if (!id || idKey(subscriptionId) !== idKey(id.subscriptionId)) return false;
  return resourceGroups === "*" || resourceGroups.some((group) => idKey(group) === idKey(id.resourceGroup));
}

function attachmentsFrom(
  binding: DesiredBinding,
  target: DesiredTarget,
  observed: Observed,
): WantedAttachment[] {
  const by = documentName(binding.document);
  const common = { document: target.document, suspended: binding.suspended, wholeSubscription: false };
  switch (target.kind) {
    case "virtualMachine":
      return [
        {
          ...common,
          targetId: target.id,
          named: true,
          instanceUpgrade: "Never",
          reason: `listed by ${by}`,
        },
      ];
    case "virtualMachineScaleSet":
      return [
        {
          ...common,
          targetId: target.id,
          named: true,
          instanceUpgrade: target.instanceUpgrade,
          reason: `listed by ${by}`,
        },
      ];
    case "virtualMachines":
      return [...observed.targets.values()]
        .filter((t) => matches(target, t))
        .map((t) => ({
          ...common,
          targetId: t.id,
          wholeSubscription: target.resourceGroups === "*",
          named: false,
          instanceUpgrade: "Never",
          reason: `matches the selector of ${by}`,
        }));
  }
}

/**
 * Of several lines one counts: an active one before a suspended one, a name before a selector, a narrow selector before
 * one over a whole subscription. The documents agree on how a scale set is upgraded.
 */
function rank({ suspended, named, wholeSubscription }: WantedAttachment): number {
  return (suspended ? 0 : 3) + (named ? 2 : wholeSubscription ? 0 : 1);
}

function grantFrom(binding: DesiredBinding, grant: DesiredGrant, observed: Observed): WantedGrant {
  const roles = observed.roles.get(roleScopeOf(grant.scope)) ?? [];
  const { role } = grant;
  const definitions = roles.filter((definition) => {
    if (!isAssignableAt(grant.scope, definition)) return false;
    return "guid" in role
      ? idKey(definition.guid) === idKey(role.guid)
      : definition.roleName.toLowerCase() === role.name.toLowerCase();
  });
  return {
    scope: grant.scope,
    role: grant.role,
    ...(grant.condition !== undefined && { condition: grant.condition }),
    document: grant.document,
    suspended: binding.suspended,
    definitions,
  };
}
