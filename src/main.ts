#!/usr/bin/env node
// The entry of the command line: gives it the real process, and ends with its exit code.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Starts in half the time. Beside the code, because who may write there may change the code anyway; the default,
// a folder in /tmp, is open to others. Where it cannot be written, Node goes on without.
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/bindery", import.meta.url)));

const { flushed, processIo } = await import("./cli/process-io.ts");
const { runCli } = await import("./cli/run-cli.ts");
const io = processIo();
const code = await runCli(process.argv.slice(2), io);
await flushed(io);
process.exit(code);
