// A sandbox whose Bindery has just the rights that `bindery permissions` names for the documents, or all of them but one.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseCloudFile } from "../../src/azure/cloud.ts";
import { connectAzure } from "../../src/azure/connect.ts";
import { heldFor } from "../../src/controller/caller-rights.ts";
import type { Convergence } from "../../src/controller/converge.ts";
import type { Desired } from "../../src/desired/desired.ts";
import { desiredFrom } from "../../src/desired/desired-from.ts";
import { parseManifests } from "../../src/manifest/parse-manifests.ts";
import { modelPolicyFrom, parsePolicy } from "../../src/manifest/parse-policy.ts";
import { idKey } from "../../src/model/arm-id.ts";
import type { RolePermission } from "../../src/model/grant.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { StatementGiving } from "../../src/permissions/databases.ts";
import type { Need } from "../../src/permissions/needs.ts";
import { type Verdict, verdictOn } from "../../src/permissions/permits.ts";
import { rightsOfOperations, withRights } from "../../src/permissions/plan-rights.ts";
import { type RightsReport, rightsReportFrom } from "../../src/permissions/report.ts";
import { roleGuidsOf } from "../../src/permissions/role-guids.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/start.ts";
import { statementGiving } from "../../src/sql/rights.ts";
import { clientOf, rawClient } from "../sandbox-client.ts";
import { harnessFor } from "./harness.ts";

const speed = 20;
const authorization = "providers/Microsoft.Authorization";

/** Bindery with the rights of a report, on a sandbox of its own. */
export interface LeastRights {
  readonly sandbox: Sandbox;
  readonly report: RightsReport;
  /** Takes an action out of every role, or puts all of them back. */
  without(action?: string): void;
  /** What `bindery permissions --check` would say. */
  check(): Promise<Verdict<Need>>;
  /** What `bindery plan` would show. */
  plan(documents?: string): Promise<Plan>;
  apply(documents?: string): Promise<Convergence>;
  /** Sends a request by hand, as Bindery. */
  send(method: string, path: string, body?: unknown): Promise<{ readonly status: number }>;
}

/** The sample repository: its documents as one text, and its policy. */
export function sampleRepository(): { readonly documents: string; readonly policy: Policy } {
  const text = (path: string): string =>
    readFileSync(new URL(`../../manifests/${path}`, import.meta.url), "utf8");
  const files = ["teams/orders/orders.yaml", "teams/orders/reporting.yaml", "teams/billing/billing.yaml"];
  const { policy } = parsePolicy({
    path: "policy.yaml",
    bytes: new TextEncoder().encode(text("policy.yaml")),
  });
  if (!policy) throw new Error("The sample's policy has mistakes.");
  return { documents: files.map(text).join("\n---\n"), policy: modelPolicyFrom(policy) };
}

/** Gives Bindery the roles for these documents, and nothing else, on a sandbox that runs or a new one. */
export async function leastRights(
  documents: string,
  policy: Policy,
  running?: Sandbox,
): Promise<LeastRights> {
  const sandbox = running ?? (await startSandbox({ speed }));
  const { ready, world } = sandbox;
  const bindery = harnessFor(sandbox, speed);
  const rights = connectionOf(sandbox).rights;
  const desired = read(documents);
  const report = reportFor(desired, policy, sandbox);
  const operator = await rawClient(sandbox, ready.operatorClientId, ready.operatorClientSecret);
  const own = await rawClient(sandbox, ready.clientId, ready.clientSecret);
  const names = await giveRoles(sandbox, report, operator);
  const full = names.map((name) => [name, world.roleDefinitions.get(name)] as const);
  const signal = (): AbortSignal => AbortSignal.timeout(60_000);
  return {
    sandbox,
    report,
    without: (action) => {
      for (const [name, role] of full) {
        if (!role) throw new Error(`The role ${name} was not made.`);
        const permissions = role.permissions.map((one) => ({
          ...one,
          actions: one.actions.filter((a) => a !== action),
        }));
        world.roleDefinitions.set(name, { ...role, permissions });
      }
    },
    check: async () => verdictOn(report.needs, await heldFor(report.needs, rights, signal())),
    plan: async (text = documents) => {
      const plan = await bindery.plan(text, { policy });
      return withRights(plan, await heldFor(rightsOfOperations(plan.operations), rights, signal()));
    },
    apply: (text = documents) => bindery.apply(text, { policy }),
    send: (method, path, body) => own(method, path, body),
  };
}

