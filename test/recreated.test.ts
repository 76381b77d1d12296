// Identities that somebody deletes and makes again, strips of their tags or goes on using: what Bindery makes of it on the sandbox.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Convergence } from "../src/controller/converge.ts";
import { ownerTag, principalTag } from "../src/model/identity.ts";
import { byText } from "../src/model/order.ts";
import { linesOf } from "../src/plan/fixtures.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { admin, attachedTo, resourcePath } from "./support/admin.ts";
import { type Harness, harnessFor, type RunOptions } from "./support/harness.ts";

const speed = 20;
const P = "0b1f6471-0000-4000-8000-00000000a001";
const groupId = (name: string) => `/subscriptions/${P}/resourceGroups/${name}`;
const type = "Microsoft.ManagedIdentity/userAssignedIdentities";
const id = `${groupId("rg-identities")}/providers/${type}/id-a`;
const compute = `${groupId("rg-orders")}/providers/Microsoft.Compute`;
const vm = `${compute}/virtualMachines/vm-orders-1`;
const scaleSet = `${compute}/virtualMachineScaleSets/vmss-orders`;
const vault = `${groupId("rg-orders")}/providers/Microsoft.KeyVault/vaults/kv-orders`;

let sandbox: Sandbox;
let bindery: Harness;

beforeEach(async () => {
  sandbox = await startSandbox({ speed });
  bindery = harnessFor(sandbox, speed);
});
afterEach(() => sandbox.close());

