// Federated credentials of an identity: one audience each, unique issuer and subject, one write at a time, twenty at most.
import { setTimeout as wait } from "node:timers/promises";
import type { ArmResource, World } from "../../world.ts";
import { isRecord, objectBody } from "../body.ts";
import { armErrors } from "../errors.ts";
import { pageOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { identityIdOf, identityType, identityVersions } from "./identity-body.ts";
import { takeIdentityQuota } from "./identity-quota.ts";

const type = `${identityType}/federatedIdentityCredentials`;

/** Widely documented. */
const mostPerIdentity = 20;

const defaultWriteInMs = 5;

/** Which identities have a write under way; it lives and dies with its world. */
const writesUnderWay = new WeakMap<World, Set<string>>();

interface CredentialProperties {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly [string];
}

/** Does a write while no other may run for the same identity; throws Azure's 409 if one does. */
async function exclusively<T>(world: World, identityId: string, write: () => T): Promise<T> {
  const busy = writesUnderWay.get(world) ?? new Set<string>();
  writesUnderWay.set(world, busy);
  const key = identityId.toLowerCase();
  if (busy.has(key)) throw armErrors.concurrentCredentialWrites(lowerType(identityId));
  busy.add(key);
  try {
    await wait(world.settings.credentialWriteInMs ?? defaultWriteInMs);
    return write();
  } finally {
    busy.delete(key);
  }
}

/** The conflict names the identity with provider, type and name in lower case (bicep-registry-modules#1447). */
function lowerType(identityId: string): string {
  return identityId.replace(/\/providers\/.*$/i, (tail) => tail.toLowerCase());
}

function propertiesFrom(body: unknown): CredentialProperties {
  const { properties } = objectBody(body);
  if (!isRecord(properties)) throw armErrors.credentialEmpty();
  const { issuer, subject, audiences } = properties;
  if (!isText(issuer) || !isText(subject) || !Array.isArray(audiences)) throw armErrors.credentialEmpty();
  if (audiences.length === 0) throw armErrors.credentialEmpty();
  const [audience, ...more]: readonly unknown[] = audiences;
  if (more.length > 0 || !isText(audience)) throw armErrors.credentialAudience();
  return { issuer, subject, audiences: [audience] };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

async function put(request: ArmRequest, world: World): Promise<ArmResponse> {
  const [, name = ""] = request.path.names;
  if (!/^[a-z0-9][-\w]{2,119}$/i.test(name)) throw armErrors.credentialName(name);
  const properties = propertiesFrom(request.body);
  const parent = parentOf(request, world);
  takeIdentityQuota(world, "write", parent.id);
  return await exclusively(world, parent.id, () => {
    const before = world.resources.get(request.path.path);
    requireRoom(world, parentOf(request, world), request.path.path, properties);
    const id = before?.id ?? `${parent.id}/federatedIdentityCredentials/${name}`;
    const credential: ArmResource = { id, name: before?.name ?? name, type, properties: { ...properties } };
    world.resources.set(id, credential);
    tellDirectory(world, parent);
    return before === undefined
      ? { status: 201, headers: { location: id }, body: credential }
      : { status: 200, body: credential };
  });
}

/** The identity; throws Azure's refusal if it is gone, be it while the write was under way. */
function parentOf(request: ArmRequest, world: World): ArmResource {
  const parentId = identityIdOf(request);
  const parent = world.resources.get(parentId);
  if (parent !== undefined) return parent;
  throw armErrors.parentOfNestedNotFound(request.method, type, parentId);
}

function requireRoom(
  world: World,
  parent: ArmResource,
  credentialId: string,
  { issuer, subject }: CredentialProperties,
): void {
  const others = credentialsOf(world, parent.id).filter(
    (c) => c.id.toLowerCase() !== credentialId.toLowerCase(),
  );
  const isTaken = others.some((c) => c.properties?.issuer === issuer && c.properties.subject === subject);
  if (isTaken) throw armErrors.credentialExists();
  const isFull = others.length >= mostPerIdentity && world.switches.credentialLimit === "twenty";
  if (isFull) throw armErrors.credentialLimit(mostPerIdentity);
}

function credentialsOf(world: World, identityId: string, asOf?: number): ArmResource[] {
  const prefix = `${identityId}/federatedIdentityCredentials/`.toLowerCase();
  return world.resources.values(asOf).filter((r) => r.id.toLowerCase().startsWith(prefix));
}

/** Tokens are exchanged by what the directory knows of the principal. */
function tellDirectory(world: World, identity: ArmResource): void {
  const { principalId } = identity.properties ?? {};
  const principal = typeof principalId === "string" ? world.principals.get(principalId) : undefined;
  if (principal === undefined) return;
  const federated = credentialsOf(world, identity.id).flatMap(({ properties = {} }) => {
    const { issuer, subject, audiences } = properties;
    const [audience]: readonly unknown[] = Array.isArray(audiences) ? audiences : [];
    return isText(issuer) && isText(subject) && isText(audience) ? [{ issuer, subject, audience }] : [];
  });
  world.principals.set(principal.objectId, { ...principal, federated });
}

/** A missing one is told by the provider, not by the front door (recorded Mar 2023). */
function get(request: ArmRequest, world: World): ArmResponse {
  const identityId = identityIdOf(request);
  takeIdentityQuota(world, "read", identityId);
  const credential = world.resources.get(request.path.path);
  if (credential !== undefined) return { status: 200, body: credential };
  const [, name = ""] = request.path.names;
  throw armErrors.notFound(`${identityId}/federatedIdentityCredentials/${name}`);
}

async function remove(request: ArmRequest, world: World): Promise<ArmResponse> {
  const parent = parentOf(request, world);
  if (!world.resources.has(request.path.path)) return { status: 204 };
  takeIdentityQuota(world, "delete", parent.id);
  return await exclusively(world, parent.id, () => {
    const isGone = world.resources.delete(request.path.path);
    tellDirectory(world, parent);
    return { status: isGone ? 200 : 204 };
  });
}

function collection(request: ArmRequest, world: World): ArmResponse {
  const identityId = identityIdOf(request);
  takeIdentityQuota(world, "list", identityId);
  return pageOf(request, world, (asOf) => credentialsOf(world, identityId, asOf));
}

/** `Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials`. */
export const federatedCredentials: ResourceType = {
  type,
  apiVersions: identityVersions.filter((v) => v >= "2022-01-31-preview"),
  get,
  put,
  delete: remove,
  collection,
};
