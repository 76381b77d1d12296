// Grant, revoke, repair and drop, cut at every single statement, before and after it took effect: run again, the end is the same.
import { afterEach, beforeEach, expect, test } from "vitest";
import { linesOf } from "../src/plan/fixtures.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { type Harness, harnessFor } from "./support/harness.ts";
import { askAsOperator } from "./support/sql-client.ts";

const speed = 1_000;
const P = "0b1f6471-0000-4000-8000-00000000a001";
const noLag = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 0 };

let sandbox: Sandbox;
let bindery: Harness;

beforeEach(async () => {
  sandbox = await startSandbox({ speed, settings: { ...noLag, throttled: false } });
  bindery = harnessFor(sandbox, speed);
});
afterEach(() => sandbox.close());

/** How far the user of one identity has come: its roles, and whose the schema is that it owns. */
interface End {
  readonly roles: readonly string[];
  readonly owner: string;
  readonly remembers: boolean;
}

const granted = (name: string): End => ({
  roles: ["db_datareader", "order_reader"],
  owner: name,
  remembers: true,
});

interface Story {
  readonly name: string;
  /** Brings about what the cut run starts from. */
  readonly before: (name: string) => Promise<void>;
  /** The grants and the lifecycle of the run that is cut. */
  readonly grants: string;
  readonly lifecycle?: string;
  readonly end: (name: string) => End;
}

const roles = "roles: [db_datareader, order_reader]";
const ofNobody: End = { roles: [], owner: "dbo", remembers: false };

const stories: readonly Story[] = [
  {
    name: "grant",
    before: async () => undefined,
    grants: roles,
    end: (name) => ({ ...granted(name), owner: "" }),
  },
  {
    name: "revoke",
    before: (name) => settled(name, roles),
    grants: "roles: [db_datareader]",
    end: (name) => ({ roles: ["db_datareader"], owner: name, remembers: true }),
  },
  { name: "drop", before: (name) => settled(name, roles), grants: "", end: () => ofNobody },
  {
    name: "drop before deletion",
    before: (name) => settled(name, roles),
    grants: "",
    lifecycle: "Absent",
    end: () => ofNobody,
  },
  {
    name: "repair",
    before: async (name) => {
      await settled(name, roles);
      sandbox.secondClient.act({ kind: "recreateIdentity", resourceId: identityId(name) });
      await bindery.apply(documents(name, ""), { maxPasses: 1 });
    },
    grants: roles,
    end: granted,
  },
];

const places = stories.flatMap((story) => (["before", "after"] as const).map((cut) => ({ ...story, cut })));

test.each(places)(
  "$name, cut $cut each statement",
  async ({ name: kind, before, grants, lifecycle, end, cut }) => {
    let isOver = false;
    for (let n = 0; !isOver; n += 1) {
      const name = `id-${kind.replaceAll(" ", "-")}-${cut}-${n}`;
      await before(name);
      const { id } = sandbox.sql.faults.add({
        at: "statement",
        statements: "writes",
        cut,
        after: n,
        times: 1,
      });
      const text = documents(name, grants, lifecycle);
      await applied(text);
      isOver = sandbox.sql.faults.list().every((fault) => fault.id !== id || fault.hits === 0);
      sandbox.sql.faults.clear();
      await applied(text);
      expect(linesOf(await bindery.plan(text)), `after a cut at statement ${n}`).toEqual([]);
      expect(await endOf(name), `after a cut at statement ${n}`).toEqual(end(name));
      expect(n).toBeLessThan(30);
    }
  },
);

function identityId(name: string): string {
  return `/subscriptions/${P}/resourceGroups/rg-identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
}

function documents(name: string, grant: string, lifecycle = "Present"): string {
  const database = "server: sql-orders.database.windows.net, database: orders";
  const grants = grant === "" ? "" : `{ sqlDatabase: { ${database}, ${grant} } }`;
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${P}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative, adoptionPolicy: Additive, lifecycle: ${lifecycle} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec: { identityRef: { name: ${name} }, grants: [${grants}] }
`;
}

/** A user with its roles and a schema of its own. */
async function settled(name: string, grants: string): Promise<void> {
  await applied(documents(name, grants));
  await askAsOperator(sandbox, `CREATE SCHEMA [of-${name}] AUTHORIZATION [${name}]`);
}

/** Applies, and once more with approval where a recreated identity's repair is held. */
async function applied(text: string): Promise<void> {
  const { passes } = await bindery.apply(text);
  const held = passes.at(-1)?.plan.held.filter((h) => h.releasable) ?? [];
  if (held.length > 0) await bindery.apply(text, { release: held.map((h) => h.digest) });
}

async function endOf(name: string): Promise<End> {
  const members = `SELECT r.name FROM sys.database_role_members AS m JOIN sys.database_principals AS r ON r.principal_id = m.role_principal_id JOIN sys.database_principals AS u ON u.principal_id = m.member_principal_id WHERE u.name = N'${name}' ORDER BY r.name`;
  const owner = `SELECT p.name FROM sys.schemas AS s JOIN sys.database_principals AS p ON p.principal_id = s.principal_id WHERE s.name = N'of-${name}'`;
  const namesIn = (answer: unknown) => (Array.isArray(answer) ? answer.map((row) => String(row.name)) : []);
  return {
    roles: namesIn(await askAsOperator(sandbox, members)),
    owner: namesIn(await askAsOperator(sandbox, owner)).join(),
    remembers: "bindery-sql-1" in (sandbox.world.resources.get(identityId(name))?.tags ?? {}),
  };
}
