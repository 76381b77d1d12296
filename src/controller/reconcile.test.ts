import { expect, test } from "vitest";
import { type FakeAzure, fakeAzure, type Seed } from "../apply/fake-azure.ts";
import { jumpingClock } from "../apply/fixtures.ts";
import { nameOf } from "../model/arm-id.ts";
import type { ReadPorts } from "../model/ports.ts";
import {
  assignment,
  binding,
  desired,
  grantOf,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  subscription,
  vm,
  vmId,
  wanted,
} from "../plan/fixtures.ts";
import { noReleases } from "../plan/plan-for.ts";
import { convergeOn } from "./converge.ts";
import { type Intent, type Pass, planOf, reconcile } from "./reconcile.ts";

/** The fake with lists that may be stale; scopes and the Reader role are always there. */
function listing(azure: FakeAzure, stale: Seed = {}): FakeAzure & ReadPorts {
  const listed = <T>(items: Iterable<T>) => Promise.resolve({ items: [...items], unknown: [] });
  return {
    ...azure,
    listSubscriptions: () => listed([subscription]),
    listIdentities: () => listed(stale.identities ?? azure.identities.values()),
    listTargets: () => listed(stale.targets ?? azure.targets.values()),
    listAssignments: () => listed(stale.assignments ?? azure.assignments.values()),
    listRoles: () => Promise.resolve([reader]),
    existingScopes: (scopes) => Promise.resolve(scopes),
  };
}

const intent: Intent = {
  desired: desired(wanted({ bindings: [binding([namedVm("vm-1")], [grantOf("Reader")])] })),
  policy,
  self: observed().self,
  releases: noReleases,
};

const never = new AbortController().signal;
const options = { clock: jumpingClock(), random: () => 1, audit: () => Promise.resolve() };

function rendered({ report }: Pass): string[] {
  return report.outcomes.map(({ change, state }) => `${change.kind} ${state}`);
}

test("from nothing to everything in two passes; the second one has nothing to do", async () => {
  const ports = listing(fakeAzure({ targets: [vm("vm-1", [], { etag: "1" })] }));
  const { passes, end } = await convergeOn(intent, ports, options);
  expect(end).toBe("converged");
  expect(passes.map(rendered)).toEqual([
    expect.arrayContaining(["create applied", "update applied", "attach applied", "grant applied"]),
    [],
  ]);
  expect(passes[0]?.report.outcomes).toHaveLength(4);
  expect(passes[1]?.documents.map((one) => one.conditions[0].status)).toEqual(["True", "True"]);
  expect(ports.targets.get(vmId("vm-1").toLowerCase())?.attachments.userAssigned).toHaveLength(1);
});

test("lists propose, fresh reads dispose: what a stale list misses is not attached again", async () => {
  const azure = fakeAzure({ identities: [live()], targets: [vm("vm-1", [identityId], { etag: "1" })] });
  const ports = listing(azure, { targets: [vm("vm-1")] });
  const { plan } = await planOf(
    { ...intent, desired: desired(wanted({ bindings: [binding([namedVm("vm-1")])] })) },
    ports,
    never,
  );
  expect(plan.changes).toEqual([]);
  expect(azure.log).toContain("readTarget vm-1");
});

test("an assignment that the list misses is not made again", async () => {
  const azure = fakeAzure({
    identities: [live()],
    targets: [vm("vm-1", [identityId], { etag: "1" })],
    assignments: [assignment(reader)],
  });
  const { plan } = await planOf(intent, listing(azure, { assignments: [] }), never);
  expect(plan.changes).toEqual([]);
});

test("what only a fresh read brings up is read afresh itself", async () => {
  const azure = fakeAzure({
    identities: [live()],
    targets: [vm("vm-1", [identityId], { etag: "1" }), vm("vm-2", [], { etag: "1" })],
    assignments: [assignment(reader)],
  });
  // The lists do not know yet that the identity is ours, and still show it at vm-2.
  const ports = listing(azure, {
    identities: [live({ tags: {} })],
    targets: [vm("vm-1", [identityId]), vm("vm-2", [identityId])],
    assignments: [],
  });
  const { plan } = await planOf(intent, ports, never);
  expect(azure.log).toContain("readTarget vm-2");
  expect(plan.changes).toEqual([]);
});

test("planning writes nothing", async () => {
  const azure = fakeAzure({ targets: [vm("vm-1", [], { etag: "1" })] });
  const { plan } = await planOf(intent, listing(azure), never);
  expect(plan.operations).not.toEqual([]);
  expect(azure.log.filter((one) => !/^(read|list|find)/.test(one))).toEqual([]);
});

test("the plan is shown before anything is written, and refusing it ends the pass", async () => {
  const azure = fakeAzure({ targets: [vm("vm-1", [], { etag: "1" })] });
  const onPlan = () => Promise.reject(new Error("stale plan"));
  await expect(reconcile(intent, listing(azure), { ...options, onPlan })).rejects.toThrow("stale plan");
  expect(azure.log.map((one) => one.split(" ")[0])).not.toContain("createIdentity");
});

test("a stop while reading ends the pass", async () => {
  const stop = new AbortController();
  const azure = fakeAzure();
  const ports = listing(azure);
  const stopping: FakeAzure & ReadPorts = {
    ...ports,
    readIdentity: (id, signal) => {
      stop.abort(new Error(`stopped at ${nameOf(id)}`));
      return ports.readIdentity(id, signal);
    },
  };
  await expect(reconcile(intent, stopping, { ...options, stop: stop.signal })).rejects.toThrow(
    "stopped at id-orders",
  );
});
