// Opens the way to Azure for one command: cloud, header, credential; loads Azure's SDKs only then.
import { dirname, resolve } from "node:path";
import type { BlobLease } from "../azure/blob-lease.ts";
import type { AzureCloud } from "../azure/cloud.ts";
import type { AzureConnection, ConnectOptions } from "../azure/connect.ts";
import type { WriteFence } from "../model/lease.ts";
import { matchesPattern } from "../model/pattern.ts";
import type { LeasePlace } from "../model/policy.ts";
import type { ReadPorts, WritePorts } from "../model/ports.ts";
import { safeText } from "../model/text.ts";
import type { SqlOptions } from "../sql/connect.ts";
import { CliError, exitCodes } from "./errors.ts";
import { readNamedText } from "./files.ts";
import type { CliIo } from "./io.ts";
import type { Log } from "./log.ts";
import { systemClock } from "./system-clock.ts";
import { version } from "./version.ts";

/** What it takes to open the way. */
export interface AzureOptions {
  /** `--cloud`; else BINDERY_CLOUD, else the public cloud. */
  readonly cloud?: string;
  /** The policy's; undefined where there is no policy yet. */
  readonly tenantId?: string;
  readonly owner?: string;
  /** `--sql-encrypt`; "strict" by default. */
  readonly sqlEncrypt?: "strict" | "tds7";
  /** The SQL servers that the policy allows; none by default. */
  readonly sqlServers?: readonly string[];
  readonly dryRun: boolean;
  /** The policy's; undefined where it names none. */
  readonly lease?: LeasePlace;
  /** What stands before every write; nothing by default. */
  readonly fence?: WriteFence;
  readonly log: Log;
  readonly onWait?: ConnectOptions["onWait"];
  /** Sees each request, besides the log. */
  readonly onRequest?: ConnectOptions["onRequest"];
  readonly onQuota?: ConnectOptions["onQuota"];
  /** Sees each sign-in to a database and each batch. */
  readonly onSqlRequest?: SqlOptions["onRequest"];
  /** How long one answer of Azure may take; a minute by default. */
  readonly requestTimeoutInMs?: number;
  /** The same of a database; half a minute by default. */
  readonly sqlTimeoutInMs?: number;
}

/** An open way to Azure. */
export interface OpenAzure {
  readonly cloud: AzureCloud;
  readonly connection: AzureConnection & { readonly read: ReadPorts; readonly write: WritePorts };
  /** The way to a lease, and to the note beside it: this process is one holder. Nothing is sent before its first call. */
  leaseStore(place: LeasePlace): Promise<BlobLease>;
}

