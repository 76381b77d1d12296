// How a query is refused: the entries of `error.details` that Azure Resource Graph answers with a 400.

/** One entry of `error.details`. */
export interface KqlErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly line?: number;
  readonly characterPositionInLine?: number;
  readonly token?: string;
  readonly expectedToken?: string;
}

const invalidQuery: KqlErrorDetail = {
  code: "InvalidQuery",
  message:
    "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying.",
};

/** A query that Resource Graph refuses; `details` is what the answer's `error.details` holds. */
export class KqlError extends Error {
  readonly code: string;
  readonly details: readonly KqlErrorDetail[];

  constructor(details: readonly KqlErrorDetail[]) {
    const last = details.at(-1) ?? invalidQuery;
    super(last.message);
    this.name = "KqlError";
    this.code = last.code;
    this.details = details;
  }
}

/** Text that is no KQL (recorded by azure-cli-extensions, Apr 2021: `where where`). */
export function parserFailure(text: string, position: number): KqlError {
  const before = text.slice(0, position);
  const line = before.split("\n").length;
  const token = /^(?:\w+|\S)/.exec(text.slice(position))?.[0];
  const detail = {
    code: "ParserFailure",
    message: "ParserFailure",
    line,
    characterPositionInLine: position - (before.lastIndexOf("\n") + 1),
    token: token ?? "<EOF>",
    ...(token === undefined ? { expectedToken: "Ǐ" } : {}),
  };
  return new KqlError([invalidQuery, detail]);
}

/** KQL that Resource Graph has no support for; `token` is the keyword (quoted in Azure/azure-powershell#13762). */
export function unsupported(token: string, why = "InvalidQueryLanguage"): KqlError {
  const detail = { code: "InvalidQueryLanguage", message: why, line: -1, characterPositionInLine: -1, token };
  return new KqlError([invalidQuery, detail]);
}

/** A table that does not exist (quoted in Azure/azqr#847). */
export function unknownTable(name: string): KqlError {
  return new KqlError([
    {
      code: "DisallowedLogicalTableName",
      message: `Table ${name} is invalid, unsupported or disallowed.`,
    },
  ]);
}

/** A column that does not exist; the code is Azure's, the wording is Kusto's own. */
export function unknownColumn(operator: string, name: string): KqlError {
  return new KqlError([
    invalidQuery,
    {
      code: "Operator_FailedToResolveEntity",
      message: `'${operator}' operator: Failed to resolve column or scalar expression named '${name}'`,
    },
  ]);
}

/** A function that does not exist (quoted in the tests of grafana's Azure data source, Jan 2022). */
export function unknownFunction(name: string): KqlError {
  return new KqlError([invalidQuery, { code: "UnknownFunction", message: `Unknown function: '${name}'.` }]);
}

/** A dynamic value where Kusto wants a plain one; the code is Azure's, the wording is Kusto's own. */
export function dynamicKey(expression: string): KqlError {
  return new KqlError([
    invalidQuery,
    {
      code: "ExpressionKeyCantBeDynamic",
      message: `Key ('${expression}') is of a 'dynamic' type. Please use an explicit cast (for example, 'tostring(${expression})').`,
    },
  ]);
}

/** A join kind that Resource Graph does not offer (quoted in MicrosoftDocs/azure-docs#45495). */
export function unsupportedJoin(kind: string): KqlError {
  return new KqlError([
    invalidQuery,
    { code: "UnsupportedJoinFlavor", message: `The join kind "${kind}" is not supported or not allowed.` },
  ]);
}
