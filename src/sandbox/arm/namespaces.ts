// What ARM tells about resource providers: which namespaces, types and api-versions there are.
import type { World } from "../world.ts";
import { resourcesVersions } from "./api-versions.ts";
import { armErrors } from "./errors.ts";
import { type OwnRoute, segmentOf } from "./own-route.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "./provider.ts";
import { regionDisplayName, regionNames } from "./regions.ts";

/** A type with the versions it is asked for with. */
export type TypeRow = Pick<ResourceType, "type" | "apiVersions">;

/** The namespace of a type, "Microsoft.Compute". */
export function namespaceOf(type: string): string {
  return type.split("/")[0] ?? type;
}

/** ARM's routes about providers, over the types that `typesOf` knows. Every provider is registered from the start. */
export function providerRoutes(typesOf: (world: World) => readonly TypeRow[]): readonly OwnRoute[] {
  const bodyOf = (namespace: string, types: readonly TypeRow[], subscriptionId?: string) => ({
    ...(subscriptionId !== undefined && {
      id: `/subscriptions/${subscriptionId}/providers/${namespace}`,
      registrationState: "Registered",
      registrationPolicy: "RegistrationRequired",
    }),
    namespace,
    resourceTypes: types.map((t) => ({
      resourceType: t.type.slice(namespace.length + 1),
      locations: regionNames.map(regionDisplayName),
      apiVersions: t.apiVersions.toSorted((a, b) => b.localeCompare(a)),
      capabilities: "None",
    })),
  });
  const list = (request: ArmRequest, world: World): ArmResponse => {
    const byNamespace = Map.groupBy(typesOf(world), (t) => namespaceOf(t.type));
    const value = [...byNamespace].map(([name, types]) => bodyOf(name, types, request.path.subscriptionId));
    return { status: 200, body: { value } };
  };
  const get = (request: ArmRequest, world: World): ArmResponse => {
    const wanted = segmentOf(request.path, request.path.subscriptionId === undefined ? 1 : 3);
    const types = typesOf(world).filter((t) => namespaceOf(t.type).toLowerCase() === wanted.toLowerCase());
    const [first] = types;
    if (first === undefined) throw armErrors.invalidResourceNamespace(wanted);
    return { status: 200, body: bodyOf(namespaceOf(first.type), types, request.path.subscriptionId) };
  };
  const [type, apiVersions] = ["Microsoft.Resources/subscriptions/providers", resourcesVersions];
  return [
    { template: "/providers", apiVersions, get: list },
    { template: "/providers/{}", apiVersions, get },
    { template: "/subscriptions/{}/providers", apiVersions, type, get: list },
    { template: "/subscriptions/{}/providers/{}", apiVersions, type, get },
    { template: "/subscriptions/{}/providers/{}/register", apiVersions, post: get },
  ];
}
