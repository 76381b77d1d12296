import { describe, expect, test } from "vitest";
import { identityId, vmId } from "../apply/fixtures.ts";
import type { Outcome, OutcomeState } from "../apply/outcome.ts";
import type { LoggedWrite } from "../model/activity-log.ts";
import { assignmentNameFor } from "../model/assignment-name.ts";
import { changeId } from "../plan/draft.ts";
import type { Change, ChangeKind, Subject } from "../plan/plan.ts";
import { contestKeysOf, revertedAt } from "./contest-subjects.ts";
import { type ContestedMemory, contestedMemory, explainContested } from "./contested.ts";

const minute = 60_000;
const document = { kind: "IdentityBinding", namespace: "team", name: "a", file: "a.yaml", line: 1 } as const;

function changeOf(kind: ChangeKind, subject: Subject): Change {
  const id = changeId(kind, identityId("id-a"), subject);
  return { id, kind, identityId: identityId("id-a"), document, subject, reason: "", needs: [] };
}

const attach = changeOf("attach", { kind: "target", targetId: vmId("vm-1") });
const tags = (set: Record<string, string>, remove: Record<string, string> = {}): Change =>
  changeOf("update", { kind: "tags", set, remove });

/** A pass in which Bindery does as it may: who reverts has wanted the change again. */
function pass(
  memory: ContestedMemory,
  atInMs: number,
  change = attach,
  state: OutcomeState = "applied",
): string {
  const verdict = memory.verdictOn(change, atInMs);
  const outcome: Outcome = verdict ? { change, ...verdict } : { change, state, message: "" };
  memory.note([outcome], atInMs);
  return outcome.code ?? outcome.state;
}

function run(memory: ContestedMemory, minutes: readonly number[], change = attach): string {
  return minutes.map((at) => (pass(memory, at * minute, change) === "applied" ? "a" : "-")).join("");
}

describe("a change is contested", () => {
  test.each([
    ["once it was applied three times within an hour", [0, 5, 10, 15], "aaa-"],
    ["also at the ends of the hour", [0, 30, 60, 61], "aaa-"],
    ["not when the third time comes later", [0, 30, 61, 62], "aaaa"],
    ["until 15 minutes are over", [0, 1, 2, 16, 17], "aaa-a"],
    ["for twice as long the next time", [0, 1, 2, 17, 46, 47, 100, 107], "aaa" + "a" + "-" + "a" + "-" + "a"],
  ])("%s", (_, minutes, expected) => {
    expect(run(contestedMemory(), minutes)).toBe(expected);
  });

  test("never for longer than six hours", () => {
    const memory = contestedMemory();
    const applied: number[] = [];
    for (let at = 0; at < 48 * 60; at += 5) if (pass(memory, at * minute) === "applied") applied.push(at);
    const gaps = applied.map((at, i) => at - (applied[i - 1] ?? 0)).slice(3);
    expect(gaps.slice(0, 6)).toEqual([15, 30, 60, 120, 240, 360]);
    expect(new Set(gaps.slice(5))).toEqual(new Set([360]));
  });

  test("for no longer although the clock is set back by years meanwhile", () => {
    const memory = contestedMemory();
    const years = 10 * 365 * 24 * 60;
    expect(run(memory, [years, years + 1, years + 2, years + 3])).toBe("aaa-");
    expect(run(memory, [0, 1, 14, 16])).toBe("---a");
  });

  test("no longer once it has stayed for an hour", () => {
    const memory = contestedMemory();
    expect(run(memory, [0, 1, 2, 17])).toBe("aaaa");
    memory.note([], 50 * minute);
    expect(run(memory, [78, 79, 80, 81])).toBe("aaa-");
    expect(run(memory, [95])).toBe("a");
  });

  test("still, if it was seen reverted and nobody tried again within the hour", () => {
    const memory = contestedMemory();
    expect(run(memory, [0, 1, 2, 17, 47, 107, 112])).toBe("aaaaaa-");
    memory.note([], 200 * minute);
    expect(run(memory, [226, 227, 228])).toBe("-a-");
  });
});