function connectionOf(sandbox: Sandbox) {
  const { cloud, problems } = parseCloudFile(readFileSync(sandbox.cloudFile, "utf8"));
  if (!cloud) throw new Error(problems.join("\n"));
  const clock = { now: Date.now, sleep: async (): Promise<void> => undefined };
  const { credential } = clientOf(sandbox);
  const ca = readFileSync(sandbox.ready.caFile, "utf8");
  return connectAzure({ cloud, credential, ca, clock, dryRun: true, tenantId: sandbox.ready.tenantId });
}

/** The report, with the GUIDs that the sandbox's role definitions have. */
function reportFor(desired: Desired, policy: Policy, { world }: Sandbox): RightsReport {
  const all = world.roleDefinitions.values().map(({ name, roleName, assignableScopes, permissions }) => ({
    guid: name,
    roleName,
    isCustom: false,
    assignableScopes,
    permissions: permissions satisfies readonly RolePermission[],
  }));
  const scopes = desired.identities.flatMap((i) => i.bindings.flatMap((b) => b.grants.map((g) => g.scope)));
  const definitions = new Map(scopes.map((scope) => [idKey(scope.split("/").slice(0, 3).join("/")), all]));
  const { at, unresolved } = roleGuidsOf(desired, definitions);
  if (unresolved.length > 0) throw new Error(`No such roles: ${JSON.stringify(unresolved)}`);
  const giving: StatementGiving = (right) => statementGiving(right, "bindery");
  return rightsReportFrom({ desired, policy, purpose: "apply", roleGuidsAt: at, giving });
}

type Send = Awaited<ReturnType<typeof rawClient>>;

/** Takes all of Bindery's roles and gives it those of the report, by ARM, as an administrator would; their names. */
async function giveRoles(
  { ready, world }: Sandbox,
  report: RightsReport,
  send: Send,
): Promise<readonly string[]> {
  const caller = world.principals.values().find(({ clientId }) => clientId === ready.clientId);
  if (!caller) throw new Error("Bindery's caller is not there.");
  const { objectId } = caller;
  const own = world.roleAssignments.values().filter(({ principalId }) => principalId === objectId);
  for (const { id } of own) world.roleAssignments.delete(id);
  for (const { name, type } of world.roleDefinitions.values()) {
    if (type === "CustomRole") world.roleDefinitions.delete(name);
  }
  const put = async (path: string, properties: object): Promise<void> => {
    const { status, body } = await send("PUT", `${path}?api-version=2022-04-01`, { properties });
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  };
  const names: string[] = [];
  for (const { definition, assignments } of report.roles) {
    const name = randomUUID();
    names.push(name);
    const { Name, Description, Actions, AssignableScopes } = definition;
    const permissions = [{ actions: Actions, notActions: [], dataActions: [], notDataActions: [] }];
    const role = { roleName: Name, description: Description, type: "CustomRole", permissions };
    const [at = ""] = AssignableScopes;
    await put(`${at}/${authorization}/roleDefinitions/${name}`, {
      ...role,
      assignableScopes: AssignableScopes,
    });
    for (const { scope, condition } of assignments) {
      const roleDefinitionId = `${scope.split("/").slice(0, 3).join("/")}/${authorization}/roleDefinitions/${name}`;
      const confined = condition === undefined ? {} : { condition, conditionVersion: "2.0" };
      const assignment = {
        roleDefinitionId,
        principalId: objectId,
        principalType: "ServicePrincipal",
        ...confined,
      };
      await put(`${scope}/${authorization}/roleAssignments/${randomUUID()}`, assignment);
    }
  }
  return names;
}

function read(documents: string): Desired {
  const parsed = parseManifests([{ path: "test.yaml", bytes: new TextEncoder().encode(documents) }]);
  const errors = parsed.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return desiredFrom(parsed.documents, "test");
}
