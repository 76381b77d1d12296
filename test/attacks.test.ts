// What a bad change of the documents, or somebody in Azure, would bring about: what the plan says of it, that an apply
// changes nothing of it, and that the rest of the revision goes on all the same.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policyText } from "../src/cli/policy-template.ts";
import { parseManifests } from "../src/manifest/parse-manifests.ts";
import { renderDiagnostics } from "../src/manifest/render-diagnostics.ts";
import { assignmentMarker } from "../src/model/grant.ts";
import { defaultLimits, type Policy } from "../src/model/policy.ts";
import { linesOf } from "../src/plan/fixtures.ts";
import type { Plan } from "../src/plan/plan.ts";
import { renderJson } from "../src/plan/render/json.ts";
import { renderMarkdown } from "../src/plan/render/markdown.ts";
import { renderText } from "../src/plan/render/text.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { cli, exportsOf } from "./cli-run.ts";
import { admin, resourcePath } from "./support/admin.ts";
import { type Harness, harnessFor } from "./support/harness.ts";

const speed = 20;
const S = "0b1f6471-0000-4000-8000-00000000a001";
const outside = "0b1f6471-0000-4000-8000-00000000c003";
const group = (name: string): string => `/subscriptions/${S}/resourceGroups/${name}`;
const vmId = (name: string, inGroup = "rg"): string =>
  `${group(inGroup)}/providers/Microsoft.Compute/virtualMachines/${name}`;
const identityId = (name: string): string =>
  `${group("rg-identities")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const vault = `${group("rg")}/providers/Microsoft.KeyVault/vaults/kv`;
const issuer = "https://token.actions.githubusercontent.com";
const main = "repo:c/o:ref:refs/heads/main";
const suffix = ".database.windows.net";
const evilHost = "evil.example.com";
const evilServer = `evil${suffix}`;
/** What a terminal, a CI runner, a Markdown page and a mail would each take for something else than text. */
const hostile =
  "\u001b[2J\u001b]8;;http://x\u0007\u202e\r\n::error::x ##[x] </details><img src=x> [a](http://b) @team `|";

const seed = `
subscriptions:
  - { subscriptionId: ${S}, displayName: production }
  - { subscriptionId: ${outside}, displayName: somebody else's }
resourceGroups:
  - { name: rg-identities, location: westeurope }
  - { name: rg, location: westeurope }
  - { name: rg-2, location: westeurope }
  - { subscriptionId: ${outside}, name: rg-theirs, location: westeurope }
identities:
  - { resourceGroup: rg-identities, name: id-bindery }
  - { resourceGroup: rg-identities, name: id-theirs, tags: { bindery-owner: other } }
virtualMachines:
  - { resourceGroup: rg, name: vm-1, tags: { app: a } }
  - { resourceGroup: rg, name: vm-2, tags: { app: a } }
  - { resourceGroup: rg, name: vm-3, tags: { app: a } }
  - { resourceGroup: rg, name: vm-4, tags: { app: a } }
  - { resourceGroup: rg, name: vm-5 }
resources:
  - { id: ${vault}, location: westeurope, properties: {} }
sqlServers:
  - { resourceGroup: rg, name: sql-ours, entraAdmin: bindery, databases: [{ name: orders }] }
  - { resourceGroup: rg, name: sql-other, entraAdmin: bindery, databases: [{ name: orders }] }
  - { subscriptionId: ${outside}, resourceGroup: rg-theirs, name: sql-theirs, entraAdmin: bindery, databases: [{ name: orders }] }
roleDefinitions:
  - roleName: Harmless Reader
    assignableScopes: [/subscriptions/${S}]
    permissions: [{ actions: ["*/read", "Microsoft.Auth*/role*"], notActions: ["Microsoft.Authorization/locks/*"] }]
  - roleName: Dashboard Viewer
    assignableScopes: [/subscriptions/${S}]
    permissions: [{ actions: ["*"] }]
`;

/** What a revision says of the one identity, where it differs from the good one. */
interface Revision {
  readonly name?: string;
  readonly app?: string;
  readonly subject?: string;
  /** The document says nothing of credentials. */
  readonly silent?: boolean;
  readonly role?: string;
  readonly scope?: string;
  /** More of the identity's spec. */
  readonly spec?: string;
  /** One more grant. */
  readonly grant?: string;
  /** The binding is not there. */
  readonly unbound?: boolean;
}

