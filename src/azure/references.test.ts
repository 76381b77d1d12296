import { expect, test } from "vitest";
import { identityIdFrom } from "../model/arm-id.ts";
import { graphReferences, unsearched } from "./references.ts";
import type { Graph, GraphRow } from "./resource-graph.ts";

const subscription = "00000000-0000-4000-8000-000000000001";
const id = identityIdFrom(subscription, "rg.prod", "id-orders");
const signal = new AbortController().signal;

/** A Resource Graph that finds these rows, and sees these subscriptions. */
function graphWith(rows: readonly GraphRow[], subscriptions: readonly string[] = [subscription]): Graph {
  return {
    rows: async ({ text }) =>
      text.startsWith("resourcecontainers")
        ? subscriptions.map((one) => ({ id: `/subscriptions/${one}` }))
        : [...rows],
  };
}

const row = (properties: unknown, name = "/aks"): GraphRow => ({ id: name, properties });
const kubelet = (resourceId: string) => row({ identityProfile: { kubeletidentity: { resourceId } } });

test.each([
  ["as a value, in other casing", kubelet(id.toUpperCase()), true],
  ["as a key", row({ encryption: { identities: { [id]: {} } } }), true],
  ["inside a longer text", row({ template: `resource=${id};` }), true],
  ["as the beginning of a child's id", row({ credential: `${id}/federatedIdentityCredentials/a` }), true],
  ["properties that the row does not show", { id: "/aks" }, true],
  ["another identity whose name goes on", kubelet(`${id}-2`), false],
  ["another group, where a dot is just a dot", kubelet(id.replace("rg.prod", "rg-prod")), false],
  ["the identity's own child", row({ of: id }, `${id.toUpperCase()}/federatedIdentityCredentials/a`), false],
])("%s", async (_, found, refers) => {
  const listed = await graphReferences(graphWith([found]), id, [subscription], signal);
  expect(listed).toEqual({ items: refers ? [found.id] : [], unknown: [] });
});

test("a subscription that Resource Graph does not show may hold anything", async () => {
  const { unknown } = await graphReferences(graphWith([], []), id, [subscription], signal);
  expect(unknown.map((one) => one.subscriptionId)).toEqual([subscription]);
  expect((await unsearched(subscription)).unknown).toHaveLength(1);
});
