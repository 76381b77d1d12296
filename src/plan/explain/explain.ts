// Answers why a target or scope has what it has: which document and line wants it, or that nobody does.
import type { Desired } from "../../desired/desired.ts";
import { idKey, isAtOrBelow, sameId } from "../../model/arm-id.ts";
import { byText } from "../../model/order.ts";
import type { Policy } from "../../model/policy.ts";
import type { Observed } from "../../observed/observed.ts";
import { ownershipOf } from "../ownership.ts";
import type { ExplainedIdentity, Explanation, View } from "./explanation.ts";
import { assignmentsWhere } from "./grants.ts";
import { attachmentsOfIdentity, attachmentsOfTarget, missingAt } from "./targets.ts";

/** Explains a target, a scope or an identity; whatever is not known as another is taken for a scope. */
export function explainResource(
  resourceId: string,
  desired: Desired,
  observed: Observed,
  policy: Policy,
): Explanation {
  const view = { desired, observed, policy };
  const base = { resourceId, revision: desired.revision, doubts: doubtsOf(view) };
  const target = observed.targets.get(idKey(resourceId));
  if (isIdentity(resourceId, view)) {
    return {
      ...base,
      kind: "identity",
      identity: identityFrom(resourceId, view),
      attachments: attachmentsOfIdentity(resourceId, view),
      assignments: assignmentsWhere(
        view,
        (id) => sameId(id, resourceId),
        () => true,
      ),
    };
  }
  const assignments = assignmentsWhere(
    view,
    () => true,
    (scope) => isAtOrBelow(resourceId, scope),
    resourceId,
  );
  if (!target) return { ...base, kind: "scope", attachments: missingAt(resourceId, view), assignments };
  return {
    ...base,
    kind: "target",
    systemAssigned: target.attachments.systemAssigned,
    attachments: [...attachmentsOfTarget(target, view), ...missingAt(resourceId, view)],
    assignments,
  };
}

/** The ids that a person may mean by a bare name or "namespace/name": identities, targets and scopes of grants. */
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
  const named = all.filter((id) => idKey(id).endsWith(`/${text.toLowerCase()}`));
  return [...new Map(named.map((id) => [idKey(id), id])).values()].toSorted(byText);
}

function isIdentity(resourceId: string, { desired, observed }: View): boolean {
  const key = idKey(resourceId);
  return observed.identities.has(key) || desired.identities.some(({ id }) => idKey(id) === key);
}

function identityFrom(identityId: string, { desired, observed, policy }: View): ExplainedIdentity {
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
  };
}

function doubtsOf({ observed }: View): readonly string[] {
  return [
    ...[...observed.unknown].map(([id, why]) => `Subscription ${id} is not fully known: ${why}.`),
    ...[...observed.unreadable].map(([id, why]) => `${id} could not be read: ${why}.`),
  ];
}
