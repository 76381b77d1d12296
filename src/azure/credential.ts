// Decides where tokens come from, and that none leaves for a cloud that it is not meant for.
import {
  type AccessToken,
  type GetTokenOptions,
  isTokenCredential,
  type TokenCredential,
} from "@azure/core-auth";
import {
  ChainedTokenCredential,
  DefaultAzureCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from "@azure/identity";
import { sameId } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { Self } from "../model/ports.ts";
import { type AzureCloud, cloudMismatch } from "./cloud.ts";
import { selfFromToken } from "./token.ts";

/** What a credential is for. */
export interface CredentialOptions {
  readonly cloud: AzureCloud;
  /** The policy's tenant: tokens of another one are refused. */
  readonly tenantId?: string;
  /** The certificate authority of a private cloud, as PEM. */
  readonly ca?: string;
}

/**
 * The credential for a cloud: DefaultAzureCredential (environment, workload identity, managed identity, developer
 * tools in this order). A sandbox is never offered what a developer signed in to Azure with.
 */
export function credentialFor(options: CredentialOptions): TokenCredential {
  const { cloud, tenantId = cloud.tenantId, ca } = options;
  const clientOptions = {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: !cloud.wellKnown,
    ...(tenantId ? { tenantId } : {}),
    ...(ca ? { tlsOptions: { ca } } : {}),
  };
  const credential = cloud.sandbox
    ? sandboxCredential(clientOptions)
    : new DefaultAzureCredential(clientOptions);
  return guardedCredential(credential, cloud, tenantId);
}

function sandboxCredential(options: {
  authorityHost: string;
  disableInstanceDiscovery: boolean;
}): TokenCredential {
  return new ChainedTokenCredential(
    new EnvironmentCredential(options),
    lateCredential(() => new WorkloadIdentityCredential(options)),
    new ManagedIdentityCredential(options),
  );
}

/** A credential whose constructor throws where it is not configured: it is to be passed over then, not to end the chain. */
function lateCredential(make: () => TokenCredential): TokenCredential {
  let made: TokenCredential | undefined;
  return {
    async getToken(scopes, options): Promise<AccessToken | null> {
      made ??= make();
      return await made.getToken(scopes, options);
    },
  };
}

/**
 * The credential behind a guard: every token is looked at before it is handed out, and one of a tenant that does not
 * belong to this cloud (or of another tenant than the policy's) is a terminal Failure "ForeignTenant".
 */
export function guardedCredential(
  credential: TokenCredential,
  cloud: AzureCloud,
  tenantId?: string,
): TokenCredential {
  if (!isTokenCredential(credential)) throw new TypeError("A credential must have getToken.");
  return {
    async getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken | null> {
      const token = await credential.getToken(scopes, options);
      if (token) refuseForeign(selfFromToken(token.token), cloud, tenantId);
      return token;
    },
  };
}

function refuseForeign(self: Self, cloud: AzureCloud, tenantId: string | undefined): void {
  const mismatch = cloudMismatch(cloud, self.tenantId) ?? tenantMismatch(self.tenantId, tenantId);
  if (mismatch) throw new Failure("terminal", mismatch, { code: "ForeignTenant" });
}

function tenantMismatch(actual: string, expected: string | undefined): string | undefined {
  if (!expected || sameId(actual, expected)) return;
  return `The credential signs in to tenant ${actual}, but the policy is for tenant ${expected}.`;
}

/** Who Bindery is in this cloud, read from a fresh token of its own. */
export async function readSelf(
  credential: TokenCredential,
  cloud: AzureCloud,
  signal: AbortSignal,
): Promise<Self> {
  return selfFromToken(await readToken(credential, cloud.resourceManagerAudience, signal));
}

/** An access token for an audience ("https://database.windows.net/"); a Failure where no credential gives one. */
export async function readToken(
  credential: TokenCredential,
  audience: string,
  signal: AbortSignal,
): Promise<string> {
  const scope = `${audience.replace(/\/+$/, "")}/.default`;
  const token = await credential.getToken(scope, { abortSignal: signal });
  if (!token) {
    throw new Failure("terminal", "No credential gave an access token.", { code: "CredentialUnavailable" });
  }
  return token.token;
}
