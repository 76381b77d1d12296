// Loaded into a process before its entry: leaves behind how many files it has loaded, by package ("" is its own).
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const counts = {};
registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith("node:")) {
      const [, name = ""] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
      const key = name === "bindery" ? "" : name;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return nextLoad(url, context);
  },
});
process.on("exit", () => writeFileSync(process.env.LOADED_MODULES, JSON.stringify(counts)));
