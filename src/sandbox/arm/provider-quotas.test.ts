import { describe, expect, test } from "vitest";
import { emptyWorld, type World } from "../world.ts";
import { settings, tenantId, vmId } from "./authorization/authorization-world.ts";
import { type ComputePolicy, computeHeaders } from "./compute/compute-quota.ts";
import { takeAssignmentQuota, takeIdentityQuota } from "./identity/identity-quota.ts";
import { ArmError } from "./provider.ts";

function stage(): { world: World; advance: (byInMs: number) => void } {
  let now = 1_000_000;
  const world = emptyWorld(tenantId, () => now, { ...settings, throttled: true });
  return {
    world,
    advance: (byInMs) => {
      now += byInMs;
    },
  };
}

/** How often it can be done at once, and the refusal that comes then. */
function most(run: () => unknown, limit = 25_000): readonly [number, ArmError] {
  for (let count = 0; count < limit; count++) {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      return [count, error];
    }
  }
  throw new Error("It was never refused.");
}

describe("Compute", () => {
  test.each<[ComputePolicy, number, number]>([
    ["getVm", 36, 5],
    ["updateVm", 12, 15],
    ["putVm", 12, 15],
    ["deleteVm", 12, 15],
    ["getScaleSet", 36, 5],
    ["updateScaleSet", 12, 15],
    ["putScaleSet", 12, 15],
    ["deleteScaleSet", 12, 15],
    ["getInstances", 30, 6],
    ["listVms", 900, 1],
    ["listScaleSets", 1080, 1],
    ["pollOperation", 45, 4],
  ])("%s can be done %i times at once, and again after %i s", (policy, times, seconds) => {
    const { world, advance } = stage();
    const run = () => computeHeaders(world, policy, vmId);
    const [count, { status, headers }] = most(run);
    expect([count, status, headers["retry-after"]]).toEqual([times, 429, String(seconds)]);
    advance(seconds * 1000);
    expect(run).not.toThrow();
  });

  test("what is counted in silence stands in no header", () => {
    const { world } = stage();
    expect(computeHeaders(world, "listScaleSets", vmId)).not.toHaveProperty(
      "x-ms-ratelimit-remaining-resource",
    );
    expect(computeHeaders(world, "getInstances", vmId)["x-ms-ratelimit-remaining-resource"]).not.toContain(
      ",",
    );
  });
});

describe("the identity provider", () => {
  test.each([
    ["write", 5, "4"],
    ["read", 10, "2"],
    ["list", 5, "4"],
    ["delete", 5, "4"],
  ] as const)("%s of one identity: %i at once, then 429 with code 429", (kind, times, seconds) => {
    const { world } = stage();
    const [count, { code, headers }] = most(() => takeIdentityQuota(world, kind, vmId));
    expect([count, code, headers["retry-after"]]).toEqual([times, "429", seconds]);
  });

  test("300 attachments in 20 s for a subscription; the seconds stand in the nested text only", () => {
    const { world, advance } = stage();
    const [count, { status, code, headers, message }] = most(() => takeAssignmentQuota(world, vmId, 100));
    expect([count, status, code, headers["retry-after"]]).toEqual([
      3,
      429,
      "FailedIdentityOperation",
      undefined,
    ]);
    expect(message).toContain("Retry after 1 seconds.");
    advance(1000);
    expect(() => takeAssignmentQuota(world, vmId, 10)).not.toThrow();
  });
});
