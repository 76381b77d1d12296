import { expect, test } from "vitest";
import { azureWith, hasIdentity, loopTrial } from "./fixtures.ts";

test("a turn brings about what is in force; the next one comes after the interval and finds nothing to do", async () => {
  const azure = azureWith(["vm-1"]);
  const trial = loopTrial(azure);
  const running = trial.start();
  await trial.clock.pass(301_000);
  expect(hasIdentity(azure, "vm-1")).toBe(true);
  trial.stop.abort(new Error("SIGTERM"));
  await running;
  expect(trial.lines()).toEqual([
    "0 alone",
    "0 turn 1: start",
    "0 plan 1.1",
    "0 pass 1.1: vm-1 applied",
    "0 plan 1.2",
    "0 pass 1.2",
    "0 converged → 300",
    "300 turn 2: interval",
    "300 plan 2.1",
    "300 pass 2.1",
    "300 converged → 600",
    "301 stopping: SIGTERM",
  ]);
  expect(trial.keeper.remembered).toBe(2);
});
