import { describe, expect, test } from "vitest";
import type { DesiredTarget } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { Identity } from "../model/identity.ts";
import type { ReadPorts } from "../model/ports.ts";
import type { Target } from "../model/target.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  policy,
  principal,
  reader,
  subscription,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "../plan/fixtures.ts";
import { confirm } from "./confirm.ts";
import { observe } from "./observe.ts";

const signal = new AbortController().signal;
const self = { principalId: "self", tenantId: policy.tenantId };
const nobody = { identityIds: [], targetIds: [], assignmentIds: [], grants: [], deletions: [] };

/** An Azure in which nothing is, unless a test says so. */
function azure(ports: Partial<ReadPorts> = {}): ReadPorts {
  const listed = async () => ({ items: [], unknown: [] });
  return {
    listSubscriptions: async () => ({ items: [subscription], unknown: [] }),
    listIdentities: listed,
    listTargets: listed,
    listAssignments: listed,
    listReferences: listed,
    countAssignments: async () => new Map(),
    readIdentity: async () => undefined,
    readTarget: async () => undefined,
    readAssignment: async () => undefined,
    listInstances: async () => [],
    findAssignments: async () => [],
    listRoles: async () => [reader],
    listCredentials: async () => [],
    existingScopes: async (scopes) => scopes,
    locateDatabase: async () => "foreign",
    readDatabase: () => Promise.reject(new Error("There is no database here.")),
    ...ports,
  };
}

const refused = new Failure("terminal", "no access", { code: "AuthorizationFailed", status: 403 });
const refuse = () => Promise.reject(refused);
const want = desired(wanted({ bindings: [binding([namedVm("vm-1")], [grantOf("Reader")])] }));
const look = (ports: ReadPorts, documents = want) =>
  observe({ desired: documents, policy, self, ports, signal });

describe("observe", () => {
  test("an identity that no list shows is missing only after a read of its own", async () => {
    expect((await look(azure())).identities.size).toBe(0);
    const seen = await look(azure({ readIdentity: async () => live() }));
    expect(seen.identities.get(idKey(identityId))).toEqual(live());
    expect(seen.confirmed).toContain(idKey(identityId));
    expect(seen.unknown.get(subscription)).toContain("the lists miss");
  });

  test("what could not be read is unreadable, not absent, and the rest goes on", async () => {
    const seen = await look(azure({ readIdentity: refuse, listRoles: refuse, existingScopes: refuse }));
    expect(seen.unreadable.get(idKey(identityId))).toBe("AuthorizationFailed: no access");
    expect(seen.unreadable.has(`/subscriptions/${subscription}`)).toBe(true);
    expect(seen.missingScopes.size).toBe(0);
  });

  test("a subscription that a list could not read is unknown", async () => {
    const unknown = [{ subscriptionId: subscription.toUpperCase(), reason: "403" }];
    const seen = await look(azure({ listTargets: async () => ({ items: [], unknown }) }));
    expect(seen.unknown.get(subscription)).toBe("403");
  });

  test("assignments are asked for declared and for owned identities, not for others", async () => {
    const orphan = live({ id: `${group}/orphan`, principalId: "orphan" });
    const other = live({ id: `${group}/other`, principalId: "other", tags: {} });
    const asked: (readonly string[])[] = [];
    await look(
      azure({
        listIdentities: async () => ({ items: [live(), orphan, other], unknown: [] }),
        listAssignments: async ({ principalIds }) => {
          asked.push(principalIds);
          return { items: [], unknown: [] };
        },
      }),
    );
    expect(asked).toEqual([[principal.principalId, "orphan"]]);
  });

  test("a scope that nothing finds is missing", async () => {
    const seen = await look(azure({ existingScopes: async () => [] }));
    expect([...seen.missingScopes]).toEqual([idKey(vaultScope)]);
  });

  test("credentials are read of all that is ours and where a document declares them, not of others", async () => {
    const orphan = live({ id: `${group}/orphan`, principalId: "orphan" });
    const other = live({ id: `${group}/other`, principalId: "other", tags: {} });
    const asked = async (mine: Identity, documents = want): Promise<readonly string[]> => {
      const ids: string[] = [];
      const ports = azure({
        listIdentities: async () => ({ items: [mine, orphan, other], unknown: [] }),
        listCredentials: async (id) => {
          ids.push(id);
          return [];
        },
      });
      await look(ports, documents);
      return ids;
    };
    expect(await asked(live())).toEqual([identityId, orphan.id]);
    expect(await asked(live({ tags: {} }))).toEqual([orphan.id]);
    const declaring = desired(wanted({ federatedCredentials: [] }));
    expect(await asked(live({ tags: {} }), declaring)).toEqual([identityId, orphan.id]);
  });

  test("assignments are counted where documents grant; what cannot be counted is not known", async () => {
    const counted: (readonly string[])[] = [];
    const counts = new Map([[subscription, 7]]);
    const ports = azure({
      countAssignments: async (ids) => {
        counted.push(ids);
        return counts;
      },
    });
    expect((await look(ports)).assignmentCounts).toEqual(counts);
    expect((await look(ports, desired(wanted()))).assignmentCounts.size).toBe(0);
    expect(counted).toEqual([[subscription]]);
    const seen = await look(azure({ countAssignments: refuse }));
    expect(seen.assignmentCounts.size).toBe(0);
    expect(seen.unreadable.get("the number of role assignments")).toContain("no access");
  });

  test("credentials that could not be read are unreadable, not none", async () => {
    const seen = await look(
      azure({
        listIdentities: async () => ({ items: [live()], unknown: [] }),
        listCredentials: refuse,
      }),
    );
    expect(seen.credentials.size).toBe(0);
    expect(seen.unreadable.get(idKey(`${identityId}/federatedIdentityCredentials`))).toContain("no access");
  });

  test("instances are read of the sets only whose documents want them up to date, once a set", async () => {
    const set = (name: string, change: Partial<Target> = {}): Target =>
      vm(name, [], { kind: "virtualMachineScaleSet", upgradeMode: "Manual", ...change });
    const named = (name: string, instanceUpgrade: "Automatic" | "Never"): DesiredTarget => ({
      kind: "virtualMachineScaleSet",
      id: vmId(name),
      instanceUpgrade,
      document: document(),
    });
    const items = [set("a"), set("b"), set("c", { upgradeMode: "Rolling" })];
    const asked: string[] = [];
    const ports = azure({
      listTargets: async () => ({ items, unknown: [] }),
      listInstances: async (id) => {
        asked.push(id);
        return await refuse();
      },
    });
    const targets = [
      named("a", "Automatic"),
      named("A", "Automatic"),
      named("b", "Never"),
      named("c", "Automatic"),
    ];
    const seen = await look(ports, desired(wanted({ bindings: [binding(targets)] })));
    expect(asked).toEqual([vmId("a")]);
    expect(seen.instances.size).toBe(0);
    expect(seen.unreadable.get(idKey(`${vmId("a")}/virtualMachines`))).toContain("no access");
  });

  test("trouble that is no Failure is a bug and ends the pass", async () => {
    await expect(look(azure({ readIdentity: () => Promise.reject(new TypeError("bug")) }))).rejects.toThrow(
      "bug",
    );
  });
});

