// Answers why a target or scope has what it has: which document and line wants it, or that nobody does.
import type { Desired } from "../../desired/desired.ts";
import { idKey, isAtOrBelow, parseArmId, sameId, subscriptionOf } from "../../model/arm-id.ts";
import { databaseName } from "../../model/database.ts";
import { byText } from "../../model/order.ts";
import type { Policy } from "../../model/policy.ts";
import { isAttached, targetKindOf } from "../../model/target.ts";
import type { Observed } from "../../observed/observed.ts";
import { ownershipOf } from "../ownership.ts";
import { databaseDoubts, databaseRightsWhere, databasesNamedBy, databasesNamedIn } from "./databases.ts";
import {
  type ExplainedAssignment,
  type ExplainedIdentity,
  type Explanation,
  isOrphan,
  type View,
} from "./explanation.ts";
import { assignmentsWhere } from "./grants.ts";
import { attachmentsOfIdentity, attachmentsOfTarget, missingAt } from "./targets.ts";

/**
 * Explains a target, a scope, an identity, or a database or SQL server by its host name; whatever is not known as another
 * is taken for a scope.
 */
export function explainResource(
  resourceId: string,
  desired: Desired,
  observed: Observed,
  policy: Policy,
): Explanation {
  const view = { desired, observed, policy };
  if (!resourceId.startsWith("/")) return explainDatabase(resourceId, view);
  if (isIdentity(resourceId, view)) return explainIdentity(resourceId, view);
  const target = observed.targets.get(idKey(resourceId));
  if (!target) return explainScope(resourceId, view);
  return {
    resourceId,
    kind: "target",
    revision: desired.revision,
    systemAssigned: target.attachments.systemAssigned,
    attachments: [...attachmentsOfTarget(target, view), ...missingAt(resourceId, view)],
    assignments: assignmentsAbove(resourceId, view),
    reach: assignmentsWhere(
      view,
      (id) => isAttached(target.attachments, id),
      () => true,
    ),
    doubts: doubtsOf(resourceId, view),
  };
}

function explainIdentity(resourceId: string, view: View): Explanation {
  const isIt = (id: string) => sameId(id, resourceId);
  const databases = databasesNamedBy(resourceId, view);
  return {
    resourceId,
    kind: "identity",
    revision: view.desired.revision,
    identity: identityFrom(resourceId, view),
    attachments: attachmentsOfIdentity(resourceId, view),
    assignments: assignmentsWhere(view, isIt, () => true),
    databases: databaseRightsWhere(view, isIt, () => true),
    doubts: [...doubtsOf(resourceId, view), ...databaseDoubts(view, databases.values())],
  };
}

function explainScope(resourceId: string, view: View): Explanation {
  const databases = new Map(
    [...databasesNamedIn(view)].filter(([key]) => isDatabaseAt(key, resourceId, view)),
  );
  return {
    resourceId,
    kind: "scope",
    revision: view.desired.revision,
    attachments: missingAt(resourceId, view),
    assignments: assignmentsAbove(resourceId, view),
    databases: databaseRightsWhere(
      view,
      () => true,
      (key) => databases.has(key),
    ),
    doubts: [...doubtsOf(resourceId, view), ...databaseDoubts(view, databases.values())],
  };
}

function assignmentsAbove(resourceId: string, view: View): readonly ExplainedAssignment[] {
  return assignmentsWhere(
    view,
    () => true,
    (scope) => isAtOrBelow(resourceId, scope),
    resourceId,
  );
}

/** A database, "host/name", or all of a server that anybody names. */
function explainDatabase(resourceId: string, view: View): Explanation {
  const key = resourceId.toLowerCase();
  const isMeant = (one: string) => one === key || one.startsWith(`${key}/`);
  const named = [...databasesNamedIn(view)].filter(([one]) => isMeant(one)).map(([, ref]) => ref);
  const [server = "", database] = [key.split("/")[0], key.split("/").slice(1).join("/")];
  const meant = named.length > 0 || !database ? named : [{ server, database }];
  return {
    resourceId,
    kind: "database",
    revision: view.desired.revision,
    attachments: [],
    assignments: [],
    databases: databaseRightsWhere(view, () => true, isMeant),
    doubts: [
      ...databaseDoubts(view, meant),
      ...(database ? [] : ["Of a server only databases are read that documents or tags name."]),
    ],
  };
}

