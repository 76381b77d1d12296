// How EXEC runs: the system's procedures, and those of the database with the rights that they take.
import { parseBatchText } from "../language/parse.ts";
import type { Argument, Statement } from "../language/statement.ts";
import { sqlErrors } from "../sql-error.ts";
import type { SqlValue } from "../wire/sql-type.ts";
import { dboId } from "./catalog.ts";
import { changeProperty, type PropertyProcedure, propertyParameters } from "./extended-properties.ts";
import { principalById } from "./lookups.ts";
import { type Procedure, procedureNamed } from "./objects.ts";
import { evaluate } from "./query.ts";
import { may } from "./rights.ts";
import { inTurn, type Run, type Scope, undoneOnError } from "./turn.ts";

type Execute = Extract<Statement, { readonly kind: "execute" }>;

/** Runs a procedure. System procedures are found under any schema but those of others, as in SQL Server. */
export async function execute(run: Run, { name, arguments: given }: Execute, scope: Scope): Promise<void> {
  const last = name.at(-1)?.toLowerCase() ?? "";
  const schema = name.at(-2);
  const args = await inTurn(run, scope, () =>
    given.map((argument) => ({ name: argument.name, value: valueFrom(run, argument, scope) })),
  );
  const isSystem = schema === undefined || ["sys", "dbo"].includes(schema.toLowerCase());
  if (isSystem && isPropertyProcedure(last)) {
    const named = argumentsByName(last, propertyParameters[last], args);
    await inTurn(run, scope, () =>
      undoneOnError(run.database, () => changeProperty(run.database, last, named)),
    );
    scope.results.push({ kind: "done" });
    return;
  }
  if (isSystem && last === "sp_executesql") {
    await executeText(run, args, scope);
    return;
  }
  await executeProcedure(run, name, args, scope);
}

/** An argument; its name is "" where it is meant by position. */
export interface Given {
  readonly name: string;
  readonly value: SqlValue;
}

function valueFrom({ database }: Run, { value }: Argument, { variables }: Scope): SqlValue {
  const [only, ...more] = value;
  if (only?.kind === "variable" && more.length === 0) {
    const found = variables.get(only.value);
    if (found === undefined) throw sqlErrors.undeclared(only.value);
    return found;
  }
  return evaluate(database, value, variables);
}

/** Whether a name is that of a procedure for extended properties. */
export function isPropertyProcedure(name: string): name is PropertyProcedure {
  return Object.hasOwn(propertyParameters, name);
}

/** Arguments by the names of the parameters that they are for. Throws SqlError 8145 for one too many. */
export function argumentsByName(
  procedure: string,
  parameters: readonly string[],
  given: readonly Given[],
): Map<string, SqlValue> {
  const named = new Map<string, SqlValue>();
  for (const [i, { name, value }] of given.entries()) {
    const key = name === "" ? parameters[i] : name;
    if (key === undefined || !parameters.includes(key)) {
      throw sqlErrors.parameterUnknown(procedure, name === "" ? `argument ${i + 1}` : name);
    }
    named.set(key, value);
  }
  return named;
}

/** sp_executesql: a text, the declaration of its parameters, their values. */
async function executeText(run: Run, args: readonly Given[], scope: Scope): Promise<void> {
  const [statement, , ...values] = args;
  if (typeof statement?.value !== "string") throw sqlErrors.invalidOption("sp_executesql");
  const variables = new Map(values.map(({ name, value }) => [name.toLowerCase(), value]));
  const inner = { ...scope, variables, depth: scope.depth + 1 };
  await run.statements(parseBatchText(statement.value), inner);
}

async function executeProcedure(
  run: Run,
  name: readonly string[],
  args: readonly Given[],
  scope: Scope,
): Promise<void> {
  const { procedure, text } = await inTurn(run, scope, () => allowedProcedure(run, name, scope));
  const variables = argumentsByName(text, procedure.parameters, args);
  for (const parameter of procedure.parameters) {
    if (!variables.has(parameter)) throw sqlErrors.parameterMissing(procedure.object.name, parameter);
  }
  const inner = { ...scope, variables, depth: scope.depth + 1, chainOwner: procedure.object.owner };
  await run.statements(procedure.body, inner);
}

function allowedProcedure(
  { database, session }: Run,
  name: readonly string[],
  { chainOwner }: Scope,
): { readonly procedure: Procedure; readonly text: string } {
  const text = name.join(".");
  const { principalId, database: databaseName } = session.context();
  const home = principalById(database, principalId)?.defaultSchema ?? "dbo";
  const last = name.at(-1) ?? "";
  const schemas = name.length > 1 ? [name.at(-2) ?? ""] : [home, "dbo"];
  const procedure = schemas
    .map((schema) => procedureNamed(database, schema, last))
    .find((p) => p !== undefined);
  if (procedure === undefined) throw sqlErrors.noProcedure(text);
  const { object } = procedure;
  const isAllowed =
    principalId === dboId ||
    object.owner === chainOwner ||
    may(database, principalId, "EXECUTE", { class: 1, id: object.id });
  if (!isAllowed) throw sqlErrors.denied("EXECUTE", object.name, databaseName, object.schema);
  return { procedure, text };
}
