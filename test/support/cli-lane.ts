// An embedded Azure on sockets with a command line of its own before it: several such lanes run side by side.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxTenantId } from "../../src/sandbox/tenant.ts";
import { type CliRun, cli } from "../cli-run.ts";
import { beforeSecondRevision } from "./crash.ts";
import { type EmbeddedAzure, embeddedAzure } from "./embedded-azure.ts";
import { type Cut, type KillGate, killGate } from "./kill-gate.ts";
import { referenceSeed, secondRevision } from "./reference-scenario.ts";

/** A process of its own waits in real seconds, so nothing lags here: lags are tried in process. */
export const laneSeed = referenceSeed.replace(
  /^settings: .*$/m,
  "settings: { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 300 }",
);
/** How much of Azure's time passes with each request: its limits are not what is tried here. */
export const requestInMs = 500;

/** One run of `bindery apply`, and what its audit file held at the end. */
export interface LaneRun extends CliRun {
  readonly audit: readonly string[];
}

/** Where runs are cut and begun again, one after the other. */
export interface CliLane {
  readonly azure: EmbeddedAzure;
  readonly gate: KillGate;
  /** Puts back what stood after the first revision. */
  rewind(): void;
  /** Runs `bindery apply` on the second revision, to its end or to the cut; its code is 2 if anything is left. */
  apply(cut?: Cut): Promise<LaneRun>;
  close(): Promise<void>;
}

/** Opens a lane that stands where the second revision comes. */
export async function cliLane(): Promise<CliLane> {
  let pass = (): void => undefined;
  const gate = killGate(() => pass());
  const azure = await embeddedAzure("sockets", gate.through);
  pass = () => azure.advance(requestInMs);
  const rewind = await beforeSecondRevision(azure, laneSeed);
  const folder = await mkdtemp(join(tmpdir(), "bindery-crash-"));
  const at = (name: string): string => join(folder, name);
  const { origin, ca, clientId, clientSecret } = azure.entrance();
  await writeFile(at("ca.pem"), ca);
  await writeFile(at("cloud.json"), cloudFile(origin));
  await writeFile(at("policy.yaml"), policyFile(azure));
  const files = ["--policy", "policy.yaml", "--cloud", "cloud.json", "--audit", "audit.jsonl"];
  const args = ["apply", "-", ...files, "--detailed-exitcode"];
  const env = {
    AZURE_TENANT_ID: sandboxTenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    // What the contract needs is written down on this side of the socket.
    NODE_OPTIONS: "",
  };
  return {
    azure,
    gate,
    rewind,
    async apply(cut) {
      await rm(at("audit.jsonl"), { force: true });
      const onStart = gate.watching(cut);
      const run = await cli(args, { cwd: folder, input: secondRevision, env, onStart });
      await gate.idle();
      return { ...run, audit: await linesOf(at("audit.jsonl")) };
    },
    async close() {
      await azure.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Nothing if the run was cut before there was a file; a line without its end counts too. */
async function linesOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text.split("\n").filter((line) => line !== "");
}

/** The file of a cloud that listens there, its certificate authority beside it in ca.pem. */
export function cloudFile(origin: string): string {
  return JSON.stringify({
    name: "sandbox",
    authorityHost: `${origin}/`,
    resourceManager: origin,
    resourceManagerAudience: "https://management.azure.com/",
    caFile: "ca.pem",
    tenantId: sandboxTenantId,
    sandbox: true,
    sqlServerSuffix: ".database.windows.net",
    sqlAudience: "https://database.windows.net/",
  });
}

/** The policy of a lane. */
export function policyFile({ world }: EmbeddedAzure): string {
  const ids = world.subscriptions.values().map((s) => s.subscriptionId);
  return `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: test }
spec:
  owner: test
  tenantId: ${sandboxTenantId}
  estate: { subscriptions: [${ids.join(", ")}] }
  limits: { removals: { count: 100, percent: 100 } }
  federatedCredentials:
    allow: [{ issuer: "https://token.actions.githubusercontent.com", subject: "repo:c/o:ref:refs/heads/*" }]
`;
}
