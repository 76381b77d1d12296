// Against a real Azure SQL database, for those who name one: that it takes our statements, and shows what we read them to have done.
//
//   BINDERY_LIVE_SQL_SERVER     sql-tests.database.windows.net
//   BINDERY_LIVE_SQL_DATABASE   a database for tests, in which the credential's user is db_owner
//   BINDERY_LIVE_SQL_PRINCIPAL  PRINCIPAL-ID/CLIENT-ID of an identity without a user there (optional): FROM EXTERNAL PROVIDER
//   BINDERY_CLOUD               public unless told otherwise; AZURE_… as everywhere
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AzureCloud, parseCloudFile, wellKnownCloud } from "../src/azure/cloud.ts";
import { connectAzure } from "../src/azure/connect.ts";
import { credentialFor } from "../src/azure/credential.ts";
import {
  type DatabaseChange,
  type DatabaseResource,
  type DatabaseUser,
  sidFrom,
} from "../src/model/database.ts";
import { Failure } from "../src/model/failure.ts";
import { addressesOf, connectSql } from "../src/sql/connect.ts";

const {
  BINDERY_LIVE_SQL_SERVER: server = "",
  BINDERY_LIVE_SQL_DATABASE: name = "",
  BINDERY_LIVE_SQL_PRINCIPAL: principal = "",
  BINDERY_CLOUD: cloudName = "public",
} = process.env;
const isNamed = server !== "" && name !== "";
if (!isNamed) {
  process.stdout.write(
    "live SQL: skipped, BINDERY_LIVE_SQL_SERVER and BINDERY_LIVE_SQL_DATABASE are not set\n",
  );
}

const database: DatabaseResource = { id: "/", ref: { server, database: name }, status: "Online" };
const made = new Set<string>();
const signal = AbortSignal.timeout(300_000);

function cloudOf(): { readonly cloud: AzureCloud; readonly ca?: string } {
  const known = wellKnownCloud(cloudName);
  if (known) return { cloud: known };
  const { cloud, problems } = parseCloudFile(readFileSync(cloudName, "utf8"));
  if (!cloud) throw new Error(problems.join("\n"));
  if (cloud.caFile === undefined) return { cloud };
  return { cloud, ca: readFileSync(resolve(dirname(cloudName), cloud.caFile), "utf8") };
}

function connected(encrypt: "strict" | true) {
  const { cloud, ...trust } = cloudOf();
  const clock = {
    now: Date.now,
    sleep: (inMs: number, stop: AbortSignal) => setTimeout(inMs, undefined, { signal: stop }),
  };
  const credential = credentialFor({ cloud, ...trust });
  const azure = connectAzure({
    cloud,
    credential,
    dryRun: true,
    clock,
    onRequest: () => undefined,
    ...trust,
  });
  return connectSql({
    serverSuffix: cloud.sqlServerSuffix,
    isAllowed: (one) => one === server.toLowerCase(),
    token: (stop) => azure.databaseToken(stop),
    dryRun: false,
    clock,
    encrypt,
    addresses: addressesOf(cloud.sqlAddresses),
    ...trust,
  });
}

describe.skipIf(!isNamed)("a real database", () => {
  let sql: ReturnType<typeof connected>;
  beforeAll(() => {
    sql = connected("strict");
  });
  const change = (one: DatabaseChange) => sql.changeDatabase(database, one, signal);
  const userWith = async (clientId: string): Promise<DatabaseUser | undefined> => {
    const { users } = await sql.readDatabase(database, signal);
    return users.find(({ sid }) => sid === sidFrom(clientId));
  };
  const drop = async (user: string): Promise<void> => {
    await change({ kind: "dropUser", user, ownedSchemas: [], ownedRoles: [] });
    made.delete(user);
  };
  const create = async (clientId: string, marker: string): Promise<string> => {
    const user = `bindery-live-${randomUUID()} ]'"`;
    made.add(user);
    await change({ kind: "createUser", user, clientId, principalId: clientId, from: "Sid", marker });
    return user;
  };
  afterAll(async () => {
    for (const user of made) await drop(user);
  });

  test.each(["strict", true] as const)("is read with encrypt: %s, and shows all users", async (encrypt) => {
    const { rights, roles, schemas } = await connected(encrypt).readDatabase(database, signal);
    expect(rights).toMatchObject({ seesAll: true, isOwner: true });
    expect(roles).toContainEqual({ name: "db_datareader", isFixed: true });
    expect(schemas).toContain("dbo");
  });

  test("a user comes by its SID with its marker, is given and loses things, and goes", async () => {
    const clientId = randomUUID();
    const user = await create(clientId, "bindery-live it's a mark");
    const nothing = {
      name: user,
      sid: sidFrom(clientId),
      type: "E",
      marker: "bindery-live it's a mark",
      roles: [],
    };
    expect(await userWith(clientId)).toMatchObject(nothing);
    const select = { permission: "SELECT", securable: { class: "schema", schema: "dbo" } } as const;
    await change({ kind: "addToRole", user, role: "db_datareader" });
    await change({ kind: "grantPermission", user, ...select });
    const given = await userWith(clientId);
    expect(given?.roles).toEqual(["db_datareader"]);
    expect(given?.permissions).toContainEqual({ ...select, state: "GRANT" });
    await change({ kind: "dropFromRole", user, role: "db_datareader" });
    await change({ kind: "revokePermission", user, ...select, cascade: false });
    const left = await userWith(clientId);
    expect(left).toMatchObject(nothing);
    expect(left?.permissions.map(({ permission }) => permission)).toEqual(["CONNECT"]);
    await drop(user);
    expect(await userWith(clientId)).toBeUndefined();
  });

  test("a user gives way to another principal's in one transaction", async () => {
    const [dead, alive] = [randomUUID(), randomUUID()];
    const stale = await create(dead, "bindery-live");
    await change({
      kind: "replaceUser",
      stale,
      user: stale,
      clientId: alive,
      marker: "bindery-live",
      ownedSchemas: [],
      ownedRoles: [],
      roles: ["db_datareader"],
      permissions: [],
    });
    expect(await userWith(dead)).toBeUndefined();
    expect(await userWith(alive)).toMatchObject({ name: stale, roles: ["db_datareader"] });
    await drop(stale);
  });

  test("what is wrong has the number that is expected: a taken name, a role that is not there", async () => {
    const user = await create(randomUUID(), "bindery-live");
    const codeOf = async (one: DatabaseChange) => {
      const error = await change(one).catch((e: unknown) => e);
      return error instanceof Failure ? error.details.code : error;
    };
    const again = { clientId: randomUUID(), principalId: randomUUID(), from: "Sid", marker: "m" } as const;
    expect(await codeOf({ kind: "createUser", user, ...again })).toBe("DatabaseUserExists");
    expect(await codeOf({ kind: "addToRole", user, role: "no such role" })).toBe("DatabasePermissionDenied");
    await drop(user);
  });

  test.skipIf(principal === "")("a user comes from Entra", async () => {
    const [principalId = "", clientId = ""] = principal.split("/");
    const user = `bindery-live-${randomUUID()}`;
    made.add(user);
    await change({ kind: "createUser", user, clientId, principalId, from: "ExternalProvider", marker: "m" });
    expect(await userWith(clientId)).toMatchObject({ name: user, type: "E", marker: "m" });
    await drop(user);
  });
});
