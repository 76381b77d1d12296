// Which Azure is meant: its endpoints, and that the sandbox and the real thing are never mistaken for one another.
import { z } from "zod";
import { isGuid, sameId } from "../model/arm-id.ts";

/** The tenant id that only the embedded Azure has; no tenant of the real one can have it (its version digit is none). */
export const sandboxTenantId = "b1d0b1d0-0000-0000-0000-000000005a4d";

/** The endpoints of one Azure cloud. */
export interface AzureCloud {
  readonly name: string;
  /** Where tokens come from, "https://login.microsoftonline.com". */
  readonly authorityHost: string;
  /** Azure Resource Manager, "https://management.azure.com"; without a slash at the end. */
  readonly resourceManager: string;
  /** The audience of tokens for Azure Resource Manager; without a slash at the end. */
  readonly resourceManagerAudience: string;
  /** ".database.windows.net" */
  readonly sqlServerSuffix: string;
  readonly sqlAudience: string;
  /** Where SQL servers are found that DNS does not know: "host:port" by name in lower case. */
  readonly sqlAddresses?: Readonly<Record<string, string>>;
  /** ".blob.core.windows.net"; undefined where the cloud has no blob storage. */
  readonly blobSuffix?: string;
  /** Where storage accounts are found that DNS does not know: "host:port" by host name in lower case. */
  readonly blobAddresses?: Readonly<Record<string, string>>;
  /** A certificate authority's PEM file, as the cloud file names it; relative to that file. */
  readonly caFile?: string;
  /** The tenant that this cloud consists of, where it has only one. */
  readonly tenantId?: string;
  /** True for the embedded Azure. */
  readonly sandbox: boolean;
  /** True for Microsoft's own clouds, whose authorities need not be discovered elsewhere. */
  readonly wellKnown: boolean;
}

/** The clouds that need no file (endpoints from Azure's own cloud metadata). */
export const wellKnownClouds: Readonly<Record<"public" | "usgovernment" | "china", AzureCloud>> = {
  public: {
    name: "public",
    authorityHost: "https://login.microsoftonline.com",
    resourceManager: "https://management.azure.com",
    resourceManagerAudience: "https://management.azure.com",
    sqlServerSuffix: ".database.windows.net",
    sqlAudience: "https://database.windows.net/",
    blobSuffix: ".blob.core.windows.net",
    sandbox: false,
    wellKnown: true,
  },
  usgovernment: {
    name: "usgovernment",
    authorityHost: "https://login.microsoftonline.us",
    resourceManager: "https://management.usgovcloudapi.net",
    resourceManagerAudience: "https://management.usgovcloudapi.net",
    sqlServerSuffix: ".database.usgovcloudapi.net",
    sqlAudience: "https://database.usgovcloudapi.net/",
    blobSuffix: ".blob.core.usgovcloudapi.net",
    sandbox: false,
    wellKnown: true,
  },
  china: {
    name: "china",
    authorityHost: "https://login.chinacloudapi.cn",
    resourceManager: "https://management.chinacloudapi.cn",
    resourceManagerAudience: "https://management.chinacloudapi.cn",
    sqlServerSuffix: ".database.chinacloudapi.cn",
    sqlAudience: "https://database.chinacloudapi.cn/",
    blobSuffix: ".blob.core.chinacloudapi.cn",
    sandbox: false,
    wellKnown: true,
  },
};

/** The cloud of that name, or undefined: then the text is the path of a cloud file. */
export function wellKnownCloud(name: string): AzureCloud | undefined {
  const key = name.toLowerCase();
  return Object.values(wellKnownClouds).find((cloud) => cloud.name === key);
}

const endpoint = z
  .string()
  .refine(isPlainHttps, { error: "must be an https:// URL with a host and nothing else but a port or path" })
  .transform((url) => url.replace(/\/+$/, ""));

const suffix = z
  .string()
  .regex(/^\.[a-z0-9.-]+$/i, { error: 'must begin with a dot, like ".database.windows.net"' });

const addresses = z.record(
  z.string(),
  z.string().regex(/^[a-z0-9.-]+:\d{1,5}$/i, { error: 'must be like "127.0.0.1:1433"' }),
);

