import { expect, test } from "vitest";
import type { DatabaseRights } from "../model/database.ts";
import { Failure } from "../model/failure.ts";
import { statementGiving } from "./rights.ts";

const statements: Readonly<Record<keyof DatabaseRights, string>> = {
  user: "CREATE USER [o]]x] FROM EXTERNAL PROVIDER;",
  seesAll: "GRANT VIEW DEFINITION TO [o]]x];",
  altersUsers: "GRANT ALTER ANY USER TO [o]]x];",
  altersRoles: "GRANT ALTER ANY ROLE TO [o]]x];",
  controls: "GRANT CONTROL TO [o]]x];",
  isOwner: "ALTER ROLE [db_owner] ADD MEMBER [o]]x];",
};
const rights = Object.keys(statements) as readonly (keyof DatabaseRights)[];

test.each(rights)("%s is given by one statement, to a name that cannot end it", (right) => {
  expect(statementGiving(right, "o]x")).toBe(statements[right]);
});

test.each(["", "a".repeat(129), "a\0b", "a\ud800"])("nobody is called %j", (user) => {
  expect(() => statementGiving("user", user)).toThrow(Failure);
});
