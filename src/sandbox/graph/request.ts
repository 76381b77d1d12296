// Which requests to Resource Graph make sense, and what they ask for.
import { z } from "zod";
import { badRequest } from "./refusal.ts";

/** The api-versions of Microsoft.ResourceGraph/resources that clients send. */
export const resourceGraphVersions: readonly string[] = [
  "2019-04-01",
  "2020-04-01-preview",
  "2021-03-01",
  "2021-06-01-preview",
  "2022-10-01",
  "2024-04-01",
];

/** Which role assignments and definitions an answer holds, relative to the scope of the request. */
export type AuthorizationFilter =
  | "AtScopeAndBelow"
  | "AtScopeAndAbove"
  | "AtScopeExact"
  | "AtScopeAboveAndBelow";

/** A query with its scope and options; neither subscriptions nor management groups: the whole tenant. */
export interface GraphRequest {
  readonly query: string;
  readonly subscriptions: readonly string[];
  readonly managementGroups: readonly string[];
  readonly top: number | undefined;
  readonly skip: number | undefined;
  readonly skipToken: string | undefined;
  readonly format: "objectArray" | "table";
  readonly authorizationFilter: AuthorizationFilter;
}

const optionsSchema = z.strictObject({
  $top: z.int().min(1).max(1000).nullish(),
  $skip: z.int().min(0).nullish(),
  $skipToken: z.string().nullish(),
  resultFormat: z.enum(["objectArray", "table"]).nullish(),
  allowPartialScopes: z.boolean().nullish(),
  authorizationScopeFilter: z
    .enum(["AtScopeAndBelow", "AtScopeAndAbove", "AtScopeExact", "AtScopeAboveAndBelow"])
    .nullish(),
});

const bodySchema = z.strictObject({
  query: z.string(),
  subscriptions: z.array(z.string()).nullish(),
  managementGroups: z.array(z.string()).nullish(),
  managementGroupId: z.string().nullish(),
  options: optionsSchema.nullish(),
  facets: z.array(z.unknown()).max(0, "the embedded Azure computes no facets").nullish(),
});

type Body = z.infer<typeof bodySchema>;

/** The request that a body states; throws a GraphRefusal. Azure ignores keys that it does not know; here they are refused. */
export function parseGraphRequest(body: unknown, apiVersion: string): GraphRequest {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) throw badRequest("InvalidRequest", z.prettifyError(parsed.error));
  const { query, options } = parsed.data;
  return {
    query,
    ...scopeOf(parsed.data, apiVersion),
    top: options?.$top ?? undefined,
    skip: options?.$skip ?? undefined,
    skipToken: options?.$skipToken ?? undefined,
    format: options?.resultFormat ?? defaultFormat(apiVersion),
    authorizationFilter: options?.authorizationScopeFilter ?? "AtScopeAndBelow",
  };
}

/** The first two versions answer tables unless asked for objects. */
function defaultFormat(apiVersion: string): GraphRequest["format"] {
  return apiVersion < "2021" ? "table" : "objectArray";
}

/** Only the first version demands subscriptions; the second names one management group by `managementGroupId`. */
function scopeOf(body: Body, apiVersion: string): Pick<GraphRequest, "subscriptions" | "managementGroups"> {
  const subscriptions = body.subscriptions ?? [];
  const single = body.managementGroupId ?? undefined;
  if (single !== undefined && apiVersion !== "2020-04-01-preview") {
    throw badRequest("InvalidRequest", "managementGroupId belongs to api-version 2020-04-01-preview.");
  }
  const managementGroups = [...(body.managementGroups ?? []), ...(single === undefined ? [] : [single])];
  if (subscriptions.length > 0 && managementGroups.length > 0) {
    throw badRequest("InvalidRequest", "subscriptions and managementGroups cannot be used at the same time.");
  }
  if (subscriptions.length === 0 && apiVersion === "2019-04-01") {
    throw badRequest("InvalidRequest", "subscriptions must not be empty.");
  }
  const broken = subscriptions.find((id) => !isGuid(id));
  if (broken !== undefined) {
    throw badRequest("SubscriptionsContainInvalidGuids", `Subscription '${broken}' is no GUID.`);
  }
  return { subscriptions, managementGroups };
}

function isGuid(text: string): boolean {
  return /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text);
}
