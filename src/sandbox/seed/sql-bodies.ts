// What SQL servers out of the seed's shorthand look like: the bodies that Microsoft.Sql answers with (recorded 2023 and 2026).
import { sqlSuffix } from "../sql/service/resources.ts";
import type { ArmResource } from "../world.ts";
import { guidFrom } from "./guid-from.ts";

/** The Microsoft Entra administrator of a server. */
export interface Administrator {
  readonly login: string;
  readonly sid: string;
  readonly tenantId: string;
}

/** What a server's body is made of. */
export interface ServerParts {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly adminLogin: string;
  readonly administrator: Administrator | undefined;
  readonly isEntraOnly: boolean;
}

/** A server. */
export function serverBody(parts: ServerParts): ArmResource {
  const { id, name, location, tags, adminLogin, administrator, isEntraOnly } = parts;
  const administrators = administrator && {
    administratorType: "ActiveDirectory",
    principalType: "Application",
    ...administrator,
    azureADOnlyAuthentication: isEntraOnly,
  };
  return {
    kind: "v12.0",
    properties: {
      administratorLogin: adminLogin,
      version: "12.0",
      state: "Ready",
      fullyQualifiedDomainName: `${name}${sqlSuffix}`,
      privateEndpointConnections: [],
      minimalTlsVersion: "1.2",
      publicNetworkAccess: "Enabled",
      ...(administrators && { administrators }),
      restrictOutboundNetworkAccess: "Disabled",
      externalGovernanceStatus: "Disabled",
    },
    location,
    ...(tags && { tags }),
    id,
    name,
    type: "Microsoft.Sql/servers",
  };
}

/** The administrator as a resource of its own: it calls itself a server (recorded Nov 2023). */
export function administratorBody(serverId: string, administrator: Administrator): ArmResource {
  return {
    properties: { administratorType: "ActiveDirectory", ...administrator },
    id: `${serverId}/administrators/ActiveDirectory`,
    name: "ActiveDirectory",
    type: "Microsoft.Sql/servers",
  };
}

/** What a database's body is made of. */
export interface DatabaseParts {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly collation: string;
  readonly status: string;
  readonly readScale: string;
  readonly createdAt: string;
  readonly isSecondary: boolean;
}

/** A serverless database, or master. */
export function databaseBody(parts: DatabaseParts): ArmResource {
  const { id, name, location, collation, status, readScale, createdAt, isSecondary } = parts;
  const isMaster = name.toLowerCase() === "master";
  const sku = isMaster
    ? { name: "System", tier: "System", capacity: 0 }
    : { name: "GP_S_Gen5", tier: "GeneralPurpose", family: "Gen5", capacity: 2 };
  const objective = isMaster ? "System2" : "GP_S_Gen5_2";
  return {
    sku,
    kind: isMaster ? "v12.0,system" : "v12.0,user,vcore,serverless",
    ...(isMaster && { managedBy: id.slice(0, id.lastIndexOf("/databases/")) }),
    properties: {
      collation,
      maxSizeBytes: 34_359_738_368,
      status,
      databaseId: guidFrom(`${id}/databaseId`),
      creationDate: createdAt,
      currentServiceObjectiveName: objective,
      requestedServiceObjectiveName: objective,
      catalogCollation: "SQL_Latin1_General_CP1_CI_AS",
      zoneRedundant: false,
      readScale,
      currentSku: sku,
      ...(!isMaster && { autoPauseDelay: 60, minCapacity: 0.5 }),
      ...(isSecondary && { secondaryType: "Geo" }),
      currentBackupStorageRedundancy: "Local",
      requestedBackupStorageRedundancy: "Local",
      isLedgerOn: false,
      isInfraEncryptionEnabled: false,
      availabilityZone: "NoPreference",
    },
    location,
    id,
    name,
    type: "Microsoft.Sql/servers/databases",
  };
}

/** One end of a replication. */
export interface ReplicationEnd {
  readonly databaseId: string;
  readonly role: "Primary" | "Secondary";
  readonly partnerServer: string;
  readonly partnerDatabase: string;
  readonly partnerLocation: string;
  readonly startedAt: string;
}

/** A replication link, in the shape of Microsoft's OpenAPI documents. */
export function replicationLinkBody(end: ReplicationEnd): ArmResource {
  const { databaseId, role, startedAt, ...partner } = end;
  const name = guidFrom(`${databaseId}/link/${partner.partnerServer}/${partner.partnerDatabase}`);
  return {
    id: `${databaseId}/replicationLinks/${name}`,
    name,
    type: "Microsoft.Sql/servers/databases/replicationLinks",
    properties: {
      ...partner,
      role,
      partnerRole: role === "Primary" ? "Secondary" : "Primary",
      replicationMode: "ASYNC",
      startTime: startedAt,
      percentComplete: 100,
      replicationState: "CATCH_UP",
      isTerminationAllowed: true,
      linkType: "GEO",
    },
  };
}

/** One end of a failover group. */
export interface FailoverGroupEnd {
  readonly serverId: string;
  readonly name: string;
  readonly role: "Primary" | "Secondary";
  readonly partnerId: string;
  readonly partnerLocation: string;
  readonly databaseIds: readonly string[];
}

/** A failover group, in the shape of Microsoft's OpenAPI documents. */
export function failoverGroupBody(end: FailoverGroupEnd): ArmResource {
  const { serverId, name, role, partnerId, partnerLocation, databaseIds } = end;
  const partnerRole = role === "Primary" ? "Secondary" : "Primary";
  return {
    id: `${serverId}/failoverGroups/${name}`,
    name,
    type: "Microsoft.Sql/servers/failoverGroups",
    properties: {
      readWriteEndpoint: { failoverPolicy: "Automatic", failoverWithDataLossGracePeriodMinutes: 60 },
      readOnlyEndpoint: { failoverPolicy: "Disabled" },
      replicationRole: role,
      replicationState: "CATCH_UP",
      partnerServers: [{ id: partnerId, location: partnerLocation, replicationRole: partnerRole }],
      databases: databaseIds,
    },
  };
}
