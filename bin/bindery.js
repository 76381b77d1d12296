#!/usr/bin/env node
// Starts Bindery: as it was built, or in a clone of the repository from its source, which is never out of date.
import { existsSync } from "node:fs";

const needed = 24;
if (Number.parseInt(process.versions.node, 10) < needed) {
  // Here, because the modules of an older Node lack what main.ts imports.
  process.stderr.write(`Bindery needs Node ${needed} or later; this is ${process.versions.node}.\n`);
  process.exit(1);
}
const source = new URL("../src/main.ts", import.meta.url);
const built = new URL("../dist/main.js", import.meta.url);
await import((existsSync(source) ? source : built).href);
