// The tests that judge mutants: those of the unit project, with few cases per property.
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import whole from "../../vitest.config.ts";
import { casesPerProperty } from "./cases.ts";

// Neither that there is an answer to anything, nor how long an answer is, says which one it has to be; and what they take
// is seconds for each mutant.
const exclude = ["any-input", "bombs", "quoted-length"].map((name) => `src/manifest/${name}.test.ts`);

const projects = whole.test?.projects ?? [];
const unit = projects.filter((p) => typeof p === "object" && "test" in p && p.test?.name === "unit");
if (unit.length !== 1) throw new Error("vitest.config.ts has no project named unit.");

/** A number of runs that stands in a test outweighs the one of setup.ts. */
const fewCases: Plugin = {
  name: "few-cases",
  enforce: "pre",
  transform: (source, id) =>
    /\.test\.ts$/.test(id) ? source.replaceAll(/\bnumRuns: \d+/g, `numRuns: ${casesPerProperty}`) : undefined,
};

// biome-ignore lint/style/noDefaultExport: vitest takes a configuration in no other way.
export default defineConfig({
  plugins: [fewCases],
  test: {
    setupFiles: ["test/support/seed.ts", "test/mutation/setup.ts"],
    // Nobody waits for a test here: what takes too long is judged by Stryker.
    testTimeout: 120_000,
    exclude,
    projects: unit,
  },
});
