// What a request to ARM asks of whom, read off its method and URL: for limits that count by it.

/** How ARM counts a request. */
export type OperationClass = "reads" | "writes" | "deletes";

/** A request, as Azure's limits see it. Everything is in lower case but `method`. */
export interface RequestFacts {
  readonly method: string;
  readonly operation: OperationClass;
  /** Undefined for requests above the subscriptions: those count for the tenant. */
  readonly subscriptionId?: string;
  /** The provider and its type, without names: "microsoft.compute/virtualmachines"; "" where there is none. */
  readonly type: string;
  /** True for the GET of a collection. */
  readonly isList: boolean;
  /** The path without the last name of an action: the resource, or for a list its collection. */
  readonly path: string;
  /** How many identities the body attaches to a resource. */
  readonly attaches: number;
}

/** Reads a request's facts; `url` is absolute, `body` what is sent. */
export function factsOf(method: string, url: string, body?: unknown): RequestFacts {
  const path = new URL(url).pathname.toLowerCase().replace(/\/+$/, "");
  const segments = path.split("/").slice(1);
  const [provider, ...rest] = afterProvider(segments);
  const [types, names] = [rest.filter((_, i) => i % 2 === 0), rest.filter((_, i) => i % 2 === 1)];
  const isOdd = types.length > names.length;
  const isAction = isOdd && method === "POST";
  const subscriptionId = segments[0] === "subscriptions" ? segments[1] : undefined;
  return {
    method,
    operation: operationOf(method),
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    type: provider === undefined ? "" : [provider, ...(isAction ? types.slice(0, -1) : types)].join("/"),
    isList: isOdd && method === "GET",
    path: isAction ? path.slice(0, path.lastIndexOf("/")) : path,
    attaches: attachesIn(body),
  };
}

/** The keys of the map that are not null: null detaches. Only Bindery's own bodies come here. */
function attachesIn(body: unknown): number {
  if (typeof body !== "string" || !body.includes("userAssignedIdentities")) return 0;
  const { identity } = JSON.parse(body) as { identity?: { userAssignedIdentities?: object } };
  return Object.values(identity?.userAssignedIdentities ?? {}).filter((value) => value !== null).length;
}

/** What follows the last "providers": an extension of a resource counts for the provider of the extension. */
function afterProvider(segments: readonly string[]): readonly string[] {
  const at = segments.lastIndexOf("providers");
  return at < 0 ? [] : segments.slice(at + 1);
}

function operationOf(method: string): OperationClass {
  if (method === "GET" || method === "HEAD") return "reads";
  return method === "DELETE" ? "deletes" : "writes";
}
