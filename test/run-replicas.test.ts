// Two real `bindery run`, one Git repository and one lease on Azurite: never two writers, whatever happens to the one that leads.
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Daemon, isRunning, manifest, until } from "./support/daemon-stage.ts";
import type { Write } from "./support/lease-ways.ts";
import { type Replica, type ReplicaStage, replicaStage } from "./support/replica-stage.ts";

/** The shortest that Azure allows. */
const leaseInMs = 15_000;
/** A standby asks every fifteenth of the lease; the rest is for a busy machine. */
const slackInMs = 5_000;
/** Until a lease that was given back is taken: a good deal less than one that runs out would need. */
const atOnceInMs = 6_000;

/** Longer than anything takes on a machine that has nothing else to do. */
const patienceInMs = 100_000;

const docs = (...texts: readonly string[]): string => texts.join("---\n");

/** What it is, by its own words. */
function roleOf(daemon: Daemon): unknown {
  return daemon.log().findLast(({ msg }) => msg === "leadership")?.role;
}

/** Waits until this is what it is. */
async function isNow(daemon: Daemon, role: "leader" | "standby"): Promise<void> {
  await until(() => roleOf(daemon) === role || undefined, role, daemon.stderr, patienceInMs);
}

/** When it became the leader last, in milliseconds since the epoch. */
function leaderSince(daemon: Daemon): number {
  const line = daemon.log().findLast(({ msg, role }) => msg === "leadership" && role === "leader");
  return Date.parse(String(line?.time));
}

/** Waits until it leads and has nothing left to do of this revision. */
async function hasApplied(daemon: Daemon, revision: string): Promise<void> {
  const isDone = ({ msg, revision: of, end }: Readonly<Record<string, unknown>>): boolean =>
    msg === "turn ended" && of === revision && end === "converged";
  await until(
    () => daemon.log().some(isDone) || undefined,
    `all of ${revision}`,
    daemon.stderr,
    patienceInMs,
  );
}

/** Waits until it has reported on this revision as a standby, and is ready. */
async function standsBy(daemon: Daemon, revision: string): Promise<void> {
  const isReport = ({ msg, revision: of, end }: Readonly<Record<string, unknown>>): boolean =>
    msg === "turn ended" && of === revision && end === "reported";
  await until(
    () => daemon.log().some(isReport) || undefined,
    `a report on ${revision}`,
    daemon.stderr,
    patienceInMs,
  );
  expect((await daemon.ask("probes", "/readyz")).status).toBe(200);
  expect(await (await daemon.ask("probes", "/metrics")).text()).toMatch(/^bindery_leader 0$/m);
  expect(await daemon.status()).toMatchObject({ role: "standby" });
}

/** Waits until a replica is in the middle of its writing. */
async function hasSent(replica: Replica, writes: number, daemon: Daemon): Promise<void> {
  const since = replica.sent();
  await until(
    () => replica.sent() >= since + writes || undefined,
    `${writes} writes`,
    daemon.stderr,
    patienceInMs,
  );
}

async function isAttached({ attached, machines }: ReplicaStage, identity: string, by: Daemon): Promise<void> {
  const isDone = (): true | undefined => attached(identity) === machines.length || undefined;
  await until(isDone, `${identity} everywhere`, by.stderr, patienceInMs);
}

/** Who wrote, one after the other, as the sandbox has logged it; and as it came. */
async function terms({ writes }: ReplicaStage): Promise<readonly string[]> {
  const log = await writes();
  const turnsIn = (all: readonly Write[]): readonly string[] =>
    all.map(({ lane }) => lane).filter((lane, i, lanes) => lane !== lanes[i - 1]);
  const logged = turnsIn(log);
  expect(turnsIn([...log].sort((a, b) => a.at - b.at))).toEqual(logged);
  return logged;
}

