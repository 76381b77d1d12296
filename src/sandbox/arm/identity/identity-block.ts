// What a sent identity block does to the one that a resource has: the contract that ARM keeps for all resource types.
import type { IdentityBlock } from "../../world.ts";
import { isRecord } from "../body.ts";
import { armErrors } from "../errors.ts";

/** A sent identity block, read and found well-formed. */
export interface IdentityRequest {
  readonly hasSystem: boolean;
  readonly hasUser: boolean;
  /** The keys of the map in the caller's spelling; a null value removes, anything else attaches or keeps. */
  readonly named: readonly NamedIdentity[];
}

/** One entry of a sent map. */
export interface NamedIdentity {
  readonly id: string;
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** What a change of a block depends on. */
export interface IdentityContext {
  readonly method: "PUT" | "PATCH";
  readonly resourceId: string;
  readonly tenantId: string;
  readonly before: IdentityBlock | undefined;
  /** Whether there is an identity with this ARM id, in any case. */
  readonly exists: (id: string) => boolean;
  /** Makes the principal of a system-assigned identity that is being enabled; its object id. */
  readonly newSystemPrincipal: () => string;
  /** Whether a deleted identity that the request does not name fails it too. */
  readonly danglingFailsPatch: boolean;
  /** Switch lastIdentityByNull: "removed" makes type None (or SystemAssigned) of it. */
  readonly mayRemoveLast?: boolean;
  /** Whether the map of a PATCH is the whole truth, as in a PUT. */
  readonly patchReplaces?: boolean;
}

/** A changed block. */
export interface IdentityChange {
  /** The block as the immediate answer shows it: new keys have `{}`. Undefined: no identity at all. */
  readonly block: IdentityBlock | undefined;
  /** The keys that are new, in the caller's spelling. */
  readonly attached: readonly string[];
}

/** The most identities that one request may attach (Azure/bicep#16559). */
const mostInOneRequest = 150;

const typeNames = ["none", "systemassigned", "userassigned"];

/** Reads a sent block, in any case and spacing of its type; throws ARM's refusal of what is malformed. */
export function parseIdentity(sent: unknown, method: "PUT" | "PATCH"): IdentityRequest {
  if (!isRecord(sent)) throw armErrors.invalidRequestContent("Expected a JSON object. Path 'identity'");
  if (sent.type === undefined || sent.type === null) throw armErrors.identityWithoutType();
  const kinds = parseType(sent.type);
  const named = parseMap(sent.userAssignedIdentities, method);
  if (kinds.hasUser) return { ...kinds, named };
  const attached = named.filter((n) => n.value !== null);
  if (attached.length > 0) throw armErrors.identitiesWithoutType(canonicalType(kinds));
  return { ...kinds, named };
}

function parseType(sent: unknown): Pick<IdentityRequest, "hasSystem" | "hasUser"> {
  const parts = typeof sent === "string" ? sent.split(",").map((p) => p.trim().toLowerCase()) : [""];
  const isNoneAmongOthers = parts.includes("none") && parts.length > 1;
  if (isNoneAmongOthers || !parts.every((p) => typeNames.includes(p))) {
    throw armErrors.invalidRequestContent(
      `Error converting value "${String(sent)}" to type 'ResourceIdentityType'. Path 'identity.type'`,
    );
  }
  return { hasSystem: parts.includes("systemassigned"), hasUser: parts.includes("userassigned") };
}

function parseMap(sent: unknown, method: "PUT" | "PATCH"): NamedIdentity[] {
  if (sent === undefined || sent === null) return [];
  if (!isRecord(sent)) {
    throw armErrors.invalidRequestContent("Expected a JSON object. Path 'identity.userAssignedIdentities'");
  }
  const ids = Object.keys(sent);
  for (const id of ids) {
    if (!/^\/(subscriptions|providers)\/[^/]+/i.test(id)) throw armErrors.linkedInvalidPropertyId(id);
  }
  const byId = Map.groupBy(ids, (id) => id.toLowerCase());
  const duplicates = [...byId.values()].filter((same) => same.length > 1).flat();
  if (duplicates.length > 0) throw armErrors.duplicateIdentityIds(duplicates);
  return Object.entries(sent).map(([id, value]) => {
    if (value === null && method === "PUT") throw armErrors.nullIdentityOutsidePatch();
    if (value !== null && !isRecord(value)) throw armErrors.invalidIdentityValues();
    return { id, value };
  });
}

/** The keys that a well-formed request attaches and that the block does not have yet. */
export function newlyNamed(request: IdentityRequest, before: IdentityBlock | undefined): string[] {
  const had = keysByLowerCase(before);
  return request.named.filter((n) => n.value !== null && !had.has(n.id.toLowerCase())).map((n) => n.id);
}

/**
 * Applies a well-formed request. In a PATCH the map is merged and null removes a key, in a PUT the map is the whole
 * truth; the type is a full statement in both. Either everything is done or ARM's refusal is thrown.
 */
export function changeIdentity(request: IdentityRequest, context: IdentityContext): IdentityChange {
  const { before, resourceId } = context;
  const named = request.named.filter((n) => n.value !== null);
  if (named.length > mostInOneRequest) throw armErrors.tooManyIdentities(resourceId, named.length);
  refuseForeignValues(named, before);
  const map = request.hasUser ? changedMap(request, context) : {};
  const touched = context.danglingFailsPatch ? Object.keys(map) : named.map((n) => n.id);
  const missing = touched.find((id) => !context.exists(id));
  if (missing !== undefined) throw armErrors.identityMissing(resourceId, storedSpelling(missing));
  if (request.hasUser && Object.keys(map).length === 0) {
    const isRemoval = request.named.length > 0 && context.mayRemoveLast === true;
    if (isRemoval) return { block: blockFrom({ ...request, hasUser: false }, {}, context), attached: [] };
    throw request.named.length === 0
      ? armErrors.missingIdentityIds()
      : armErrors.lastIdentityRemoved(resourceId, storedSpelling(resourceId), canonicalType(request));
  }
  return { block: blockFrom(request, map, context), attached: newlyNamed(request, before) };
}

type IdentityMap = NonNullable<IdentityBlock["userAssignedIdentities"]>;

function changedMap(
  request: IdentityRequest,
  { before, method, patchReplaces = false }: IdentityContext,
): IdentityMap {
  const had = keysByLowerCase(before);
  const removed = new Set(request.named.filter((n) => n.value === null).map((n) => n.id.toLowerCase()));
  const sent = new Set(request.named.map((n) => n.id.toLowerCase()));
  const isWhole = method === "PUT" || (patchReplaces && sent.size > 0);
  const isKept = (id: string) => !removed.has(id.toLowerCase()) && (!isWhole || sent.has(id.toLowerCase()));
  const kept = Object.entries(before?.userAssignedIdentities ?? {}).filter(([id]) => isKept(id));
  const added = request.named.filter((n) => n.value !== null && !had.has(n.id.toLowerCase()));
  return Object.fromEntries([...kept, ...added.map((n) => [n.id, {}] as const)]);
}

/** A value may be `{}` or hold just what is stored (azapi#840). */
function refuseForeignValues(named: readonly NamedIdentity[], before: IdentityBlock | undefined): void {
  const had = keysByLowerCase(before);
  for (const { id, value } of named) {
    const stored: Readonly<Record<string, unknown>> = had.get(id.toLowerCase()) ?? {};
    const isForeign = Object.entries(value ?? {}).some(([key, text]) => stored[key] !== text);
    if (isForeign) throw armErrors.invalidIdentityValues();
  }
}

function blockFrom(
  { hasSystem, hasUser }: IdentityRequest,
  map: IdentityMap,
  { before, tenantId, newSystemPrincipal }: IdentityContext,
): IdentityBlock | undefined {
  if (!hasSystem && !hasUser) return undefined;
  return {
    type: canonicalType({ hasSystem, hasUser }),
    ...(hasSystem && {
      principalId: before?.principalId ?? newSystemPrincipal(),
      tenantId: before?.tenantId ?? tenantId,
    }),
    ...(hasUser && { userAssignedIdentities: map }),
  };
}

/** The type as Compute writes it, whatever case and spacing was sent (recorded Jan 2026). */
function canonicalType({ hasSystem, hasUser }: Pick<IdentityRequest, "hasSystem" | "hasUser">): string {
  const names = [...(hasSystem ? ["SystemAssigned"] : []), ...(hasUser ? ["UserAssigned"] : [])];
  return names.length === 0 ? "None" : names.join(", ");
}

/** Errors name ids with a small `resourcegroups`, the rest as sent (recorded 2024). */
export function storedSpelling(id: string): string {
  return id.replace(/\/resourceGroups\//i, "/resourcegroups/");
}

function keysByLowerCase(block: IdentityBlock | undefined): Map<string, IdentityMap[string]> {
  return new Map(
    Object.entries(block?.userAssignedIdentities ?? {}).map(([id, value]) => [id.toLowerCase(), value]),
  );
}

/** The block with the principals of the attached keys filled in, as it stands when an operation has ended. */
export function filledIdentity(
  block: IdentityBlock,
  attached: readonly string[],
  principalOf: (id: string) => { principalId: string; clientId: string } | undefined,
): IdentityBlock {
  if (block.userAssignedIdentities === undefined) return block;
  const isNew = new Set(attached.map((id) => id.toLowerCase()));
  const filled = Object.entries(block.userAssignedIdentities).map(([id, value]) => [
    id,
    isNew.has(id.toLowerCase()) ? (principalOf(id) ?? value) : value,
  ]);
  return { ...block, userAssignedIdentities: Object.fromEntries(filled) };
}
