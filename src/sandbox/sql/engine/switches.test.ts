import { expect, test } from "vitest";
import { defaultSwitches, type Switches, switchTable } from "../../switches.ts";
import { told } from "../service/unseen-numbers.ts";
import { SqlError } from "../sql-error.ts";
import type { Directory } from "./database.ts";
import { done, given, ordersDatabase, sessionOf } from "./engine-world.ts";

const sid = "0xC4A3B7D1341278569ABCDEF012345678";
const clientId = "D1B7A3C4-1234-5678-9ABC-DEF012345678";
const one = { objectId: "11111111-2222-4333-8444-555555555555", clientId };
const directory: Directory = {
  byDisplayName: (name) => [one].filter(() => name === "one"),
  byObjectId: (id) => [one].find(({ objectId }) => objectId === id),
};
const external = "FROM EXTERNAL PROVIDER";
const byId = (id: string) => `CREATE USER two ${external} WITH OBJECT_ID = '${id}'`;
const shown =
  "SELECT name, type, type_desc, authentication_type FROM sys.database_principals WHERE sid = @sid";

type Name =
  | "repeatedMembership"
  | "unknownPrincipal"
  | "directoryRefusal"
  | "externalUserInTransaction"
  | "applicationType"
  | "externalAuthentication";

/** For each switch the batches, whether the server may ask Entra, and what they give under both behaviours. */
const observations: {
  readonly [N in Name]: readonly [batches: readonly string[], asks: boolean, first: unknown, second: unknown];
} = {
  repeatedMembership: [
    [
      "ALTER ROLE db_datareader ADD MEMBER app; ALTER ROLE db_datareader ADD MEMBER app",
      "ALTER ROLE db_datareader DROP MEMBER app; ALTER ROLE db_datareader DROP MEMBER app",
    ],
    true,
    [],
    ["!15023", "!15151"],
  ],
  unknownPrincipal: [
    [`CREATE USER nobody ${external}`, byId(clientId), byId("x")],
    true,
    ["!33130", "!37545", "!37545"],
    ["!33134", "!33134", "!33134"],
  ],
  directoryRefusal: [
    [`CREATE USER one ${external}`, byId(one.objectId)],
    false,
    ["!33134", "!33134"],
    ["!15151", "!15151"],
  ],
  externalUserInTransaction: [
    [`BEGIN TRANSACTION; CREATE USER one ${external}`, "ROLLBACK", `CREATE USER one ${external}`],
    true,
    [],
    ["!574"],
  ],
  applicationType: [
    [`CREATE USER one ${external}`, shown],
    true,
    [[["one", "E", "EXTERNAL_USER", 4]]],
    [[["one", "X", "EXTERNAL_GROUPS", 4]]],
  ],
  externalAuthentication: [
    [`CREATE USER one WITH SID = ${sid}, TYPE = E`, shown],
    true,
    [[["one", "E", "EXTERNAL_USER", 4]]],
    [[["one", "E", "EXTERNAL_USER", 0]]],
  ],
};

const rows = Object.entries(observations).flatMap(([name, [batches, asks, first, second]]) => [
  [name as Name, 0, batches, asks, first] as const,
  [name as Name, 1, batches, asks, second] as const,
]);

test.each(rows)("%s, behaviour %i", async (name, index, batches, asks, expected) => {
  const switches = defaultSwitches();
  Object.assign(switches, { [name]: switchTable[name].values[index] });
  const database = ordersDatabase();
  await done(sessionOf(database), "CREATE USER app WITHOUT LOGIN");
  const session = sessionOf(database, "dbo", { switches, directory: asks ? directory : undefined });
  const seen: unknown[] = [];
  const parameters = { "@sid": Buffer.from(sid.slice(2), "hex") };
  for (const sql of batches) seen.push(...(await given(session, sql, parameters)));
  expect(seen).toEqual(expected);
});

test.each([
  ["believed", [4613, 229]],
  ["unknown", [49_999, 229]],
] as const)("unseenNumbers, %s: only those that no source confirms change", (unseenNumbers, expected) => {
  const switches: Switches = { ...defaultSwitches(), unseenNumbers };
  const errors = [new SqlError(4613, "Grantor does not.", 15, 7), new SqlError(229, "Denied.")];
  const answer = told(switches, { results: [{ kind: "done" }], errors });
  expect(answer.errors.map((e) => e.number)).toEqual(expected);
  expect(answer.errors[0]).toMatchObject({ message: "Grantor does not.", severity: 15, state: 7 });
  expect(answer.results).toEqual([{ kind: "done" }]);
});
