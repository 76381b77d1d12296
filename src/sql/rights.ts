// Which statements an administrator runs so that Bindery's own user in a database may do its work; see docs/sql.md.
// Source: Microsoft's T-SQL reference (CREATE USER, ALTER ROLE, GRANT database permissions).
import type { DatabaseRights } from "../model/database.ts";
import { identifier } from "./quote.ts";

/** The statement that gives one of the rights to a user. Throws a `Failure` for what no user can be called. */
export function statementGiving(right: keyof DatabaseRights, user: string): string {
  const me = identifier(user);
  switch (right) {
    case "user":
      return `CREATE USER ${me} FROM EXTERNAL PROVIDER;`;
    case "seesAll":
      return `GRANT VIEW DEFINITION TO ${me};`;
    case "altersUsers":
      return `GRANT ALTER ANY USER TO ${me};`;
    case "altersRoles":
      return `GRANT ALTER ANY ROLE TO ${me};`;
    case "controls":
      return `GRANT CONTROL TO ${me};`;
    case "isOwner":
      return `ALTER ROLE [db_owner] ADD MEMBER ${me};`;
  }
}
