// The one table of Azure's limits: which requests count against which bucket, whose it is, and how it is refilled.
import type { RequestFacts } from "./request-facts.ts";

/** Whose bucket it is; the narrower ones are asked first, so that who waits for itself takes nothing from others. */
export type LimitScope = "resource" | "subscription" | "tenant";

/** One row: a limit of one provider, one bucket for each thing of its scope. */
export interface Limit {
  readonly provider: "arm" | "compute" | "identity" | "graph" | "any";
  /** Azure's own name for it where it has one: headers and refusals say it. */
  readonly name: string;
  readonly scope: LimitScope;
  /** How many requests go at once. */
  readonly holds: number;
  readonly perSecond: number;
  readonly counts: (facts: RequestFacts) => boolean;
  /** How much a request counts; 1 by default. */
  readonly cost?: (facts: RequestFacts) => number;
}

/** "compute/UpdateVMResource/resource": names a row, not what its buckets stand for. */
export function limitKeyOf({ provider, name, scope }: Limit): string {
  return [provider, name, scope].join("/");
}

/** A limit and the one bucket of it that a request counts against. */
export interface Claim {
  readonly limit: Limit;
  readonly key: string;
  readonly cost: number;
}

/** The buckets that a request counts against, the narrowest first. */
export function claimsOf(facts: RequestFacts): readonly Claim[] {
  return limits
    .filter((limit) => limit.counts(facts))
    .map((limit) => ({
      limit,
      key: [limit.provider, limit.name, limit.scope, ownerOf(limit, facts)].join(" "),
      cost: limit.cost?.(facts) ?? 1,
    }));
}

function ownerOf({ provider, scope }: Limit, facts: RequestFacts): string {
  switch (scope) {
    case "resource":
      // Federated credentials count for their identity.
      return provider === "identity" && !facts.isList ? identityPathOf(facts.path) : facts.path;
    case "subscription":
      return `${facts.subscriptionId} ${provider === "any" ? facts.type.split("/")[0] : ""}`;
    case "tenant":
      return "";
  }
}

function identityPathOf(path: string): string {
  return /^.*\/userassignedidentities\/[^/]+/.exec(path)?.[0] ?? path;
}

/** Compute's buckets hold three minutes' refill (azure-compute-docs, compute-throttling-limits). */
function compute(
  name: string,
  scope: LimitScope,
  perMinute: number,
  counts: (facts: RequestFacts) => boolean,
): Limit {
  const type = "microsoft.compute/";
  return {
    provider: "compute",
    name,
    scope,
    holds: perMinute * 3,
    perSecond: perMinute / 60,
    counts: (facts) =>
      facts.type.startsWith(type) && counts({ ...facts, type: facts.type.slice(type.length) }),
  };
}

/**
 * How many seconds' worth the identity provider lets go at once. Its documents give rates only; three writes of one
 * identity within four seconds are recorded (azure-cli, Feb 2023), which is a rate of twelve.
 */
const identityBurstInSeconds = 12;

/** Requests a second by (resource, subscription, tenant) (entra-docs, workload-identity-federation-considerations). */
function identity(
  name: string,
  rates: readonly [number, number, number],
  counts: (facts: RequestFacts) => boolean,
): Limit[] {
  const scopes = ["resource", "subscription", "tenant"] as const;
  return scopes.map((scope, i) => {
    const perSecond = rates[i] ?? 0;
    return {
      provider: "identity",
      name,
      scope,
      holds: Math.max(1, perSecond * identityBurstInSeconds),
      perSecond,
      counts: (facts) => facts.type.startsWith("microsoft.managedidentity/") && counts(facts),
    };
  });
}

/** Identities attached in 20 s by (subscription, tenant) and region (azure-docs, managed-identity-limits, 2021). */
function attachments(scope: LimitScope, holds: number): Limit {
  return {
    provider: "identity",
    name: "assignments",
    scope,
    holds,
    perSecond: holds / 20,
    counts: ({ attaches }) => attaches > 0,
    cost: ({ attaches }) => attaches,
  };
}

