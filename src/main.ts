#!/usr/bin/env node
// The entry of the command line: gives it the real process, and ends with its exit code.
import { flushed, processIo } from "./cli/process-io.ts";
import { runCli } from "./cli/run-cli.ts";

const io = processIo();
const code = await runCli(process.argv.slice(2), io);
await flushed(io);
process.exit(code);
