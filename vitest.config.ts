import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["test/contract/global-setup.ts"],
    setupFiles: ["test/contract/record.ts", "test/support/seed.ts"],
    // Tests of processes wait as long as they compute: with one worker more than there are cores, another one computes then.
    maxWorkers: availableParallelism() + 1,
    // They end what hangs and measure nothing: property tests compute for seconds, many times as long on a machine that is busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What a module keeps is the same for everybody or belongs to one world: files of one worker share what they load.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/arch.test.ts"],
          pool: "threads",
        },
      },
      {
        extends: true,
        test: {
          name: "sandbox",
          include: ["test/**/*.test.ts"],
          exclude: ["test/arch.test.ts"],
          pool: "forks",
        },
      },
    ],
  },
});
