// Whether the world is as the last documents say, read from the case itself and not from what Bindery made of it.
import { ownerTag, principalTag, tagOf } from "../../src/model/identity.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { ArmResource, World } from "../../src/sandbox/world.ts";
import { type Case, type Grant, groupScope, type Wanted } from "./case.ts";
import { isInstance, isManaged } from "./facts.ts";
import { identityId, scopeId, targetId } from "./ids.ts";
import { group } from "./obstacles.ts";
import { principalOf } from "./somebody-else.ts";
import { condition } from "./texts.ts";

/** What differs, and how many identities could be judged: those that nothing is held of. */
export interface Verdict {
  readonly differences: readonly string[];
  readonly judged: number;
}

/** Judges the world by the documents. */
export function verdictOn(
  world: World,
  { revisions, instanceUpgrade }: Pick<Case, "revisions" | "instanceUpgrade">,
  plan: Plan,
): Verdict {
  const revision = revisions.at(-1) ?? [];
  const free = revision.filter((one) => {
    const id = identityId(one.name).toLowerCase();
    // What is held in databases says nothing of the rest.
    const held = plan.held.filter(({ change }) => !("database" in change.subject));
    return !one.suspend && !held.some((h) => h.change.identityId.toLowerCase() === id);
  });
  // Where instances do not tell whether they are up to date, a failed roll-out is not seen again.
  const isTold = instanceUpgrade === "Automatic" && world.switches.latestModelApplied === "shown";
  const late = isTold ? free.flatMap((one) => instanceDifferences(world, one)) : [];
  return { differences: [...free.flatMap((one) => differencesOf(world, one)), ...late], judged: free.length };
}

/** Instances that have not got what a document says of their set. */
function instanceDifferences(world: World, { name, lifecycle, targets }: Wanted): readonly string[] {
  if (lifecycle !== "Present" || !targets.includes("vmss") || !world.resources.has(targetId("vmss")))
    return [];
  const below = `${targetId("vmss")}/`.toLowerCase();
  return world.resources
    .values()
    .filter((r) => r.id.toLowerCase().startsWith(below))
    .filter((r) => !hasAttached(r, identityId(name)))
    .map((r) => `${name} is not on instance ${r.id}`);
}

function hasAttached({ identity }: ArmResource, id: string): boolean {
  const keys = Object.keys(identity?.userAssignedIdentities ?? {});
  return keys.some((key) => key.toLowerCase() === id.toLowerCase());
}

function differencesOf(world: World, wanted: Wanted): readonly string[] {
  const id = identityId(wanted.name);
  const identity = world.resources.get(id);
  if (wanted.lifecycle === "Absent") return identity ? [`${wanted.name} is still there`] : [];
  if (wanted.lifecycle === "Released") {
    return tagOf(identity?.tags ?? {}, ownerTag) === "test" ? [`${wanted.name} is still tagged`] : [];
  }
  if (!identity) return [`${wanted.name} is not there`];
  return [
    ...tagDifferences(world, wanted),
    ...targetDifferences(world, wanted),
    ...grantDifferences(world, wanted),
    ...credentialDifferences(world, wanted),
  ].map((difference) => `${wanted.name}: ${difference}`);
}

function tagDifferences(world: World, { name, tags }: Wanted): readonly string[] {
  const { properties, tags: live = {} } = world.resources.get(identityId(name)) ?? {};
  const expected = {
    ...tags,
    [ownerTag]: "test",
    [principalTag]: `${properties?.principalId}/${properties?.clientId}`,
  };
  return Object.entries(expected)
    .filter(([key, value]) => tagOf(live, key) !== value)
    .map(([key, value]) => `tag ${key} is not ${value}`);
}

function targetDifferences(world: World, wanted: Wanted): readonly string[] {
  const named = new Set(wanted.targets.map((name) => targetId(name).toLowerCase()));
  const candidates = world.resources
    .values()
    .filter((r) => /^microsoft\.compute\/virtualmachine(s|scalesets)$/i.test(r.type));
  return candidates.flatMap((target) => {
    const key = target.id.toLowerCase();
    const matches =
      wanted.selector !== null &&
      /virtualmachines$/i.test(target.type) &&
      !isManaged(key) &&
      !isInstance(target) &&
      key.startsWith(`${group("rg")}/`.toLowerCase()) &&
      tagOf(target.tags ?? {}, "app") === wanted.selector;
    const isWanted = named.has(key) || matches;
    const isAttached = hasAttached(target, identityId(wanted.name));
    if (isWanted && !isAttached) return [`is not on ${target.name}`];
    const mayStay =
      wanted.prune === "Additive" ||
      isManaged(key) ||
      isInstance(target) ||
      (wanted.ignoresMachine1 && key === targetId("vm-1").toLowerCase());
    return !isWanted && isAttached && !mayStay ? [`is still on ${target.name}`] : [];
  });
}

function grantDifferences(world: World, wanted: Wanted): readonly string[] {
  const principalId = principalOf(world, identityId(wanted.name));
  const live = world.roleAssignments
    .values()
    .filter((a) => a.principalId === principalId && a.scope !== scopeId(groupScope));
  // Under Additive the condition of an assignment that was there before stays as it is.
  const keyFrom = (scope: string, role: string | undefined, narrowed: string | null): string =>
    `${scope} ${role} ${wanted.prune === "Additive" ? "" : narrowed}`.toLowerCase();
  const keyOf = ({ role, scope, isNarrow }: Grant): string => {
    const definition = world.roleDefinitions.values().find((r) => r.roleName === role);
    return keyFrom(scopeId(scope), definition?.name, isNarrow ? condition : null);
  };
  const expected = new Set(wanted.grants.map(keyOf));
  const actual = new Set(
    live.map((a) => keyFrom(a.scope, a.roleDefinitionId.split("/").at(-1), a.condition)),
  );
  const twice = live.length > actual.size ? ["has a role twice"] : [];
  const missing = [...expected.difference(actual)].map((key) => `lacks ${key}`);
  const surplus = [...actual.difference(expected)].map((key) => `still has ${key}`);
  return [...twice, ...missing, ...(wanted.prune === "Additive" ? [] : surplus)];
}

function credentialDifferences(world: World, wanted: Wanted): readonly string[] {
  if (wanted.credentials === null) return [];
  const prefix = `${identityId(wanted.name)}/federatedIdentityCredentials/`.toLowerCase();
  const live = new Set(
    world.resources
      .values()
      .filter((r) => r.id.toLowerCase().startsWith(prefix))
      .map((r) => r.name),
  );
  const expected = new Set<string>(wanted.credentials);
  const missing = [...expected.difference(live)].map((name) => `lacks credential ${name}`);
  const surplus = [...live.difference(expected)].map((name) => `still has credential ${name}`);
  return [...missing, ...(wanted.prune === "Additive" ? [] : surplus)];
}
