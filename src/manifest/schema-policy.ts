// Decides what the operator's Policy file may say.
import { z } from "zod";
import { always, exactlyOne, formatted, mistake, text, textOf, unique } from "./fields.ts";
import { oneRole, roleDefinitionId, roleMembers, roleName } from "./schema-binding.ts";
import { ApiVersion, PolicyMetadata } from "./schema-metadata.ts";

const Estate = z
  .strictObject({
    subscriptions: z
      .array(
        formatted("guid", {
          description: "A subscription id.",
          example: "00000000-0000-0000-0000-000000000001",
        }),
      )
      .default([])
      .meta({ description: "The subscriptions under management." }),
    managementGroups: z
      .array(
        formatted("managementGroup", { description: "A management group's name.", example: "mg-production" }),
      )
      .default([])
      .meta({ description: "The management groups under management, with all subscriptions below them." }),
  })
  .superRefine((estate, ctx) => {
    const lists: readonly unknown[] = Object.values(estate ?? {});
    if (lists.length > 0 && lists.every((list) => Array.isArray(list) && list.length === 0)) {
      mistake(ctx, "the estate is empty", { cure: "name at least one subscription or management group" });
    }
  }, always)
  .meta({ description: "What is under management. A document that names anything outside it is an error." });

const PrivilegedAllowance = z
  .strictObject({
    identity: formatted("documentName", {
      description: "Namespace and name of the identity's document.",
      example: "team-orders/orders",
    }),
    roleName,
    roleDefinitionId,
    scope: formatted("scope", {
      description: "Where the role may be granted; not below it.",
      example: "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-orders",
    }),
  })
  .superRefine(exactlyOne("role", roleMembers, "keep one of the two"), always)
  .meta({ description: "One privileged grant.", ...oneRole });

const FolderNamespace = z
  .strictObject({
    folder: formatted("folder", {
      description: "A folder, relative to the PATH that is given to Bindery; all below it belongs to it.",
      example: "team-orders",
    }),
    namespace: formatted("dnsLabel", {
      description: "The only namespace that documents in it may have.",
      example: "team-orders",
    }),
  })
  .meta({ description: "Whose folder this is." });

const Limits = z
  .strictObject({
    removals: z
      .strictObject({
        count: limit(10, "More removals than this are held, per identity, per kind and in total."),
        percent: limit(20, "So are, from five up, more than this share of what is there.", 100),
      })
      .default({ count: 10, percent: 20 })
      .meta({ description: "Detaching, revoking, deleting." }),
    additions: z
      .strictObject({ count: limit(500, "More additions than this are held.") })
      .default({ count: 500 })
      .meta({ description: "Attaching and granting." }),
  })
  .default({ removals: { count: 10, percent: 20 }, additions: { count: 500 } })
  .meta({ description: "How much one plan may change before a person has to look." });

const TrustAllowance = z
  .strictObject({
    issuer: text(
      {
        description: "The issuer, exactly or as a pattern.",
        example: "https://token.actions.githubusercontent.com",
      },
      600,
    ),
    subject: text(
      {
        description: "The subject, exactly or as a pattern: * stops at / and :, ** does not.",
        example: "repo:contoso/*:ref:refs/heads/main",
      },
      600,
    ),
  })
  .meta({ description: "Tokens that identities may trust." });

const Lease = z
  .strictObject({
    blobUrl: formatted("blobUrl", {
      description:
        "The blob whose lease is taken, for this alone. Bindery makes the blob if it is missing, never the container.",
      example: "https://stbindery.blob.core.windows.net/leases/prod",
    }),
    durationSeconds: z.number().int().min(15).max(60).default(60).meta({
      description:
        "How long the lease outlives a holder that was killed or cut off. Shorter: others wait less, and a store that does not answer for a few seconds stops the holder.",
    }),
  })
  .meta({
    description:
      "One writer at a time: apply writes only while it holds this lease. Omitted: no lease is taken.",
  });