/** Says on stderr where it goes and for whom, then connects. Nothing is sent before the first call. */
export async function openAzure(options: AzureOptions, io: CliIo): Promise<OpenAzure> {
  const { cloud, ca } = await readCloud(options, io);
  io.stderr.write(`${headerOf(cloud, options)}\n`);
  await refuseMismatch(cloud, options);
  // One after the other: Node refuses to load CommonJS and ESM packages of the SDKs at the same time.
  const { credentialFor } = await import("../azure/credential.ts");
  const { connectAzure } = await import("../azure/connect.ts");
  const { addressesOf, connectSql } = await import("../sql/connect.ts");
  const tenant = options.tenantId === undefined ? {} : { tenantId: options.tenantId };
  const trust = ca === undefined ? {} : { ca };
  const fence = options.fence && { fence: options.fence };
  const credential = credentialFor({ cloud, ...tenant, ...trust });
  const onRequest: ConnectOptions["onRequest"] = (event) => {
    options.log.debug({ ...event }, "azure request");
    options.onRequest?.(event);
  };
  const way = { cloud, credential, version: version(), onRequest, ...tenant, ...trust };
  const connection = connectAzure({
    ...way,
    dryRun: options.dryRun,
    clock: systemClock,
    ...(options.onWait && { onWait: options.onWait }),
    ...(options.onQuota && { onQuota: options.onQuota }),
    ...(options.requestTimeoutInMs !== undefined && { bounds: { timeoutInMs: options.requestTimeoutInMs } }),
    ...fence,
  });
  const databases = connectSql({
    serverSuffix: cloud.sqlServerSuffix,
    isAllowed: (server) =>
      (options.sqlServers ?? []).some((pattern) => matchesPattern(pattern.toLowerCase(), server)),
    token: (signal) => connection.databaseToken(signal),
    dryRun: options.dryRun,
    clock: systemClock,
    encrypt: options.sqlEncrypt === "tds7" ? true : "strict",
    addresses: addressesOf(cloud.sqlAddresses),
    ...(options.onSqlRequest && { onRequest: options.onSqlRequest }),
    ...(options.sqlTimeoutInMs !== undefined && { requestTimeoutInMs: options.sqlTimeoutInMs }),
    ...trust,
    ...fence,
  });
  const leases = new Map<string, BlobLease>();
  return {
    cloud,
    connection: {
      ...connection,
      read: { ...connection.read, readDatabase: databases.readDatabase },
      write: { ...connection.write, changeDatabase: databases.changeDatabase },
    },
    async leaseStore(place) {
      const { blobLease } = await import("../azure/blob-lease.ts");
      const lease = leases.get(place.blobUrl) ?? blobLease({ ...way, ...place });
      leases.set(place.blobUrl, lease);
      return lease;
    },
  };
}

function headerOf(cloud: AzureCloud, { tenantId, owner, dryRun }: AzureOptions): string {
  const facts = [
    `cloud ${cloud.name}${cloud.sandbox ? " (the embedded Azure)" : ""}`,
    `tenant ${tenantId ?? cloud.tenantId ?? "of the credential"}`,
    ...(owner === undefined ? [] : [`owner ${owner}`]),
    ...(dryRun ? ["read only"] : []),
  ];
  return safeText(`Azure: ${facts.join(", ")}`);
}

async function refuseMismatch(cloud: AzureCloud, { tenantId, lease }: AzureOptions): Promise<void> {
  const { blobMismatch, cloudMismatch } = await import("../azure/cloud.ts");
  const mismatch = tenantId === undefined ? undefined : cloudMismatch(cloud, tenantId);
  if (mismatch !== undefined) {
    throw new CliError(exitCodes.refused, mismatch, "Name the cloud of the policy's tenant with --cloud.");
  }
  const elsewhere = lease && blobMismatch(cloud, lease.blobUrl);
  if (elsewhere === undefined) return;
  throw new CliError(
    exitCodes.refused,
    elsewhere,
    "Correct `lease.blobUrl` in the policy, or take `lease` out.",
  );
}

/** The cloud that an option or BINDERY_CLOUD names, and the certificate authority of its file. */
export async function readCloud(
  { cloud: option = "" }: { readonly cloud?: string },
  io: CliIo,
): Promise<{ cloud: AzureCloud; ca?: string }> {
  const name = option || io.env.BINDERY_CLOUD || "public";
  const { parseCloudFile, wellKnownCloud } = await import("../azure/cloud.ts");
  const known = wellKnownCloud(name);
  if (known) return { cloud: known };
  const path = resolve(io.cwd, name);
  const { cloud, problems } = parseCloudFile(await readNamedText(path, "cloud file", clouds));
  if (!cloud) throw new CliError(exitCodes.badInput, `${path}: ${problems.join("\n")}`, clouds);
  if (cloud.caFile === undefined) return { cloud };
  const caPath = resolve(dirname(path), cloud.caFile);
  return {
    cloud,
    ca: await readNamedText(caPath, "certificate authority", 'Correct "caFile" in the cloud file.'),
  };
}

const clouds =
  "--cloud takes public, usgovernment, china, or the path of a cloud file (JSON); see docs/cli.md.";
