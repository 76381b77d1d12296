// Whether the world is as the last documents say, read from the case itself and not from what Bindery made of it.
import { ownerTag, principalTag, tagOf } from "../../src/model/identity.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { World } from "../../src/sandbox/world.ts";
import type { Grant, Wanted } from "./case.ts";
import { isManaged } from "./facts.ts";
import { principalOf } from "./somebody-else.ts";
import { identityId, scopeId, targetId } from "./texts.ts";

/** What differs, and how many identities could be judged: those that nothing is held of. */
export interface Verdict {
  readonly differences: readonly string[];
  readonly judged: number;
}

/** Judges the world by the documents. */
export function verdictOn(world: World, revision: readonly Wanted[], plan: Plan): Verdict {
  const free = revision.filter((one) => {
    const id = identityId(one.name).toLowerCase();
    return !one.suspend && !plan.held.some((h) => h.change.identityId.toLowerCase() === id);
  });
  return { differences: free.flatMap((one) => differencesOf(world, one)), judged: free.length };
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
      tagOf(target.tags ?? {}, "app") === wanted.selector;
    const isWanted = named.has(key) || matches;
    const map = Object.keys(target.identity?.userAssignedIdentities ?? {}).map((id) => id.toLowerCase());
    const isAttached = map.includes(identityId(wanted.name).toLowerCase());
    if (isWanted && !isAttached) return [`is not on ${target.name}`];
    const mayStay =
      wanted.prune === "Additive" || isManaged(key) || (wanted.ignoresMachine1 && target.name === "vm-1");
    return !isWanted && isAttached && !mayStay ? [`is still on ${target.name}`] : [];
  });
}

function grantDifferences(world: World, wanted: Wanted): readonly string[] {
  const principalId = principalOf(world, identityId(wanted.name));
  const live = world.roleAssignments.values().filter((a) => a.principalId === principalId);
  const keyOf = ({ role, scope }: Grant): string => {
    const definition = world.roleDefinitions.values().find((r) => r.roleName === role);
    return `${scopeId(scope)} ${definition?.name}`.toLowerCase();
  };
  const expected = new Set(wanted.grants.map(keyOf));
  const actual = new Set(live.map((a) => `${a.scope} ${a.roleDefinitionId.split("/").at(-1)}`.toLowerCase()));
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
