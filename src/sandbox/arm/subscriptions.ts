// What ARM tells about the tenant: subscriptions, their regions, and the tenant itself.
import type { Subscription, World } from "../world.ts";
import { resourcesVersions } from "./api-versions.ts";
import { coverageOf } from "./authorization/coverage.ts";
import { armErrors } from "./errors.ts";
import { type OwnRoute, segmentOf } from "./own-route.ts";
import { pageOf } from "./paging.ts";
import type { ArmRequest, ArmResponse, Caller } from "./provider.ts";
import { regionDisplayName, regionNames } from "./regions.ts";

/** A subscription as ARM's body. */
function bodyOf(subscription: Subscription): Record<string, unknown> {
  return {
    id: `/subscriptions/${subscription.subscriptionId}`,
    authorizationSource: "RoleBased",
    managedByTenants: [],
    subscriptionId: subscription.subscriptionId,
    tenantId: subscription.tenantId,
    displayName: subscription.displayName,
    state: subscription.state,
    subscriptionPolicies: {
      locationPlacementId: "Public_2014-09-01",
      quotaId: "PayAsYouGo_2014-09-01",
      spendingLimit: "Off",
    },
  };
}

/** True if the caller has any role assignment in, at or above the subscription: then it sees that it exists. */
export function seesSubscription(world: World, caller: Caller, subscriptionId: string): boolean {
  const id = `/subscriptions/${subscriptionId}`;
  const isBelow = coverageOf(world, id);
  return world.roleAssignments
    .values()
    .filter((a) => a.principalId.toLowerCase() === caller.objectId.toLowerCase())
    .some((a) => isBelow(a.scope) || coverageOf(world, a.scope)(id));
}

function listSubscriptions(request: ArmRequest, world: World): ArmResponse {
  return pageOf(
    request,
    world,
    (asOf) =>
      world.subscriptions
        .values(asOf)
        .filter((s) => seesSubscription(world, request.caller, s.subscriptionId))
        .map(bodyOf),
    0,
  );
}

function getSubscription(request: ArmRequest, world: World): ArmResponse {
  const id = segmentOf(request.path, 1);
  const subscription = world.subscriptions.get(id);
  if (subscription === undefined) throw armErrors.subscriptionNotFound(id);
  if (!seesSubscription(world, request.caller, id)) {
    throw armErrors.authorizationFailed(
      request.caller,
      "Microsoft.Resources/subscriptions/read",
      `/subscriptions/${id}`,
    );
  }
  return { status: 200, body: bodyOf(subscription) };
}

function listLocations(request: ArmRequest): ArmResponse {
  const id = segmentOf(request.path, 1);
  const value = regionNames.map((name) => ({
    id: `/subscriptions/${id}/locations/${name}`,
    name,
    type: "Region",
    displayName: regionDisplayName(name),
    regionalDisplayName: regionDisplayName(name),
    metadata: { regionType: "Physical", regionCategory: "Recommended" },
  }));
  return { status: 200, body: { value } };
}

function listTenants(_: ArmRequest, world: World): ArmResponse {
  const tenant = {
    id: `/tenants/${world.tenantId}`,
    tenantId: world.tenantId,
    countryCode: "NL",
    displayName: "Bindery sandbox",
    domains: ["sandbox.onmicrosoft.com"],
    tenantCategory: "Home",
    defaultDomain: "sandbox.onmicrosoft.com",
    tenantType: "AAD",
  };
  return { status: 200, body: { value: [tenant] } };
}

/** ARM's routes about subscriptions and tenants. */
export const subscriptionRoutes: readonly OwnRoute[] = [
  { template: "/subscriptions", apiVersions: resourcesVersions, isList: true, get: listSubscriptions },
  { template: "/subscriptions/{}", apiVersions: resourcesVersions, get: getSubscription },
  {
    template: "/subscriptions/{}/locations",
    apiVersions: resourcesVersions,
    type: "Microsoft.Resources/subscriptions/locations",
    get: listLocations,
  },
  { template: "/tenants", apiVersions: resourcesVersions, get: listTenants },
];
