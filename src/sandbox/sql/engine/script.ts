// How the script of a seed runs: definitions, changes of data and extended properties, one after the other, as dbo.
import { parseBatchText } from "../language/parse.ts";
import type { Statement } from "../language/statement.ts";
import { sqlErrors } from "../sql-error.ts";
import type { Database } from "./database.ts";
import { define } from "./define.ts";
import { argumentsByName, isPropertyProcedure } from "./execute.ts";
import { changeProperty, propertyParameters } from "./extended-properties.ts";
import { evaluate, runChange } from "./query.ts";

/** Runs a script under the database's present context. Throws the SqlError of the first statement that fails. */
export function runScript(database: Database, text: string): void {
  for (const statement of parseBatchText(text)) runOne(database, statement);
}

function runOne(database: Database, statement: Statement): void {
  switch (statement.kind) {
    case "createUser":
    case "createRole":
    case "createSchema":
    case "alterUser":
    case "alterRole":
    case "drop":
    case "permission":
    case "authorize":
      define(database, statement);
      return;
    case "change":
      runChange(database, statement.tokens, new Map());
      return;
    case "execute": {
      const name = statement.name.at(-1)?.toLowerCase() ?? "";
      if (!isPropertyProcedure(name)) throw sqlErrors.notSupported(`${statement.text} in a script`);
      const given = statement.arguments.map((a) => ({
        name: a.name,
        value: evaluate(database, a.value, new Map()),
      }));
      changeProperty(database, name, argumentsByName(name, propertyParameters[name], given));
      return;
    }
    default:
      throw sqlErrors.notSupported(`${statement.text} in a script`);
  }
}
