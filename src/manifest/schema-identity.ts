// Decides what a UserAssignedIdentity document may say.
import { z } from "zod";
import { quoted } from "../model/text.ts";
import { always, formatted, mistake, text, textOf, unique } from "./fields.ts";
import { formats } from "./formats.ts";
import { ApiVersion, Metadata } from "./schema-metadata.ts";

/** Azure allows 50 tags on a resource; the rest is left for Bindery's own and for other people's. */
const maxTags = 40;

/** Azure's limit per identity (Microsoft Entra documentation, "workload identity federation considerations"). */
const maxFederatedCredentials = 20;

const ignoredScopes = z.array(
  z
    .strictObject({
      scope: formatted("scope", {
        description: "Everything at or below this scope is ignored.",
        example: "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/MC_aks",
      }),
    })
    .meta({ description: "A scope that is left to others." }),
);

const Ignore = z
  .strictObject({
    roleAssignments: ignoredScopes
      .default([])
      .meta({ description: "Role assignments that others may give this identity: never pruned." }),
    targets: ignoredScopes
      .default([])
      .meta({ description: "Resources that others may attach this identity to: never detached." }),
  })
  .default({ roleAssignments: [], targets: [] })
  .meta({ description: "What others may do with this identity although prunePolicy is Authoritative." });

const Tags = z
  .record(
    formatted("tagKey", { description: "A tag key." }),
    text({ description: "A tag value.", example: "42" }, 256, 0),
  )
  .superRefine(checkTagKeys, always)
  .default({})
  .meta({ description: `Tags that the identity must have, at most ${maxTags}. Other tags are left alone.` });

/** Azure compares tag keys without case and keeps the spelling it was given first. */
function checkTagKeys(tags: unknown, ctx: z.core.$RefinementCtx<unknown>): void {
  const keys = typeof tags === "object" && tags !== null && !Array.isArray(tags) ? Object.keys(tags) : [];
  if (keys.length > maxTags) {
    mistake(ctx, `${keys.length} tags`, {
      cure: `keep at most ${maxTags}: Azure allows 50 and Bindery needs some`,
    });
  }
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key.toLowerCase())) {
      const cure = { cure: "remove one of the two: Azure ignores case in tag keys", isKey: true };
      mistake(ctx, "this tag key stands here twice, in different case", cure, [key]);
    }
    seen.add(key.toLowerCase());
  }
}

/** A trust in tokens of another issuer. */
export const FederatedCredentialEntry = z
  .strictObject({
    name: formatted("credentialName", {
      description: "The credential's name, unique on the identity.",
      example: "github-main",
    }),
    issuer: formatted("issuer", {
      description: "Who signs the tokens: the `iss` claim, compared exactly.",
      example: "https://token.actions.githubusercontent.com",
    }),
    subject: text(
      {
        description: "Whose tokens they are: the `sub` claim, compared exactly.",
        example: "repo:contoso/orders:ref:refs/heads/main",
      },
      600,
    ),
    audience: text(
      {
        description: "The `aud` claim. Azure takes exactly one; api://AzureADTokenExchange is usual.",
        example: "api://AzureADTokenExchange",
      },
      600,
    ),
  })
  .meta({ description: "One federated credential." });
export type FederatedCredentialEntry = z.output<typeof FederatedCredentialEntry>;

const FederatedCredentials = z
  .array(FederatedCredentialEntry)
  .max(maxFederatedCredentials)
  .superRefine(
    unique("name of a federated credential", (entry) => textOf(entry, "name")?.toLowerCase()),
    always,
  )
  .superRefine(
    unique("issuer and subject", (entry) => {
      const [issuer, subject] = [textOf(entry, "issuer"), textOf(entry, "subject")];
      return issuer === undefined || subject === undefined ? undefined : JSON.stringify([issuer, subject]);
    }),
    always,
  )
  .meta({
    description: `Who may sign in as this identity from outside Azure, at most ${maxFederatedCredentials}. Omitted: not managed; []: nobody.`,
  });

/** What is wanted of one identity. */
export const IdentitySpec = z
  .strictObject({
    subscriptionId: formatted("guid", {
      description:
        "The subscription of the identity. With resourceGroup and name it says which identity this is.",
      example: "00000000-0000-0000-0000-000000000001",
    }),
    resourceGroup: formatted("resourceGroup", {
      description: "The resource group of the identity. It must exist.",
      example: "rg-identities",
    }),
    name: formatted("identityName", {
      description:
        "The identity's name in Azure. Default: metadata.name, if it has the 3 characters that Azure wants.",
      example: "id-orders",
    }).exactOptional(),
    location: formatted("location", {
      description:
        "Where the identity is created; needed only for that. `West Europe` and westeurope are the same.",
      example: "westeurope",
    })
      .overwrite((location) => location.replaceAll(" ", "").toLowerCase())
      .exactOptional(),
    lifecycle: z.enum(["Present", "Released", "Absent"]).default("Present").meta({
      description:
        "Present: it exists as described. Released: Bindery removes its own tags and touches nothing else. Absent: it is emptied and deleted.",
    }),
    adoptionPolicy: z.enum(["Never", "Additive"]).default("Never").meta({
      description:
        "Whether an identity that exists and has no owner may be taken over. Additive: yes, and at first nothing is taken away from it.",
    }),
    prunePolicy: z.enum(["Additive", "Authoritative"]).meta({
      description:
        "Additive: what no document lists stays. Authoritative: what no document lists is detached and revoked. Has no default, because it can take access away.",
      examples: ["Authoritative"],
    }),
    ignore: Ignore,
    allowBindingsFrom: z
      .array(
        z
          .strictObject({
            namespace: formatted("dnsLabel", {
              description: "A namespace whose bindings may use this identity.",
              example: "team-billing",
            }),
          })
          .meta({ description: "One namespace." }),
      )
      .default([])
      .meta({ description: "Other namespaces whose bindings may use this identity. Its own always may." }),
    tags: Tags,
    federatedCredentials: FederatedCredentials.exactOptional(),
  })
  .meta({ description: "What is wanted of the identity." });

/** What is a name for a document may be too short for one in Azure. */
function checkName(document: unknown, ctx: z.core.$RefinementCtx<unknown>): void {
  const { metadata, spec } = Object(document) as { readonly metadata?: unknown; readonly spec?: unknown };
  const name = textOf(metadata, "name");
  if (name === undefined || Object.hasOwn(Object(spec), "name")) return;
  if (!formats.dnsLabel.pattern.test(name) || formats.identityName.pattern.test(name)) return;
  const { what, cure } = formats.identityName;
  mistake(ctx, `${quoted(name)} is not ${what}`, { cure: `set spec.name: ${cure}` }, ["metadata", "name"]);
}

/** The document of one identity; after parsing `spec.name` is always there. */
export const UserAssignedIdentity = z
  .strictObject({
    apiVersion: ApiVersion,
    kind: z.literal("UserAssignedIdentity").meta({ description: "The kind of document." }),
    metadata: Metadata,
    spec: IdentitySpec,
  })
  .meta({
    description: "One user-assigned managed identity. There is exactly one document per Azure identity.",
  })
  .superRefine(checkName, always)
  .transform((document) => ({
    ...document,
    spec: { ...document.spec, name: document.spec.name ?? document.metadata.name },
  }));
export type UserAssignedIdentity = z.output<typeof UserAssignedIdentity>;
