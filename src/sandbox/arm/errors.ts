// All errors that the embedded ARM answers with, under one name: the front door's and those of the providers.
import { authorizationErrors } from "./authorization/authorization-errors.ts";
import { computeErrors } from "./compute/compute-errors.ts";
import { gatewayErrors } from "./gateway-errors.ts";
import { governanceErrors } from "./governance/governance-errors.ts";
import { identityErrors } from "./identity/identity-errors.ts";
import { providerErrors } from "./provider-errors.ts";

/** Builders of Azure's errors; throw what they return. */
export const armErrors = {
  ...gatewayErrors,
  ...identityErrors,
  ...providerErrors,
  ...authorizationErrors,
  ...computeErrors,
  ...governanceErrors,
} as const;
