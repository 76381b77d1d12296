// Errors whose numbers no source confirms: by a switch they come with a number that nobody knows.
import type { Switches } from "../../switches.ts";
import type { Outcome } from "../engine/batch.ts";
import { SqlError, unseenNumbers } from "../sql-error.ts";

/** No error of SQL Server has it. */
const unknownNumber = 49_999;

/** The outcome of a batch as the client is told of it. */
export function told(switches: Switches, { results, errors }: Outcome): Outcome {
  if (switches.unseenNumbers === "believed") return { results, errors };
  return {
    results,
    errors: errors.map((error) => {
      const { number, message, severity, state } = error;
      return unseenNumbers.has(number) ? new SqlError(unknownNumber, message, severity, state) : error;
    }),
  };
}
