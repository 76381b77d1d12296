import { beforeEach, describe, expect, test } from "vitest";
import { placeDenyAssignment, SeedDenyAssignment } from "../../seed/governance.ts";
import { callerId, groupId, subscriptionId, vmId } from "../authorization/authorization-world.ts";
import {
  authorization,
  codeOf,
  type GovernedArm,
  governedArm,
  identityId,
  messageOf,
} from "./governance-world.ts";

const subscription = `/subscriptions/${subscriptionId}`;
const someoneElse = "cccccccc-0000-4000-8000-00000000000f";
const write = "Microsoft.Compute/virtualMachines/write";
const attach = {
  identity: { type: "UserAssigned", userAssignedIdentities: { [identityId]: {} } },
};

let arm: GovernedArm;

beforeEach(() => {
  arm = governedArm();
});

function deny(parts: Record<string, unknown>) {
  return placeDenyAssignment(arm.world, SeedDenyAssignment.parse({ name: "keep off", ...parts }));
}

describe("whom and what a deny assignment hits", () => {
  test.each([
    ["everybody, at the resource", { scope: vmId, actions: [write] }, 403],
    ["everybody, inherited", { scope: subscription, actions: ["*/write"] }, 403],
    ["another action", { scope: vmId, actions: ["Microsoft.Compute/virtualMachines/delete"] }, 200],
    ["not this action", { scope: vmId, actions: ["*"], notActions: [write] }, 200],
    ["another scope", { scope: identityId, actions: [write] }, 200],
    [
      "the scope alone, not what is below",
      { scope: groupId, actions: [write], doNotApplyToChildScopes: true },
      200,
    ],
    ["somebody else", { scope: vmId, actions: [write], principals: [someoneElse] }, 200],
    ["the caller by name", { scope: vmId, actions: [write], principals: [callerId] }, 403],
    [
      "all but the caller",
      { scope: vmId, actions: [write], excludePrincipals: [callerId.toUpperCase()] },
      200,
    ],
  ])("%s", async (_, parts, status) => {
    deny(parts);
    expect((await arm.send("PATCH", vmId, attach)).status).toBe(status);
  });
});

test("the refusal says that there is a right, and names the deny assignment", async () => {
  const { name } = deny({ scope: groupId, actions: [write] });
  const answer = await arm.send("PATCH", vmId, attach);
  expect(codeOf(answer)).toBe("DenyAssignmentAuthorizationFailed");
  expect(messageOf(answer)).toBe(
    `The client 'cccccccc-0000-4000-8000-000000000002' with object id '${callerId}' has permission to perform action '${write}' on scope '${vmId}'; however, the access is denied because of the deny assignment with name 'keep off' and Id '${name.replaceAll("-", "")}' at scope '${groupId}'.`,
  );
});

test("who has no right in the first place is told only that", async () => {
  deny({ scope: groupId, actions: [write] });
  for (const { id } of arm.world.roleAssignments.values()) arm.world.roleAssignments.delete(id);
  expect(codeOf(await arm.send("PATCH", vmId, attach))).toBe("AuthorizationFailed");
});

test("reads can be denied too", async () => {
  deny({ scope: vmId, actions: ["*/read"] });
  expect(codeOf(await arm.send("GET", vmId))).toBe("DenyAssignmentAuthorizationFailed");
  expect((await arm.send("GET", identityId)).status).toBe(200);
});

test("deny assignments are read, listed and never written", async () => {
  const { id } = deny({ scope: groupId, actions: [write], principals: [someoneElse] });
  const one = await arm.send("GET", id);
  expect(one.body).toMatchObject({
    id,
    type: "Microsoft.Authorization/denyAssignments",
    properties: {
      denyAssignmentName: "keep off",
      isSystemProtected: true,
      principals: [{ id: someoneElse, type: "ServicePrincipal" }],
      permissions: [{ actions: [write] }],
    },
  });
  const list = async (scope: string, filter = "") =>
    (
      (await arm.send("GET", `${scope}/${authorization}/denyAssignments${filter}`)).body as {
        value: unknown[];
      }
    ).value;
  expect(await list(subscription)).toEqual([one.body]);
  expect(await list(vmId)).toEqual([one.body]);
  expect(await list(subscription, "?$filter=atScope()")).toEqual([]);
  expect(await list(vmId, `?$filter=principalId eq '${callerId}'`)).toEqual([]);
  expect(await list(vmId, `?$filter=principalId eq '${someoneElse}'`)).toEqual([one.body]);
  expect((await arm.send("DELETE", id)).status).toBe(405);
});

describe("groups that a service manages", () => {
  const cluster = `${groupId}/providers/Microsoft.ContainerService/managedClusters/aks`;
  const application = `${groupId}/providers/Microsoft.Solutions/applications/app`;

  function manage(managedBy: string, restrictionLevel?: string): void {
    const group = arm.world.resourceGroups.get(groupId);
    if (group === undefined) throw new Error("no group");
    arm.world.resourceGroups.set(groupId, { ...group, managedBy });
    arm.world.resources.set(cluster, {
      id: cluster,
      name: "aks",
      type: "Microsoft.ContainerService/managedClusters",
      ...(restrictionLevel !== undefined && {
        properties: { nodeResourceGroupProfile: { restrictionLevel } },
      }),
    });
  }

  test.each([
    ["AKS, unrestricted by default", cluster, undefined, undefined],
    ["AKS, locked down", cluster, "ReadOnly", /nrg-lockdown, see: https:\/\/aka\.ms\/aks\/nrg_lockdown'/],
    [
      "a managed application",
      application,
      undefined,
      /System deny assignment created by managed application/,
    ],
    ["something else", vmId, "ReadOnly", undefined],
  ])("%s", async (_, managedBy, level, refusal) => {
    manage(managedBy, level);
    const answer = await arm.send("PATCH", vmId, attach);
    if (refusal === undefined) {
      expect(answer.status).toBe(200);
      return;
    }
    expect(codeOf(answer)).toBe("DenyAssignmentAuthorizationFailed");
    expect(messageOf(answer)).toMatch(refusal);
    expect((await arm.send("GET", vmId)).status).toBe(200);
  });
});
