// Turns documents that have no mistakes into the desired state: one entry per identity, with all bindings that name it.
import type { BindingDocument, IdentityDocument, ManifestDocument } from "../manifest/manifest-document.ts";
import type { GrantEntry, TargetEntry } from "../manifest/schema-binding.ts";
import { identityIdFrom, resourceIdFrom } from "../model/arm-id.ts";
import type { Securable } from "../model/database.ts";
import { type DocumentRef, documentName } from "../model/document.ts";
import { roleGuidOf } from "../model/grant.ts";
import { armTypeOf } from "../model/target.ts";
import type {
  Desired,
  DesiredBinding,
  DesiredDatabase,
  DesiredGrant,
  DesiredIdentity,
  DesiredTarget,
} from "./desired.ts";

type Path = Parameters<ManifestDocument["originOf"]>[0];

/** The desired state of a revision. The documents must be free of errors: references resolve, names are unique. */
export function desiredFrom(documents: readonly ManifestDocument[], revision: string): Desired {
  const identities = documents.filter((d) => d.kind === "UserAssignedIdentity");
  const bindings = documents.filter((d) => d.kind === "IdentityBinding");
  const byIdentity = Map.groupBy(bindings, ({ spec }) => documentName(spec.identityRef));
  return {
    revision,
    identities: identities.map((document) =>
      identityFrom(document, byIdentity.get(documentName(document.metadata)) ?? []),
    ),
  };
}

function identityFrom(document: IdentityDocument, bindings: readonly BindingDocument[]): DesiredIdentity {
  const { spec } = document;
  return {
    id: identityIdFrom(spec.subscriptionId, spec.resourceGroup, spec.name),
    document: refAt(document, []),
    ...(spec.location !== undefined && { location: spec.location }),
    lifecycle: spec.lifecycle,
    adoptionPolicy: spec.adoptionPolicy,
    prunePolicy: spec.prunePolicy,
    tags: spec.tags,
    ...(spec.federatedCredentials !== undefined && { federatedCredentials: spec.federatedCredentials }),
    ignore: {
      roleAssignments: spec.ignore.roleAssignments.map(({ scope }) => scope),
      targets: spec.ignore.targets.map(({ scope }) => scope),
    },
    bindings:
      spec.lifecycle === "Present" ? bindings.map((b) => bindingFrom(b, spec.subscriptionId, spec.name)) : [],
  };
}

function bindingFrom(
  document: BindingDocument,
  subscriptionId: string,
  identityName: string,
): DesiredBinding {
  const { spec } = document;
  return {
    document: refAt(document, []),
    suspended: spec.suspend,
    targets: spec.targets.flatMap((target, i) =>
      targetFrom(target, subscriptionId, refAt(document, ["spec", "targets", i])),
    ),
    grants: spec.grants.flatMap((grant, i) => grantFrom(grant, refAt(document, ["spec", "grants", i]))),
    databases: spec.grants.flatMap((grant, i) =>
      databaseFrom(grant, identityName, refAt(document, ["spec", "grants", i])),
    ),
  };
}

function targetFrom(entry: TargetEntry, subscriptionId: string, document: DocumentRef): DesiredTarget[] {
  const { virtualMachine, virtualMachineScaleSet, virtualMachines } = entry;
  const idOf = (
    kind: keyof typeof armTypeOf,
    named: { subscriptionId?: string; resourceGroup: string; name: string },
  ) =>
    resourceIdFrom(named.subscriptionId ?? subscriptionId, named.resourceGroup, armTypeOf[kind], named.name);
  if (virtualMachine)
    return [{ kind: "virtualMachine", id: idOf("virtualMachine", virtualMachine), document }];
  if (virtualMachineScaleSet) {
    const id = idOf("virtualMachineScaleSet", virtualMachineScaleSet);
    return [
      {
        kind: "virtualMachineScaleSet",
        id,
        instanceUpgrade: virtualMachineScaleSet.instanceUpgrade,
        document,
      },
    ];
  }
  if (!virtualMachines) return [];
  const { resourceGroups, selector } = virtualMachines;
  return [
    {
      kind: "virtualMachines",
      subscriptionId: virtualMachines.subscriptionId ?? subscriptionId,
      resourceGroups: resourceGroups.includes("*") ? "*" : resourceGroups,
      matchTags: selector?.matchTags ?? {},
      document,
    },
  ];
}

function grantFrom({ azureRole }: GrantEntry, document: DocumentRef): DesiredGrant[] {
  if (!azureRole) return [];
  const { scope, condition, roleDefinitionId, roleName } = azureRole;
  const role =
    roleDefinitionId === undefined ? { name: roleName ?? "" } : { guid: roleGuidOf(roleDefinitionId) };
  return [{ kind: "azureRole", scope, role, ...(condition !== undefined && { condition }), document }];
}

function databaseFrom(
  { sqlDatabase }: GrantEntry,
  identityName: string,
  document: DocumentRef,
): DesiredDatabase[] {
  if (!sqlDatabase) return [];
  const { server, database, userName = identityName, userFrom, roles, replaceUserWithSid } = sqlDatabase;
  return [
    {
      ref: { server: server.toLowerCase(), database },
      userName,
      userFrom,
      roles,
      permissions: sqlDatabase.permissions.flatMap(({ grant, securable }) =>
        grant.map((permission) => ({ permission, securable: securableFrom(securable) })),
      ),
      ...(replaceUserWithSid !== undefined && {
        replaceUserWithSid: `0x${replaceUserWithSid.slice(2).toUpperCase()}`,
      }),
      document,
    },
  ];
}

/** "database", "schema::NAME" or "object::SCHEMA.NAME", as the schema of the documents has checked it. */
function securableFrom(text: string): Securable {
  const [kind, name = ""] = text.split(/::(.*)/s);
  if (kind === "schema") return { class: "schema", schema: name };
  if (kind !== "object") return { class: "database" };
  const [schema = "", object = ""] = name.split(/\.(.*)/s);
  return { class: "object", schema, object };
}

function refAt(document: ManifestDocument, path: Path): DocumentRef {
  const { kind, metadata } = document;
  const { file, line } = document.originOf(path);
  return { kind, namespace: metadata.namespace, name: metadata.name, file, line };
}
