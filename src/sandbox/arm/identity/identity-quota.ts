// The managed identity provider's own throttling: requests a second for a tenant, a subscription and one identity.
import type { World } from "../../world.ts";
import { takeToken } from "../compute/token-bucket.ts";
import { armErrors } from "../errors.ts";

/** Rates per second (entra-docs, workload-identity-federation-considerations). */
const rates = {
  write: { tenant: 10, subscription: 2, resource: 0.25 },
  read: { tenant: 30, subscription: 10, resource: 0.5 },
  list: { tenant: 15, subscription: 5, resource: 0.25 },
  delete: { tenant: 10, subscription: 2, resource: 0.25 },
} as const;

/** How many seconds' worth a bucket holds. Azure does not say; three writes within four seconds are recorded. */
const burstInSeconds = 20;

/** How many identities may be attached (managed-identity-limits, 2021): in 20 s, for a tenant and a subscription. */
const assignments = { tenant: 400, subscription: 300, windowInSeconds: 20 } as const;

/**
 * Counts attachments; throws the 429 that a provider passes on when quotas are enforced: the seconds to wait stand
 * only in the nested message (aad-pod-identity#676).
 */
export function takeAssignmentQuota(world: World, resourceId: string, count: number): void {
  const [, , subscription = ""] = resourceId.split("/");
  const owners = { tenant: world.tenantId, subscription: `subscription ${subscription}` };
  for (let i = 0; i < count; i++) {
    for (const owner of ["tenant", "subscription"] as const) {
      const size = assignments[owner];
      const refillPerSecond = size / assignments.windowInSeconds;
      const left = takeToken(world, `msi/assign/${owners[owner].toLowerCase()}`, { size, refillPerSecond });
      if (left < 0 && world.settings.throttled) {
        throw armErrors.identityOperationThrottled(resourceId, owners[owner], 1);
      }
    }
  }
}

/** Counts a request about an identity (or about a list of them); throws the provider's 429 when quotas are enforced. */
export function takeIdentityQuota(world: World, kind: keyof typeof rates, id: string): void {
  const [, , subscription = ""] = id.split("/");
  const owners = {
    tenant: world.tenantId,
    subscription: `subscription ${subscription}`,
    resource: `resource ${id}`,
  };
  for (const owner of ["tenant", "subscription", "resource"] as const) {
    const refillPerSecond = rates[kind][owner];
    const size = Math.max(1, refillPerSecond * burstInSeconds);
    const left = takeToken(world, `msi/${kind}/${owners[owner].toLowerCase()}`, { size, refillPerSecond });
    if (left < 0 && world.settings.throttled) {
      throw armErrors.identityThrottled(owners[owner], Math.ceil(1 / refillPerSecond));
    }
  }
}