describe("what counts", () => {
  test.each<[string, readonly OutcomeState[], string]>([
    ["writes that are not visible yet, once", ["propagating", "applied", "applied"], "applied"],
    ["refusals do not", ["failed", "failed", "skipped", "applied"], "applied"],
    ["writes that became visible between the passes", ["applied", "applied", "propagating"], "Contested"],
  ])("%s", (_, states, expected) => {
    const memory = contestedMemory();
    for (const [i, state] of states.entries()) pass(memory, i * minute, attach, state);
    const last = memory.verdictOn(attach, 10 * minute)?.code ?? "applied";
    expect(last).toBe(expected);
  });

  test("another kind, subject or identity is another change", () => {
    const memory = contestedMemory();
    run(memory, [0, 1, 2]);
    const others = [
      changeOf("detach", { kind: "target", targetId: vmId("vm-1") }),
      changeOf("attach", { kind: "target", targetId: vmId("vm-2") }),
      {
        ...attach,
        identityId: identityId("id-b"),
        id: changeId("attach", identityId("id-b"), attach.subject),
      },
    ];
    for (const other of others) expect(memory.verdictOn(other, 3 * minute)).toBeUndefined();
    expect(memory.verdictOn(attach, 3 * minute)?.code).toBe("Contested");
  });

  test("a tag is one of its own, whatever is written with it", () => {
    const memory = contestedMemory();
    pass(memory, 0, tags({ a: "1" }));
    pass(memory, minute, tags({ A: "1", b: "2" }));
    pass(memory, 2 * minute, tags({ a: "1", c: "3" }));
    expect(memory.verdictOn(tags({ c: "3", a: "1" }), 3 * minute)?.code).toBe("Contested");
    expect(memory.verdictOn(tags({ b: "2", c: "3" }), 3 * minute)).toBeUndefined();
    expect(memory.verdictOn(tags({}, { a: "1" }), 3 * minute)).toBeUndefined();
  });

  test("an assignment that somebody makes anew is the same one to revoke", () => {
    const role = { kind: "role", scope: "/subscriptions/s", roleGuid: "r", roleName: "Reader" } as const;
    const keys = ["1", "2"].map((id) => contestKeysOf(changeOf("revoke", { ...role, assignmentId: id })));
    expect(keys[0]).toEqual(keys[1]);
    expect(contestKeysOf(changeOf("revoke", { ...role, roleGuid: "q" }))).not.toEqual(keys[0]);
  });

  test("an upgrade of instances is nothing that anybody reverts", () => {
    const upgrade = changeOf("update", { kind: "instances", targetId: vmId("set") });
    expect(run(contestedMemory(), [0, 1, 2, 3, 4], upgrade)).toBe("aaaaa");
  });
});

test("the memory is bounded, and forgets last what is fought over", () => {
  const memory = contestedMemory();
  run(memory, [0, 1, 2]);
  for (let pass = 0; pass < 3; pass += 1) {
    const outcomes = Array.from({ length: 10_000 }, (_, i) => {
      const change = changeOf("attach", { kind: "target", targetId: vmId(`vm-${pass}-${i}`) });
      return { change, state: "applied", message: "" } as const;
    });
    memory.note(outcomes, (3 + pass) * minute);
  }
  expect(memory.verdictOn(attach, 8 * minute)?.code).toBe("Contested");
  const contestedAgain = (earlier: number, at: number): number => {
    const changes = Array.from({ length: 100 }, (_, i) =>
      changeOf("attach", { kind: "target", targetId: vmId(`vm-${earlier}-${i}`) }),
    );
    for (const t of [at, at + 1]) {
      memory.note(
        changes.map((change) => ({ change, state: "applied", message: "" })),
        t * minute,
      );
    }
    return changes.filter((change) => memory.verdictOn(change, (at + 2) * minute)).length;
  };
  // One made room for what is fought over.
  expect(contestedAgain(2, 9)).toBe(99);
  expect(contestedAgain(0, 12)).toBe(0);
});

