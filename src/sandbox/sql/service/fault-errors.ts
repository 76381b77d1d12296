// The errors that a fault can be asked for by number alone, with Azure's texts (its page on connection errors).
import { SqlError, sqlErrors } from "../sql-error.ts";
import { unavailable } from "./pausing.ts";

/** Where a fault strikes. */
export interface Struck {
  readonly server: string;
  readonly database: string;
}

const incident = "Incident ID: 00000000-0000-0000-0000-000000000000. Code: 0.";

const byNumber: Readonly<Record<number, (at: Struck) => SqlError>> = {
  1205: () =>
    new SqlError(
      1205,
      "Transaction (Process ID 51) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.",
      13,
      51,
    ),
  3906: ({ database }) => sqlErrors.readOnly(database),
  4060: ({ database }) => noDatabase(database),
  10928: () =>
    new SqlError(10928, "Resource ID: 1. The request limit for the database is 90 and has been reached."),
  10929: () =>
    new SqlError(
      10929,
      "Resource ID: 1. The request minimum guarantee is 0, maximum limit is 90 and the current usage for the database is 90. However, the server is currently too busy to support requests greater than 0 for this database.",
    ),
  18456: () => loginFailed("<token-identified principal>"),
  33134: () => sqlErrors.notResolved("id"),
  40197: () =>
    new SqlError(
      40197,
      "The service has encountered an error processing your request. Please try again. Error code 40166.",
      17,
    ),
  40501: () =>
    new SqlError(40501, `The service is currently busy. Retry the request after 10 seconds. ${incident}`, 20),
  40613: ({ database, server }) => unavailable(database, server),
  40615: ({ server }) =>
    new SqlError(
      40615,
      `Cannot open server '${server}' requested by the login. Client with IP address '127.0.0.1' is not allowed to access the server. To enable access, use the Azure Management Portal or run sp_set_firewall_rule on the master database to create a firewall rule for this IP address or address range. It may take up to five minutes for this change to take effect.`,
      14,
    ),
  49918: () =>
    new SqlError(
      49918,
      "Cannot process request. Not enough resources to process request. Please retry you request later.",
    ),
  49919: () =>
    new SqlError(
      49919,
      'Cannot process create or update request. Too many create or update operations in progress for subscription "sandbox".',
    ),
  49920: () =>
    new SqlError(
      49920,
      'Cannot process request. Too many operations in progress for subscription "sandbox".',
    ),
};

/** 4060, for a database that is not there or not to be seen. */
export function noDatabase(name: string): SqlError {
  return new SqlError(4060, `Cannot open database "${name}" requested by the login. The login failed.`, 11);
}

/** 18456; what comes behind the user says more. */
export function loginFailed(user: string, more = ""): SqlError {
  return new SqlError(18456, `Login failed for user '${user}'.${more}`, 14);
}

/** The error of that number, or undefined: then a fault must bring its own text. */
export function errorNumbered(number: number, at: Struck): SqlError | undefined {
  return byNumber[number]?.(at);
}

/** The numbers with texts. */
export const knownNumbers: readonly number[] = Object.keys(byNumber).map(Number);