function documents(revision: Revision = {}): string {
  const { name = "id-a", app = "a", subject, silent, role = "Reader", scope = vault, spec, grant } = revision;
  const credentials = [main, ...(subject === undefined ? [] : [subject])].map(
    (who, i) =>
      `{ name: fic-${i}, issuer: "${issuer}", subject: "${who}", audience: "api://AzureADTokenExchange" }`,
  );
  const trust = silent ? "" : `, federatedCredentials: [${credentials.join(", ")}]`;
  const identity = `${identityOf(name, "team", `${trust}${spec === undefined ? "" : `, ${spec}`}`)}`;
  const grants = [`{ azureRole: { roleName: ${role}, scope: ${scope} } }`, ...(grant ? [grant] : [])];
  const binding = `apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec:
  identityRef: { name: ${name} }
  targets:
    - { virtualMachines: { resourceGroups: [rg], selector: { matchTags: { app: ${app} } } } }
    - { virtualMachine: { resourceGroup: rg, name: vm-5 } }
  grants: [${grants.join(", ")}]
---
`;
  return revision.unbound ? identity : identity + binding;
}

function identityOf(name: string, namespace: string, more = ""): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: ${namespace} }
spec: { subscriptionId: ${S}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative${more} }
---
`;
}

let sandbox: Sandbox;
let bindery: Harness;
let trap: Server;
let folder: string;
let caught = 0;
let round = 0;

const policy: Partial<Policy> = {
  estate: { subscriptions: [S], managementGroups: [] },
  limits: defaultLimits,
  sqlServers: [`sql-ours${suffix}`, `sql-theirs${suffix}`, evilHost, evilServer],
};

beforeAll(async () => {
  const none = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 50 };
  sandbox = await startSandbox({ speed, settings: none, seed: { text: seed, filename: "attacks.yaml" } });
  folder = mkdtempSync(join(tmpdir(), "bindery-attacks-"));
  trap = createServer((socket) => {
    caught += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
  bindery = harnessFor({ ...sandbox, cloudFile: trapping(evilHost, evilServer) }, speed);
  await bindery.apply(`${documents()}${neighbour()}`, { policy });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  trap.close();
  await sandbox.close();
});

/** The sandbox's cloud, in which these SQL servers lead to a socket that counts who comes. */
function trapping(...servers: readonly string[]): string {
  const address = trap.address();
  if (address === null || typeof address === "string") throw new Error("the trap does not listen");
  const led = Object.fromEntries(servers.map((server) => [server, `127.0.0.1:${address.port}`]));
  const cloud = JSON.parse(readFileSync(sandbox.cloudFile, "utf8")) as { sqlAddresses: object };
  const path = join(folder, `cloud-${servers.length}.json`);
  writeFileSync(path, JSON.stringify({ ...cloud, sqlAddresses: { ...cloud.sqlAddresses, ...led } }));
  return path;
}

function ownPrincipal(): string {
  const { clientId } = sandbox.ready;
  const caller = sandbox.world.principals.values().find((p) => p.clientId === clientId);
  if (!caller) throw new Error("Bindery's caller has no principal.");
  return caller.objectId;
}

/** Another team's document in the same revision, with something new in it each time. */
function neighbour(): string {
  round += 1;
  return identityOf("id-good", "others", `, tags: { round: "${round}" }`);
}

/** Everything that an attack could be after: all of Azure but the neighbour. */
function victims(): ReadonlyMap<string, string> {
  const all = [...sandbox.world.resources.values(), ...sandbox.world.roleAssignments.values()];
  const entries = all.map((one) => [one.id.toLowerCase(), JSON.stringify(one)] as const);
  return new Map(entries.filter(([id]) => id !== identityId("id-good").toLowerCase()));
}

/** What has come, gone or changed since then. */
function changedSince(before: ReadonlyMap<string, string>): readonly string[] {
  const now = victims();
  return [...new Set([...before.keys(), ...now.keys()])].filter((id) => before.get(id) !== now.get(id));
}

/** Plans and applies a revision with an attack in it; in the end nothing has changed but the neighbour. */
async function attempt(text: string): Promise<Plan> {
  const revision = text + neighbour();
  const plan = await bindery.plan(revision, { policy });
  const before = victims();
  await bindery.apply(revision, { policy });
  expect(changedSince(before)).toEqual([]);
  expect(sandbox.world.resources.get(identityId("id-good"))?.tags?.round).toBe(String(round));
  return plan;
}

/** What a plan says of everything but the neighbour. */
function said(plan: Plan): readonly string[] {
  return linesOf({ ...plan, changes: plan.changes.filter(({ identityId: id }) => !/id-good$/i.test(id)) });
}

describe("a change of the documents", () => {
  test("without any bad intent changes nothing but the neighbour", async () => {
    expect(said(await attempt(documents()))).toEqual([]);
  });

  test("that renames an identity creates none beside the old one", async () => {
    const plan = await attempt(documents({ name: "id-b" }));
    expect(said(plan)).toContain("LooksLikeRename: create id-b");
    expect(said(plan).filter((line) => !/^(LooksLikeRename|DependencyHeld): /.test(line))).toEqual([]);
    expect(plan.orphans.map((o) => o.identityId)).toEqual([expect.stringMatching(/id-a$/i)]);
  });

  test("that empties a selector detaches nothing", async () => {
    const plan = await attempt(documents({ app: "b" }));
    expect(said(plan)).toEqual([1, 2, 3, 4].map((n) => `SelectorCollapsed: detach vm-${n}`));
    expect(plan.selectors).toMatchObject([{ matched: 0, attached: 4, new: 0, leaving: 4 }]);
  });

  test("that loses a binding takes nothing away: it is too much at once", async () => {
    const plan = await attempt(documents({ unbound: true }));
    expect(said(plan)).toHaveLength(6);
    expect(said(plan).filter((line) => !line.startsWith("TooManyRemovals: "))).toEqual([]);
  });

  test("that takes away all documents of a team makes orphans, shown with all that they can", async () => {
    const plan = await attempt("");
    expect(said(plan)).toEqual([]);
    const [orphan] = plan.orphans;
    expect([orphan?.targets.length, orphan?.roles.length, orphan?.credentials.length]).toEqual([5, 1, 1]);
  });

  test("that empties the repository takes nothing away", async () => {
    const before = victims();
    const subscription = { subscriptionId: S, displayName: "", tenantId: "", state: "" };
    const { tenantId } = sandbox.ready;
    const text = policyText({ owner: "test", tenantId, tenantName: "", subscriptions: [subscription] });
    writeFileSync(join(folder, "policy.yaml"), text);
    const empty = mkdtempSync(join(folder, "manifests-"));
    const env = exportsOf(sandbox.ready.envFile);
    const { code, stdout, stderr } = await cli(["apply", empty, "--policy", "policy.yaml"], {
      cwd: folder,
      env,
    });
    expect({ code, said: stdout + stderr }).toMatchObject({
      code: 0,
      said: expect.stringMatching(/orphan/i),
    });
    expect(changedSince(before)).toEqual([]);
  });

  test.each([
    ["everything", "Dashboard Viewer"],
    ["the power to assign roles", "Harmless Reader"],
  ])("that grants %s by a role with an innocent name is held", async (_, role) => {
    const grant = `{ azureRole: { roleName: ${role}, scope: ${vault} } }`;
    const plan = await attempt(documents({ grant }));
    expect(said(plan)).toEqual([`Privileged: grant ${role}`]);
  });

  test("that trusts its own fork is held", async () => {
    const plan = await attempt(documents({ subject: "repo:fork/o:ref:refs/heads/main" }));
    expect(said(plan)).toEqual(["FederatedTrust: update credential fic-1"]);
  });

  test("that wants to adopt what another owner has is held", async () => {
    const theirs = documents({ name: "id-theirs", spec: "adoptionPolicy: Additive" });
    const lines = said(await attempt(documents() + theirs));
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => !line.startsWith("OwnedByAnother: "))).toEqual([]);
  });
});

describe("rule 12: to a server that is not Bindery's business nobody signs in", () => {
  const rows = [
    ["of a foreign host", evilHost, "ServerNotInEstate"],
    ["of the cloud's suffix that nobody knows", evilServer, "ServerNotInEstate"],
    ["of a subscription outside the estate", `sql-theirs${suffix}`, "ServerNotInEstate"],
    ["that the policy does not allow", `sql-other${suffix}`, "ServerNotAllowed"],
  ] as const;

  test.each(rows)("%s, named by a document", async (_, server, reason) => {
    sandbox.sql.log.clear();
    const grant = `{ sqlDatabase: { server: ${server}, database: orders, roles: [db_datareader] } }`;
    const lines = said(await attempt(documents({ grant })));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !line.startsWith(`${reason}: `))).toEqual([]);
    expect([caught, sandbox.sql.log.entries()]).toEqual([0, []]);
  });

  test("named by a tag that somebody wrote, in words that lead elsewhere", async () => {
    const id = identityId("id-a");
    const tags = sandbox.world.resources.get(id)?.tags ?? {};
    const named = [
      ...rows.map(([, server]) => `${server}/orders`),
      `sql-ours${suffix}/..%2F..%2Fservers%2Fx`,
    ];
    const remembered = Object.fromEntries(named.map((value, i) => [`bindery-sql-${i + 1}`, value]));
    await admin(sandbox, "PATCH", resourcePath(id), { tags: { ...tags, ...remembered } });
    sandbox.sql.log.clear();
    bindery.requests();
    const before = victims();
    await bindery.apply(documents(), { policy });
    expect([caught, sandbox.sql.log.entries()]).toEqual([0, []]);
    expect(bindery.requests().filter(({ operation }) => /\.\.|servers\/x/i.test(operation))).toEqual([]);
    expect(changedSince(before)).toEqual([id.toLowerCase()]);
    const left = sandbox.world.resources.get(id)?.tags ?? {};
    expect(Object.values(left).filter((value) => value.includes("/orders"))).toHaveLength(rows.length);
    expect(JSON.stringify(left)).not.toContain("..");
    const found = sandbox.world.resources.get(id);
    if (found) sandbox.world.resources.set(id, { ...found, tags });
  });

  test("the log shows who signs in, and the trap who comes: both can tell", async () => {
    const grant = `{ sqlDatabase: { server: sql-ours${suffix}, database: orders, roles: [db_datareader] } }`;
    await bindery.plan(documents({ grant }), { policy });
    expect(sandbox.sql.log.entries().map(({ kind }) => kind)).toContain("login");
    const trapped = harnessFor({ ...sandbox, cloudFile: trapping(`sql-ours${suffix}`) }, speed);
    const plan = await trapped.plan(documents({ grant }), { policy });
    expect(said(plan).every((line) => line.startsWith("DatabaseUnreadable: "))).toBe(true);
    expect(caught).toBeGreaterThan(0);
  });
});

describe("text that is meant for something else than a reader", () => {
  const context = (): Parameters<typeof renderJson>[1] => ({
    cloud: "sandbox",
    tenantId: sandbox.ready.tenantId,
  });
  const steering = /[\p{Cc}\p{Cf}]/u;
  const linesWith = (pattern: RegExp, text: string) => text.split("\n").filter((line) => pattern.test(line));

  test("in a tag, a role's name and a description is harmless in every form of the plan", async () => {
    const role = await roleNamed(`Viewer ${hostile}`);
    const { tags = {} } = sandbox.world.resources.get(identityId("id-theirs")) ?? {};
    await admin(sandbox, "PATCH", resourcePath(identityId("id-theirs")), {
      tags: { ...tags, "bindery-owner": hostile },
    });
    const theirs = documents({ name: "id-theirs", spec: "adoptionPolicy: Additive" });
    const plan = await bindery.plan(theirs, { policy });
    expect(JSON.stringify(plan.held)).toContain("u001b");
    expect(JSON.stringify(plan.orphans)).toContain("u001b");
    const [text, markdown, json] = [
      renderText(plan, { all: true }),
      renderMarkdown(plan, context(), {}),
      renderJson(plan, context()),
    ];
    for (const page of [text, markdown, json]) {
      expect(linesWith(steering, page)).toEqual([]);
      expect(linesWith(/^\s*::|##\[/, page)).toEqual([]);
    }
    const prose = markdown
      .replaceAll(/<\/?(details|summary)>/g, "")
      .replaceAll(/(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
    expect(linesWith(/<img|(?<!\\)\]\(|(?<!\\)@team\b/, prose)).toEqual([]);
    sandbox.world.roleAssignments.delete(role);
  });

  test("in a document is a mistake whose diagnostic is harmless", () => {
    const spec = `tags: { note: ${JSON.stringify(hostile)}, ${JSON.stringify(hostile)}: x }, ${JSON.stringify(hostile)}: 1`;
    const bytes = new TextEncoder().encode(documents({ spec }));
    const { diagnostics } = parseManifests([{ path: "a.yaml", bytes }]);
    expect(diagnostics.filter((d) => d.severity === "error").length).toBeGreaterThan(0);
    for (const form of ["text", "json", "github"] as const) {
      const shown = renderDiagnostics(diagnostics, form, { files: [{ path: "a.yaml", bytes }] });
      expect(linesWith(steering, shown)).toEqual([]);
      expect(linesWith(/^::(?!error |warning )|##\[/, shown)).toEqual([]);
    }
  });

  /** Gives the identity of the documents a role of this name, and says which assignment that is. */
  async function roleNamed(roleName: string): Promise<string> {
    const name = "5f2e1c1a-0000-4000-8000-00000000c001";
    const [model] = sandbox.world.roleDefinitions.values().filter((r) => r.roleName === "Harmless Reader");
    if (!model) throw new Error("no role");
    sandbox.world.roleDefinitions.set(name, { ...model, name, roleName });
    const principalId = sandbox.world.resources.get(identityId("id-a"))?.properties?.principalId;
    const made = { scope: vault, role: name, principalId, description: hostile };
    const { id } = (await admin(sandbox, "POST", "role-assignments", made)) as { id: string };
    return id;
  }
});

describe("somebody in Azure", () => {
  test("who copies our marker onto a role assignment does not make it ours to revoke", async () => {
    const principalId = sandbox.world.resources.get(identityId("id-theirs"))?.properties?.principalId;
    const description = assignmentMarker("test", identityId("id-a"));
    await admin(sandbox, "POST", "role-assignments", {
      scope: vault,
      role: "Contributor",
      principalId,
      description,
    });
    expect(said(await attempt(documents()))).toEqual([]);
  });

  test("who lets others act as an identity is noticed, though no document speaks of credentials", async () => {
    const evil = "repo:evil/o:ref:refs/heads/main";
    const name = "theirs";
    const id = `${identityId("id-a")}/federatedIdentityCredentials/${name}`;
    await admin(sandbox, "PUT", resourcePath(id), {
      id,
      name,
      type: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
      properties: { issuer, subject: evil, audiences: ["api://AzureADTokenExchange"] },
    });
    const plan = await attempt(documents({ silent: true }));
    expect(said(plan)).toEqual([]);
    const alarms = plan.warnings.filter((w) => w.code === "ForeignTrust");
    expect(alarms.map((w) => w.message)).toEqual([expect.stringContaining(evil)]);
    await admin(sandbox, "DELETE", resourcePath(id));
  });

  test("who moves a machine does not make it lose its identity", async () => {
    await admin(sandbox, "POST", "move", { id: vmId("vm-5"), resourceGroup: group("rg-2") });
    const plan = await attempt(documents());
    expect(said(plan)).toEqual(["TargetNotFound: attach vm-5", "TargetMoved: detach vm-5"]);
    await admin(sandbox, "POST", "move", { id: vmId("vm-5", "rg-2"), resourceGroup: group("rg") });
  });
});

test("a change of the documents that describes the identity that Bindery runs as, or grants a role at it, is held", async () => {
  // From here on the caller cannot sign in again, as its principal is the identity's.
  const properties = { principalId: ownPrincipal() };
  await admin(sandbox, "PATCH", resourcePath(identityId("id-bindery")), { properties });
  const own = documents({ name: "id-bindery", spec: "adoptionPolicy: Additive" });
  const grant = `{ azureRole: { roleName: Reader, scope: ${identityId("id-bindery")} } }`;
  const described = said(await attempt(documents() + own));
  expect(described.length).toBeGreaterThan(3);
  expect(described.filter((line) => !line.startsWith("OwnIdentity: "))).toEqual([]);
  expect(said(await attempt(documents({ grant })))).toEqual(["OwnIdentity: grant Reader"]);
});
