// What assigned policies do to a write before its provider sees it: modify changes its tags, deny refuses it.
import type { PolicyRule, TagOperation } from "../../governance.ts";
import type { ArmResource, World } from "../../world.ts";
import { canonicalScope, coverageOf } from "../authorization/coverage.ts";
import { rightsOf } from "../authorization/rights.ts";
import { isRecord } from "../body.ts";
import { armErrors } from "../errors.ts";
import type { ArmRequest } from "../provider.ts";
import { normalizeLocation } from "../regions.ts";
import { mergeTags, parseTags, removeTags, type Tags } from "../tag-map.ts";
import { lockType } from "./lock-rules.ts";

const groupType = "Microsoft.Resources/subscriptions/resourceGroups";
const tagsType = "microsoft.resources/tags";

/** What a policy looks at: the resource as the write would leave it. */
interface Subject {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string | undefined;
  readonly tags: Tags;
}

/**
 * The request as policies let it go on. Modify comes first, on the content that is sent ("Azure Policy definitions
 * modify effect": before the provider, when something is created or updated), then deny, which throws 403. Reads,
 * deletions, actions and locks are not looked at.
 */
export function underPolicies(request: ArmRequest, world: World): ArmRequest {
  const isWrite = request.method === "PUT" || request.method === "PATCH";
  const rules = world.policies.values();
  if (!isWrite || rules.length === 0 || request.path.type?.toLowerCase() === lockType.toLowerCase()) {
    return request;
  }
  const subject = subjectOf(request, world);
  if (subject === undefined) return request;
  const applying = rules.filter((rule) => isInScope(world, rule, subject.id));
  const tags = applying
    .filter((r) => r.effect === "Modify" && isMet(r, subject))
    .reduce((now, rule) => rule.tags.reduce(operated, now), subject.tags);
  const modified = { ...subject, tags };
  const denying = applying.find((r) => r.effect === "Deny" && isMet(r, modified));
  if (denying !== undefined) throw refusal(denying, modified, request, world);
  return isSame(tags, subject.tags) ? request : { ...request, body: bodyWith(request, tags) };
}

/** Undefined: what the tags API does not find, and (by a switch) all that it writes. */
function subjectOf(request: ArmRequest, world: World): Subject | undefined {
  const { path } = request;
  const body = isRecord(request.body) ? request.body : {};
  if (path.type?.toLowerCase() !== tagsType) return resourceSubject(request, world, body);
  const resource = storedAt(world, path.scope);
  if (resource === undefined || world.switches.policyOnTagsApi === "blind") return undefined;
  const sent = isRecord(body.properties) ? parseTags(body.properties.tags) : {};
  const { id, name, location, tags = {} } = resource;
  const type = world.resourceGroups.has(id) ? groupType : resource.type;
  return { id, name, type, location, tags: tagsAfter(request, body.operation, tags, sent) };
}

function tagsAfter({ method }: ArmRequest, operation: unknown, before: Tags, sent: Tags): Tags {
  if (method === "PUT") return sent;
  switch (String(operation).toLowerCase()) {
    case "merge":
      return mergeTags(before, sent);
    case "delete":
      return removeTags(before, sent);
    default:
      return sent;
  }
}

function resourceSubject(
  { path, method }: ArmRequest,
  world: World,
  body: Readonly<Record<string, unknown>>,
): Subject {
  const before = storedAt(world, path.path);
  const location = typeof body.location === "string" ? normalizeLocation(body.location) : before?.location;
  const isSent = body.tags !== undefined && body.tags !== null;
  const kept = method === "PATCH" ? (before?.tags ?? {}) : {};
  return {
    id: before?.id ?? path.path,
    name: path.names.at(-1) ?? path.resourceGroup ?? "",
    type: path.type ?? groupType,
    location,
    tags: isSent ? parseTags(body.tags) : kept,
  };
}

function storedAt(world: World, id: string): ArmResource | undefined {
  return world.resources.get(id) ?? world.resourceGroups.get(id);
}

function isInScope(world: World, { scope, notScopes }: PolicyRule, id: string): boolean {
  return coverageOf(world, scope)(id) && !notScopes.some((s) => coverageOf(world, s)(id));
}

function isMet({ when: { types, locationNotIn, tag } }: PolicyRule, subject: Subject): boolean {
  if (types !== undefined && !types.some((t) => t.toLowerCase() === subject.type.toLowerCase())) return false;
  if (locationNotIn !== undefined) {
    const { location } = subject;
    if (location === undefined || location === "global") return false;
    if (locationNotIn.some((l) => normalizeLocation(l) === normalizeLocation(location))) return false;
  }
  return tag === undefined || isTagMet(tag, tagValueOf(subject.tags, tag.name));
}

function isTagMet(
  { exists, equals, notEquals }: NonNullable<PolicyRule["when"]["tag"]>,
  value: string | undefined,
): boolean {
  if (exists !== undefined && exists !== (value !== undefined)) return false;
  if (equals !== undefined && value?.toLowerCase() !== equals.toLowerCase()) return false;
  return notEquals === undefined || value?.toLowerCase() !== notEquals.toLowerCase();
}

function tagValueOf(tags: Tags, name: string): string | undefined {
  return Object.entries(tags).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

function operated(tags: Tags, { operation, name, value }: TagOperation): Tags {
  if (operation === "remove") return removeTags(tags, { [name]: "" });
  if (operation === "add" && tagValueOf(tags, name) !== undefined) return tags;
  return mergeTags(tags, { [name]: value });
}

function isSame(one: Tags, other: Tags): boolean {
  const text = (tags: Tags) => JSON.stringify(Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return text(one) === text(other);
}

/** The same request with these tags as the whole truth. */
function bodyWith({ body, path, method }: ArmRequest, tags: Tags): unknown {
  const sent = isRecord(body) ? body : {};
  if (path.type?.toLowerCase() !== tagsType) return { ...sent, tags };
  return { ...(method === "PATCH" && { operation: "Replace" }), properties: { tags } };
}

function refusal(rule: PolicyRule, subject: Subject, { caller }: ArmRequest, world: World) {
  const action = "Microsoft.Authorization/policyDefinitions/read";
  const mayKnow = rightsOf(world, caller.objectId).may(action, canonicalScope(rule.scope));
  return armErrors.disallowedByPolicy(subject.name, rule, mayKnow ? expressionsOf(rule, subject) : undefined);
}

/** What was found true, in the words of a quoted refusal; only who may read policies is told. */
function expressionsOf({ when }: PolicyRule, subject: Subject): Record<string, unknown>[] {
  const { types, locationNotIn, tag } = when;
  const row = (path: string, expressionValue: unknown, targetValue: unknown, operator: string) => ({
    result: "True",
    expressionKind: "Field",
    expression: path,
    path,
    expressionValue,
    targetValue,
    operator,
  });
  const tagPath = `tags[${tag?.name}]`;
  const value = tagValueOf(subject.tags, tag?.name ?? "");
  return [
    ...(types === undefined ? [] : [row("type", subject.type, types, "In")]),
    ...(locationNotIn === undefined ? [] : [row("location", subject.location, locationNotIn, "NotIn")]),
    ...(tag?.exists === undefined ? [] : [row(tagPath, value, String(tag.exists), "Exists")]),
    ...(tag?.equals === undefined ? [] : [row(tagPath, value, tag.equals, "Equals")]),
    ...(tag?.notEquals === undefined ? [] : [row(tagPath, value, tag.notEquals, "NotEquals")]),
  ];
}