/** ARM's buckets of one principal, in each region, since 2024 (learn.microsoft.com, request-limits-and-throttling). */
function arm(operation: RequestFacts["operation"], holds: number, perSecond: number): Limit[] {
  return (["subscription", "tenant"] as const).map((scope) => ({
    provider: "arm",
    name: `${scope}-${operation}`,
    scope,
    holds,
    perSecond,
    counts: (facts) =>
      facts.operation === operation &&
      facts.type !== graphType &&
      (scope === "subscription") === (facts.subscriptionId !== undefined),
  }));
}

const graphType = "microsoft.resourcegraph";

const isVm = ({ type }: RequestFacts): boolean => type === "virtualmachines";
const isSet = ({ type }: RequestFacts): boolean => type === "virtualmachinescalesets";
const isInstance = ({ type }: RequestFacts): boolean => type === "virtualmachinescalesets/virtualmachines";
const isPoll = ({ type }: RequestFacts): boolean => type === "locations/operations";
const isRead = ({ operation, isList }: RequestFacts): boolean => operation === "reads" && !isList;
const isWrite = ({ operation }: RequestFacts): boolean => operation === "writes";

/** Names as in recorded headers (azure-cli, Aug 2024, Jan and May 2026). */
const rows: readonly Limit[] = [
  compute("UpdateVMResource", "resource", 4, (f) => isVm(f) && isWrite(f)),
  compute("UpdateVMSubscriptionMaximum", "subscription", 500, (f) => isVm(f) && isWrite(f)),
  compute("LowCostGetResource", "resource", 12, (f) => isVm(f) && isRead(f)),
  compute("LowCostGetSubscriptionMaximum", "subscription", 8000, (f) => isVm(f) && isRead(f)),
  compute("HighCostGetSubscriptionMaximum", "subscription", 300, (f) => isVm(f) && f.isList),
  compute("VMScaleSetActionsResource", "resource", 4, (f) => isSet(f) && isWrite(f)),
  compute("VMScaleSetActionsSubscriptionMaximum", "subscription", 500, (f) => isSet(f) && isWrite(f)),
  compute("GetVMScaleSetResource", "resource", 12, (f) => isSet(f) && isRead(f)),
  compute("GetVMScaleSetSubscriptionMaximum", "subscription", 800, (f) => isSet(f) && isRead(f)),
  compute("HighCostGetVMScaleSetSubscriptionMaximum", "subscription", 360, (f) =>
    isSet(f) ? f.isList : isInstance(f),
  ),
  compute("GetOperationResource", "resource", 15, isPoll),
  compute("GetOperationSubscriptionMaximum", "subscription", 5000, isPoll),

  ...identity("writes", [0.25, 2, 10], isWrite),
  ...identity("reads", [0.5, 10, 30], isRead),
  ...identity("lists", [0.25, 5, 15], (f) => f.isList),
  ...identity("deletes", [0.25, 2, 10], (f) => f.operation === "deletes"),

  attachments("subscription", 300),
  attachments("tenant", 400),

  // 15 queries in 5 seconds for one user (azure-docs, governance/resource-graph/concepts/guidance-for-throttled-requests).
  {
    provider: "graph",
    name: "user-quota",
    scope: "tenant",
    holds: 15,
    perSecond: 3,
    counts: (f) => f.type === graphType,
  },

  // What a provider allows besides is not published: it counts only once the provider has refused something.
  {
    provider: "any",
    name: "provider",
    scope: "subscription",
    holds: Number.POSITIVE_INFINITY,
    perSecond: 0,
    counts: (f) => f.type !== "" && f.type !== graphType,
  },

  ...arm("reads", 250, 25),
  ...arm("writes", 200, 10),
  ...arm("deletes", 200, 10),
];

const width: Readonly<Record<LimitScope, number>> = { resource: 0, subscription: 1, tenant: 2 };

/** The rows, those of single resources first. */
export const limits = rows.toSorted((a, b) => width[a.scope] - width[b.scope]);
