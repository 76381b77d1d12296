// Holds federated credentials whose issuer and subject the policy does not allow: they let others act as the identity.
import { documentName } from "../../model/document.ts";
import type { FederatedCredential } from "../../model/identity.ts";
import { matchesPattern } from "../../model/pattern.ts";
import type { Policy } from "../../model/policy.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";

/** Rule 16: a new trust needs the operator's word, in the policy or by release. */
export function holdTrust({ subject }: Draft, { identity, policy }: Subjects): Hold | undefined {
  if (subject.kind !== "credential" || subject.remove || isTrusted(subject.credential, policy))
    return undefined;
  const { issuer, subject: who } = subject.credential;
  return {
    reason: "FederatedTrust",
    message: `Whoever has a token of ${issuer} for ${who} would be able to act as ${documentName(identity.document)}.`,
    cure: `Allow { issuer: "${issuer}", subject: "${who}" } under federatedCredentials in the policy, or release this set by its digest.`,
  };
}

/** True if the policy allows this issuer and this subject together. What names none of the two is never trusted. */
export function isTrusted(
  { issuer, subject }: Pick<FederatedCredential, "issuer" | "subject">,
  { federatedCredentials }: Policy,
): boolean {
  if (issuer === "" || subject === "") return false;
  return federatedCredentials.some(
    (allowed) => matchesPattern(allowed.issuer, issuer) && matchesPattern(allowed.subject, subject),
  );
}