function isDatabaseAt(key: string, scope: string, { observed }: View): boolean {
  const database = observed.databases.get(key);
  return (
    (database?.kind === "read" || database?.kind === "asleep") && isAtOrBelow(database.resource.id, scope)
  );
}

/** "sql-orders.database.windows.net", or a database of it. */
const hostName = /^[a-z0-9-]+(?:\.[a-z0-9-]+){2,}(?:\/.+)?$/i;

/**
 * The ids that a person may mean by a bare name or "namespace/name": identities, targets and scopes of grants, and by
 * "server/database" or a host name: databases. What bears a host name itself, a DNS zone or a machine, is meant before it.
 */
export function resourcesNamed(text: string, desired: Desired, observed: Observed): readonly string[] {
  if (text.startsWith("/")) return [text];
  const documents = desired.identities.filter(({ document: d }) => `${d.namespace}/${d.name}` === text);
  if (documents.length > 0) return documents.map(({ id }) => id);
  const scopes = desired.identities.flatMap((i) => i.bindings.flatMap((b) => b.grants.map((g) => g.scope)));
  const all = [
    ...[...observed.identities.values()].map(({ id }) => id),
    ...[...observed.targets.values()].map(({ id }) => id),
    ...desired.identities.map(({ id }) => id),
    ...scopes,
  ];
  const databases = [...databasesNamedIn({ desired, observed })].filter(
    ([, ref]) => databaseName(ref).toLowerCase() === text.toLowerCase(),
  );
  const named = [
    ...all.filter((id) => idKey(id).endsWith(`/${text.toLowerCase()}`)),
    ...databases.map(([key]) => key),
  ];
  if (named.length === 0 && hostName.test(text)) return [text];
  return [...new Map(named.map((id) => [idKey(id), id])).values()].toSorted(byText);
}

function isIdentity(resourceId: string, { desired, observed }: View): boolean {
  const key = idKey(resourceId);
  return observed.identities.has(key) || desired.identities.some(({ id }) => idKey(id) === key);
}

function identityFrom(identityId: string, view: View): ExplainedIdentity {
  const { desired, observed, policy } = view;
  const wanted = desired.identities.find(({ id }) => sameId(id, identityId));
  const { state, owner, identity } = ownershipOf(identityId, policy.owner, observed);
  return {
    ...(wanted && {
      document: wanted.document,
      lifecycle: wanted.lifecycle,
      prunePolicy: wanted.prunePolicy,
    }),
    ownership: state,
    ...(owner !== undefined && { owner }),
    ...(identity && { principalId: identity.principalId, clientId: identity.clientId }),
    orphaned: isOrphan(identityId, view),
  };
}

function doubtsOf(resourceId: string, { observed }: View): readonly string[] {
  return [
    ...placeDoubts(resourceId, observed),
    ...[...observed.unknown].map(([id, why]) => `Subscription ${id} is not fully known: ${why}.`),
    ...[...observed.unreadable].map(([id, why]) => `${id} could not be read: ${why}.`),
  ];
}

/** Where nothing is read, and what should have been seen and was not. */
function placeDoubts(resourceId: string, observed: Observed): readonly string[] {
  const subscription = subscriptionOf(resourceId);
  if (subscription !== undefined && !observed.subscriptions.has(subscription)) {
    return [`Subscription ${subscription} is not in the estate, so nothing was read there.`];
  }
  const kind = targetKindOf(parseArmId(resourceId)?.type ?? "");
  if (kind === "other" || observed.targets.has(idKey(resourceId))) return [];
  return ["No list shows this resource: it does not exist, is very new, or may not be read."];
}
