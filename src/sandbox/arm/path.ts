// How an ARM URL is taken apart: which resource, collection or action of which provider at which scope it names.

/** The parts of an ARM path. All text keeps the caller's spelling; compare without case. */
export interface ArmPath {
  /** The path, leading slashes folded to one, no trailing slash. */
  readonly path: string;
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  /** What stands before the last `/providers/`: "" at the tenant, else an ARM id. Without a provider: the whole path. */
  readonly scope: string;
  /** The last provider's namespace and types, for example "Microsoft.Compute/virtualMachines"; undefined for ARM's own routes. */
  readonly type?: string;
  /** One name for each type segment; a collection or action has one less (an action is the last type segment of a POST). */
  readonly names: readonly string[];
  /** True when the path ends in a type segment and so names a collection (or, in a POST, an action). */
  readonly isCollection: boolean;
}

/** Takes a URL path apart; never fails: what is no ARM path comes back without a type. */
export function parseArmPath(pathname: string): ArmPath {
  const path = `/${decodeURIComponent(pathname).split("/").filter(Boolean).join("/")}`;
  const segments = path.split("/").slice(1);
  const at = segments.findLastIndex((s) => s.toLowerCase() === "providers");
  const head = at === -1 ? segments : segments.slice(0, at);
  const tail = at === -1 ? [] : segments.slice(at + 1);
  const types = tail.slice(1).filter((_, i) => i % 2 === 0);
  const names = tail.slice(1).filter((_, i) => i % 2 === 1);
  return {
    path,
    ...named("subscriptionId", after(segments, "subscriptions", 0)),
    ...named("resourceGroup", after(segments, "resourcegroups", 2)),
    scope: head.length === 0 ? "" : `/${head.join("/")}`,
    ...(tail[0] !== undefined && { type: [tail[0], ...types].join("/") }),
    names,
    isCollection: tail.length > 0 && types.length > names.length,
  };
}

function after(segments: readonly string[], word: string, at: number): string | undefined {
  return segments[at]?.toLowerCase() === word ? segments[at + 1] : undefined;
}

function named<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}
