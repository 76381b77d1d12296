// Loads bodies recorded from real Azure into the sandbox and expects them back unchanged.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { startSandbox } from "../src/sandbox/start.ts";
import { rawClient } from "./sandbox-client.ts";

const folder = resolve(process.env.BINDERY_AZURE_DATA ?? "../shared", "azure-recordings");
const isThere = existsSync(folder);
if (!isThere) process.stdout.write(`skipped: no recordings of real Azure in ${folder}\n`);

interface Body {
  readonly id: string;
  readonly type: string;
}

const versions: Readonly<Record<string, string>> = {
  "microsoft.compute/virtualmachines": "2025-04-01",
  "microsoft.compute/virtualmachinescalesets": "2024-11-01",
  "microsoft.web/sites": "2024-11-01",
};

/** Every single resource and every item of a list that a GET has answered. */
function recordedBodies(file: string): Body[] {
  const { exchanges } = JSON.parse(readFileSync(resolve(folder, file), "utf8"));
  const gets = exchanges.filter(
    (e: { method: string; status: number }) => e.method === "GET" && e.status === 200,
  );
  const bodies: Body[] = gets.flatMap(
    (e: { responseBody: { value?: Body[] } }) => e.responseBody.value ?? [e.responseBody],
  );
  const isResource = (b: Body) =>
    /^\/subscriptions\/[^/]+\/resourcegroups\/.+\/providers\//i.test(String(b.id));
  return [...new Map(bodies.filter(isResource).map((b) => [b.id.toLowerCase(), b])).values()];
}

test
  .skipIf(!isThere)
  .each([
    "vm-identity-2026.json",
    "vm-identity.json",
    "vm-list.json",
    "vmss-list.json",
    "webapp-identity.json",
  ])("%s", async (file) => {
  const resources = recordedBodies(file);
  expect(resources.length).toBeGreaterThan(0);
  const groups = new Map(
    resources.map((r) => {
      const [, , subscriptionId, , name] = r.id.split("/");
      return [`${subscriptionId}/${name}`.toLowerCase(), { subscriptionId, name, location: "westus" }];
    }),
  );
  const subscriptions = [...new Set([...groups.values()].map((g) => g.subscriptionId))].map(
    (subscriptionId) => ({ subscriptionId }),
  );
  const text = JSON.stringify({ subscriptions, resourceGroups: [...groups.values()], resources });
  const sandbox = await startSandbox({ seed: { text, filename: file }, settings: { throttled: false } });
  const { ready } = sandbox;
  const operator = await rawClient(sandbox, ready.operatorClientId, ready.operatorClientSecret);
  for (const body of resources) {
    const version = versions[body.type.toLowerCase()] ?? "2024-01-01";
    const reply = await operator("GET", `${body.id}?api-version=${version}`, undefined, {
      "user-agent": "recording",
    });
    expect(reply.body).toEqual(body);
  }
  await sandbox.close();
});
