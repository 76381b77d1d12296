// Which rights documents and policy need, at which scopes and why: exactly these, and no more.
import type { Desired, DesiredBinding, DesiredIdentity, DesiredTarget } from "../desired/desired.ts";
import { idKey, nameOf, parseArmId, resourceGroupIdOf } from "../model/arm-id.ts";
import { databaseName } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import { byText } from "../model/order.ts";
import type { Policy } from "../model/policy.ts";
import { isDelegated, type WorkName, workNamed } from "./work.ts";

/** Who or what needs a right. */
export interface Reason {
  /** What it is about: a name, or what the need is for where it is about all of the estate. */
  readonly what: string;
  /** Undefined where every plan needs it, whatever the documents say. */
  readonly document?: DocumentRef;
}

/** An action that must be permitted at a scope. */
export interface Need {
  readonly scope: string;
  readonly action: string;
  readonly work: WorkName;
  /** At least one; in the order of the documents. */
  readonly reasons: readonly Reason[];
}

/** `plan`: only what planning takes; `apply`: that, and what writing takes. */
export type Purpose = "plan" | "apply";

interface Want {
  readonly scope: string;
  readonly work: WorkName;
  /** Where it is not the work's own. */
  readonly actions?: readonly string[];
  readonly reason: Reason;
}

/** All rights, sorted by scope (those of the estate first) and action; what a scope above needs too stands there only. */
export function needsOf(desired: Desired, policy: Pick<Policy, "estate">, purpose: Purpose): readonly Need[] {
  const reads = estateScopes(policy).flatMap((scope) =>
    readWants(desired).map((want) => ({ ...want, scope })),
  );
  const writes = purpose === "plan" ? [] : desired.identities.flatMap(writeWants);
  return [...gathered(reads), ...gathered(writes)];
}

/** The scopes of the estate: subscriptions, then management groups. */
function estateScopes({ estate }: Pick<Policy, "estate">): readonly string[] {
  return [
    ...estate.subscriptions.map((id) => `/subscriptions/${id}`),
    ...estate.managementGroups.map((name) => `/providers/Microsoft.Management/managementGroups/${name}`),
  ];
}

/** What every plan reads, in the whole estate, and what single lines of documents add. */
function readWants({ identities }: Desired): readonly Omit<Want, "scope">[] {
  const always: readonly WorkName[] = [
    "listSubscriptions",
    "listGroups",
    "listResources",
    "readIdentities",
    "readTargets",
    "readAssignments",
  ];
  const bindings = identities.flatMap((identity) => identity.bindings);
  return [
    ...always.map((work) => ({ work, reason: { what: workNamed(work).what } })),
    ...bindings.flatMap((binding) => [
      ...binding.targets
        .filter(isRolledOut)
        .map((target) => about("readInstances", target.id, target.document)),
      ...binding.grants.flatMap(({ scope, document }) => scopeWant(scope, document)),
      ...binding.databases.map(({ ref, document }) => ({
        work: "findDatabases" as const,
        reason: { what: databaseName(ref), document },
      })),
    ]),
    ...identities
      .filter(({ lifecycle }) => lifecycle === "Absent")
      .map(({ id, document }) => about("findReferences", id, document)),
  ];
}

/** A grant's scope must be seen to exist: itself, or the top-level resource that it lies in. */
function scopeWant(scope: string, document: DocumentRef): readonly Omit<Want, "scope">[] {
  const top = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+/i.exec(scope);
  const type = parseArmId(top?.[0] ?? "")?.type;
  if (type === undefined) return [];
  const reason = { what: `grants on ${nameOf(scope)}`, document };
  return [{ work: "findScopes", actions: [`${type}/read`], reason }];
}

function isRolledOut(target: DesiredTarget): target is DesiredTarget & { readonly id: string } {
  return target.kind === "virtualMachineScaleSet" && target.instanceUpgrade === "Automatic";
}

function writeWants(identity: DesiredIdentity): readonly Want[] {
  const { id, document, lifecycle } = identity;
  // What does not exist yet cannot have rights of its own: those on identities are given at their group.
  const scope = resourceGroupIdOf(id) ?? id;
  const own = (work: WorkName): Want => ({ ...about(work, id, document), scope });
  switch (lifecycle) {
    case "Released":
      return [own("writeTags")];
    case "Absent":
      return [own("writeTags"), own("deleteIdentity")];
    case "Present": {
      const active = identity.bindings.filter(({ suspended }) => !suspended);
      return [
        ...(identity.location === undefined ? [] : [own("createIdentity")]),
        own("writeTags"),
        ...credentialWorks(identity).map(own),
        ...active.flatMap((binding) => bindingWants(identity, binding, scope)),
      ];
    }
  }
}

