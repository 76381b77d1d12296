// What is to be done about each error of Azure SQL: one table by its number, one for the driver's own codes.
// Numbers: Microsoft, "Troubleshooting common connection issues to Azure SQL Database" and the database engine's list of errors.
import { Failure, type FailureClass } from "../model/failure.ts";

interface Rule {
  readonly class: FailureClass;
  readonly code: string;
  /** Where the number alone says too little: another class for other words. */
  readonly unless?: readonly [RegExp, FailureClass];
}

const rule = (failureClass: FailureClass, code: string): Rule => ({ class: failureClass, code });

const busy = rule("transient", "DatabaseBusy");
const denied = rule("terminal", "DatabasePermissionDenied");
const blocked = rule("terminal", "UserNotDroppable");
const exists = rule("terminal", "DatabaseUserExists");
const unresolved = rule("terminal", "ExternalProviderFailed");

/** By SQL Server's number. */
const numbers: Readonly<Record<number, Rule>> = {
  // Not now
  615: busy,
  926: busy,
  1205: rule("transient", "Deadlock"),
  1222: rule("transient", "DatabaseBusy"),
  4221: busy,
  10928: busy,
  10929: busy,
  40197: busy,
  40501: busy,
  40613: rule("transient", "DatabaseUnavailable"),
  49918: busy,
  49919: busy,
  49920: busy,
  // Not like this. 4060 also comes while a database moves or is being made, so it proves nothing about its absence.
  4060: rule("terminal", "DatabaseCannotBeOpened"),
  18456: rule("terminal", "DatabaseLoginFailed"),
  40532: rule("terminal", "DatabaseLoginFailed"),
  40615: rule("terminal", "DatabaseFirewall"),
  3906: rule("terminal", "DatabaseReadOnly"),
  // Not by you
  229: denied,
  230: denied,
  262: denied,
  297: denied,
  300: denied,
  4613: denied,
  15151: denied,
  15247: denied,
  // Entra cannot be asked, or does not know whom; a new identity may not have arrived there yet. 33134 is said of both:
  // what is wrong with the server's own identity stays wrong
  33130: rule("propagating", "ExternalProviderFailed"),
  33131: unresolved,
  33134: { ...unresolved, class: "propagating", unless: [/server identity/i, "terminal"] },
  33159: unresolved,
  37545: rule("propagating", "ExternalProviderFailed"),
  // Something is in the way
  15023: exists,
  15063: exists,
  15136: blocked,
  15138: blocked,
  15183: blocked,
  15184: blocked,
  15284: blocked,
};

/** By tedious' code, for what fails before or beside SQL Server's own words. */
const codes: Readonly<Record<string, Rule>> = {
  ESOCKET: rule("transient", "DatabaseUnreachable"),
  ETIMEOUT: rule("transient", "DatabaseTimeout"),
  ECLOSE: rule("transient", "DatabaseUnreachable"),
  ECONNCLOSED: rule("transient", "DatabaseUnreachable"),
  EENCRYPT: rule("terminal", "DatabaseTlsRefused"),
  ELOGIN: rule("terminal", "DatabaseLoginFailed"),
};

/** An error message of the server, as the driver reports it beside the error that ends a login. */
export interface ServerMessage {
  readonly number: number;
  readonly message: string;
}

/**
 * The failure that an error of the driver is. `messages` are the server's own from the same login or request: a failed
 * login carries its number only there. `isWrite`: a cut connection leaves open whether the statement took effect.
 */
export function sqlFailureFrom(
  error: unknown,
  messages: readonly ServerMessage[],
  isWrite: boolean,
): Failure {
  if (error instanceof Failure) return error;
  const first = firstError(error);
  const number = numberOf(first) ?? messages.find((m) => m.number in numbers)?.number ?? messages[0]?.number;
  const code = codeOf(first);
  const known = number === undefined ? codes[code] : numbers[number];
  const {
    class: usual,
    code: ours,
    unless,
  } = known ?? rule("terminal", number ? `Sql${number}` : "SqlFailed");
  const text = messages.find((m) => m.number === number)?.message ?? messageOf(first);
  const failureClass = unless?.[0].test(text) === true ? unless[1] : usual;
  const isCut = number === undefined && failureClass === "transient";
  return new Failure(
    failureClass,
    number === undefined ? text : `${text} (SQL error ${number})`,
    { code: ours, ...(isWrite && isCut && { mayHaveHappened: true }) },
    { cause: error },
  );
}

/** Several errors of one request arrive as one; the first is the cause. */
function firstError(error: unknown): unknown {
  return error instanceof AggregateError ? (error.errors[0] ?? error) : error;
}

function numberOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("number" in error)) return undefined;
  return typeof error.number === "number" ? error.number : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
