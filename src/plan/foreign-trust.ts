// The alarm about federated credentials that no document lists on identities that are ours: somebody else can act as them.
import { idKey, nameOf } from "../model/arm-id.ts";
import { type DocumentRef, documentName } from "../model/document.ts";
import type { FederatedCredential } from "../model/identity.ts";
import type { Situation, Subjects } from "./draft.ts";
import { isTrusted } from "./guards/trust.ts";
import { orphansOf } from "./orphans.ts";
import { isOurs } from "./ownership.ts";
import type { Change, Warning } from "./plan.ts";

/**
 * One alarm for each foreign credential, whatever the prune policy and whether or not the document manages credentials;
 * none for what this plan takes away or overwrites. Where no document manages them, what the policy allows is not foreign.
 */
export function foreignTrustWarnings(
  situation: Situation,
  all: readonly Subjects[],
  changes: readonly Change[],
): readonly Warning[] {
  const { desired, observed, policy } = situation;
  const mended = new Set(
    changes.flatMap(({ identityId, subject }) =>
      subject.kind === "credential" ? [keyOf(identityId, subject.credential.name)] : [],
    ),
  );
  const declared = all.filter(({ identity, ownership }) => {
    return identity.lifecycle === "Present" && isOurs(ownership.state);
  });
  return [
    ...declared.flatMap((subjects) => {
      const { id, document } = subjects.identity;
      return foreignOf(subjects)
        .filter(({ name }) => !mended.has(keyOf(id, name)))
        .map((one) => alarm(documentName(document), one, document));
    }),
    ...orphansOf(desired, observed, policy.owner).flatMap(({ identityId }) =>
      untrusted(identityId, situation).map((one) => alarm(`the orphan ${nameOf(identityId)}`, one)),
    ),
  ];
}

function foreignOf(subjects: Subjects): readonly FederatedCredential[] {
  const { identity, observed } = subjects;
  const wanted = identity.federatedCredentials;
  if (!wanted) return untrusted(identity.id, subjects);
  return (observed.credentials.get(idKey(identity.id)) ?? []).filter(
    ({ issuer, subject }) => !wanted.some((want) => want.issuer === issuer && want.subject === subject),
  );
}

function untrusted(identityId: string, { observed, policy }: Situation): readonly FederatedCredential[] {
  const live = observed.credentials.get(idKey(identityId)) ?? [];
  return live.filter((credential) => !isTrusted(credential, policy));
}

function alarm(who: string, { name, issuer, subject }: FederatedCredential, document?: DocumentRef): Warning {
  return {
    code: "ForeignTrust",
    message: `Whoever has a token of ${issuer} for ${subject} can act as ${who}: its credential ${name} stands in no document. Delete it if nobody knows it; otherwise list it in a document.`,
    ...(document && { document }),
  };
}

function keyOf(identityId: string, name: string): string {
  return `${idKey(identityId)} ${idKey(name)}`;
}
