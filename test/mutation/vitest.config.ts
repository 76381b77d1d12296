// The tests that judge mutants: those of the unit project, as they stand in the project's own configuration.
import { defineConfig } from "vitest/config";
import whole from "../../vitest.config.ts";

const projects = whole.test?.projects ?? [];
const unit = projects.filter((p) => typeof p === "object" && "test" in p && p.test?.name === "unit");
if (unit.length !== 1) throw new Error("vitest.config.ts has no project named unit.");

// biome-ignore lint/style/noDefaultExport: vitest takes a configuration in no other way.
export default defineConfig({
  test: {
    setupFiles: whole.test?.setupFiles ?? [],
    projects: unit,
  },
});
