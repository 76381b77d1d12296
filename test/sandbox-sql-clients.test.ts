// Clients of SQL that Bindery's makers did not write or choose: FreeTDS and python-tds, unchanged, as child processes.
// Where a client is not installed its tests are skipped, loudly.
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";

/** Debian's own Python, which has Debian's python3-tds; the one on PATH may be another. */
const python = "/usr/bin/python3";
const script = join(import.meta.dirname, "clients", "sql_reads.py");
const password = "P@ss w0rd!é";

const isPythonThere = isThere(python, ["-c", "import pytds, OpenSSL"], "python-tds (Debian: python3-tds)");
const isFreeTdsThere = isThere("tsql", ["-C"], "FreeTDS (Debian: freetds-bin)");

/** Whether a client can be started; says on stderr that its tests are skipped where it cannot. */
function isThere(command: string, args: readonly string[], what: string): boolean {
  const { status } = spawnSync(command, args, { stdio: "ignore" });
  if (status !== 0)
    process.stderr.write(`SKIPPED: ${what} cannot be started, so nothing is tried with it.\n`);
  return status === 0;
}

let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  const seed = {
    subscriptions: [{ subscriptionId: "00000000-0000-4000-8000-000000000001" }],
    resourceGroups: [{ name: "rg", location: "westeurope" }],
    sqlServers: [
      {
        resourceGroup: "rg",
        name: "sql-orders",
        sqlAdmin: { login: "sqladmin", password },
        databases: [
          {
            name: "orders",
            tables: [
              {
                name: "sales.orders",
                columns: ["id int NOT NULL", "customer nvarchar(100)"],
                rows: [
                  [1, "Contoso"],
                  [2, "Ölmühle 漢"],
                ],
              },
            ],
            users: [{ name: "reader", password: "secret-1", roles: ["db_datareader"] }],
          },
        ],
      },
    ],
  };
  sandbox = await startSandbox({ seed: { text: JSON.stringify(seed), filename: "seed.json" } });
  folder = await mkdtemp(join(tmpdir(), "bindery-tds-"));
});
afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
});

function port(): number {
  const { "sql-orders.database.windows.net": address = "" } = sandbox.ready.sqlAddresses;
  return Number(address.split(":")[1]);
}

/** Runs a client to its end: what it printed, both streams together. */
function printed(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  stdin: string,
): Promise<string> {
  const { PATH = "/usr/bin:/bin" } = process.env;
  return new Promise((resolve) => {
    const options = { env: { PATH, HOME: tmpdir(), LANG: "C.UTF-8", ...env } };
    const child = execFile(command, [...args], options, (_error, stdout, stderr) => resolve(stdout + stderr));
    child.stdin?.end(stdin);
  });
}

describe.skipIf(!isFreeTdsThere)("FreeTDS", () => {
  async function tsql(user: string, secret: string, version: string, batch: string): Promise<string> {
    const file = join(folder, `freetds-${version}.conf`);
    const { caFile } = sandbox.ready;
    const lines = [
      "[orders]",
      "host = localhost",
      `port = ${port()}`,
      `tds version = ${version}`,
      "encryption = require",
      `ca file = ${caFile}`,
      "check certificate hostname = yes",
    ];
    await writeFile(file, `${lines.join("\n")}\n`);
    const args = ["-S", "orders", "-U", user, "-P", secret, "-D", "orders"];
    return await printed("tsql", args, { FREETDSCONF: file }, `${batch}\ngo\n`);
  }

  test.each(["7.4", "7.3", "7.2", "auto"])(
    "reads and writes by TDS %s, over TLS whose names it checks",
    async (version) => {
      const batch = `SELECT id, customer FROM sales.orders\ngo\nCREATE USER [tsql${version}] WITHOUT LOGIN\ngo\nSELECT name FROM sys.database_principals WHERE name LIKE N'tsql${version}'\ngo\nDROP USER nobody`;
      const seen = await tsql("sqladmin", password, version, batch);
      expect(seen).toContain("2\tÖlmühle 漢");
      expect(seen).toContain(`tsql${version}`);
      expect(seen).toMatch(/Msg 15151 .*\n\s*"Cannot drop the user 'nobody'/);
    },
  );

  test("is refused as a reader who writes, with a wrong password, and with an old TDS", async () => {
    expect(await tsql("reader", "secret-1", "7.4", "DELETE FROM sales.orders")).toContain("Msg 229 ");
    expect(await tsql("reader", "wrong", "7.4", "SELECT 1")).toContain("Login failed for user 'reader'.");
    expect(await tsql("sqladmin", password, "7.1", "SELECT 1")).toContain("TDS 7.2 or later is required.");
  });
});

describe.skipIf(!isPythonThere)("python-tds", () => {
  test("reads with parameters, sees errors, and undoes a transaction", async () => {
    const given = { port: port(), caFile: sandbox.ready.caFile, user: "sqladmin", password };
    const seen: unknown = JSON.parse(await printed(python, ["-B", script], {}, JSON.stringify(given)));
    expect(seen).toEqual({
      users: [["reader", "S", expect.stringMatching(/^[0-9a-f]{56}$/)]],
      error: [15151, expect.stringContaining("Cannot drop the user 'nobody'")],
      inside: 1,
      undone: 0,
      rows: [
        [1, "Contoso"],
        [2, "Ölmühle 漢"],
      ],
      wrongPassword: "Login failed for user 'sqladmin'.",
    });
  });
});