describe("confirm", () => {
  const listed = () =>
    look(azure({ listTargets: async () => ({ items: [vm("vm-1", [identityId])], unknown: [] }) }));

  test("a fresh read replaces what a list said, and a 404 removes it", async () => {
    const questions = { ...nobody, targetIds: [vmId("vm-1"), vmId("VM-1")] };
    const gone = await confirm(await listed(), questions, azure(), signal);
    expect(gone.targets.size).toBe(0);
    const changed = await confirm(
      await listed(),
      questions,
      azure({ readTarget: async () => vm("vm-1") }),
      signal,
    );
    expect(changed.targets.get(idKey(vmId("vm-1")))?.attachments.userAssigned).toEqual([]);
    expect(changed.unknown.size).toBe(0);
  });

  test("a read that fails leaves the thing as it was listed and marks it unreadable", async () => {
    const seen = await confirm(
      await listed(),
      { ...nobody, targetIds: [vmId("vm-1")] },
      azure({ readTarget: refuse }),
      signal,
    );
    expect(seen.targets.size).toBe(1);
    expect(seen.unreadable.has(idKey(vmId("vm-1")))).toBe(true);
    expect(seen.confirmed.has(idKey(vmId("vm-1")))).toBe(false);
  });

  test("a named thing that the lists miss makes its subscription doubtful", async () => {
    const ports = azure({ readTarget: async () => vm("vm-9") });
    const seen = await confirm(await listed(), { ...nobody, targetIds: [vmId("vm-9")] }, ports, signal);
    expect(seen.unknown.get(subscription)).toContain("vm-9");
  });

  test("a managed machine stays one although only lists say so", async () => {
    const managed = vm("vm-1", [], { managedBy: "/aks" });
    const listed = await look(azure({ listTargets: async () => ({ items: [managed], unknown: [] }) }));
    const questions = { ...nobody, targetIds: [vmId("vm-1")] };
    const seen = await confirm(listed, questions, azure({ readTarget: async () => vm("vm-1") }), signal);
    expect(seen.targets.get(idKey(vmId("vm-1")))?.managedBy).toBe("/aks");
  });

  test("a thing that the lists do not show and that may not be read makes its subscription doubtful", async () => {
    const questions = { ...nobody, targetIds: [vmId("vm-9")] };
    const seen = await confirm(await listed(), questions, azure({ readTarget: refuse }), signal);
    expect(seen.unknown.has(subscription)).toBe(true);
  });

  test("assignments at other scopes than the grant's are not taken for it", async () => {
    const ports = azure({
      findAssignments: async () => [assignment(reader), assignment(reader, { scope: group, id: "/x" })],
    });
    const grants = [{ scope: vaultScope, principalId: principal.principalId }];
    const seen = await confirm(await listed(), { ...nobody, grants }, ports, signal);
    expect([...seen.assignments.values()].map((a) => a.scope)).toEqual([vaultScope]);
  });
});
