// What `bindery demo` does: hands the terminal to the story.
import { runDemo } from "./demo/demo.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { untilStopped } from "./plan-command.ts";
import { hasColor } from "./terminal.ts";

/** Runs the demo; Ctrl-C ends it. */
export async function runDemoCommand(io: CliIo): Promise<number> {
  using interruption = interruptionOf(io, undefined);
  const streams = {
    write: (text: string) => void io.stdout.write(text),
    color: hasColor(io.stdout, io.env),
  };
  return await untilStopped(interruption.stop, () => runDemo(streams, interruption.stop));
}
