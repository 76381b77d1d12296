// Reads resources as Azure gives them (Resource Graph rows, lists, single GETs) into the core's words.
import { type RoleAssignment, roleGuidOf } from "../model/grant.ts";
import type { Identity } from "../model/identity.ts";
import type { ScaleSetInstance } from "../model/scale-set.ts";
import { type AttachedIdentity, type Attachments, type Target, targetKindOf } from "../model/target.ts";

/** A resource before anything is believed of it; the names are those of the projected columns. */
export interface RawTarget {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly location?: unknown;
  readonly tags?: unknown;
  readonly identity?: unknown;
  readonly managedBy?: unknown;
  readonly scaleSetId?: unknown;
  readonly orchestrationMode?: unknown;
  readonly upgradeMode?: unknown;
  readonly provisioningState?: unknown;
  readonly etag?: unknown;
}

const zeroGuid = "00000000-0000-0000-0000-000000000000";

/**
 * The attachments that an identity block states, or undefined if it cannot be relied on: a block that says
 * UserAssigned and names nobody (recorded for an AKS cluster in the generic list) is no proof that nobody is there.
 */
export function attachmentsFrom(block: unknown): Attachments | undefined {
  if (block === undefined || block === null) return { systemAssigned: false, userAssigned: [] };
  if (typeof block !== "object") return;
  const { type, userAssignedIdentities: map, principalId } = block as Record<string, unknown>;
  if (type !== undefined && type !== null && typeof type !== "string") return;
  const kinds = (type ?? "").toLowerCase();
  const userAssigned = attachedFrom(map);
  if (userAssigned === undefined || (kinds.includes("userassigned") && userAssigned.length === 0)) return;
  return { systemAssigned: kinds.includes("systemassigned") || (!type && isId(principalId)), userAssigned };
}

function attachedFrom(map: unknown): AttachedIdentity[] | undefined {
  if (map === undefined || map === null) return [];
  if (typeof map !== "object" || Array.isArray(map)) return;
  const entries = Object.entries(map);
  if (!entries.every(([id]) => /^\/subscriptions\//i.test(id))) return;
  return entries.map(([id, value]) => {
    const { principalId, clientId } = (value ?? {}) as Record<string, unknown>;
    return { id, ...(isId(principalId) ? { principalId } : {}), ...(isId(clientId) ? { clientId } : {}) };
  });
}

/** MySQL flexible servers answer a GUID of zeros where they have none. */
function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value !== zeroGuid;
}

/** A resource as target, or undefined if its id, type or identity block cannot be relied on. */
export function targetFrom(raw: RawTarget): Target | undefined {
  const [id, type] = [textOf(raw.id), textOf(raw.type)];
  const attachments = attachmentsFrom(raw.identity);
  if (!id || !type || !attachments) return;
  const kind = targetKindOf(type);
  const isScaleSet = kind === "virtualMachineScaleSet";
  const texts = {
    etag: textOf(raw.etag),
    managedBy: textOf(raw.managedBy),
    scaleSetId: kind === "virtualMachine" ? textOf(raw.scaleSetId) : undefined,
    orchestrationMode: isScaleSet ? orchestrationModeFrom(raw.orchestrationMode) : undefined,
    upgradeMode: isScaleSet ? oneOf(raw.upgradeMode, ["Automatic", "Manual", "Rolling"] as const) : undefined,
    provisioningState: textOf(raw.provisioningState),
  };
  return {
    id,
    kind,
    type,
    location: textOf(raw.location) ?? "",
    tags: tagsFrom(raw.tags),
    attachments,
    ...present(texts),
  };
}

/** An instance of a uniform scale set; one that shows no identity block may have its set's identities all the same. */
export function instanceFrom(raw: {
  readonly instanceId?: unknown;
  readonly identity?: unknown;
  readonly latestModelApplied?: unknown;
  readonly protectionPolicy?: { readonly protectFromScaleSetActions?: unknown };
  readonly provisioningState?: unknown;
}): ScaleSetInstance | undefined {
  const { latestModelApplied: latest, protectionPolicy } = raw;
  const [instanceId, attachments] = [textOf(raw.instanceId), attachmentsFrom(raw.identity)];
  if (!instanceId || !attachments) return;
  return {
    instanceId,
    attachments,
    isProtected: protectionPolicy?.protectFromScaleSetActions === true,
    ...present({
      hasLatestModel: typeof latest === "boolean" ? latest : undefined,
      provisioningState: textOf(raw.provisioningState),
    }),
  };
}

/** Scale sets older than flexible orchestration do not state a mode: they are uniform. */
function orchestrationModeFrom(value: unknown): "Uniform" | "Flexible" {
  return oneOf(value, ["Uniform", "Flexible"] as const) ?? "Uniform";
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  const text = textOf(value)?.toLowerCase();
  return allowed.find((a) => a.toLowerCase() === text);
}

/** Tags as text; Azure has no others, but some lists give null for none. */
export function tagsFrom(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, v === null ? "" : String(v)]));
}

/** An identity as it came from whatever list, or undefined while its service principal is missing. */
export function identityFrom(raw: {
  readonly id?: unknown;
  readonly location?: unknown;
  readonly tags?: unknown;
  readonly principalId?: unknown;
  readonly clientId?: unknown;
}): Identity | undefined {
  const { principalId, clientId } = raw;
  const id = textOf(raw.id);
  if (!id || !isId(principalId) || !isId(clientId)) return;
  return { id, location: textOf(raw.location) ?? "", principalId, clientId, tags: tagsFrom(raw.tags) };
}

/** A role assignment as it came from whatever list, or undefined if it does not say who has which role where. */
export function assignmentFrom(raw: {
  readonly id?: unknown;
  readonly scope?: unknown;
  readonly principalId?: unknown;
  readonly roleDefinitionId?: unknown;
  readonly condition?: unknown;
  readonly description?: unknown;
}): RoleAssignment | undefined {
  const [id, scope, principalId] = [textOf(raw.id), textOf(raw.scope), textOf(raw.principalId)];
  const roleDefinitionId = textOf(raw.roleDefinitionId);
  if (!id || !scope || !principalId || !roleDefinitionId) return;
  const texts = { condition: textOf(raw.condition), description: textOf(raw.description) };
  return { id, scope, principalId, roleGuid: roleGuidOf(roleDefinitionId), ...present(texts) };
}

/** The value if it is text with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without its undefined members: absent and undefined are not the same to the core. */
export function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Present<T>;
}
