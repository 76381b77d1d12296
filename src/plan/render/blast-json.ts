// Decides the JSON form of a plan's blast radius.
import { securableText } from "../../model/database.ts";
import type { DocumentRef } from "../../model/document.ts";
import type { BlastRadius, Effect, Power } from "../blast/blast.ts";
import { countsOf } from "./blast-words.ts";

/** What the holders of one identity gain and lose. */
export interface BlastRadiusOutput {
  readonly identityId: string;
  /** The identity's document; null where there is none. */
  readonly document: DocumentRef | null;
  /** Privileged ones first. */
  readonly effects: readonly EffectOutput[];
}

/** One power that comes, goes, or changes its condition. */
export interface EffectOutput {
  /** `alter`: the power stays and its conditions become others. */
  readonly kind: "gain" | "alter" | "lose";
  readonly power: PowerOutput;
  /** Why the power is privileged; null if it is not. */
  readonly privileged: string | null;
  readonly conditions: readonly string[];
  /** Null but for `alter`. */
  readonly formerConditions: readonly string[] | null;
  /** The resources that it befalls, by ARM type. */
  readonly targets: readonly HolderOutput[];
  /** Whose tokens it befalls. */
  readonly trusts: readonly TrustOutput[];
}

/** An Azure role at a scope, or a right in a database; a securable as the documents write it. */
export type PowerOutput =
  | Readonly<{ kind: "azureRole" } & Record<"roleName" | "roleGuid" | "scope", string>>
  | Readonly<{ kind: "databaseRole" } & Record<"server" | "database" | "role", string>>
  | Readonly<
      { kind: "databasePermission" } & Record<"server" | "database" | "permission" | "securable", string>
    >;

/** Resources of one ARM type; `ids` is empty if the effect befalls more than three resources altogether. */
export interface HolderOutput {
  readonly type: string;
  readonly count: number;
  readonly ids: readonly string[];
}

/** Whoever has a token of this issuer for this subject and audience. */
export interface TrustOutput {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** The blast radius in its published shape. */
export function blastRadiusOutput({ identityId, document, effects }: BlastRadius): BlastRadiusOutput {
  return {
    identityId,
    document: document ? documentOutput(document) : null,
    effects: effects.map(effectOutput),
  };
}

/** A document in its published shape. */
export function documentOutput({ kind, namespace, name, file, line }: DocumentRef): DocumentRef {
  return { kind, namespace, name, file, line };
}

function powerOutput(power: Power): PowerOutput {
  if (power.kind === "azureRole") {
    const { kind, roleName, roleGuid, scope } = power;
    return { kind, roleName, roleGuid, scope };
  }
  const { server, database } = power.database;
  if (power.kind === "databaseRole") return { kind: power.kind, server, database, role: power.role };
  const { kind, permission, securable } = power;
  return { kind, server, database, permission, securable: securableText(securable) };
}

function effectOutput({ kind, power, conditions, formerConditions, holders }: Effect): EffectOutput {
  return {
    kind,
    power: powerOutput(power),
    privileged: power.privileged ?? null,
    conditions,
    formerConditions: formerConditions ?? null,
    targets: countsOf(holders).map(({ type, count, ids }) => ({ type, count, ids })),
    trusts: holders.flatMap((holder) =>
      holder.kind === "trust"
        ? [{ issuer: holder.issuer, subject: holder.subject, audience: holder.audience }]
        : [],
    ),
  };
}
