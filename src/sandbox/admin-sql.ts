// How the admin endpoint lets SQL fail, and shows what was sent to it.
import { AdminRefusal, parsed } from "./admin-refusal.ts";
import { SqlFault, type SqlFaults } from "./sql/service/faults.ts";
import type { SqlService } from "./sql/service/sql-service.ts";

interface Call {
  readonly url: URL;
  readonly body: unknown;
  readonly ports: { readonly sql: SqlService };
}

/** Everything about SQL, by "METHOD name". */
export const adminSql = {
  "GET sql/log": ({ ports }: Call) => ports.sql.log.entries(),
  "DELETE sql/log": ({ ports }: Call) => ports.sql.log.clear(),
  "GET sql/faults": ({ ports }: Call) => ports.sql.faults.list(),
  "POST sql/faults": ({ body, ports }: Call) => addFault(parsed(SqlFault, body), ports.sql.faults),
  "DELETE sql/faults": ({ url, ports }: Call) => removeFaults(url.searchParams.get("id"), ports.sql.faults),
} as const;

function addFault(fault: SqlFault, faults: SqlFaults): unknown {
  try {
    return faults.add(fault);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AdminRefusal(400, `A pattern is no regular expression: ${error.message}`);
  }
}

function removeFaults(id: string | null, faults: SqlFaults): void {
  if (id === null) faults.clear();
  else if (!faults.remove(id)) throw new AdminRefusal(404, `There is no fault '${id}'.`);
}
