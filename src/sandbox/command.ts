// What `bindery sandbox` does: starts the embedded Azure, says where it is, and ends with the signal.
import { type SandboxOptions, startSandbox } from "./start.ts";

/** Where the command writes. */
export interface CommandStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs until the signal is aborted. One JSON line goes to stdout when the sandbox is ready; text for people goes to
 * stderr. Rejects with SeedError for a seed with mistakes, and with the system's error when the port is taken.
 */
export async function runSandbox(
  options: SandboxOptions,
  { stdout, stderr }: CommandStreams,
  signal: AbortSignal,
): Promise<void> {
  const sandbox = await startSandbox(options);
  const { ready } = sandbox;
  stdout.write(`${JSON.stringify(ready)}\n`);
  const names = ready.subscriptions.map((s) => `  ${s.subscriptionId}  ${s.displayName}`);
  stderr.write(
    [
      `The sandbox is an Azure on ${ready.arm}. It is not real: tenant ${ready.tenantId}.`,
      "Subscriptions:",
      ...names,
      `Point this shell at it:  . ${ready.envFile}`,
      "Ctrl-C ends it, and what is in it is gone.",
      "",
    ].join("\n"),
  );
  await aborted(signal);
  await sandbox.close();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