describe("who it was", () => {
  const write: LoggedWrite = {
    caller: "eve@contoso.com",
    operation: "Microsoft.Compute/virtualMachines/write",
    atInMs: 90_000,
  };
  const signal = new AbortController().signal;

  test("is asked of the log for what is contested, and stands in the message", async () => {
    const memory = contestedMemory();
    run(memory, [0, 1]);
    const asked: unknown[] = [];
    const whoChanged = async (id: string, since: number): Promise<readonly LoggedWrite[]> => {
      asked.push([id, since]);
      return [{ ...write, caller: "earlier", atInMs: 30_000 }, write];
    };
    await explainContested(memory, { whoChanged }, signal);
    expect(asked).toEqual([]);
    run(memory, [2]);
    await explainContested(memory, { whoChanged }, signal);
    await explainContested(memory, { whoChanged }, signal);
    expect(asked).toEqual([[vmId("vm-1"), 0]]);
    expect(memory.verdictOn(attach, 3 * minute)).toMatchInlineSnapshot(`
      {
        "code": "Contested",
        "message": "Somebody keeps reverting this: it was applied 3 times since 1970-01-01T00:00:00.000Z. Rather than fight, it is left alone until 1970-01-01T00:17:00.000Z. The Activity Log names eve@contoso.com: Microsoft.Compute/virtualMachines/write at 1970-01-01T00:01:30.000Z.",
        "retryAfterInMs": 840000,
        "state": "skipped",
        "transient": true,
      }
    `);
    expect(run(memory, [17])).toBe("a");
    expect(memory.verdictOn(attach, 18 * minute)?.message).toContain("applied 4 times");
    expect(memory.verdictOn(attach, 18 * minute)?.message).toContain("eve@contoso.com");
  });

  test("is asked again as long as the log shows nothing, a few changes at a time, and not for ever", async () => {
    const memory = contestedMemory();
    const changes = Array.from({ length: 12 }, (_, i) =>
      changeOf("attach", { kind: "target", targetId: vmId(`vm-${i}`) }),
    );
    for (const at of [0, 1, 2]) {
      memory.note(
        changes.map((change) => ({ change, state: "applied", message: "" })),
        at,
      );
    }
    const asked: string[] = [];
    const whoChanged = async (id: string): Promise<undefined> => void asked.push(id);
    await explainContested(memory, { whoChanged }, signal);
    expect(asked.length).toBe(5);
    for (let turn = 0; turn < 100; turn += 1) await explainContested(memory, { whoChanged }, signal);
    expect(new Set(asked).size).toBe(12);
    expect(asked.length).toBe(12 * 12);
    expect(memory.verdictOn(changes[0] ?? attach, 3)?.message).not.toContain("Activity Log");
  });

  test.each<[string, Change, readonly string[]]>([
    ["target", attach, [vmId("vm-1")]],
    [
      "tags",
      tags({ a: "1" }),
      [identityId("id-a"), `${identityId("id-a")}/providers/Microsoft.Resources/tags/default`],
    ],
    ["identity", changeOf("create", { kind: "identity" }), [identityId("id-a")]],
    [
      "credential",
      changeOf("update", {
        kind: "credential",
        credential: { name: "main", issuer: "i", subject: "s", audience: "a" },
        remove: false,
      }),
      [`${identityId("id-a")}/federatedIdentityCredentials/main`],
    ],
    [
      "role",
      changeOf("grant", {
        kind: "role",
        scope: "/subscriptions/s",
        roleGuid: "r",
        roleName: "R",
        principalId: "p",
      }),
      [
        `/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/${assignmentNameFor("/subscriptions/s", "p", "r")}`,
      ],
    ],
    [
      "role above the subscriptions: their logs do not show it",
      changeOf("grant", {
        kind: "role",
        scope: "/providers/Microsoft.Management/managementGroups/g",
        roleGuid: "r",
        roleName: "R",
        principalId: "p",
      }),
      [],
    ],
    [
      "database: no log of Azure's shows it",
      changeOf("grant", {
        kind: "databaseUser",
        database: { server: "s.database.windows.net", database: "d" },
        userName: "u",
      }),
      [],
    ],
  ])("%s", (_, change, expected) => {
    expect(revertedAt(change)).toEqual(expected);
  });
});
