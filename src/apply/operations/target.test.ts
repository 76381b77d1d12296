import { describe, expect, test } from "vitest";
import { idKey } from "../../model/arm-id.ts";
import type { Target } from "../../model/target.ts";
import type { OperationAction } from "../../plan/plan.ts";
import { applyTo, type FakeAzure, type Fault, fakeAzure } from "../fake-azure.ts";
import {
  failure,
  identity,
  identityId,
  lateInstance,
  linesOf,
  patchOf,
  planOfOne,
  vm,
  vmId,
} from "../fixtures.ts";

/** The calls that matter: reads, PATCHes with what they said, and the ends of operations. */
const read = "readTarget vm";
const patch = "patchAttachments vm";
const ended = "ended vm";

const noEtag = (attached: readonly string[] = []): Target => {
  const { etag: _etag, ...target } = vm("vm", attached);
  return target;
};

const blame = (...names: string[]) =>
  failure("terminal", "FailedIdentityOperation", {
    status: 400,
    culprits: names.map((n) => identityId(n).toLowerCase()),
  });

interface Row {
  readonly name: string;
  readonly target: Target;
  /** What is really there, where the plan's target is no longer right. */
  readonly live?: Target;
  readonly attach?: readonly string[];
  readonly detach?: readonly string[];
  readonly faults?: readonly Fault[];
  readonly log: readonly string[];
  readonly outcomes: readonly string[];
}

async function applied(row: Omit<Row, "log" | "outcomes">): Promise<{ azure: FakeAzure; lines: string[] }> {
  const azure = fakeAzure({ targets: [row.live ?? row.target], faults: row.faults ?? [] });
  const report = await applyTo(azure, planOfOne(patchOf(row.target, row.attach ?? [], row.detach)));
  return { azure, lines: linesOf(report) };
}

