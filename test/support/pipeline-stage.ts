// A sandbox whose principals for planning and applying sign in with the tokens of a CI's runs, and the CI's own services.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WORKLOAD_ISSUER } from "../../src/sandbox/entra/entra.ts";
import { binderyRoles } from "../../src/sandbox/seed/callers.ts";
import { defaultWorld } from "../../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/start.ts";
import { exportsOf } from "../cli-run.ts";

const subjects = {
  plan: [
    "repo:contoso/identities:pull_request",
    "repo:contoso/identities:ref:refs/heads/main",
    "sc://contoso/plan",
  ],
  apply: [
    "repo:contoso/identities:environment:production",
    "repo:contoso/identities:environment:production-schedule",
    "sc://contoso/apply",
  ],
} as const;

type PrincipalName = keyof typeof subjects;

/** The built-in world with two principals more, who trust the CI: one reads, one may do what Bindery's own client may. */
function seed(): string {
  const subscriptions = [...defaultWorld.matchAll(/- \{ subscriptionId: (\S+), displayName/g)].map(
    ([, id]) => id,
  );
  const callers = Object.entries(subjects).map(([name, trusted]) => [
    name,
    {
      federated: trusted.map((subject) => ({
        issuer: WORKLOAD_ISSUER,
        subject,
        audience: "api://AzureADTokenExchange",
      })),
      roles: subscriptions.flatMap((id) =>
        (name === "plan" ? ["Reader"] : binderyRoles).map((role) => ({
          role,
          scope: `/subscriptions/${id}`,
        })),
      ),
    },
  ]);
  const users = "users: [{ name: bindery, principal: bindery, roles: [db_owner] }]";
  if (!defaultWorld.includes(users)) throw new Error("The built-in world has other users in its database.");
  const ours =
    "{ name: plan, principal: plan, roles: [db_owner] }, { name: apply, principal: apply, roles: [db_owner] }";
  return `${defaultWorld.replace(users, `users: [${ours}]`)}\ncallers: ${JSON.stringify(Object.fromEntries(callers))}\n`;
}

/** Where workflows are run. */
export interface PipelineStage {
  readonly sandbox: Sandbox;
  /** What points clients at the sandbox, without any credential. */
  readonly env: Readonly<Record<string, string>>;
  clientIdOf(name: PrincipalName): string;
  /** The CI's own services: tokens of a run by its subject, and the comments of Azure DevOps. */
  readonly origin: string;
  /** Threads of the pull request, as Azure DevOps keeps them. */
  readonly threads: { id: number; comments: { content: string }[] }[];
  close(): Promise<void>;
}

export async function pipelineStage(): Promise<PipelineStage> {
  const settings = {
    listLagInMs: 0,
    graphLagInMs: 0,
    roleLagInMs: 0,
    principalLagInMs: 0,
    operationInMs: 50,
  };
  const sandbox = await startSandbox({ seed: { text: seed(), filename: "pipeline.yaml" }, settings });
  const { AZURE_CLIENT_ID: _, AZURE_CLIENT_SECRET: __, ...env } = exportsOf(sandbox.ready.envFile);
  const threads: PipelineStage["threads"] = [];
  const server = createServer((request, response) => {
    answer(request, sandbox, threads).then(
      (body) => response.end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const clients = new Map(sandbox.world.principals.values().map((p) => [p.displayName, p.clientId]));
  return {
    sandbox,
    env,
    threads,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientIdOf: (name) => clients.get(name) ?? "",
    close: async () => {
      await closed(server);
      await sandbox.close();
    },
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(
  request: IncomingMessage,
  sandbox: Sandbox,
  threads: PipelineStage["threads"],
): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://ci");
  const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  if (pathname === "/id-token") {
    const audience = searchParams.get("audience") ?? "";
    return { value: await sandbox.issueWorkloadToken({ subject: bearer, audience }) };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const base = "/project/_apis/git/repositories/identities/pullRequests/7/threads";
  if (bearer !== "build-token" || searchParams.get("api-version") !== "7.1") throw new Error("not so");
  if (request.method === "GET" && pathname === base) return { value: threads, count: threads.length };
  const body = JSON.parse(Buffer.concat(chunks).toString());
  if (request.method === "POST" && pathname === base) {
    const thread = { ...body, id: threads.length + 1 };
    threads.push(thread);
    return thread;
  }
  const [, id] = /\/threads\/(\d+)\/comments\/1$/.exec(pathname) ?? [];
  const comment = threads.find((thread) => thread.id === Number(id))?.comments[0];
  if (request.method !== "PATCH" || !comment) throw new Error(`${request.method} ${pathname}`);
  comment.content = body.content;
  return comment;
}
