// An embedded Azure on sockets with `bindery run` before it, which is told to stop at a request of its turn.
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { sandboxTenantId } from "../../src/sandbox/tenant.ts";
import { type CliRun, cli } from "../cli-run.ts";
import { cloudFile, laneSeed, policyFile, requestInMs } from "./cli-lane.ts";
import { beforeSecondRevision, type Side } from "./crash.ts";
import { type EmbeddedAzure, embeddedAzure } from "./embedded-azure.ts";
import type { Fetch } from "./embedded-reach.ts";
import { secondRevision } from "./reference-scenario.ts";

/** When a daemon is told to stop: at the request of this number, before Azure acts on it or before it is answered. */
export interface StopAt {
  readonly number: number;
  readonly side: Side;
}

/** How a daemon ended that was told to stop. */
export interface StoppedRun extends CliRun {
  /** From the signal to the end of the process; undefined: it ended before its turn came to that request. */
  readonly tookInMs: number | undefined;
}

/** Where daemons run and are stopped, one after the other. */
export interface DaemonLane {
  readonly azure: EmbeddedAzure;
  /** Puts back what stood after the first revision. */
  rewind(): void;
  /** Runs `bindery run` on the second revision until it has stopped. */
  stopped(at: StopAt): Promise<StoppedRun>;
  /** Runs `bindery run --once` on it. */
  once(): Promise<CliRun>;
  /** Method and path of the requests of the last run. */
  seen(): readonly string[];
  close(): Promise<void>;
}

/** How long a daemon may take to end. */
export const gracePeriodInMs = 30_000;
/** Longer than a signal takes to be noticed. */
const noticedInMs = 5_000;

/** Opens a lane that stands where the second revision comes. */
export async function daemonLane(): Promise<DaemonLane> {
  const gate = stopGate();
  const azure = await embeddedAzure("sockets", gate.through);
  gate.beforeEach(() => azure.advance(requestInMs));
  const rewind = await beforeSecondRevision(azure, laneSeed);
  const folder = await mkdtemp(join(tmpdir(), "bindery-stop-"));
  const at = (name: string): string => join(folder, name);
  const { origin, ca, clientId, clientSecret } = azure.entrance();
  await mkdir(at("manifests"));
  await writeFile(at("manifests/team.yaml"), secondRevision);
  await writeFile(at("ca.pem"), ca);
  await writeFile(at("cloud.json"), cloudFile(origin));
  await writeFile(at("policy.yaml"), policyFile(azure));
  const args = ["run", "--source", "manifests", "--policy", "policy.yaml", "--cloud", "cloud.json"];
  const forMany = [
    ...["--probes-address", "127.0.0.1:0", "--api-address", "127.0.0.1:0"],
    ...["--grace-period", `${gracePeriodInMs / 1000}s`],
  ];
  const env = {
    AZURE_TENANT_ID: sandboxTenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    // What the contract needs is written down on this side of the socket.
    NODE_OPTIONS: "",
  };
  return {
    azure,
    rewind,
    seen: gate.seen,
    async stopped(stopAt) {
      const onStart = gate.watching(stopAt);
      const run = await cli([...args, ...forMany], { cwd: folder, env, onStart, onStderr: gate.heard });
      return { ...run, tookInMs: gate.sinceSignalInMs() };
    },
    async once() {
      gate.watching(undefined);
      return await cli([...args, "--once"], { cwd: folder, env });
    },
    async close() {
      await azure.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A gate before the embedded Azure, for one process at a time. */
function stopGate() {
  let before = (): void => undefined;
  let seen: string[] = [];
  let stopAt: StopAt | undefined;
  let child: ChildProcess | undefined;
  let signalledAt: number | undefined;
  let noticed = Promise.withResolvers<void>();

  async function signal(): Promise<void> {
    signalledAt = performance.now();
    child?.kill("SIGTERM");
    // A process that is not so far yet that it says so is told all the same.
    await Promise.race([noticed.promise, setTimeout(noticedInMs, undefined, { ref: false })]);
  }

  return {
    beforeEach(run: () => void) {
      before = run;
    },
    seen: (): readonly string[] => [...seen],
    watching(at: StopAt | undefined) {
      [seen, stopAt, child, signalledAt] = [[], at, undefined, undefined];
      noticed = Promise.withResolvers();
      return (started: ChildProcess): void => {
        child = started;
        started.once("exit", () => noticed.resolve());
      };
    },
    heard(speaker: ChildProcess, text: string): void {
      if (text.includes('"msg":"stopping"')) noticed.resolve();
      else if (signalledAt === undefined && text.includes('"msg":"turn ended"')) speaker.kill("SIGTERM");
    },
    sinceSignalInMs: () => (signalledAt === undefined ? undefined : performance.now() - signalledAt),
    through:
      (fetch: Fetch): Fetch =>
      async (request) => {
        before();
        seen.push(`${request.method} ${new URL(request.url).pathname}`);
        const side = seen.length === stopAt?.number ? stopAt.side : undefined;
        if (side === "before") await signal();
        const answer = await fetch(request);
        if (side === "after") await signal();
        return answer;
      },
  };
}
