// What must happen to the identity itself: the table "lifecycle × ownership" and, below it, tags and federated credentials.
//
//   lifecycle | Absent   Ours          Unfinished   Unowned          Recreated         Copied           Lost, Another
//   ----------+-------------------------------------------------------------------------------------------------------
//   Present   | create   update tags   record it    adopt            adopt (or held)   (adopt, held)    (adopt, held)
//   Released  | -        release       release      -                (release, held)   (release, held)  -
//   Absent    | -        delete        delete       (delete, held)   (delete, held)    (delete, held)   (delete, held)
import type { DesiredIdentity } from "../../desired/desired.ts";
import { idKey } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import {
  type FederatedCredential,
  type Identity,
  ownerTag,
  pruneRecreated,
  pruneTag,
  tagOf,
} from "../../model/identity.ts";
import { changeId, type Draft, type Subjects } from "../draft.ts";
import { isAdoptable, isOurs, type Ownership } from "../ownership.ts";
import type { ChangeKind, Subject } from "../plan.ts";
import { wantedDatabases } from "./wanted-databases.ts";

/** The changes of the identity itself: its existence, its tags, its federated credentials. */
export function diffIdentity(subjects: Subjects): readonly Draft[] {
  switch (subjects.identity.lifecycle) {
    case "Present":
      return presentDrafts(subjects);
    case "Released":
      return releaseDrafts(subjects);
    case "Absent":
      return deleteDrafts(subjects);
  }
}

/** The id of the change that brings an identity into our hands in this plan, or undefined if it is ours already. */
export function foundationOf({ identity, ownership }: Subjects): string | undefined {
  if (identity.lifecycle !== "Present" || isOurs(ownership.state)) return undefined;
  if (ownership.state === "Absent") return changeId("create", identity.id, identitySubject(identity));
  return changeId("adopt", identity.id, adoptSubject(identity, ownership));
}

/** True if what no document lists may go: always for Absent, under Authoritative for what is ours or is being taken over. */
export function mayPrune({ identity, ownership }: Pick<Subjects, "identity" | "ownership">): boolean {
  if (identity.lifecycle === "Absent") return isOurs(ownership.state);
  if (identity.lifecycle === "Released" || identity.prunePolicy === "Additive") return false;
  return isOurs(ownership.state) || (identity.adoptionPolicy === "Additive" && isAdoptable(ownership.state));
}

/** Why something that no document lists goes. */
export function pruneReason(identity: DesiredIdentity): string {
  if (identity.lifecycle === "Absent") return `${documentName(identity.document)} says lifecycle: Absent`;
  return "no document lists it and prunePolicy is Authoritative";
}

function presentDrafts(subjects: Subjects): readonly Draft[] {
  const { identity, ownership, policy } = subjects;
  if (!ownership.identity) return createDrafts(subjects);
  if (isOurs(ownership.state)) {
    return [
      ...unfinishedDrafts(subjects),
      ...tagDrafts(identity, ownership.identity),
      ...credentialDrafts(subjects),
    ];
  }
  const adopting = adoptSubject(identity, ownership);
  const adopt = draft(
    identity,
    "adopt",
    {
      ...adopting,
      set: { ...adopting.set, [ownerTag]: policy.owner },
      principalId: ownership.identity.principalId,
    },
    ownership.state === "Recreated"
      ? "it was deleted and created again by someone else"
      : "it exists without an owner and adoptionPolicy is Additive",
  );
  return [
    adopt,
    ...tagDrafts(identity, ownership.identity).map((d) => ({ ...d, needs: [adopt.id] })),
    ...credentialDrafts(subjects).map((d) => ({ ...d, needs: [adopt.id] })),
  ];
}

function createDrafts(subjects: Subjects): readonly Draft[] {
  const { identity, policy } = subjects;
  const subject = { ...identitySubject(identity), tags: { ...identity.tags, [ownerTag]: policy.owner } };
  const create = draft(
    identity,
    "create",
    subject,
    `${documentName(identity.document)} declares it and it does not exist`,
  );
  const record = draft(
    identity,
    "update",
    { kind: "tags", set: {}, remove: {}, recordPrincipal: true },
    "records its principal",
  );
  const credentials = (identity.federatedCredentials ?? []).map((credential) =>
    credentialDraft(identity, credential, false, "listed and missing"),
  );
  return [create, ...[record, ...credentials].map((d) => ({ ...d, needs: [create.id] }))];
}

