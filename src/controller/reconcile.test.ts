import { describe, expect, test } from "vitest";
import { type FakeAzure, fakeAzure } from "../apply/fake-azure.ts";
import { jumpingClock } from "../apply/fixtures.ts";
import { nameOf } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import { leaseLost } from "../model/lease.ts";
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
  vm,
  vmId,
  wanted,
} from "../plan/fixtures.ts";
import { noReleases } from "../plan/plan-for.ts";
import type { SavedPlan } from "../plan/saved-plan.ts";
import { convergeOn } from "./converge.ts";
import { listing } from "./fixtures.ts";
import { type Intent, type Pass, planOf, reconcile } from "./reconcile.ts";

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

describe("with a saved plan", () => {
  const saved: SavedPlan = {
    revision: "r1",
    owner: "prod",
    cloud: "public",
    tenantId: "t",
    policyDigest: "p",
    digest: "d",
    savedAt: "2026-01-01T00:00:00.000Z",
    savedAtInMs: 0,
    changes: [],
  };
  const savedOf = ({ changes, held }: Pass["plan"]): SavedPlan => ({
    ...saved,
    changes: [
      ...changes.map((change) => ({ ...change, subject: { ...change.subject } })),
      ...held.map(({ change, reason }) => ({ ...change, subject: { ...change.subject }, heldAs: reason })),
    ],
  });
  const allowing = (plan: SavedPlan): Intent => ({
    ...intent,
    allowance: { saved: plan, created: new Set() },
  });
  const world = () => listing(fakeAzure({ targets: [vm("vm-1", [], { etag: "1" })] }));

  test("an empty one lets nothing happen, and no document is Ready", async () => {
    const ports = world();
    const { passes, end } = await convergeOn(allowing(saved), ports, options);
    expect(end).toBe("converged");
    expect(passes.map(rendered)).toEqual([[]]);
    expect(passes[0]?.leftOut.map(({ reason, kind }) => `${reason} ${kind}`)).toEqual([
      "NotInPlan create",
      "NotInPlan update",
      "NotInPlan attach",
      "NotInPlan grant",
    ]);
    expect(passes[0]?.documents.map((one) => one.conditions[0].status)).toEqual(["False", "False"]);
    expect(ports.log.filter((one) => !/^(read|list|find)/.test(one))).toEqual([]);
  });

  test("what it lists is done, also for an identity whose principal it could not know", async () => {
    const ports = world();
    const { plan } = await planOf(intent, ports, never);
    let isFirst = true;
    const once = {
      ...ports,
      putAssignment: (...args: Parameters<typeof ports.putAssignment>) => {
        if (!isFirst) return ports.putAssignment(...args);
        isFirst = false;
        return Promise.reject(new Failure("transient", "Busy.", { code: "Busy" }));
      },
    };
    const retry = { maxAttempts: 1 };
    const { passes, end } = await convergeOn(allowing(savedOf(plan)), once, { ...options, retry });
    expect(end).toBe("converged");
    expect(passes.map(rendered).slice(1, 2)).toEqual([["grant applied"]]);
    expect(passes.at(-1)?.leftOut.every(({ reason }) => reason === "AlreadySo")).toBe(true);
  });

  test("a deletion that it holds until the identity is empty comes in the second pass", async () => {
    const ports = listing(
      fakeAzure({ identities: [live()], targets: [vm("vm-1", [identityId], { etag: "1" })] }),
    );
    const absent = { ...intent, desired: desired(wanted({ lifecycle: "Absent" })) };
    const { plan } = await planOf(absent, ports, never);
    expect(plan.held.map(({ reason }) => reason)).toEqual(["NotEmpty"]);
    const { passes } = await convergeOn(
      { ...allowing(savedOf(plan)), desired: absent.desired },
      ports,
      options,
    );
    expect(passes.map(rendered)).toEqual([["detach applied"], ["delete applied"], []]);
  });
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

test("nothing is concluded from reads that a stop has cut, even where they look like failures", async () => {
  const stop = new AbortController();
  const ports = listing(fakeAzure({ identities: [live()], targets: [vm("vm-1", [], { etag: "1" })] }));
  const cut: typeof ports = {
    ...ports,
    readIdentity: async () => {
      stop.abort(leaseLost("The lease is gone."));
      throw stop.signal.reason;
    },
  };
  const { passes, end } = await convergeOn(intent, cut, { ...options, stop: stop.signal });
  expect([passes, end]).toEqual([[], "stopped"]);
});
