// The errors of Microsoft.Sql behind ARM.
import { ArmError } from "../provider.ts";

/** Builders; throw what they return. */
export const sqlArmErrors = {
  /** As recorded of servers in July 2026; databases and administrators are believed to say it likewise. */
  sqlResourceNotFound: (type: string, name: string) =>
    new ArmError(
      404,
      "ResourceNotFound",
      `The requested resource of type '${type}' with name '${name}' was not found.`,
    ),
  /** Our wording. */
  administratorName: (name: string) =>
    new ArmError(400, "InvalidResourceId", `The administrator must be named ActiveDirectory, not '${name}'.`),
  /** Our wording. */
  administratorBody: () =>
    new ArmError(
      400,
      "InvalidParameterValue",
      "An administrator has properties administratorType ActiveDirectory, login, sid and tenantId.",
    ),
} as const;
