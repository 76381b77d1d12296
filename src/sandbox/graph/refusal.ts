// Resource Graph's error answers: one envelope, the reason in its details.
import { randomUUID } from "node:crypto";

/** One entry of `error.details`; parser errors carry a position too. */
export interface RefusalDetail {
  readonly code: string;
  readonly message: string;
}

/** A request that Resource Graph refuses; becomes the answer's status and body. */
export class GraphRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly RefusalDetail[];

  constructor(status: number, code: string, details: readonly RefusalDetail[]) {
    super(details.map((d) => d.message).join(" "));
    this.name = "GraphRefusal";
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** A request whose body makes no sense. Azure's codes for these are not recorded; the envelope is. */
export function badRequest(code: string, message: string): GraphRefusal {
  return new GraphRefusal(400, "BadRequest", [{ code, message }]);
}

/** Nothing in the scope may be read by the caller (quoted in Azure/azure-sdk-for-java#29924). */
export function accessDenied(): GraphRefusal {
  const message = "Access is denied to the requested resource. The user might not have enough permission.";
  return new GraphRefusal(403, "AccessDenied", [{ code: "AccessDenied", message }]);
}

/** The caller's quota is used up (quoted in Azure/azure-cli-extensions#3325 and Azure/azqr#516). */
export function rateLimited(code = "RateLimiting"): GraphRefusal {
  const message =
    "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.";
  return new GraphRefusal(429, code, [{ code, message }]);
}

/** A failure of the service itself (our wording; the envelope is that of its refusals). */
export function internalError(): GraphRefusal {
  const message = "An unexpected error occurred while processing the request.";
  return new GraphRefusal(500, "InternalServerError", [{ code: "InternalServerError", message }]);
}

/** The body of a refusal (envelope recorded by azure-cli-extensions, Apr 2021). */
export function refusalBody({ code, details }: GraphRefusal, now: number): unknown {
  const timestamp = new Date(now).toISOString().replace("Z", "0000Z");
  const message = `Please provide below info when asking for support: timestamp = ${timestamp}, correlationId = ${randomUUID()}.`;
  return { error: { code, message, details } };
}