function unfinishedDrafts({ identity, ownership }: Subjects): readonly Draft[] {
  if (ownership.state !== "Unfinished") return [];
  const subject: Subject = { kind: "tags", set: {}, remove: {}, recordPrincipal: true };
  return [draft(identity, "update", subject, "its creation was cut short: its principal was not recorded")];
}

function tagDrafts(identity: DesiredIdentity, live: Identity): readonly Draft[] {
  const set = Object.fromEntries(
    Object.entries(identity.tags).filter(([key, value]) => tagOf(live.tags, key) !== value),
  );
  if (Object.keys(set).length === 0) return [];
  return [draft(identity, "update", { kind: "tags", set, remove: {} }, "tags differ from the document")];
}

function credentialDrafts(subjects: Subjects): readonly Draft[] {
  const { identity, observed } = subjects;
  const live = observed.credentials.get(idKey(identity.id));
  if (!identity.federatedCredentials || !live) return [];
  const wanted = identity.federatedCredentials;
  const missing = wanted
    .filter((want) => !live.some((have) => isSameCredential(want, have)))
    .map((want) => credentialDraft(identity, want, false, credentialReason(want, live)));
  const surplus = live
    .filter((have) => !wanted.some((want) => idKey(want.name) === idKey(have.name)))
    .map((have) => credentialDraft(identity, have, true, "not listed in the document"));
  return identity.prunePolicy === "Authoritative" ? [...surplus, ...missing] : missing;
}

function credentialReason(want: FederatedCredential, live: readonly FederatedCredential[]): string {
  const exists = live.some((have) => idKey(have.name) === idKey(want.name));
  return exists ? "differs from the document" : "listed and missing";
}

/** Names are compared without case, issuer, subject and audience exactly. */
function isSameCredential(a: FederatedCredential, b: FederatedCredential): boolean {
  return (
    idKey(a.name) === idKey(b.name) &&
    a.issuer === b.issuer &&
    a.subject === b.subject &&
    a.audience === b.audience
  );
}

/** Tags of ours on what is not ours (recreated, copied) are shown as held: taking them off is for people to decide. */
function releaseDrafts({ identity, ownership, policy }: Subjects): readonly Draft[] {
  if (!ownership.identity || ownership.owner !== policy.owner) return [];
  const remove = Object.fromEntries(
    Object.entries(ownership.identity.tags).filter(([key]) => key.toLowerCase().startsWith("bindery-")),
  );
  const reason = `${documentName(identity.document)} says lifecycle: Released`;
  return [draft(identity, "release", { kind: "tags", set: {}, remove }, reason)];
}

function deleteDrafts({ identity, ownership }: Subjects): readonly Draft[] {
  if (!ownership.identity) return [];
  const subject: Subject = { kind: "identity", principalId: ownership.identity.principalId };
  return [draft(identity, "delete", subject, pruneReason(identity))];
}

/** The change that ends the protection of what was there at the adoption. */
export function endAdoptionDraft({ identity, ownership }: Subjects, reason: string): Draft {
  const value = ownership.identity && tagOf(ownership.identity.tags, pruneTag);
  const subject: Subject = { kind: "tags", set: {}, remove: { [pruneTag]: value ?? "pending" } };
  return draft(identity, "update", subject, reason);
}

function identitySubject(identity: DesiredIdentity): Extract<Subject, { kind: "identity" }> {
  return { kind: "identity", ...(identity.location !== undefined && { location: identity.location }) };
}

function adoptSubject(
  identity: DesiredIdentity,
  { isBeingRepaired }: Pick<Ownership, "isBeingRepaired">,
): Extract<Subject, { kind: "tags" }> {
  const waits = isBeingRepaired && wantedDatabases(identity).size > 0;
  const prune = waits ? pruneRecreated : identity.prunePolicy === "Authoritative" ? "pending" : undefined;
  const set = { [ownerTag]: "", ...(prune !== undefined && { [pruneTag]: prune }) };
  return { kind: "tags", set, remove: {}, recordPrincipal: true };
}

function credentialDraft(
  identity: DesiredIdentity,
  credential: FederatedCredential,
  remove: boolean,
  reason: string,
): Draft {
  return draft(identity, "update", { kind: "credential", credential, remove }, reason);
}

function draft(identity: DesiredIdentity, kind: ChangeKind, subject: Subject, reason: string): Draft {
  return {
    id: changeId(kind, identity.id, subject),
    kind,
    identityId: identity.id,
    identityDocument: identity.document,
    document: identity.document,
    subject,
    reason,
    needs: [],
  };
}
