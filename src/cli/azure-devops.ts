// Gets a token for Azure DevOps with the credential that Bindery has for Azure.
import { readCloud } from "./azure.ts";
import type { CliIo } from "./io.ts";

/** Azure DevOps Services as a resource of Entra ID (Microsoft's own id for it, the same in every tenant). */
const azureDevOps = "499b84ac-1321-427f-aa17-267ca6975798";

/** Access tokens for Azure DevOps of the policy's tenant, where there is a policy; of one credential, which keeps them. */
export function azureDevOpsTokens(
  options: { readonly cloud?: string; readonly tenantId?: string },
  io: CliIo,
): (signal: AbortSignal) => Promise<string> {
  let credential: Awaited<ReturnType<typeof credentialOf>> | undefined;
  return async (signal) => {
    const { readToken } = await import("../azure/credential.ts");
    credential ??= await credentialOf(options, io);
    return await readToken(credential, azureDevOps, signal);
  };
}

async function credentialOf(
  { cloud: name, tenantId }: { readonly cloud?: string; readonly tenantId?: string },
  io: CliIo,
) {
  const { cloud, ca } = await readCloud(name === undefined ? {} : { cloud: name }, io);
  const { credentialFor } = await import("../azure/credential.ts");
  return credentialFor({
    cloud,
    ...(tenantId !== undefined && { tenantId }),
    ...(ca !== undefined && { ca }),
  });
}
