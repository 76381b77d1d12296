// What Bindery knows about a user-assigned identity, and whose it is by its tags.

/** A user-assigned identity as Azure has it. */
export interface Identity {
  readonly id: string;
  readonly location: string;
  /** Object id of its service principal. */
  readonly principalId: string;
  /** Application id of its service principal. */
  readonly clientId: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A trust in tokens of another issuer; Azure takes exactly one audience. */
export interface FederatedCredential {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** The tags that Bindery writes on an identity; keys are compared without case, as Azure does. */
export const ownerTag = "bindery-owner";
/** Holds `<principalId>/<clientId>` of the identity when Bindery made it or took it over. */
export const principalTag = "bindery-principal";
/** `pending` while what an adopted identity has too much may not be pruned yet; `recreated` where it was made again before. */
export const pruneTag = "bindery-prune";
/** What the prune tag says of a recreated identity: what it is to get in databases still waits for a release. */
export const pruneRecreated = "recreated";

/** The value of a tag whatever the casing of its key. */
export function tagOf(tags: Readonly<Record<string, string>>, key: string): string | undefined {
  const wanted = key.toLowerCase();
  return Object.entries(tags).find(([k]) => k.toLowerCase() === wanted)?.[1];
}

/** The value of the principal tag for an identity. */
export function principalMark(identity: Pick<Identity, "principalId" | "clientId">): string {
  return `${identity.principalId}/${identity.clientId}`;
}
