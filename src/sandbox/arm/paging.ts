// How a list is cut into pages: size, opaque continuation and the absolute link to what follows.
import type { World } from "../world.ts";
import { armErrors } from "./errors.ts";
import type { ArmRequest, ArmResponse } from "./provider.ts";

/** Where a continuation goes on, and as of when: all pages of a list show the world at the same instant. */
interface Continuation {
  readonly offset: number;
  readonly asOf: number;
}

/** The page of a list that the request asks for; `itemsAt` gives all items as of an instant. */
export function pageOf<T>(
  request: ArmRequest,
  world: World,
  itemsAt: (asOf: number) => readonly T[],
  lagInMs: number = world.settings.listLagInMs,
): ArmResponse {
  const { offset, asOf } = continuationOf(request.url) ?? { offset: 0, asOf: world.now() - lagInMs };
  const items = itemsAt(asOf);
  const end = offset + pageSizeOf(request.url, world.settings.pageSize);
  const value = items.slice(offset, end);
  return {
    status: 200,
    body: { value, ...(end < items.length && { nextLink: nextLink(request, { offset: end, asOf }) }) },
  };
}

/** The page size: $top, but never more than the largest page of the service. */
export function pageSizeOf(url: URL, largest: number): number {
  const top = parameterOf(url, "$top");
  if (top === undefined) return largest;
  if (!/^[1-9]\d{0,8}$/.test(top)) {
    throw armErrors.badRequest(`The value '${top}' of the query parameter '$top' is invalid.`);
  }
  return Math.min(Number(top), largest);
}

/** A query parameter whose name is compared without case, as ARM does; undefined when absent or empty. */
export function parameterOf(url: URL, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const value = [...url.searchParams].find(([key]) => key.toLowerCase() === wanted)?.[1];
  return value === "" ? undefined : value;
}

function continuationOf(url: URL): Continuation | undefined {
  const token = parameterOf(url, "$skiptoken");
  if (token === undefined) return undefined;
  const match = /^(\d{1,9})\.(\d{1,16})$/.exec(Buffer.from(token, "base64url").toString("latin1"));
  if (match === null) throw armErrors.invalidSkipToken(token);
  return { offset: Number(match[1]), asOf: Number(match[2]) };
}

/** Real links percent-encode the dollar sign and write blanks as plus signs (generic list, recorded 2022). */
function nextLink(request: ArmRequest, { offset, asOf }: Continuation): string {
  const next = new URLSearchParams(
    [...request.url.searchParams].filter(([key]) => key.toLowerCase() !== "$skiptoken"),
  );
  next.set("$skiptoken", Buffer.from(`${offset}.${Math.floor(asOf)}`, "latin1").toString("base64url"));
  return `${request.origin}${encodeURI(request.path.path)}?${next.toString()}`;
}