describe("what is sent", () => {
  const rows: readonly Row[] = [
    {
      name: "with the plan's etag: one PATCH and one read after it",
      target: vm("vm"),
      attach: ["a", "b"],
      log: [patch, "= UserAssigned +a +b", ended, read],
      outcomes: ["a: applied", "b: applied"],
    },
    {
      name: "a system-assigned identity stays named",
      target: vm("vm", [], { attachments: { systemAssigned: true, userAssigned: [] } }),
      attach: ["a"],
      log: [patch, "= SystemAssigned, UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "the last identity leaves: None",
      target: vm("vm", ["a"]),
      detach: ["a"],
      log: [patch, "= None -a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "the last identity leaves beside a system-assigned one: SystemAssigned",
      target: vm("vm", [], {
        attachments: { systemAssigned: true, userAssigned: [{ id: identityId("a").toUpperCase() }] },
      }),
      detach: ["a"],
      log: [patch, "= SystemAssigned -a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "a flexible set gets what comes before what goes is taken off, in a PATCH of its own",
      target: vm("vm", ["c"], { orchestrationMode: "Flexible" }),
      attach: ["a", "b"],
      detach: ["c"],
      log: [...[patch, "= UserAssigned +a +b", ended, read], ...[patch, "= UserAssigned -c", ended, read]],
      outcomes: ["a: applied", "b: applied", "c: applied"],
    },
    {
      name: "what is as wanted already is not sent",
      target: vm("vm", ["a"]),
      attach: ["a", "b"],
      detach: ["c"],
      log: [patch, "= UserAssigned +b", ended, read],
      outcomes: ["a: applied", "b: applied", "c: applied"],
    },
    {
      name: "nothing is sent where nothing differs",
      target: vm("vm", ["a"]),
      attach: ["a"],
      log: [],
      outcomes: ["a: applied"],
    },
    {
      name: "without an etag: read, read again, PATCH, read",
      target: noEtag(),
      attach: ["a"],
      log: [read, read, patch, "= UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "without an etag, but with a type that can drop nothing: one read before",
      target: { ...noEtag(), attachments: { systemAssigned: true, userAssigned: [] } },
      attach: ["a"],
      log: [read, patch, "= SystemAssigned, UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "the etag no longer matches: read again, and what somebody else has attached is named",
      target: vm("vm"),
      live: vm("vm", ["foreign"], { etag: "7" }),
      attach: ["a"],
      log: [patch, read, patch, "= UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "the etag no longer matches, because somebody has enabled the system-assigned identity",
      target: vm("vm"),
      live: vm("vm", [], { etag: "7", attachments: { systemAssigned: true, userAssigned: [] } }),
      attach: ["a"],
      log: [patch, read, patch, "= SystemAssigned, UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "an etag that never matches: three fresh reads, then it is left to the next pass",
      target: vm("vm"),
      attach: ["a"],
      faults: [{ on: patch, throws: failure("transient", "PreconditionFailed", { status: 412 }), times: 9 }],
      log: [patch, read, patch, read, patch, read, patch],
      outcomes: ["a: failed PreconditionFailed"],
    },
    {
      name: "a target that Azure still works on is not written until it is done",
      target: vm("vm", [], { provisioningState: "Updating" }),
      live: vm("vm"),
      attach: ["a"],
      log: [read, patch, "= UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "a target that is gone: nothing to detach, nothing to attach to",
      target: vm("vm", ["b"]),
      attach: ["a"],
      detach: ["b"],
      faults: [{ on: patch, throws: failure("transient", "Conflict", { status: 409 }) }],
      log: [patch, read],
      outcomes: ["a: skipped TargetGone", "b: applied"],
    },
  ];
  test.each(rows)("$name", async (row) => {
    const azure = fakeAzure({
      targets: row.name.startsWith("a target that is gone") ? [] : [row.live ?? row.target],
      faults: row.faults ?? [],
    });
    const report = await applyTo(azure, planOfOne(patchOf(row.target, row.attach ?? [], row.detach)));
    expect(azure.log).toEqual(row.log);
    expect(linesOf(report)).toEqual(row.outcomes);
    expect(report.warnings).toEqual([]);
  });

  test("two reads that disagree: nothing is written until they agree", async () => {
    const enable = (azure: FakeAzure) =>
      azure.targets.set(idKey(vmId("vm")), {
        ...noEtag(),
        attachments: { systemAssigned: true, userAssigned: [] },
      });
    const azure: FakeAzure = fakeAzure({
      targets: [noEtag()],
      faults: [{ on: read, skip: 1, before: () => enable(azure) }],
    });
    const report = await applyTo(azure, planOfOne(patchOf(noEtag(), ["a"])));
    expect(azure.log).toEqual([read, read, read, patch, "= SystemAssigned, UserAssigned +a", ended, read]);
    expect(linesOf(report)).toEqual(["a: applied"]);
  });

  test("at most 150 keys go; the detach of a swap waits for the rest of the attaches", async () => {
    const names = Array.from({ length: 151 }, (_, i) => `id-${i}`);
    const { azure, lines } = await applied({
      name: "",
      target: vm("vm", ["old"]),
      attach: names,
      detach: ["old"],
    });
    expect(azure.log[1]?.split(" ")).toHaveLength(150 + 2);
    expect(lines.slice(148)).toEqual([
      "id-148: applied",
      "id-149: applied",
      "id-150: skipped TooManyKeys",
      "old: skipped SwapIncomplete",
    ]);
  });

  test("at most 150 keys go: detaches make room too", async () => {
    const names = Array.from({ length: 152 }, (_, i) => `id-${i}`);
    const { lines } = await applied({ name: "", target: vm("vm", names), detach: names });
    expect(lines.filter((line) => line.endsWith(": applied"))).toHaveLength(150);
    expect(lines.at(-1)).toBe("id-151: skipped TooManyKeys");
  });
});

describe("isolation of a bad identity", () => {
  const rows: readonly Row[] = [
    {
      name: "a culprit fails, the rest goes in one second PATCH",
      target: vm("vm"),
      attach: ["a", "bad", "c"],
      faults: [{ on: patch, throws: blame("bad") }],
      log: [patch, patch, "= UserAssigned +a +c", ended, read],
      outcomes: ["a: applied", "bad: failed FailedIdentityOperation", "c: applied"],
    },
    {
      name: "refused twice: no third PATCH, the innocent ones are left to the next pass",
      target: vm("vm"),
      attach: ["a", "bad", "worse"],
      faults: [
        { on: patch, throws: blame("bad") },
        { on: patch, throws: blame("worse") },
      ],
      log: [patch, patch],
      outcomes: [
        "a: skipped OthersRejected",
        "bad: failed FailedIdentityOperation",
        "worse: failed FailedIdentityOperation",
      ],
    },
    {
      name: "the only one is the culprit: no second PATCH",
      target: vm("vm"),
      attach: ["bad"],
      faults: [{ on: patch, throws: blame("bad") }],
      log: [patch],
      outcomes: ["bad: failed FailedIdentityOperation"],
    },
    {
      name: "nobody is named: all fail, none is tried alone",
      target: vm("vm"),
      attach: ["a", "b"],
      faults: [{ on: patch, throws: failure("terminal", "ScopeLocked", { status: 409 }) }],
      log: [patch],
      outcomes: ["a: failed ScopeLocked", "b: failed ScopeLocked"],
    },
    {
      name: "somebody else's identity is named: nothing of ours can be left out",
      target: vm("vm", ["dangling"]),
      attach: ["a"],
      faults: [{ on: patch, throws: blame("dangling") }],
      log: [patch],
      outcomes: ["a: failed FailedIdentityOperation"],
    },
    {
      name: "a swap whose attach is the culprit: the other one stays attached",
      target: vm("vm", ["old"]),
      attach: ["bad"],
      detach: ["old"],
      faults: [{ on: patch, throws: blame("bad") }],
      log: [patch],
      outcomes: ["bad: failed FailedIdentityOperation", "old: skipped SwapIncomplete"],
    },
    {
      name: "a swap of several: what can come comes, nothing leaves",
      target: vm("vm", ["old"]),
      attach: ["bad", "new"],
      detach: ["old"],
      faults: [{ on: patch, throws: blame("bad") }],
      log: [patch, patch, "= UserAssigned +new", ended, read],
      outcomes: ["bad: failed FailedIdentityOperation", "new: applied", "old: skipped SwapIncomplete"],
    },
    {
      name: "a swap that goes through is one PATCH",
      target: vm("vm", ["old"]),
      attach: ["new"],
      detach: ["old"],
      log: [patch, "= UserAssigned +new -old", ended, read],
      outcomes: ["new: applied", "old: applied"],
    },
  ];
  test.each(rows)("$name", async (row) => {
    const { azure, lines } = await applied(row);
    expect(lines).toEqual(row.outcomes);
    expect(azure.log).toEqual(row.log);
  });
});

test("a culprit that only the operation's end tells: read again, since the etag is another", async () => {
  const undone = vm("vm", [], { etag: "3" });
  const azure: FakeAzure = fakeAzure({
    targets: [vm("vm")],
    faults: [{ on: ended, throws: blame("bad"), before: () => azure.targets.set(idKey(vmId("vm")), undone) }],
  });
  const report = await applyTo(azure, planOfOne(patchOf(vm("vm"), ["a", "bad"])));
  const first = [patch, "= UserAssigned +a +bad", ended];
  expect(azure.log).toEqual([...first, read, patch, "= UserAssigned +a", ended, read]);
  expect(linesOf(report)).toEqual(["a: applied", "bad: failed FailedIdentityOperation"]);
});

describe("what a write did is what a read shows", () => {
  const cut = failure("transient", "ECONNRESET", { mayHaveHappened: true });
  const broken = failure("terminal", "VMExtensionProvisioningError", { mayHaveHappened: true });
  const rows: readonly Row[] = [
    {
      name: "the connection was cut after Azure had acted: read before anything is repeated",
      target: vm("vm"),
      attach: ["a"],
      faults: [{ on: patch, throws: cut, happened: true }],
      log: [patch, "= UserAssigned +a", read],
      outcomes: ["a: applied"],
    },
    {
      name: "the connection was cut before Azure acted: read, then sent again",
      target: vm("vm"),
      attach: ["a"],
      faults: [{ on: patch, throws: cut }],
      log: [patch, read, patch, "= UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "the operation failed and yet has attached",
      target: vm("vm"),
      attach: ["a"],
      faults: [{ on: ended, throws: broken }],
      log: [patch, "= UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "a 409 is an operation under way: tried again",
      target: vm("vm"),
      attach: ["a"],
      faults: [{ on: patch, throws: failure("transient", "Conflict", { status: 409 }) }],
      log: [patch, read, patch, "= UserAssigned +a", ended, read],
      outcomes: ["a: applied"],
    },
    {
      name: "a 409 that does not end is InProgress",
      target: vm("vm"),
      attach: ["a"],
      faults: [{ on: patch, throws: failure("transient", "Conflict", { status: 409 }), times: 99 }],
      log: [patch, ...Array.from({ length: 7 }, () => [read, patch]).flat()],
      outcomes: ["a: failed InProgress"],
    },
    {
      name: "the read after it fails for good: written, not confirmed",
      target: vm("vm"),
      attach: ["a"],
      faults: [{ on: read, throws: failure("terminal", "AuthorizationFailed", { status: 403 }) }],
      log: [patch, "= UserAssigned +a", ended, read],
      outcomes: ["a: propagating AuthorizationFailed"],
    },
  ];
  test.each(rows)("$name", async (row) => {
    const { azure, lines } = await applied(row);
    expect(azure.log).toEqual(row.log);
    expect(lines).toEqual(row.outcomes);
  });

  test("the operation failed and has attached nothing: Azure's message stands", async () => {
    const azure: FakeAzure = fakeAzure({
      targets: [vm("vm")],
      faults: [{ on: ended, throws: broken, before: () => azure.targets.set(idKey(vmId("vm")), vm("vm")) }],
    });
    const report = await applyTo(azure, planOfOne(patchOf(vm("vm"), ["a"])));
    expect(report.outcomes[0]).toMatchObject({
      state: "failed",
      code: broken.details.code,
      message: broken.message,
    });
  });

  test("the operation succeeded and nothing shows for long: propagating, not sent again", async () => {
    const azure: FakeAzure = fakeAzure({
      targets: [vm("vm")],
      faults: [{ on: ended, before: () => azure.targets.set(idKey(vmId("vm")), vm("vm")) }],
    });
    const report = await applyTo(azure, planOfOne(patchOf(vm("vm"), ["a"])));
    expect(linesOf(report)).toEqual(["a: propagating NotVisibleYet"]);
    expect(azure.log.filter((one) => one === patch)).toHaveLength(1);
  });

  test("an operation without an end counts as under way, even where the target shows the key already", async () => {
    const azure = fakeAzure({ targets: [vm("vm")] });
    const updating = { ...vm("vm", ["a"]), provisioningState: "Updating", etag: "2" };
    const ports = {
      ...azure,
      patchAttachments: () => {
        azure.targets.set(idKey(vmId("vm")), updating);
        return Promise.resolve({ ended: () => new Promise<void>(() => undefined) });
      },
    };
    const report = await applyTo(ports, planOfOne(patchOf(vm("vm"), ["a"])));
    expect(linesOf(report)).toEqual(["a: propagating InProgress"]);
  });

  test("while Azure works on one target, others are written, even where there is one place", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let patches = 0;
    const retries: string[] = [];
    const ports: FakeAzure = {
      ...fakeAzure({ targets: [vm("vm", ["a"])] }),
      patchAttachments: () => {
        patches += 1;
        return Promise.resolve({ ended: () => promise });
      },
      listInstances: () => Promise.resolve([{ ...lateInstance, hasLatestModel: true }]),
      upgradeInstances: () => {
        resolve();
        return Promise.resolve({ ended: () => Promise.resolve() });
      },
    };
    const report = await applyTo(
      ports,
      { ...planOfOne(patchOf(vm("vm"), ["a"])), ...twoTargets() },
      {
        concurrency: 1,
        observer: { started: () => undefined, retrying: () => retries.push("again"), ended: () => undefined },
      },
    );
    expect(linesOf(report)).toEqual(["a: applied", "roll: applied"]);
    expect(patches).toBe(1);
    expect(report.outcomes[0]?.message).toBe("A read of the target shows it.");
    expect(retries).toEqual([]);
  });

  function twoTargets() {
    const plan = planOfOne(patchOf(vm("vm"), ["a"]));
    const [attach] = plan.changes;
    const roll = attach ? [{ ...attach, id: "roll", kind: "update" as const }] : [];
    const action = { kind: "upgradeInstances" as const, targetId: vmId("other") };
    return {
      changes: [...plan.changes, ...roll],
      operations: [...plan.operations, { id: "roll", action, changeIds: ["roll"], after: [] }],
    };
  }
});

describe("ForeignIdentityLost", () => {
  const lose = (change: Partial<Target>) => {
    const target = vm("vm", ["foreign"], {
      attachments: { systemAssigned: true, userAssigned: [{ id: identityId("foreign") }] },
    });
    const azure: FakeAzure = fakeAzure({
      targets: [target],
      faults: [
        {
          on: ended,
          before: () => azure.targets.set(idKey(target.id), { ...target, ...change }),
        },
      ],
    });
    return applyTo(azure, planOfOne(patchOf(target, ["a"])));
  };

  test.each([
    ["the system-assigned identity", vm("vm", ["foreign", "a"]).attachments],
    [identityId("foreign"), { systemAssigned: true, userAssigned: [{ id: identityId("a") }] }],
  ])("%s is gone: an alarm on the change and on the run", async (lost, attachments) => {
    const { outcomes, warnings } = await lose({ attachments });
    expect(outcomes[0]).toMatchObject({ state: "applied", code: "ForeignIdentityLost" });
    expect(warnings).toMatchObject([{ code: "ForeignIdentityLost" }]);
    expect(warnings[0]?.message).toContain(lost);
  });

  test("an identity that came besides is no loss", async () => {
    const attachments = {
      systemAssigned: true,
      userAssigned: ["foreign", "a", "new"].map((name) => ({ id: identityId(name).toUpperCase() })),
    };
    expect((await lose({ attachments })).warnings).toEqual([]);
  });

  test("one that was gone before our PATCH is not our doing", async () => {
    const live = vm("vm", [], { etag: "2" });
    const azure = fakeAzure({ targets: [live] });
    const report = await applyTo(azure, planOfOne(patchOf(vm("vm", ["foreign"]), ["a"])));
    expect(linesOf(report)).toEqual(["a: applied"]);
    expect(report.warnings).toEqual([]);
  });
});

describe("a reference to an identity that was deleted and made again", () => {
  const dead = "principal-of-dead";
  const referring = (userAssigned: Target["attachments"]["userAssigned"], change: Partial<Target> = {}) =>
    vm("vm", [], { attachments: { systemAssigned: false, userAssigned }, ...change });
  const renewing = (
    target: Target,
    principalId?: string,
  ): Extract<OperationAction, { kind: "patchTarget" }> => ({
    ...patchOf(target, ["a"]),
    attach: [
      { identityId: identityId("a"), changeId: "a", stale: principalId === undefined ? {} : { principalId } },
    ],
  });
  const renewed = async (target: Target, faults: readonly Fault[] = [], principalId?: string) => {
    const azure = fakeAzure({ identities: [identity("a")], targets: [target], faults });
    const report = await applyTo(azure, planOfOne(renewing(target, principalId)));
    return { azure, report, lines: linesOf(report) };
  };
  const bare = referring([{ id: identityId("a").toUpperCase() }]);

  test.each([
    ["without ids", bare, undefined],
    ["with the dead principal's", referring([{ id: identityId("a"), principalId: dead }]), dead],
  ])("%s: it goes in one PATCH and comes in another", async (_, target, principalId) => {
    const { azure, lines } = await renewed(target, [], principalId);
    expect(azure.log).toEqual([
      ...[patch, "= None -a", ended],
      ...[read, patch, "= UserAssigned +a", ended, read],
    ]);
    expect(lines).toEqual(["a: applied"]);
    expect(azure.targets.get(idKey(target.id))?.attachments.userAssigned).toMatchObject([
      { principalId: "principal-of-a" },
    ]);
  });

  test("somebody else's identities stay, and nobody is reported as lost", async () => {
    const foreign = { id: identityId("foreign"), principalId: "f" };
    const { azure, report } = await renewed(referring([{ id: identityId("a") }, foreign]));
    expect(azure.log).toContain("= UserAssigned -a");
    expect(report.warnings).toEqual([]);
    const [first] = azure.targets.get(idKey(vmId("vm")))?.attachments.userAssigned ?? [];
    expect(first).toEqual(foreign);
  });

  test("already renewed by somebody else: nothing is sent", async () => {
    const target = referring([{ id: identityId("a"), principalId: "principal-of-a" }]);
    const { azure, lines } = await renewed(target, [], dead);
    expect(azure.log).toEqual([]);
    expect(lines).toEqual(["a: applied"]);
  });

  test("refused in between: that is said, and the next plan attaches", async () => {
    const locked = failure("terminal", "ScopeLocked");
    const { report, lines } = await renewed(bare, [{ on: patch, skip: 1, throws: locked }]);
    expect(lines).toEqual(["a: failed ScopeLocked"]);
    expect(report.warnings).toEqual([]);
  });

  test("where Azure does not let it go, it is not taken off time and again", async () => {
    const azure = fakeAzure({ identities: [identity("a")], targets: [bare] });
    let patches = 0;
    const ports = {
      ...azure,
      patchAttachments: async () => {
        patches += 1;
        return { ended: () => Promise.resolve() };
      },
    };
    const report = await applyTo(ports, planOfOne(renewing(bare)));
    expect(patches).toBe(1);
    expect(linesOf(report)).toEqual(["a: failed InProgress"]);
  });
});

test("the first of two PATCHes of a flexible set is not sent again while Azure does not show it", async () => {
  const target = vm("vm", ["c"], { orchestrationMode: "Flexible" });
  const azure = fakeAzure({ targets: [target] });
  const sent: string[] = [];
  const deaf: FakeAzure = {
    ...azure,
    patchAttachments: (one, signal) => {
      sent.push(...one.attach, ...one.detach);
      return azure.patchAttachments({ ...one, attach: [], detach: [] }, signal);
    },
  };
  const { outcomes } = await applyTo(deaf, planOfOne(patchOf(target, ["a"], ["c"])));
  expect(sent).toEqual([identityId("a")]);
  expect(outcomes.map(({ state }) => state)).not.toContain("applied");
});