/** One identity, with whatever else its document and its binding say. */
function documents(spec = "", binding = ""): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team }
spec: { subscriptionId: ${P}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative, ${spec} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team }
spec: { identityRef: { name: id-a }, ${binding} }
`;
}

const credential =
  'federatedCredentials: [{ name: github, issuer: "https://token.actions.githubusercontent.com", subject: "repo:contoso/orders:ref:refs/heads/main", audience: "api://AzureADTokenExchange" }]';
const targets =
  "targets: [{ virtualMachine: { resourceGroup: rg-orders, name: vm-orders-1 } }, { virtualMachineScaleSet: { resourceGroup: rg-orders, name: vmss-orders } }]";
const role = (name: string): string => `{ azureRole: { roleName: ${name}, scope: ${vault} } }`;
const grants = (...names: readonly string[]): string => `grants: [${names.map(role).join(", ")}]`;
const full = `${targets}, ${grants("Key Vault Secrets User", "Owner")}`;
/** The operator trusts these tokens and this privileged role. */
const allowed = {
  policy: {
    federatedCredentials: [
      { issuer: "https://token.actions.githubusercontent.com", subject: "repo:contoso/**" },
    ],
    privileged: [{ identity: "team/id-a", roleName: "Owner", scope: vault }],
  },
} satisfies RunOptions;
/** What is left of it once the privileged role is no longer allowed beforehand. */
const withoutOwner = {
  policy: { federatedCredentials: allowed.policy.federatedCredentials },
} satisfies RunOptions;

function settle(): void {
  sandbox.advance(120_000);
}

/** Somebody else deletes the identity and makes it again: another principal, with these tags. */
async function recreate(tags: Readonly<Record<string, string>> | "same"): Promise<void> {
  const before = sandbox.world.resources.get(id);
  await admin(sandbox, "DELETE", resourcePath(id));
  await admin(sandbox, "PUT", resourcePath(id), {
    id,
    name: "id-a",
    type,
    location: before?.location,
    tags: tags === "same" ? before?.tags : tags,
  });
  settle();
}

function principal(): unknown {
  return sandbox.world.resources.get(id)?.properties?.principalId;
}

/** What a target shows of the identity. */
function shownBy(targetId: string): unknown {
  const map = sandbox.world.resources.get(targetId)?.identity?.userAssignedIdentities ?? {};
  return Object.entries(map).find(([key]) => key.toLowerCase() === id.toLowerCase())?.[1]?.principalId;
}

/** Whether all is as it was before somebody made the identity again: attachments, roles, trust, tags, and nothing of the dead. */
function expectWhole(): void {
  expect([shownBy(vm), shownBy(scaleSet)]).toEqual([principal(), principal()]);
  const assigned = sandbox.world.roleAssignments.values().filter((a) => a.scope === vault);
  expect(assigned.map((a) => a.principalId)).toEqual([principal(), principal()]);
  expect(sandbox.world.resources.get(`${id}/federatedIdentityCredentials/github`)).toBeDefined();
  const tags = sandbox.world.resources.get(id)?.tags ?? {};
  expect(tags[ownerTag]).toBe("test");
  expect(tags[principalTag]).toMatch(new RegExp(`^${String(principal())}/`));
}

async function planned(text: string, options?: RunOptions): Promise<readonly string[]> {
  settle();
  return linesOf(await bindery.plan(text, options));
}

function outcomes({ passes }: Convergence): readonly string[] {
  return passes.flatMap((p) =>
    p.report.outcomes.map((o) => `${o.state} ${o.change.kind}${o.code === undefined ? "" : ` ${o.code}`}`),
  );
}

const repair = [
  "adopt tags bindery-owner,bindery-prune,principal",
  "update credential github",
  "attach vm-orders-1",
  "attach vmss-orders",
  "grant Key Vault Secrets User",
  "grant Owner",
  "revoke Key Vault Secrets User",
  "revoke Owner",
];

describe("rule 14: a recreated identity", () => {
  const ids = ["gone", "kept"] as const;
  const withTags = ids.map((shown) => ({
    shown,
    tags: "same" as const,
    name: `with its tags, ids ${shown}`,
  }));
  const bare = ids.map((shown) => ({ shown, tags: {}, name: `without tags, ids ${shown}` }));
  test.each([...withTags, ...bare])(
    "$name: one held set, released by one digest, and then all is whole",
    async ({ shown, tags }) => {
      sandbox.world.switches.deletedIdentityIds = shown;
      await bindery.apply(documents(credential, full), allowed);
      settle();
      expectWhole();
      await recreate(tags);
      const plan = await bindery.plan(documents(credential, full), withoutOwner);
      expect(linesOf(plan).toSorted(byText)).toEqual(
        repair.map((line) => `Recreated: ${line}`).toSorted(byText),
      );
      const digests = [...new Set(plan.held.map((h) => h.digest))];
      expect(digests).toHaveLength(1);
      expect(outcomes(await bindery.apply(documents(credential, full), withoutOwner))).toEqual([]);
      const done = await bindery.apply(documents(credential, full), { ...withoutOwner, release: digests });
      expect(outcomes(done).filter((o) => !o.startsWith("applied"))).toEqual([]);
      settle();
      expectWhole();
      expect(await planned(documents(credential, full), withoutOwner)).toEqual([]);
    },
  );

  test("with adoptionPolicy Additive it is repaired at once, but for its privileged grants", async () => {
    const text = documents(`${credential}, adoptionPolicy: Additive`, full);
    await bindery.apply(text, allowed);
    settle();
    await recreate("same");
    const plan = await bindery.plan(text, withoutOwner);
    expect(plan.held.map((h) => [h.reason, h.change.kind])).toEqual([["Privileged", "grant"]]);
    await bindery.apply(text, withoutOwner);
    settle();
    expect([shownBy(vm), shownBy(scaleSet)]).toEqual([principal(), principal()]);
    expect(await planned(text, withoutOwner)).toEqual(["Privileged: grant Owner"]);
    const [held] = (await bindery.plan(text, withoutOwner)).held;
    await bindery.apply(text, { ...withoutOwner, release: [held?.digest ?? ""] });
    settle();
    expectWhole();
  });

  test("what whoever made it again has given it stays until a person has seen it", async () => {
    const text = documents("adoptionPolicy: Additive", grants("Key Vault Secrets User"));
    await bindery.apply(text);
    settle();
    await recreate("same");
    await admin(sandbox, "POST", "role-assignments", {
      scope: vault,
      role: "Reader",
      principalId: principal(),
    });
    await bindery.apply(text);
    expect(await planned(text)).toEqual(["AdoptionPending: revoke Reader"]);
  });

  test("one that is deleted and not made again is made again by Bindery, and repaired in the same run", async () => {
    const text = documents(credential, full);
    await bindery.apply(text, allowed);
    settle();
    await admin(sandbox, "DELETE", resourcePath(id));
    settle();
    await bindery.apply(text, allowed);
    settle();
    expectWhole();
    expect(await planned(text, allowed)).toEqual([]);
  });

  test("made again between plan and write, it is not taken over", async () => {
    const text = documents("adoptionPolicy: Additive", grants("Key Vault Secrets User"));
    await bindery.apply(text);
    settle();
    await recreate({});
    let first: unknown;
    const done = await bindery.apply(text, {
      maxPasses: 1,
      onPlan: () => {
        first = principal();
        sandbox.world.resources.set(id, {
          ...(sandbox.world.resources.get(id) ?? { id, name: "id-a", type }),
          properties: {
            principalId: "99999999-0000-4000-8000-000000000001",
            clientId: "99999999-0000-4000-8000-000000000002",
          },
        });
      },
    });
    expect(first).not.toBe(principal());
    expect(outcomes(done)).toContain("skipped adopt PrincipalChanged");
    expect(outcomes(done).filter((o) => o.startsWith("applied"))).toEqual([]);
  });
});

describe("rule 4: Absent", () => {
  const absent = documents("lifecycle: Absent");
  const cluster = `${groupId("rg-orders")}/providers/Microsoft.ContainerService/managedClusters/aks-a`;
  const place = (referred: string): Promise<unknown> =>
    admin(sandbox, "PUT", resourcePath(cluster), {
      id: cluster,
      name: "aks-a",
      type: "Microsoft.ContainerService/managedClusters",
      location: "westeurope",
      properties: { identityProfile: { kubeletidentity: { resourceId: referred } } },
    });

  test("is held InUse by a reference in a property of any type, and goes on without it", async () => {
    await bindery.apply(documents("", targets));
    await place(id.toUpperCase());
    settle();
    const plan = await bindery.plan(absent);
    expect(linesOf(plan).toSorted(byText)).toEqual([
      "InUse: delete id-a",
      "detach vm-orders-1",
      "detach vmss-orders",
    ]);
    expect(plan.held[0]?.message).toContain(cluster);
    await bindery.apply(absent);
    expect(attachedTo(sandbox, vm)).toEqual([]);
    expect(await planned(absent)).toEqual(["InUse: delete id-a"]);
    await admin(sandbox, "DELETE", resourcePath(cluster));
    settle();
    await bindery.apply(absent);
    expect(sandbox.world.resources.get(id)).toBeUndefined();
  });

  test("an identity whose name only begins like it does not hold it, nor do its own credentials", async () => {
    await bindery.apply(documents(credential), allowed);
    await place(`${id}-2`);
    settle();
    await bindery.apply(absent);
    expect(sandbox.world.resources.get(id)).toBeUndefined();
  });

  test("where Resource Graph does not answer, nobody knows, and it is not deleted", async () => {
    await bindery.apply(documents());
    settle();
    await admin(sandbox, "POST", "faults", {
      path: "/Microsoft.ResourceGraph\\/resources/i",
      times: 1000,
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "no" } },
    });
    expect(await planned(absent)).toEqual(["ObservationIncomplete: delete id-a"]);
    await bindery.apply(absent);
    expect(sandbox.world.resources.get(id)).toBeDefined();
  });

  test("what was made again after it was emptied is not deleted", async () => {
    await bindery.apply(documents("", targets));
    settle();
    const done = await bindery.apply(absent, {
      onPlan: ({ changes }) => {
        if (changes.some((c) => c.kind === "delete")) void recreate("same");
      },
    });
    expect(outcomes(done).filter((o) => o.includes("delete"))).not.toContain("applied delete");
    expect(sandbox.world.resources.get(id)).toBeDefined();
  });
});

describe("rule 19: tags", () => {
  test("the owner tag is stripped: Stalled as OwnershipLost, with what keeps Terraform from it", async () => {
    const text = documents("", grants("Key Vault Secrets User"));
    await bindery.apply(text);
    settle();
    const before = sandbox.world.resources.get(id);
    if (before) sandbox.world.resources.set(id, { ...before, tags: {} });
    settle();
    const done = await bindery.apply(text);
    expect(outcomes(done)).toEqual([]);
    const [pass] = done.passes;
    const [ready, , stalled] = pass?.documents[0]?.conditions ?? [];
    expect([ready?.status, stalled?.status, stalled?.reason]).toEqual(["False", "True", "OwnershipLost"]);
    expect(pass?.plan.held[0]?.snippet).toContain('    tags["bindery-owner"],');
    expect(sandbox.world.resources.get(id)?.tags).toEqual({});
  });

  const policy = (operation: "addOrReplace" | "remove") => ({
    name: "cost",
    scope: groupId("rg-identities"),
    effect: "Modify",
    when: {},
    tags: [{ operation, name: "cost-center", ...(operation === "addOrReplace" && { value: "shared" }) }],
  });
  const text = documents('tags: { cost-center: "42" }');
  const written = (): number =>
    bindery.requests().filter((r) => r.method === "PATCH" && /tags/i.test(r.operation)).length;

  test.each(["addOrReplace", "remove"] as const)(
    "a policy that says %s has the last word, once a run",
    async (operation) => {
      await bindery.apply(documents());
      settle();
      await admin(sandbox, "POST", "policies", policy(operation));
      bindery.requests();
      for (const run of [1, 2]) {
        const done = await bindery.apply(text);
        expect([run, ...new Set(outcomes(done))]).toEqual([run, "failed update OverriddenByPolicy"]);
        expect(written()).toBe(1);
        const [document] = done.passes.at(-1)?.documents ?? [];
        expect(document?.conditions[2]).toMatchObject({ status: "True", reason: "OverriddenByPolicy" });
      }
      await admin(
        sandbox,
        "DELETE",
        `policies?id=${encodeURIComponent(sandbox.world.policies.values()[0]?.id ?? "")}`,
      );
      expect(outcomes(await bindery.apply(text))).toEqual(["applied update"]);
    },
  );

  test("what overrides the owner tag keeps an identity from being taken over", async () => {
    await bindery.apply(documents());
    settle();
    await recreate({});
    await admin(sandbox, "POST", "policies", {
      ...policy("remove"),
      tags: [{ operation: "remove", name: ownerTag }],
    });
    const takeOver = documents("adoptionPolicy: Additive", grants("Key Vault Secrets User"));
    const done = await bindery.apply(takeOver);
    expect(outcomes(done)).toContain("failed adopt OverriddenByPolicy");
    expect(outcomes(done).filter((o) => o.startsWith("applied"))).toEqual([]);
  });
});
