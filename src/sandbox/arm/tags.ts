// The tags API: reads and changes the tags of a resource, resource group or subscription without touching the rest.
import type { ArmResource, Subscription, World } from "../world.ts";
import { resourcesVersions } from "./api-versions.ts";
import { isRecord, objectBody } from "./body.ts";
import { armErrors } from "./errors.ts";
import { parseArmPath } from "./path.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "./provider.ts";
import { checkTags, mergeTags, parseTags, removeTags, type Tags } from "./tag-map.ts";

/** Where the tags of a scope are kept. */
interface Tagged {
  readonly id: string;
  readonly tags: Tags;
  readonly set: (tags: Tags) => void;
}

function taggedOf(world: World, scope: string): Tagged {
  const resource = world.resources.get(scope);
  if (resource !== undefined) return taggedIn(world.resources, resource);
  const group = world.resourceGroups.get(scope);
  if (group !== undefined) return taggedIn(world.resourceGroups, group);
  const { subscriptionId, resourceGroup, type, names } = parseArmPath(scope);
  const subscription = subscriptionId === undefined ? undefined : world.subscriptions.get(subscriptionId);
  if (subscription !== undefined && resourceGroup === undefined && type === undefined) {
    return taggedSubscription(world, subscription);
  }
  throw armErrors.resourceNotFound(type ?? "Microsoft.Resources", names.join("/"), resourceGroup ?? "");
}

function taggedIn(store: World["resources"], resource: ArmResource): Tagged {
  return {
    id: resource.id,
    tags: resource.tags ?? {},
    set: (tags) => store.set(resource.id, { ...resource, tags }),
  };
}

function taggedSubscription(world: World, subscription: Subscription): Tagged {
  return {
    id: `/subscriptions/${subscription.subscriptionId}`,
    tags: subscription.tags ?? {},
    set: (tags) => world.subscriptions.set(subscription.subscriptionId, { ...subscription, tags }),
  };
}

function answer({ id }: Tagged, tags: Tags): ArmResponse {
  return {
    status: 200,
    body: {
      id: `${id}/providers/Microsoft.Resources/tags/default`,
      name: "default",
      type: "Microsoft.Resources/tags",
      properties: { tags },
    },
  };
}

function write(tagged: Tagged, tags: Tags): ArmResponse {
  checkTags(tags);
  tagged.set(tags);
  return answer(tagged, tags);
}

function sentTags(request: ArmRequest): Tags {
  const { properties } = objectBody(request.body);
  if (!isRecord(properties)) {
    throw armErrors.invalidRequestContent("Required property 'properties' not found in JSON. Path ''");
  }
  return parseTags(properties.tags);
}

function get(request: ArmRequest, world: World): ArmResponse {
  const tagged = taggedOf(world, request.path.scope);
  return answer(tagged, tagged.tags);
}

function put(request: ArmRequest, world: World): ArmResponse {
  return write(taggedOf(world, request.path.scope), sentTags(request));
}

function patch(request: ArmRequest, world: World): ArmResponse {
  const tagged = taggedOf(world, request.path.scope);
  return write(tagged, patched(tagged.tags, objectBody(request.body).operation, sentTags(request)));
}

function patched(tags: Tags, operation: unknown, sent: Tags): Tags {
  switch (typeof operation === "string" ? operation.toLowerCase() : undefined) {
    case "merge":
      return mergeTags(tags, sent);
    case "replace":
      return sent;
    case "delete":
      return removeTags(tags, sent);
    default:
      throw armErrors.invalidRequestContent(
        `Error converting value '${String(operation)}' to the tags patch operation: Merge, Replace or Delete. Path 'operation'`,
      );
  }
}

function remove(request: ArmRequest, world: World): ArmResponse {
  taggedOf(world, request.path.scope).set({});
  return { status: 200 };
}

/** `{scope}/providers/Microsoft.Resources/tags/default`. */
export const tags: ResourceType = {
  type: "Microsoft.Resources/tags",
  apiVersions: resourcesVersions,
  get,
  put,
  patch,
  delete: remove,
};
