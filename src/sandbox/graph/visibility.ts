// Which entries a request may see: those in its scope that the caller may read.
import { accessDenied, badRequest } from "./refusal.ts";
import type { AuthorizationFilter, GraphRequest } from "./request.ts";
import type { Entry, GraphView, Place, TableName } from "./view.ts";

/** Whether the caller may read the thing with this ARM id. */
export type MayRead = (resourceId: string) => boolean;

/** What a request is about: names and ids in lower case. */
interface Scope {
  readonly subscriptions: ReadonlySet<string>;
  readonly managementGroups: ReadonlySet<string>;
  /** The management groups that the request names itself. */
  readonly named: ReadonlySet<string>;
  /** The management groups above what the request names. */
  readonly above: ReadonlySet<string>;
  readonly isTenant: boolean;
}

/** The entries of a table that the request sees; throws a GraphRefusal if there is nothing that it may see. */
export function visibleEntries(
  request: GraphRequest,
  view: GraphView,
  mayRead: MayRead,
): (table: TableName) => readonly Entry[] {
  const scope = scopeOf(request, view);
  if (!hasAccess(scope, view, mayRead)) throw accessDenied();
  return (table) =>
    view.entries(table).filter(({ row, place }) => {
      const isInScope =
        table === "authorizationresources"
          ? isAuthorizedPlace(place, scope, request.authorizationFilter)
          : isBelow(place, scope);
      return isInScope && isReadable(row.id, place, scope, mayRead);
    });
}

/** Subscriptions that do not exist are dropped without a word, unless none is left. */
function scopeOf({ subscriptions, managementGroups }: GraphRequest, view: GraphView): Scope {
  if (subscriptions.length > 0) return subscriptionScope(subscriptions, view);
  if (managementGroups.length === 0) {
    return {
      subscriptions: new Set(view.subscriptions),
      managementGroups: new Set(view.managementGroups),
      named: new Set(),
      above: new Set(),
      isTenant: true,
    };
  }
  const named = managementGroups.map((name) => name.toLowerCase());
  const subtrees = named.map((name) => view.below(name) ?? { managementGroups: [], subscriptions: [] });
  return {
    subscriptions: new Set(subtrees.flatMap((s) => s.subscriptions)),
    managementGroups: new Set(subtrees.flatMap((s) => s.managementGroups)),
    named: new Set(named),
    above: new Set(named.flatMap((managementGroup) => view.above({ managementGroup }))),
    isTenant: false,
  };
}

function subscriptionScope(asked: readonly string[], view: GraphView): Scope {
  const known = asked.map((id) => id.toLowerCase()).filter((id) => view.subscriptions.includes(id));
  if (known.length === 0) {
    // The code is Azure's, the wording is not recorded in full.
    throw badRequest(
      "NoValidSubscriptionsInQueryRequest",
      `There must be at least one subscription that is eligible to contain resources. Given: '${asked.join(",")}'.`,
    );
  }
  return {
    subscriptions: new Set(known),
    managementGroups: new Set(),
    named: new Set(),
    above: new Set(known.flatMap((subscriptionId) => view.above({ subscriptionId }))),
    isTenant: false,
  };
}

/** Rights on any one thing in the scope are enough. */
function hasAccess(scope: Scope, view: GraphView, mayRead: MayRead): boolean {
  const isOpen = [...scope.subscriptions].some((id) => mayRead(`/subscriptions/${id}`));
  if (isOpen) return true;
  const tables: readonly TableName[] = ["resourcecontainers", "resources"];
  return tables.some((table) =>
    view.entries(table).some(({ row, place }) => isBelow(place, scope) && mayRead(row.id)),
  );
}

function isBelow(place: Place, scope: Scope): boolean {
  switch (place.kind) {
    case "subscription":
      return scope.subscriptions.has(place.subscriptionId);
    case "managementGroup":
      return scope.managementGroups.has(place.name);
    case "tenant":
      return scope.isTenant;
    case "everywhere":
      return true;
  }
}

function isAuthorizedPlace(place: Place, scope: Scope, filter: AuthorizationFilter): boolean {
  if (place.kind === "everywhere") return true;
  switch (filter) {
    case "AtScopeAndBelow":
      return isBelow(place, scope);
    case "AtScopeExact":
      return isExactly(place, scope);
    case "AtScopeAndAbove":
      return isExactly(place, scope) || isAbove(place, scope);
    case "AtScopeAboveAndBelow":
      return isBelow(place, scope) || isAbove(place, scope);
  }
}

function isExactly(place: Exclude<Place, { kind: "everywhere" }>, scope: Scope): boolean {
  if (place.kind === "tenant") return scope.isTenant;
  if (place.kind === "managementGroup") return scope.named.has(place.name);
  const isNamed = !scope.isTenant && scope.named.size === 0;
  return isNamed && place.isExact && scope.subscriptions.has(place.subscriptionId);
}

function isAbove(place: Place, scope: Scope): boolean {
  if (place.kind === "managementGroup") return scope.above.has(place.name);
  return place.kind === "tenant";
}

/** What is everywhere may be read by whoever may read it in one of the subscriptions. */
function isReadable(id: string, place: Place, scope: Scope, mayRead: MayRead): boolean {
  if (place.kind !== "everywhere") return mayRead(id);
  return mayRead(id) || [...scope.subscriptions].some((s) => mayRead(`/subscriptions/${s}${id}`));
}
