// All that documents need of Azure, put together once: needs, the roles that hold them, databases, and what cannot be told.
import type { Desired, DesiredIdentity } from "../desired/desired.ts";
import { nameOf } from "../model/arm-id.ts";
import { documentName } from "../model/document.ts";
import type { Policy } from "../model/policy.ts";
import { type DatabaseScript, databaseScriptsOf, type StatementGiving } from "./databases.ts";
import { type Need, needsOf, type Purpose } from "./needs.ts";
import { type NeededRole, rolesFor } from "./roles.ts";

/** What `bindery permissions` tells. */
export interface RightsReport {
  readonly owner: string;
  readonly revision: string;
  readonly purpose: Purpose;
  readonly needs: readonly Need[];
  readonly roles: readonly NeededRole[];
  readonly databases: readonly DatabaseScript[];
  /** What the documents cannot tell, as full sentences. */
  readonly notes: readonly string[];
}

/** What the report is made of. */
export interface ReportParts {
  readonly desired: Desired;
  readonly policy: Pick<Policy, "estate" | "owner" | "lease">;
  readonly purpose: Purpose;
  /** The roles that documents want assigned, by the `idKey` of the scope; without one its assignment has no condition. */
  readonly roleGuidsAt: ReadonlyMap<string, readonly string[]>;
  /** How SQL says that Bindery's own user is given a right. */
  readonly giving: StatementGiving;
}

/** The report. */
export function rightsReportFrom({
  desired,
  policy,
  purpose,
  roleGuidsAt,
  giving,
}: ReportParts): RightsReport {
  const needs = needsOf(desired, policy, purpose);
  return {
    owner: policy.owner,
    revision: desired.revision,
    purpose,
    needs,
    roles: rolesFor(needs, policy.owner, roleGuidsAt),
    databases: databaseScriptsOf(desired, purpose, giving),
    notes: purpose === "plan" ? [] : [...leaseNotes(policy), ...desired.identities.flatMap(identityNotes)],
  };
}

function leaseNotes({ lease }: Pick<Policy, "lease">): readonly string[] {
  if (!lease) return [];
  return [
    `The lease takes the role Storage Blob Data Contributor on the container of ${lease.blobUrl}: the policy does not say which resource that is.`,
  ];
}

function identityNotes({
  id,
  document,
  lifecycle,
  prunePolicy,
  adoptionPolicy,
}: DesiredIdentity): readonly string[] {
  const whose = `${nameOf(id)} (${documentName(document)})`;
  if (lifecycle === "Absent") {
    return [
      `Documents do not say what ${whose} is attached to and may do now: bindery plan names the rights that are missing to take it away.`,
    ];
  }
  const takesOver =
    lifecycle === "Present" && adoptionPolicy === "Additive" && prunePolicy === "Authoritative";
  if (!takesOver) return [];
  return [
    `What ${whose} has of others elsewhere is pruned once that is released: bindery plan names the rights that are missing then.`,
  ];
}
