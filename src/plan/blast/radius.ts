// Decides what a plan gives to whom and takes from whom: who can act as an identity × what the identity may do, after against before.
//
//   holder may it before | after | effect
//   ---------------------+-------+------------------------------------------------------
//   no                   | yes   | gain, through whichever identity of the plan gives it
//   yes                  | no    | lose
//   yes                  | yes   | alter, if the conditions differ; else nothing
//
// A holder's identities are looked at together: swapping two that have the same role is neither gain nor loss.
import { idKey } from "../../model/arm-id.ts";
import { byText } from "../../model/order.ts";
import type { Observed } from "../../observed/observed.ts";
import type { Change } from "../plan.ts";
import type { BlastRadius, Effect, Holder } from "./blast.ts";
import { powerPlace } from "./powers.ts";
import { type Access, type Reach, reachAfter, reachBefore } from "./reach.ts";

/**
 * The blast radius of these changes, privileged ones first, then in the order of the changes. It knows the holders and
 * rights that were observed: resources of every type in the estate, and federated credentials of
 * identities whose credentials were read.
 */
export function blastRadiusOf(observed: Observed, changes: readonly Change[]): readonly BlastRadius[] {
  const touched = new Set(changes.map((c) => idKey(c.identityId)));
  const before = reachBefore(observed, changes);
  const after = reachAfter(before, observed, changes);
  const found = new Map<string, Found>();
  for (const [key, holder] of holdersOf(touched, before, after)) {
    for (const one of effectsOn(before.accessOf(key), after.accessOf(key))) {
      for (const via of one.via) {
        const alike = JSON.stringify([via, one.kind, one.powerKey, one.conditions, one.formerConditions]);
        const same = found.get(alike);
        if (same) same.holders.push(holder);
        else found.set(alike, { ...one, identity: via, holders: [holder] });
      }
    }
  }
  const byIdentity = Map.groupBy(found.values(), ({ identity }) => identity);
  return [...new Map(changes.map((c) => [idKey(c.identityId), c]))]
    .flatMap(([key, { identityId, identityDocument }]) => {
      const effects = (byIdentity.get(key) ?? []).map(effectFrom).toSorted(byWeight);
      if (effects.length === 0) return [];
      return [{ identityId, ...(identityDocument && { document: identityDocument }), effects }];
    })
    .toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** An effect on one holder, with the identities through which it comes about. */
interface OnHolder extends Omit<Effect, "holders"> {
  readonly powerKey: string;
  readonly via: readonly string[];
}

interface Found extends OnHolder {
  readonly identity: string;
  readonly holders: Holder[];
}

/** Everybody who can act as an identity of the plan before it or after it. */
function holdersOf(touched: ReadonlySet<string>, before: Reach, after: Reach): ReadonlyMap<string, Holder> {
  const all = [...before.holders, ...after.holders].filter(([, { identities }]) =>
    [...identities].some((key) => touched.has(key)),
  );
  return new Map(all.map(([key, { holder }]) => [key, holder] as const).toSorted(([a], [b]) => byText(a, b)));
}

function effectsOn(
  before: ReadonlyMap<string, Access>,
  after: ReadonlyMap<string, Access>,
): readonly OnHolder[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((powerKey): OnHolder[] => {
    const [had, has] = [before.get(powerKey), after.get(powerKey)];
    if (!had && has) return [{ kind: "gain", powerKey, ...has }];
    if (had && !has) return [{ kind: "lose", powerKey, ...had }];
    if (!had || !has || had.conditions.join("\n") === has.conditions.join("\n")) return [];
    const via = [...new Set([...had.via, ...has.via])];
    return [{ kind: "alter", powerKey, ...has, formerConditions: had.conditions, via }];
  });
}

function effectFrom({ kind, power, conditions, formerConditions, holders }: Found): Effect {
  return { kind, power, conditions, ...(formerConditions && { formerConditions }), holders };
}

const kindOrder = ["gain", "alter", "lose"] as const;

function byWeight(a: Effect, b: Effect): number {
  return (
    Number(a.power.privileged === undefined) - Number(b.power.privileged === undefined) ||
    kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind) ||
    byText(powerPlace(a.power).join("\n"), powerPlace(b.power).join("\n"))
  );
}

/** Whoever comes to more power over access, code or secrets is shown before everybody else. */
function rankOf({ effects }: BlastRadius): number {
  const hot = effects.filter(({ power }) => power.privileged !== undefined);
  if (hot.some(({ kind }) => kind !== "lose")) return 0;
  return hot.length > 0 ? 1 : 2;
}
