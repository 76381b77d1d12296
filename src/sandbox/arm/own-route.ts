// How ARM's own routes, those without a resource provider, are described and matched.
import type { ArmPath } from "./path.ts";
import type { Handler } from "./provider.ts";

/** One of ARM's own routes. What is missing here is answered with 405. */
export interface OwnRoute {
  /** Segments of the path; `{}` stands for any one segment. */
  readonly template: string;
  readonly apiVersions: readonly string[];
  /** The type whose read, write and delete are checked; absent: the handler shows each caller its own. */
  readonly type?: string;
  /** True for lists: who may not read the whole gets what it may read. */
  readonly isList?: boolean;
  readonly get?: Handler;
  readonly put?: Handler;
  readonly patch?: Handler;
  readonly post?: Handler;
  readonly delete?: Handler;
}

/** The route that a path takes, or undefined. */
export function ownRouteOf(routes: readonly OwnRoute[], { path }: ArmPath): OwnRoute | undefined {
  const segments = path.split("/").slice(1);
  return routes.find(({ template }) => matches(template.split("/").slice(1), segments));
}

function matches(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, i) => part === "{}" || part === segments[i]?.toLowerCase())
  );
}

/** The segment at a position of the path, counted from 0; "" when there is none. */
export function segmentOf({ path }: ArmPath, at: number): string {
  return path.split("/")[at + 1] ?? "";
}
