// Decides what the policy says that `bindery init` writes: the safe choice everywhere, with a comment on each.
import type { SeenSubscription } from "../azure/estate.ts";
import { defaultLimits } from "../model/policy.ts";
import { safeText } from "../model/text.ts";

/** What a first policy is made from. */
export interface PolicyFacts {
  readonly owner: string;
  readonly tenantId: string;
  readonly tenantName: string;
  readonly subscriptions: readonly SeenSubscription[];
}

/** The policy as YAML. Names from Azure appear in comments only; they and the ids are made harmless. */
export function policyText({ owner, tenantId, tenantName, subscriptions }: PolicyFacts): string {
  const { removals, additions } = defaultLimits;
  const tenantNote = tenantName === "" ? "" : `   # ${safeText(tenantName, { max: 80 })}`;
  return `# The operator's policy: what this instance of Bindery may manage, and what it may never do by itself.
# Keep it where only operators can change it, never among the manifests.
apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata:
  name: ${owner}
spec:
  # Written as the tag bindery-owner on every identity that this instance manages. Must be unique in the estate:
  # an identity with another owner is never touched. Choose it before the first apply, and keep it.
  owner: ${owner}

  # Credentials of any other tenant are refused.
  tenantId: ${safeText(tenantId)}${tenantNote}

  # What is under management. A document that names anything outside is an error.
  estate:
    subscriptions:
${subscriptions.map(subscriptionLine).join("\n")}
    managementGroups: []

  # Which folder may speak for which namespace: documents in it have this one, and nobody else may. For example:
  #   - { folder: team-orders, namespace: team-orders }     (folders are relative to the PATH given to Bindery)
  namespaces: []

  # How much one plan may change before a person has to look: what exceeds it is held as a whole.
  limits:
    # Detaching, revoking, deleting: this many, or (from five up) this share of what is there.
    removals: { count: ${removals.count}, percent: ${removals.percent} }
    # Attaching and granting.
    additions: { count: ${additions.count} }

  # Whether a selector may search a whole subscription (resourceGroups: ["*"]).
  selectors:
    wholeSubscription: Deny

  # Powerful roles are held until they stand here or are released one by one, for example:
  #   - { identity: team-orders/orders, roleName: Contributor, scope: /subscriptions/…/resourceGroups/rg-orders }
  privileged:
    allow: []

  # Federated credentials let tokens from outside act as an identity: held until issuer and subject stand here, for
  # example (* stops at / and :, ** does not):
  #   - { issuer: https://token.actions.githubusercontent.com, subject: "repo:contoso/*:ref:refs/heads/main" }
  federatedCredentials:
    allow: []

  # SQL servers that Bindery may sign in to, by full name or pattern, for example sql-*.database.windows.net.
  sqlServers:
    allow: []

  # Resource ids of identities and targets that are never touched.
  protected: []

  # Digests of held sets that you approve, as a plan shows them. Each fits one revision: take it out afterwards.
  releases: []

  # One writer at a time: apply writes only while it holds the lease of this blob, for which Bindery needs the role
  # Storage Blob Data Contributor on the container. Wise wherever two applies could run at the same time.
  # lease: { blobUrl: https://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB }

  # A commit that \`bindery run\` applies although it does not descend from the one that was applied last, as after a
  # force push that you have looked at. It holds for this commit alone: take it out afterwards.
  # source: { acceptRevision: FULL-ID-OF-THE-COMMIT }
`;
}

/** True for a subscription that can be written to. */
export function isEnabled({ state }: SeenSubscription): boolean {
  return state === "" || state.toLowerCase() === "enabled";
}

/** What is not enabled is named, and left out. */
function subscriptionLine(subscription: SeenSubscription): string {
  const { subscriptionId, displayName, state } = subscription;
  const [id, name] = [safeText(subscriptionId), safeText(displayName, { max: 80 })];
  if (isEnabled(subscription)) return `      - ${id}   # ${name}`;
  return `      # - ${id}   # ${name} (${safeText(state)})`;
}