const cloudFile = z.strictObject({
  name: z.string().min(1).max(64),
  authorityHost: endpoint,
  resourceManager: endpoint,
  resourceManagerAudience: z.url({ error: "must be a URL" }).transform((url) => url.replace(/\/+$/, "")),
  caFile: z.string().min(1).exactOptional(),
  tenantId: z.string().refine(isGuid, { error: "must be a GUID" }).exactOptional(),
  sandbox: z.literal(true, { error: "must be true, or left out" }).exactOptional(),
  sqlServerSuffix: suffix,
  sqlAudience: z.url({ error: "must be a URL" }),
  sqlAddresses: addresses.exactOptional(),
  blobSuffix: suffix.exactOptional(),
  blobAddresses: addresses.exactOptional(),
});

/** What a cloud file says, or everything that is wrong with it as full sentences. */
export type CloudFileResult =
  | { readonly cloud: AzureCloud; readonly problems?: never }
  | { readonly cloud?: never; readonly problems: readonly string[] };

/** Reads the text of a cloud file (JSON). */
export function parseCloudFile(text: string): CloudFileResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [`The cloud file is not JSON: ${error instanceof Error ? error.message : error}.`] };
  }
  const parsed = cloudFile.safeParse(value);
  if (!parsed.success) {
    return { problems: parsed.error.issues.map((issue) => problemFrom(issue)) };
  }
  const { sandbox = false, ...endpoints } = parsed.data;
  const cloud: AzureCloud = { ...endpoints, sandbox, wellKnown: false };
  const mismatch = ownMismatch(cloud);
  return mismatch ? { problems: [mismatch] } : { cloud };
}

/**
 * Why a tenant may not be used with a cloud, as a full sentence; undefined if it may. The sandbox takes only its
 * reserved tenant, and nothing else takes that one: a real token never reaches the sandbox, nor the other way round.
 */
export function cloudMismatch(cloud: AzureCloud, tenantId: string): string | undefined {
  const reserved = sameId(tenantId, sandboxTenantId);
  if (cloud.sandbox && !reserved) {
    return `Cloud "${cloud.name}" is a sandbox and takes only its reserved tenant ${sandboxTenantId}, not ${tenantId}.`;
  }
  if (!cloud.sandbox && reserved) {
    return `Tenant ${tenantId} is reserved for the sandbox, and cloud "${cloud.name}" is none.`;
  }
  if (cloud.tenantId && !sameId(cloud.tenantId, tenantId)) {
    return `Cloud "${cloud.name}" is for tenant ${cloud.tenantId}, not ${tenantId}.`;
  }
  return;
}

/**
 * Why a blob may not be asked for in a cloud, as a full sentence; undefined if it may: tokens for storage go to the
 * accounts of the cloud's own suffix only, under their plain names.
 */
export function blobMismatch(cloud: AzureCloud, blobUrl: string): string | undefined {
  const { blobSuffix, name } = cloud;
  if (blobSuffix === undefined) return `Cloud "${name}" has no blob storage, so no lease can be kept there.`;
  const { protocol, host } = new URL(blobUrl);
  const account = host.slice(0, Math.max(0, host.length - blobSuffix.length));
  const isOfCloud = host === `${account}${blobSuffix.toLowerCase()}` && /^[a-z0-9]{3,24}$/.test(account);
  if (protocol === "https:" && isOfCloud) return;
  return `${blobUrl} is not in the blob storage of cloud "${name}" (https://ACCOUNT${blobSuffix}/…).`;
}

function ownMismatch(cloud: AzureCloud): string | undefined {
  if (cloud.tenantId) return cloudMismatch(cloud, cloud.tenantId);
  return cloud.sandbox
    ? `A cloud file with "sandbox": true must state "tenantId": "${sandboxTenantId}".`
    : undefined;
}

function problemFrom(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    return `The cloud file has unknown keys: ${issue.keys.join(", ")}.`;
  }
  const path = issue.path.join(".");
  return path
    ? `The cloud file's "${path}" is wrong: ${issue.message}.`
    : `The cloud file is wrong: ${issue.message}.`;
}

function isPlainHttps(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return protocol === "https:" && [username, password, search, hash].every((part) => part === "");
}
