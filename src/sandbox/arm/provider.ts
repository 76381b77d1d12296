// The contract between ARM's front door and the resource providers behind it.
import type { World } from "../world.ts";
import type { ArmPath } from "./path.ts";

/** Who calls: read from the access token. */
export interface Caller {
  readonly objectId: string;
  readonly clientId: string;
}

/** A request that the front door has let in: authenticated, its api-version known, its body parsed. */
export interface ArmRequest {
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE";
  readonly url: URL;
  readonly path: ArmPath;
  readonly apiVersion: string;
  readonly headers: Headers;
  /** The parsed JSON body, or undefined when there was none. */
  readonly body: unknown;
  readonly caller: Caller;
  /** The origin under which the caller reaches ARM, for absolute links ("https://localhost:1234"). */
  readonly origin: string;
}

/** What a provider answers; an undefined body is sent empty, a string as it is, everything else as JSON. */
export interface ArmResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Answers one kind of request on the world. Errors are thrown as `ArmError`. */
export type Handler = (request: ArmRequest, world: World) => ArmResponse | Promise<ArmResponse>;

/**
 * One resource type and what may be done with it. `collection` lists it under a scope, `post` holds its
 * actions by lower-case name. What is missing here is answered with Azure's own refusal.
 */
export interface ResourceType {
  /** The full type, "Microsoft.Compute/virtualMachines". */
  readonly type: string;
  readonly apiVersions: readonly string[];
  readonly get?: Handler;
  readonly put?: Handler;
  readonly patch?: Handler;
  readonly delete?: Handler;
  readonly collection?: Handler;
  /** Actions on a resource (or, where `names` is one short, on the collection), by lower-case name. */
  readonly post?: Readonly<Record<string, Handler>>;
}

/** An answer that is an error, in ARM's envelope unless `body` says otherwise. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;

  constructor(
    status: number,
    code: string,
    message: string,
    options: { headers?: Record<string, string>; body?: unknown } = {},
  ) {
    super(message);
    this.name = "ArmError";
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
    this.body = options.body ?? { error: { code, message } };
  }
}
