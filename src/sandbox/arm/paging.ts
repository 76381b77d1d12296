// How a list is cut into pages: size, opaque continuation and the absolute link to what follows.
import type { World } from "../world.ts";
import { armErrors } from "./errors.ts";
import type { ArmRequest, ArmResponse } from "./provider.ts";

/** Where a continuation goes on, and as of when: all pages of a list show the world at the same instant. */
interface Continuation {
  readonly offset: number;
  /** How many pages came before. */
  readonly page: number;
  readonly asOf: number;
}

/** The page of a list that the request asks for; `itemsAt` gives all items as of an instant. */
export function pageOf<T>(
  request: ArmRequest,
  world: World,
  itemsAt: (asOf: number) => readonly T[],
  lagInMs: number = world.settings.listLagInMs,
): ArmResponse {
  const { settings } = world;
  const first = { offset: 0, page: 0, asOf: world.now() - lagInMs };
  const { offset, page, asOf } = continuationOf(request.url) ?? first;
  const items = itemsAt(asOf);
  const largest = pageSizeOf(request.url, settings.pageSize);
  const end = offset + (settings.pages === "uneven" ? unevenSize(page, largest) : largest);
  const hasMore = end < items.length;
  if (settings.lastPageFails === true && page > 0 && !hasMore) throw armErrors.internalServerError();
  const value = items.slice(offset, end);
  const next = { offset: end, page: page + 1, asOf };
  return { status: 200, body: { value, ...(hasMore && { nextLink: nextLink(request, next) }) } };
}

/** 1, 0, 4, 0, 16, 0 …: ARM's lists are short or empty now and then and still go on (recorded 2022). */
function unevenSize(page: number, largest: number): number {
  return page % 2 === 1 ? 0 : Math.min(4 ** (page / 2), largest);
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
  const match = /^(\d{1,9})\.(\d{1,16})\.(\d{1,6})$/.exec(Buffer.from(token, "base64url").toString("latin1"));
  if (match === null) throw armErrors.invalidSkipToken(token);
  return { offset: Number(match[1]), asOf: Number(match[2]), page: Number(match[3]) };
}

/** Real links percent-encode the dollar sign and write blanks as plus signs (generic list, recorded 2022). */
function nextLink(request: ArmRequest, { offset, page, asOf }: Continuation): string {
  const next = new URLSearchParams(
    [...request.url.searchParams].filter(([key]) => key.toLowerCase() !== "$skiptoken"),
  );
  next.set(
    "$skiptoken",
    Buffer.from(`${offset}.${Math.floor(asOf)}.${page}`, "latin1").toString("base64url"),
  );
  return `${request.origin}${encodeURI(request.path.path)}?${next.toString()}`;
}