describe.concurrent("rule 23: one writer among replicas", { timeout: 300_000 }, () => {
  test("killed: the other takes over within the lease, knows what was applied last, and lets nobody write beside it", async () => {
    await using here = await replicaStage({ machines: 16, writesInMs: [400, 400] });
    const { first, second, push, apply, machines } = here;
    const small = push(manifest("id-a", ["vm-0"]));
    const killed = first.start();
    await hasApplied(killed, small);
    const broken = push(manifest("id-a", machines).replace("prunePolicy: Authoritative", "prunePolicy: All"));
    // It has never seen a head that could be taken: what it knows stands beside the lease.
    const heir = second.start();
    await standsBy(heir, small);
    expect(await heir.status()).toMatchObject({
      revision: { inForce: small, refusal: { reason: "BrokenRevision", revision: broken } },
    });
    const large = push(manifest("id-a", machines));
    await hasSent(first, 4, killed);
    const since = Date.now();
    expect(await killed.end("SIGKILL")).toMatchObject({ signal: "SIGKILL" });
    await isNow(heir, "leader");
    expect(leaderSince(heir) - since).toBeLessThan(leaseInMs + slackInMs);
    const beside = await apply(manifest("id-b", machines));
    expect([beside.code, beside.stdout], beside.stderr).toEqual([4, ""]);
    expect(beside.stderr).toContain("another Bindery holds the lease");
    await hasApplied(heir, large);
    await isAttached(here, "id-a", heir);
    expect(await terms(here)).toEqual(["first", "second"]);

    // Now it is rewound, for who leads and for who comes anew.
    const rewound = push(manifest("id-c", ["vm-0"]), [small]);
    const again = first.start();
    for (const one of [again, heir]) {
      const refused = await until(
        () => one.log().find(({ msg, reason }) => msg === "revision refused" && reason === "NonFastForward"),
        "NonFastForward",
        one.stderr,
        patienceInMs,
      );
      expect(refused).toMatchObject({ revision: rewound, inForce: large });
    }
    await standsBy(again, large);
    expect(await again.end()).toEqual({ code: 0, signal: null });

    // An apply that waits is given the lease as a replica would be.
    const waiting = Promise.withResolvers<void>();
    const all = docs(manifest("id-a", machines), manifest("id-b", ["vm-0"]));
    const applied = apply(all, ["--lease-timeout", "60s"], (text) => {
      if (text.includes("Waiting: another Bindery holds the lease")) waiting.resolve();
    });
    await Promise.race([waiting.promise, applied]);
    expect(await heir.end()).toEqual({ code: 0, signal: null });
    const run = await applied;
    expect([run.code, here.attached("id-b"), here.attached("id-c")], run.stderr).toEqual([0, 1, 0]);
    expect(await terms(here)).toEqual(["first", "second", "apply"]);
  });

  test("stopped past the lease: when it goes on it stands by without one more write, until the other gives the lease back", async () => {
    await using here = await replicaStage({ machines: 16, writesInMs: [400, 400] });
    const { first, second, push, machines } = here;
    const small = push(manifest("id-a", ["vm-0"]));
    const stopped = first.start();
    await hasApplied(stopped, small);
    const other = second.start();
    await standsBy(other, small);
    push(manifest("id-a", machines));
    await hasSent(first, 4, stopped);
    stopped.child.kill("SIGSTOP");
    await isNow(other, "leader");
    await hasSent(second, 1, other);
    // Now there are two, and one of them does not know how late it is.
    stopped.child.kill("SIGCONT");
    await isNow(stopped, "standby");
    await isAttached(here, "id-a", other);
    expect(await terms(here)).toEqual(["first", "second"]);
    expect([isRunning(stopped.child), await stopped.status()]).toMatchObject([true, { role: "standby" }]);

    const more = push(docs(manifest("id-a", machines), manifest("id-b", machines)));
    await hasSent(second, 4, other);
    const since = Date.now();
    expect(await other.end()).toEqual({ code: 0, signal: null });
    await isNow(stopped, "leader");
    expect(leaderSince(stopped) - since).toBeLessThan(atOnceInMs);
    await hasApplied(stopped, more);
    await isAttached(here, "id-b", stopped);
    expect(await terms(here)).toEqual(["first", "second", "first"]);
  });

  test("cut off from the store: it stops writing before anybody else begins, and comes back as a standby", async () => {
    // One after the other: more than a lease lasts.
    await using here = await replicaStage({ machines: 24, writesInMs: [1_000, 200] });
    const { first, second, push, machines, writes } = here;
    const small = push(manifest("id-a", ["vm-0"]));
    const cut = first.start();
    await hasApplied(cut, small);
    const other = second.start();
    await standsBy(other, small);
    push(manifest("id-a", machines));
    await hasSent(first, 2, cut);
    first.cutFromStore();
    const since = performance.now();
    await isNow(other, "leader");
    await hasSent(second, 1, other);
    first.reachStore();
    const log = await writes();
    const lastOfFirst = Math.max(...log.filter((w) => w.lane === "first").map((w) => w.at));
    const firstOfSecond = Math.min(...log.filter((w) => w.lane === "second").map((w) => w.at));
    // It had work to the end, used most of the time that it had, and left the margin.
    expect(lastOfFirst - since).toBeGreaterThan(leaseInMs / 3);
    expect(firstOfSecond - lastOfFirst).toBeGreaterThan(1_000);
    await isNow(cut, "standby");
    const troubles = cut
      .log()
      .filter(({ msg, doing }) => msg === "trouble with the lease" && doing === "renew");
    expect(troubles.at(0)).toMatchObject({ code: "RequestTimedOut" });
    await isAttached(here, "id-a", other);
    expect(await terms(here)).toEqual(["first", "second"]);

    const more = push(docs(manifest("id-a", machines), manifest("id-b", ["vm-0"])));
    await hasApplied(other, more);
    // It is one of those again that could lead.
    expect(await other.end()).toEqual({ code: 0, signal: null });
    await isNow(cut, "leader");
    const last = push(docs(manifest("id-a", machines), manifest("id-b", ["vm-0", "vm-1"])));
    await hasApplied(cut, last);
    expect(await terms(here)).toEqual(["first", "second", "first"]);
  });

  test("ended by SIGTERM: the lease is given back at once, and what the other has not seen counts nevertheless", async () => {
    await using here = await replicaStage({ machines: 16, writesInMs: [400, 100] });
    const { first, second, push, attached, machines } = here;
    const small = push(manifest("id-a", ["vm-0"]));
    const ended = first.start();
    await hasApplied(ended, small);
    // It will look at the branch when it takes over, and not before.
    const other = second.start(["--poll-interval", "1h"]);
    await standsBy(other, small);
    const large = push(manifest("id-a", machines));
    await hasSent(first, 4, ended);
    const rewound = push(docs(manifest("id-a", ["vm-0"]), manifest("id-c", machines)), [small]);
    const since = Date.now();
    expect(await ended.end()).toEqual({ code: 0, signal: null });
    expect(attached("id-a")).toBeLessThan(machines.length);
    await isNow(other, "leader");
    expect(leaderSince(other) - since).toBeLessThan(atOnceInMs);
    await hasApplied(other, large);
    await isAttached(here, "id-a", other);
    expect(attached("id-c")).toBe(0);
    expect(await other.status()).toMatchObject({
      revision: { inForce: large, refusal: { reason: "NonFastForward", revision: rewound } },
    });
    expect(await terms(here)).toEqual(["first", "second"]);
  });
});