function credentialWorks({ federatedCredentials, prunePolicy }: DesiredIdentity): readonly WorkName[] {
  if (federatedCredentials === undefined) return [];
  return [
    ...(federatedCredentials.length > 0 ? (["putCredential"] as const) : []),
    ...(prunePolicy === "Authoritative" ? (["deleteCredential"] as const) : []),
  ];
}

function bindingWants(
  { id, prunePolicy }: DesiredIdentity,
  { targets, grants }: DesiredBinding,
  group: string,
): readonly Want[] {
  return [
    ...targets.map(({ document }) => ({ ...about("assignIdentity", id, document), scope: group })),
    ...targets.flatMap(targetWants),
    ...grants.flatMap(({ scope, role, document }) => {
      const reason = { what: `${"name" in role ? role.name : role.guid} for ${nameOf(id)}`, document };
      const works = prunePolicy === "Authoritative" ? delegated : delegated.slice(0, 1);
      return works.map((work) => ({ work, scope, reason }));
    }),
  ];
}

const delegated = ["assignRole", "revokeRole"] as const;

function targetWants(target: DesiredTarget): readonly Want[] {
  const { document } = target;
  switch (target.kind) {
    case "virtualMachine":
      return [{ ...about("patchMachine", target.id, document), scope: target.id }];
    case "virtualMachineScaleSet": {
      const works = isRolledOut(target)
        ? (["patchScaleSet", "upgradeInstances"] as const)
        : (["patchScaleSet"] as const);
      return works.map((work) => ({ ...about(work, target.id, document), scope: target.id }));
    }
    case "virtualMachines": {
      const subscription = `/subscriptions/${target.subscriptionId}`;
      const { resourceGroups } = target;
      const scopes =
        resourceGroups === "*"
          ? [subscription]
          : resourceGroups.map((name) => `${subscription}/resourceGroups/${name}`);
      return scopes.map((scope) => ({
        work: "patchMachine" as const,
        scope,
        reason: { what: "whatever a selector matches", document },
      }));
    }
  }
}

function about(work: WorkName, id: string, document: DocumentRef): Omit<Want, "scope"> {
  return { work, reason: { what: nameOf(id), document } };
}

/** One need for each action and scope; what a need above covers joins it, but for what conditions confine. */
function gathered(wants: readonly Want[]): readonly Need[] {
  const needs = wants.flatMap(({ scope, work, actions = workNamed(work).actions, reason }) =>
    actions.map((action): Need => ({ scope, action, work, reasons: [reason] })),
  );
  const byKey = new Map(needs.map((need) => [keyOf(need.scope, need.action), need]));
  const groups = Map.groupBy(needs, (need) => coverOf(need, byKey));
  return [...groups]
    .map(([cover, group]) => ({ ...cover, reasons: group.flatMap(({ reasons }) => reasons) }))
    .toSorted((a, b) => byText(idKey(a.scope), idKey(b.scope)) || byText(idKey(a.action), idKey(b.action)));
}

/** The highest need that this one is part of: itself where none is. */
function coverOf(need: Need, byKey: ReadonlyMap<string, Need>): Need {
  const { scope, action, work } = need;
  const own = byKey.get(keyOf(scope, action)) ?? need;
  if (isDelegated(work)) return own;
  const actions = action.endsWith("/read") ? [everyRead, action] : [action];
  const found = actions.flatMap((one) => scopesAbove(scope).map((at) => byKey.get(keyOf(at, one))));
  return found.find((one) => one !== undefined) ?? own;
}

const everyRead = "*/read";

/** The scopes from the highest to this one itself; what a management group holds cannot be told from names. */
function scopesAbove(scope: string): readonly string[] {
  const segments = idKey(scope).split("/");
  return segments.map((_, i) => segments.slice(0, i + 1).join("/"));
}

function keyOf(scope: string, action: string): string {
  return `${idKey(scope)} ${idKey(action)}`;
}
