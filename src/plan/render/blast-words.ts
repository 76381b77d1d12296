// Decides which words the blast radius of a plan is told in: who gains or loses what, at a glance.
import { idKey } from "../../model/arm-id.ts";
import { databaseName, securableText } from "../../model/database.ts";
import { documentName } from "../../model/document.ts";
import type { BlastRadius, Effect, Holder, Power } from "../blast/blast.ts";
import { audienceWords } from "./audience-words.ts";
import type { Names, Sign } from "./names.ts";

/** Resources are called by their names as long as there are not more of them. */
export const mostNamed = 3;

/** One sentence of the blast radius; not yet safe to print. */
export interface EffectWords {
  readonly sign: Sign;
  /** "14 VMs gain Key Vault Secrets User on kv-orders" */
  readonly words: string;
  /** Why the role is privileged: "it permits every action (*)". */
  readonly privileged?: string;
}

/** Resources of one ARM type that an effect befalls. */
export interface HolderCount {
  readonly type: string;
  readonly count: number;
  readonly ids: readonly string[];
}

const signs = { gain: "+", alter: "~", lose: "-" } as const satisfies Record<Effect["kind"], Sign>;

/** An identity's effects as sentences, in their order; what befalls the same holders alike shares a sentence. */
export function effectsInWords(effects: readonly Effect[], names: Names): readonly EffectWords[] {
  const clauses = effects.flatMap((effect) => clausesOf(effect, names));
  const groups = Map.groupBy(clauses, (clause) =>
    clause.isShared ? `${clause.sign} ${clause.key}` : clause,
  );
  return [...groups.values()].flatMap(sentencesOf);
}

/** What befalls some holders, before it is put together with more that befalls them. */
interface Clause {
  readonly sign: Sign;
  /** Which holders these are: "14 VMs" may be others. */
  readonly key: string;
  /** "14 VMs gain" */
  readonly who: string;
  /** "Key Vault Secrets User on kv-orders" */
  readonly what: string;
  readonly privileged?: string;
  /** False for what deserves a line of its own. */
  readonly isShared: boolean;
}

function sentencesOf(group: readonly Clause[]): readonly EffectWords[] {
  return group.flatMap(({ sign, who, privileged }, at) => {
    if (at % mostNamed !== 0) return [];
    const whats = group.slice(at, at + mostNamed).map(({ what }) => what);
    return [{ sign, words: `${who} ${listed(whats)}`, ...(privileged !== undefined && { privileged }) }];
  });
}

/** What an identity is called over its effects: its document, or the identity itself where there is none. */
export function radiusTitle({ identityId, document }: BlastRadius, names: Names): string {
  return document ? documentName(document) : names(identityId);
}

/** Every id that the blast radius may call by name. */
export function idsOfRadius(radius: readonly BlastRadius[]): readonly string[] {
  return radius.flatMap(({ identityId, effects }) => [
    identityId,
    ...effects.flatMap(({ power, holders }) => [
      ...(power.kind === "azureRole" ? [power.scope] : []),
      ...targetsOf(holders).map((t) => t.targetId),
    ]),
  ]);
}

/** The resources among the holders by ARM type; ids only if they are few altogether. */
export function countsOf(holders: readonly Holder[]): readonly HolderCount[] {
  const targets = targetsOf(holders);
  const isFew = targets.length <= mostNamed;
  return [...Map.groupBy(targets, ({ type }) => idKey(type)).values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    return [{ type: first.type, count: group.length, ids: isFew ? group.map((t) => t.targetId) : [] }];
  });
}

/** One clause for the resources, and one for each trust: who that is takes a line of its own. */
function clausesOf({ kind, power, holders, ...limits }: Effect, names: Names): readonly Clause[] {
  const { privileged } = power;
  const common = {
    sign: signs[kind],
    what: `${powerWords(power, names)}${conditionWords(kind, limits)}`,
    ...(privileged !== undefined && { privileged }),
    isShared: privileged === undefined && kind !== "alter",
  };
  const targets = targetsOf(holders);
  const key = targets.map(({ targetId }) => idKey(targetId)).join("\n");
  const trusts = holders.filter((holder) => holder.kind === "trust");
  const verb = (count: number): string => verbs[kind][count === 1 ? 0 : 1];
  const whom = JSON.stringify(trusts);
  const whoever =
    trusts.length > mostNamed
      ? [`whoever has a token that one of ${trusts.length} federated credentials trusts`]
      : trusts.map(
          ({ issuer, subject, audience }) =>
            `whoever has a token of ${issuer} for ${subject}${audienceWords(audience)}`,
        );
  return [
    ...(targets.length > 0
      ? [{ ...common, key, who: `${targetWords(holders, names)} ${verb(targets.length)}` }]
      : []),
    ...whoever.map((who) => ({
      ...common,
      key: trusts.length > mostNamed ? whom : who,
      who: `${who} ${verb(1)}`,
    })),
  ];
}

function powerWords(power: Power, names: Names): string {
  switch (power.kind) {
    case "azureRole":
      return `${power.roleName} on ${names(power.scope)}`;
    case "databaseRole":
      return `${power.role} in ${databaseName(power.database)}`;
    case "databasePermission": {
      const { permission, securable, database } = power;
      const on = securable.class === "database" ? "" : ` on ${securableText(securable)}`;
      return `${permission}${on} in ${databaseName(database)}`;
    }
  }
}

const verbs: Readonly<Record<Effect["kind"], readonly [string, string]>> = {
  gain: ["gains", "gain"],
  alter: ["keeps", "keep"],
  lose: ["loses", "lose"],
};

function conditionWords(
  kind: Effect["kind"],
  { conditions, formerConditions = [] }: Pick<Effect, "conditions" | "formerConditions">,
): string {
  if (kind !== "alter") return conditions.length > 0 ? " (with a condition)" : "";
  if (conditions.length === 0) return ", now without a condition";
  return formerConditions.length === 0 ? ", now with a condition" : ", with another condition";
}

function targetWords(holders: readonly Holder[], names: Names): string {
  const targets = targetsOf(holders);
  if (targets.length <= mostNamed) return listed(targets.map(({ targetId }) => names(targetId)));
  return listed(countsOf(holders).map(countWord));
}

const typeWords: Readonly<Record<string, readonly [string, string]>> = {
  "microsoft.compute/virtualmachines": ["VM", "VMs"],
  "microsoft.compute/virtualmachinescalesets": ["scale set", "scale sets"],
};

function countWord({ type, count }: HolderCount): string {
  const words = typeWords[idKey(type)];
  if (words) return `${count} ${words[count === 1 ? 0 : 1]}`;
  return `${count} ${count === 1 ? "resource" : "resources"} of type ${type}`;
}

function targetsOf(holders: readonly Holder[]): readonly Extract<Holder, { kind: "target" }>[] {
  return holders.filter((holder) => holder.kind === "target");
}

/** "a", "a and b", "a, b and c" */
function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${last}` : last;
}