/** Gives what brings a replica back. */
type Blow = (leader: Daemon, at: Replica) => Promise<() => Daemon>;

/** What happens to a leader; it comes back when the other one writes. */
const blows: Readonly<Record<string, Blow>> = {
  async killed(leader, at) {
    await leader.end("SIGKILL");
    return () => at.start();
  },
  async stopped(leader) {
    leader.child.kill("SIGSTOP");
    return () => {
      leader.child.kill("SIGCONT");
      return leader;
    };
  },
  async "cut off"(leader, at) {
    at.cutFromStore();
    return () => {
      at.reachStore();
      return leader;
    };
  },
  async ended(leader, at) {
    expect(await leader.end()).toEqual({ code: 0, signal: null });
    return () => at.start();
  },
};

test.runIf(process.env.SOAK === "1")(
  "rule 23: leaders that are killed, stopped, cut off and ended at any moment",
  async () => {
    await using here = await replicaStage({ machines: 40, writesInMs: [500, 500] });
    const { first, second, push, machines } = here;
    push(manifest("id-0", ["vm-0"]));
    let leading = { at: first, daemon: first.start() };
    await isNow(leading.daemon, "leader");
    let standing = { at: second, daemon: second.start() };
    const texts: string[] = [];
    const rounds = Array.from({ length: 3 }, () => Object.entries(blows)).flat();
    for (const [number, [name, blow]] of rounds.entries()) {
      await isNow(standing.daemon, "standby");
      texts.push(manifest(`id-${number}`, machines));
      push(docs(...texts));
      await hasSent(leading.at, 1, leading.daemon);
      const afterInMs = Math.round(Math.random() * 4_000);
      const at = `round ${number}, ${name} after ${afterInMs} ms`;
      await setTimeout(afterInMs);
      const back = await blow(leading.daemon, leading.at);
      await isNow(standing.daemon, "leader");
      await hasSent(standing.at, 1, standing.daemon);
      const daemon = back();
      await isAttached(here, `id-${number}`, standing.daemon);
      expect((await terms(here)).length, at).toBe(number + 2);
      [leading, standing] = [standing, { at: leading.at, daemon }];
    }
    const expected = Array.from({ length: rounds.length + 1 }, (_, i) => (i % 2 === 0 ? "first" : "second"));
    expect(await terms(here)).toEqual(expected);
  },
  1_800_000,
);
