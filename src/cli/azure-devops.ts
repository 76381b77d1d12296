// Gets a token for Azure DevOps with the credential that Bindery has for Azure.
import { readCloud } from "./azure.ts";
import type { CliIo } from "./io.ts";

/** Azure DevOps Services as a resource of Entra ID (Microsoft's own id for it, the same in every tenant). */
const azureDevOps = "499b84ac-1321-427f-aa17-267ca6975798";

/** An access token for Azure DevOps of the policy's tenant, where there is a policy. */
export async function azureDevOpsToken(
  options: { readonly cloud?: string; readonly tenantId?: string },
  io: CliIo,
  signal: AbortSignal,
): Promise<string> {
  const { cloud, ca } = await readCloud(options, io);
  const { credentialFor, readToken } = await import("../azure/credential.ts");
  const { tenantId } = options;
  const credential = credentialFor({
    cloud,
    ...(tenantId !== undefined && { tenantId }),
    ...(ca !== undefined && { ca }),
  });
  return await readToken(credential, azureDevOps, signal);
}
