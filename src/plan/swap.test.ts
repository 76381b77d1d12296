import { expect, test } from "vitest";
import { identityIdFrom } from "../model/arm-id.ts";
import {
  binding,
  desired,
  document,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  policy,
  subscription,
  vm,
  wanted,
} from "./fixtures.ts";
import { planFor } from "./plan-for.ts";

const otherId = identityIdFrom(subscription, "rg", "id-other");
const otherLive = live({
  id: otherId,
  principalId: "p-other",
  clientId: "c-other",
  tags: { "bindery-owner": "prod", "bindery-principal": "p-other/c-other" },
});

test("an identity whose binding is suspended keeps nobody from leaving", () => {
  const suspended = wanted({
    id: otherId,
    document: document("UserAssignedIdentity", "other"),
    bindings: [binding([namedVm("vm-1")], [], true)],
  });
  const seen = observed({ identities: [live(), otherLive], targets: [vm("vm-1", [identityId])] });
  expect(linesOf(planFor(desired(wanted(), suspended), seen, policy))).toEqual([
    "detach vm-1",
    "Suspended: attach vm-1",
  ]);
});
