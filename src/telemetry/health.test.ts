import { describe, expect, test } from "vitest";
import type { DaemonEvent } from "../status/daemon-event.ts";
import { planWith } from "../status/fixtures.ts";
import { passEnded, turnEnded, turnStarted } from "./fixtures.ts";
import { healthFor } from "./health.ts";
import { metricsFor } from "./metrics.ts";
import { probesApp } from "./probes.ts";

const [interval, deadline, slack] = [300_000, 900_000, 60_000];

/** A health whose time is set by hand. */
function atHand() {
  let nowInMs = 5_000;
  const health = healthFor({
    intervalInMs: interval,
    deadlineInMs: deadline,
    slackInMs: slack,
    uptimeInMs: () => nowInMs,
  });
  const pass = (byInMs: number): void => {
    nowInMs += byInMs;
  };
  return { health, pass };
}

const waiting = turnEnded("converged", { atInMs: 1_000, nextAtInMs: 1_000 + 290_000 });
const last: DaemonEvent = { kind: "turnEnded", atInMs: 1, turn: 1, end: "converged", backoff: new Map() };
const looked: DaemonEvent = { kind: "sourceLooked", atInMs: 1, source: { inForce: "r1" } };

describe("how long the loop may be silent", () => {
  test.each<readonly [string, readonly DaemonEvent[], number]>([
    ["before the first word", [], interval + deadline + slack],
    ["in a turn", [turnStarted()], deadline + slack],
    [
      "after a plan",
      [{ kind: "passPlanned", atInMs: 1, pass: passEnded(planWith([])).pass, plan: planWith([]) }],
      deadline + slack,
    ],
    ["after a pass", [passEnded(planWith([]))], deadline + slack],
    ["between turns", [waiting], 290_000 + slack],
    ["with a retry that is due at once", [turnEnded("failed", { atInMs: 9, nextAtInMs: 9 })], slack],
    ["with a clock that was set", [turnEnded("failed", { nextAtInMs: 1e12 })], 2 * interval + slack],
    ["and back", [turnEnded("failed", { atInMs: 1e12, nextAtInMs: 9 })], slack],
    [
      "the lease beside the loop is no word of it",
      [waiting, { kind: "leadership", atInMs: 2, role: "leader" }],
      290_000 + slack,
    ],
    ["a look at the source is none either", [waiting, looked], 290_000 + slack],
  ])("%s", (_, events, silenceInMs) => {
    const { health, pass } = atHand();
    for (const event of events) health.observe(event);
    pass(silenceInMs);
    expect(health.live().ok).toBe(true);
    pass(1);
    expect(health.live()).toEqual({ ok: false, why: "The loop should have gone on 1 seconds ago." });
  });
  test("for ever, if nothing begins another turn", () => {
    const { health, pass } = atHand();
    health.observe(last);
    pass(1e9);
    expect(health.live().ok).toBe(true);
  });
  test("a word of the loop makes it alive again", () => {
    const { health, pass } = atHand();
    pass(1e9);
    expect(health.live().ok).toBe(false);
    health.observe(turnStarted());
    expect(health.live().ok).toBe(true);
  });
});

describe("ready", () => {
  const gone: DaemonEvent = { kind: "sourceLooked", atInMs: 1, source: {} };
  const standby = [
    turnStarted({ reportsBecause: "Standby" }),
    passEnded(planWith([])),
    turnEnded("reported"),
  ];
  test.each<readonly [string, readonly DaemonEvent[], boolean, string]>([
    ["nothing yet", [], false, "No revision is known to be good."],
    ["a revision", [looked, turnStarted()], false, "Azure has not been observed yet since the start."],
    [
      "a turn that could not observe",
      [looked, turnStarted(), turnEnded("failed")],
      false,
      "Azure has not been observed",
    ],
    ["a pass", [looked, turnStarted(), passEnded(planWith([]))], true, "A good revision is in force"],
    ["a standby's report", [looked, ...standby], true, "A good revision is in force"],
    [
      "a failure later on",
      [looked, passEnded(planWith([])), turnEnded("failed")],
      true,
      "A good revision is in force",
    ],
    [
      "no revision any more",
      [looked, passEnded(planWith([])), gone],
      false,
      "No revision is known to be good.",
    ],
    [
      "stopping",
      [looked, passEnded(planWith([])), { kind: "stopping", atInMs: 1, why: "SIGTERM" }],
      false,
      "is stopping",
    ],
  ])("after %s", (_, events, ok, why) => {
    const { health } = atHand();
    for (const event of events) health.observe(event);
    expect(health.ready()).toEqual({ ok, why: expect.stringContaining(why) });
  });
});

describe("the listener of probes and metrics", () => {
  const { health, pass } = atHand();
  const metrics = metricsFor({ version: "1.2.3", ofProcess: false });
  const bugs: unknown[] = [];
  const app = probesApp({ health, metrics, onBug: (error) => bugs.push(error) });
  test("answers 200 and 503 with a reason, uncached", async () => {
    const alive = await app.request("/healthz");
    expect([alive.status, await alive.json()]).toEqual([200, { ok: true, why: "The loop turns." }]);
    expect(alive.headers.get("cache-control")).toBe("no-store");
    expect(alive.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await app.request("/readyz")).status).toBe(503);
    health.observe(looked);
    health.observe(passEnded(planWith([])));
    expect((await app.request("/readyz")).status).toBe(200);
    pass(1e9);
    expect((await app.request("/healthz")).status).toBe(503);
  });
  test("answers Prometheus", async () => {
    const answer = await app.request("/metrics");
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await answer.text()).toContain('bindery_build_info{version="1.2.3"} 1');
  });
  test.each(["/", "/metrics/x", "/api/v1/status"])("%s is nothing", async (path) => {
    expect((await app.request(path)).status).toBe(404);
  });
  test("tells nobody of a bug but the log", async () => {
    const error = new Error("with a secret");
    const broken = { text: () => Promise.reject(error), contentType: metrics.contentType };
    const ill = probesApp({ health, metrics: broken, onBug: (bug) => bugs.push(bug) });
    const answer = await ill.request("/metrics");
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining("secret")]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(bugs).toEqual([error]);
  });
});