const Source = z
  .strictObject({
    acceptRevision: formatted("commitId", {
      description:
        "A commit that is applied although it does not descend from the one that was applied last. It holds for this commit alone; take it out afterwards.",
      example: "8f3c2a1b0d9e7f6a5b4c3d2e1f0a9b8c7d6e5f4a",
    }),
  })
  .meta({ description: "What the manifests' source may do once, because a person has looked at it." });

function limit(standard: number, description: string, max = 1_000_000) {
  return z.number().int().min(0).max(max).default(standard).meta({ description });
}

/** What the operator allows. */
export const PolicySpec = z
  .strictObject({
    owner: formatted("dnsLabel", {
      description:
        "The name of this instance of Bindery, unique in the estate. It is written to the tag bindery-owner; an identity with another owner is never touched.",
      example: "prod",
    }),
    tenantId: formatted("guid", {
      description: "The tenant of the estate. Any other tenant is refused.",
      example: "00000000-0000-0000-0000-00000000000a",
    }),
    estate: Estate,
    namespaces: z
      .array(FolderNamespace)
      .max(1_000)
      .default([])
      .superRefine(
        unique("folder", (entry) => textOf(entry, "folder")?.toLowerCase()),
        always,
      )
      .meta({
        description:
          "Which folder may speak for which namespace. A folder that is not named may for none of these.",
      }),
    limits: Limits,
    selectors: z
      .strictObject({
        wholeSubscription: z.enum(["Deny", "Allow"]).default("Deny").meta({
          description: 'Whether a selector may search a whole subscription: resourceGroups: ["*"].',
        }),
      })
      .default({ wholeSubscription: "Deny" })
      .meta({ description: "What selectors may do." }),
    privileged: z
      .strictObject({
        allow: z
          .array(PrivilegedAllowance)
          .default([])
          .meta({ description: "The privileged grants that need no further approval." }),
      })
      .default({ allow: [] })
      .meta({ description: "Grants so powerful that they are held unless they stand here." }),
    federatedCredentials: z
      .strictObject({
        allow: z
          .array(TrustAllowance)
          .max(1_000)
          .default([])
          .meta({ description: "The federated credentials that need no further approval." }),
      })
      .default({ allow: [] })
      .meta({ description: "Who may act as an identity without a secret; held unless it stands here." }),
    sqlServers: z
      .strictObject({
        allow: z
          .array(
            text(
              {
                description: "A server's full name, or a pattern: * stops at / and :.",
                example: "sql-*.database.windows.net",
              },
              253,
            ),
          )
          .max(1_000)
          .default([])
          .meta({ description: "The SQL servers that Bindery may sign in to." }),
      })
      .default({ allow: [] })
      .meta({ description: "Where tokens for databases may go: nowhere unless it stands here." }),
    protected: z
      .array(
        formatted("resourceId", {
          description: "The id of an identity or target.",
          example:
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-core/providers/Microsoft.Compute/virtualMachines/vm-dc-1",
        }),
      )
      .default([])
      .meta({ description: "Identities and targets that are never touched." }),
    releases: z
      .array(
        formatted("digest", {
          description: "The digest of a held set, as a plan shows it.",
          example: "0123456789abcdef01234567",
        }),
      )
      .max(1_000)
      .default([])
      .meta({
        description: "Held sets that a person has approved. They fit one revision; take them out afterwards.",
      }),
    lease: Lease.exactOptional(),
    source: Source.exactOptional(),
  })
  .meta({ description: "What the operator allows." });

/** The operator's own file. It never comes from the manifest tree. */
export const Policy = z
  .strictObject({
    apiVersion: ApiVersion,
    kind: z.literal("Policy").meta({ description: "The kind of document." }),
    metadata: PolicyMetadata,
    spec: PolicySpec,
  })
  .meta({ description: "The operator's own file: whose instance this is, what it manages, what it allows." });
export type Policy = z.output<typeof Policy>;
