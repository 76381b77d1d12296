import { expect, test } from "vitest";
import { principalTag } from "../model/identity.ts";
import { onSales, ref } from "./diff/fixtures.ts";
import { changeId } from "./draft.ts";
import { identityId } from "./fixtures.ts";
import type { Subject } from "./plan.ts";

const id = (subject: Subject): string => changeId("update", identityId, subject);
const inDatabase = { database: ref, userName: "u" };
const user = { kind: "databaseUser", ...inDatabase } as const;
const role = { kind: "databaseRole", ...inDatabase, role: "clerks" } as const;
const permission = {
  kind: "databasePermission",
  ...inDatabase,
  permission: "SELECT",
  securable: onSales,
} as const;
const tags = { kind: "tags", set: { a: "1" }, remove: {} } as const;

test.each<[string, Subject, Subject]>([
  ["users of two dead principals", { ...user, sid: "0x01" }, { ...user, sid: "0x02" }],
  ["one role of two users", { ...role, sid: "0x01" }, { ...role, sid: "0x02" }],
  ["one permission of two users", { ...permission, sid: "0x01" }, { ...permission, sid: "0x02" }],
  ["tags with and without the record of the principal", tags, { ...tags, recordPrincipal: true }],
])("two changes of one identity: %s", (_, one, other) => {
  expect(id(one)).not.toBe(id(other));
});

test.each<[string, Subject, Subject]>([
  ["a tag's key", tags, { ...tags, set: { A: "2" } }],
  ["a role's name", role, { ...role, role: "Clerks" }],
  ["a schema's name", permission, { ...permission, securable: { class: "schema", schema: "SALES" } }],
  [
    "the principal's tag, written now or once it is known",
    { ...tags, set: { [principalTag]: "p/c" } },
    { ...tags, set: {}, recordPrincipal: true },
  ],
])("the same change, whatever the case: %s", (_, one, other) => {
  expect(id(one)).toBe(id(other));
});
