// Which function carries out which definition.
import type { Definition } from "../language/statement.ts";
import { sqlErrors } from "../sql-error.ts";
import type { Database } from "./database.ts";
import { setPermissions } from "./define-permissions.ts";
import { alterRole, alterUser, createRole, createUser, dropPrincipal } from "./define-principals.ts";
import { authorize, createSchema, dropSchema } from "./define-schemas.ts";

/** Carries out a definition as the user of the context. Throws SqlError; the caller undoes what was half done. */
export function define(database: Database, definition: Definition): void {
  const { isReadOnly, database: name } = database.context;
  if (isReadOnly) throw sqlErrors.readOnly(name);
  switch (definition.kind) {
    case "createUser":
      createUser(database, definition);
      return;
    case "createRole":
      createRole(database, definition);
      return;
    case "createSchema":
      createSchema(database, definition);
      return;
    case "alterUser":
      alterUser(database, definition);
      return;
    case "alterRole":
      alterRole(database, definition);
      return;
    case "drop":
      if (definition.what === "SCHEMA") dropSchema(database, definition);
      else dropPrincipal(database, definition);
      return;
    case "permission":
      setPermissions(database, definition);
      return;
    case "authorize":
      authorize(database, definition);
      return;
  }
}
