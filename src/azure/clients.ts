// The SDK clients: one of a kind per subscription, made when first needed, all on the same guarded line.
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ComputeManagementClient } from "@azure/arm-compute";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { ResourceGraphClient } from "@azure/arm-resourcegraph";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import type { Line } from "./pipeline.ts";

/** The SDK clients by subscription id, and those that need none. */
export interface Clients {
  readonly graph: ResourceGraphClient;
  readonly subscriptions: SubscriptionClient;
  identities(subscriptionId: string): ManagedServiceIdentityClient;
  compute(subscriptionId: string): ComputeManagementClient;
  /** Scopes above subscriptions need no subscription id. */
  authorization(subscriptionId?: string): AuthorizationManagementClient;
  resources(subscriptionId: string): ResourceManagementClient;
}

/** The clients of a line. */
export function clientsOn(line: Line): Clients {
  const { credential, clientOptions: options, guard } = line;
  return {
    graph: guard(new ResourceGraphClient(credential, options)),
    subscriptions: guard(new SubscriptionClient(credential, options)),
    identities: remembered((id) => guard(new ManagedServiceIdentityClient(credential, id, options))),
    compute: remembered((id) => guard(new ComputeManagementClient(credential, id, options))),
    authorization: remembered(
      (id) => guard(new AuthorizationManagementClient(credential, id, options)),
      noSubscription,
    ),
    resources: remembered((id) => guard(new ResourceManagementClient(credential, id, options))),
  };
}

/** The client wants an id even where the path that is called has none. */
const noSubscription = "00000000-0000-0000-0000-000000000000";

function remembered<C>(make: (subscriptionId: string) => C, otherwise = ""): (subscriptionId?: string) => C {
  const made = new Map<string, C>();
  return (subscriptionId = otherwise) => {
    const key = subscriptionId.toLowerCase();
    const client = made.get(key) ?? make(key);
    made.set(key, client);
    return client;
  };
}
