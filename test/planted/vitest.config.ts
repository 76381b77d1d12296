// The project's own tests on a Bindery with one fault in it: PLANTED_FAULT names the fault. Nothing on disk changes.
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import whole from "../../vitest.config.ts";
import { faultNamed, plantedIn } from "./faults.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { PLANTED_FAULT: name } = process.env;
const fault = name === undefined ? undefined : faultNamed(name);

const planting: Plugin = {
  name: "planted-fault",
  enforce: "pre",
  transform(source, id) {
    const file = id.split("?")[0]?.slice(root.length) ?? "";
    return fault && id.startsWith(root) ? plantedIn(file, source, fault) : undefined;
  },
};

// What a faulty Bindery sends is not held against the contract.
const setupFiles = ["test/support/seed.ts"];

// biome-ignore lint/style/noDefaultExport: vitest takes a configuration in no other way.
export default defineConfig({
  plugins: [planting],
  // What was transformed without this fault must not be used.
  test: { setupFiles, fsModuleCache: false, projects: whole.test?.projects ?? [] },
});
