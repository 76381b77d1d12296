import { expect, test } from "vitest";
import { databaseKey, isDatabaseName, isFromLogin, principalSidOf, sidFrom } from "./database.ts";

// The first row is Microsoft's own example ("Constants", uniqueidentifier).
test.each([
  ["6F9619FF-8B86-D011-B42D-00C04FC964FF", "0xFF19966F868B11D0B42D00C04FC964FF"],
  ["d1b7a3c4-1234-5678-9abc-def012345678", "0xC4A3B7D1341278569ABCDEF012345678"],
])("the SID of %s", (clientId, sid) => {
  expect(sidFrom(clientId)).toBe(sid);
});

test("a user made from a login has the same principal", () => {
  const sid = sidFrom("d1b7a3c4-1234-5678-9abc-def012345678");
  expect(isFromLogin({ sid })).toBe(false);
  expect(isFromLogin({ sid: `${sid}AADE` })).toBe(true);
  expect(principalSidOf({ sid: `${sid}AADE` })).toBe(sid);
});

test("databases are compared without case", () => {
  expect(databaseKey({ server: "SQL.database.windows.net", database: "Orders" })).toBe(
    databaseKey({ server: "sql.DATABASE.windows.net", database: "orders" }),
  );
});

test.each([
  ["orders", true],
  ["Orders 2, (old)", true],
  ["größe-'1'", true],
  ["x".repeat(128), true],
  ["x".repeat(129), false],
  ["", false],
  ["..", false],
  ["../../servers/x", false],
  ["x?api-version=1", false],
  ["x#y", true],
  ["x%2Fy", false],
  ["x\\y", false],
  ["x\ny", false],
  ["x.", false],
  ["x ", false],
])("%j as the name of a database", (name, expected) => {
  expect(isDatabaseName(name)).toBe(expected);
});
