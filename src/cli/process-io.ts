// Gives the command line the real process.
import process from "node:process";
import type { CliIo } from "./io.ts";

/** Both are a person's or an orchestrator's wish to end. */
const signals = ["SIGINT", "SIGTERM"] as const;

/** The process as it is. A reader that has gone away (`bindery plan | head`) is no error: what it misses is lost. */
export function processIo(): CliIo {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreBrokenPipe);
  return {
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    onSignal: (listener) => {
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    onHangUp: (listener) => {
      process.on("SIGHUP", listener);
      return () => void process.off("SIGHUP", listener);
    },
    exit: (code) => process.exit(code),
  };
}

/** Waits until everything written has left the process, so that ending it cuts nothing off. */
export async function flushed(io: Pick<CliIo, "stdout" | "stderr">): Promise<void> {
  for (const stream of [io.stdout, io.stderr]) {
    await new Promise<void>((resolve) => {
      // The callback comes with an error too, where the reader has gone away.
      stream.write("", () => resolve());
    });
  }
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
