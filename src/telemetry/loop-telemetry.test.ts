// What metrics and probes say of the real loop, on a clock that is moved by hand.
import { expect, test } from "vitest";
import { handClock } from "../controller/clock-fixtures.ts";
import { azureWith, drift, inForceFor, type LoopTrial, loopTrial } from "../controller/fixtures.ts";
import type { Self } from "../model/ports.ts";
import { observed } from "../plan/fixtures.ts";
import { healthFor } from "./health.ts";
import { metricsFor } from "./metrics.ts";
import { wakeLimiter } from "./wake-limiter.ts";
import { webhookApp } from "./webhook.ts";

const minute = 60_000;

/** A loop on two machines, watched; not started yet. */
function watched(self: () => Promise<Self> = async () => observed().self) {
  const clock = handClock(20);
  const azure = azureWith(["vm-1", "vm-2"]);
  const metrics = metricsFor({ version: "1.2.3", ofProcess: false });
  const times = { intervalInMs: 5 * minute, deadlineInMs: 10 * minute, slackInMs: minute };
  const health = healthFor({ ...times, uptimeInMs: clock.now });
  const trial = loopTrial(azure, {
    clock,
    inForce: inForceFor(["vm-1", "vm-2"]),
    options: { deadlineInMs: times.deadlineInMs },
    parts: {
      self,
      observer(event) {
        metrics.observe(event);
        health.observe(event);
      },
    },
  });
  const shown = async (...names: readonly string[]): Promise<readonly string[]> =>
    (await metrics.text())
      .split("\n")
      .filter((line) => names.some((name) => line.startsWith(`bindery_${name}`)));
  return { azure, clock, metrics, health, trial, shown };
}

async function stopped({ stop }: LoopTrial, running: Promise<void>): Promise<void> {
  stop.abort(new Error("SIGTERM"));
  await running;
}

test("a roll-out, drift, and a quiet time: counted, alive and ready throughout", async () => {
  const { azure, clock, health, trial, shown } = watched();
  expect(health.ready().ok).toBe(false);
  const running = trial.start();
  await clock.pass(1_000);
  expect(health.ready().ok).toBe(true);
  expect(
    await shown(
      "leader",
      "revision_in_force",
      'changes_total{kind="attach",outcome="applied"',
      'drift_total{kind="attach"',
    ),
  ).toEqual([
    'bindery_changes_total{kind="attach",outcome="applied"} 2',
    'bindery_drift_total{kind="attach"} 0',
    "bindery_leader 1",
    "bindery_revision_in_force 1",
  ]);
  drift(azure, "vm-1");
  for (let n = 0; n < 60; n += 1) {
    await clock.pass(minute);
    expect(health.live()).toEqual({ ok: true, why: "The loop turns." });
  }
  expect(
    await shown(
      'drift_total{kind="attach"',
      'turns_total{end="converged"',
      'documents{kind="IdentityBinding",condition="Ready"',
    ),
  ).toEqual([
    'bindery_turns_total{end="converged"} 13',
    'bindery_drift_total{kind="attach"} 1',
    'bindery_documents{kind="IdentityBinding",condition="Ready"} 2',
  ]);
  await stopped(trial, running);
  expect(health.ready()).toEqual({ ok: false, why: "Bindery is stopping." });
  expect(clock.sleepers()).toBe(0);
});

test("a loop that hangs is not alive once its deadline and the patience are over", async () => {
  const { promise, reject } = Promise.withResolvers<Self>();
  const { clock, health, trial } = watched(() => promise);
  const running = trial.start();
  await clock.pass(11 * minute);
  expect(health.live().ok).toBe(true);
  await clock.pass(1_000);
  expect(health.live().ok).toBe(false);
  reject(new DOMException("The operation was aborted.", "AbortError"));
  await stopped(trial, running);
});

test("calls of the webhook are turns, at most one in ten seconds", async () => {
  const { clock, metrics, trial, shown } = watched();
  const running = trial.start();
  await clock.pass(1_000);
  const secret = "0123456789abcdef0123456789abcdef";
  const wake = wakeLimiter({ clock, wake: () => trial.waker.wake("webhook"), stop: trial.stop.signal });
  const app = webhookApp({
    secret,
    wake,
    onCall: metrics.webhookCall,
    onBug: (error) => expect(error).toBeUndefined(),
  });
  const headers = { "X-Bindery-Token": secret };
  for (let n = 0; n < 50; n += 1) await app.request("/webhook", { method: "POST", headers });
  await clock.pass(9_000);
  expect(await shown('turn_wakes_total{reason="webhook"')).toEqual([
    'bindery_turn_wakes_total{reason="webhook"} 1',
  ]);
  await clock.pass(60_000);
  expect(await shown('turn_wakes_total{reason="webhook"', 'webhook_calls_total{result="accepted"')).toEqual([
    'bindery_turn_wakes_total{reason="webhook"} 2',
    'bindery_webhook_calls_total{result="accepted"} 50',
  ]);
  await stopped(trial, running);
  expect(clock.sleepers()).toBe(0);
});
