// Decides what an IdentityBinding document may say.
import { z } from "zod";
import { always, exactlyOne, formatted, mistake, text } from "./fields.ts";
import { SqlDatabase } from "./schema-database.ts";
import { ApiVersion, Metadata } from "./schema-metadata.ts";

/** The longest condition of a role assignment that Azure takes, in characters ("Azure ABAC limits": 8 KB). */
const maxConditionLength = 8 * 1024;

const subscriptionId = formatted("guid", {
  description: "The subscription of the target. Default: the identity's.",
  example: "00000000-0000-0000-0000-000000000001",
}).exactOptional();

const resourceGroup = formatted("resourceGroup", {
  description: "The resource group of the target.",
  example: "rg-orders",
});

const VirtualMachine = z
  .strictObject({
    subscriptionId,
    resourceGroup,
    name: formatted("computeName", { description: "The machine's name.", example: "vm-orders-1" }),
  })
  .meta({ description: "One virtual machine by name." });

const VirtualMachineScaleSet = z
  .strictObject({
    subscriptionId,
    resourceGroup,
    name: formatted("computeName", { description: "The scale set's name.", example: "vmss-orders" }),
    instanceUpgrade: z.enum(["Never", "Automatic"]).default("Never").meta({
      description:
        "Whether Bindery brings instances up to date after a change, on a scale set whose upgrade policy is manual. Never: they get the change when somebody upgrades them.",
    }),
  })
  .meta({ description: "One scale set by name." });

/** Tags as Azure matches them: keys without case, values exactly. */
const MatchTags = z
  .record(
    text({ description: "A tag key, in any case." }, 512),
    text({ description: "The value that the tag must have, exactly.", example: "orders" }, 256, 0),
  )
  .superRefine((tags, ctx) => {
    if (typeof tags === "object" && tags !== null && Object.keys(tags).length === 0) {
      mistake(ctx, "this selector is empty", { cure: "name at least one tag, for example { app: orders }" });
    }
  }, always)
  .meta({
    description: "All of these tags must be there, at least one.",
    examples: [{ app: "orders" }],
    minProperties: 1,
  });

const VirtualMachines = z
  .strictObject({
    subscriptionId,
    resourceGroups: z
      .array(
        formatted("selectedGroup", {
          description: "The name of a resource group, or *.",
          example: "rg-orders",
        }),
      )
      .min(1)
      .superRefine((groups, ctx) => {
        if (Array.isArray(groups) && groups.includes("*") && groups.length > 1) {
          mistake(ctx, '"*" beside other resource groups', { cure: 'write ["*"] alone, or only the names' });
        }
      }, always)
      .meta({
        description:
          'The resource groups that are searched. ["*"] is every group of the subscription and needs `selectors.wholeSubscription: Allow` in the policy.',
        examples: [["rg-orders"]],
      }),
    selector: z
      .strictObject({ matchTags: MatchTags })
      .exactOptional()
      .meta({ description: "Which machines of these groups. Omitted: all of them." }),
  })
  .meta({
    description:
      "All virtual machines that match, now and later. Managed machines and flexible instances of scale sets never match: name them.",
  });

const anotherEntry = 'keep one here, and begin a list entry with "- " for each other one';

const targetMembers = ["virtualMachine", "virtualMachines", "virtualMachineScaleSet"] as const;

/** One entry of `targets`. */
export const TargetEntry = z
  .strictObject({
    virtualMachine: VirtualMachine.exactOptional(),
    virtualMachines: VirtualMachines.exactOptional(),
    virtualMachineScaleSet: VirtualMachineScaleSet.exactOptional(),
  })
  .superRefine(exactlyOne("target", targetMembers, anotherEntry), always)
  .meta({ description: "Exactly one kind of target.", minProperties: 1, maxProperties: 1 });
export type TargetEntry = z.output<typeof TargetEntry>;

/** What says which role is meant, and the schema's way to demand exactly one of the two. */
export const roleMembers = ["roleName", "roleDefinitionId"] as const;
export const oneRole = { oneOf: roleMembers.map((member) => ({ required: [member] })) };

export const roleName = text(
  {
    description:
      "The role by its name, in any case: a built-in role, or a custom one that exists at the scope.",
    example: "Key Vault Secrets User",
  },
  512,
).exactOptional();

export const roleDefinitionId = formatted("roleDefinitionId", {
  description: "The role by its id, instead of roleName.",
  example: "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6",
}).exactOptional();

const AzureRole = z
  .strictObject({
    roleName,
    roleDefinitionId,
    scope: formatted("scope", {
      description:
        "Where the role holds: a resource, a resource group, a subscription or a management group.",
      example: "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-orders",
    }),
    condition: text(
      { description: "An ABAC condition (version 2.0) that narrows the role. Omitted: none." },
      maxConditionLength,
    ).exactOptional(),
  })
  .superRefine(exactlyOne("role", roleMembers, "keep one of the two"), always)
  .meta({ description: "An Azure role at a scope.", ...oneRole });

const grantMembers = ["azureRole", "sqlDatabase"] as const;

/** One entry of `grants`. */
export const GrantEntry = z
  .strictObject({ azureRole: AzureRole.exactOptional(), sqlDatabase: SqlDatabase.exactOptional() })
  .superRefine(exactlyOne("grant", grantMembers, anotherEntry), always)
  .meta({ description: "Exactly one kind of grant.", minProperties: 1, maxProperties: 1 });
export type GrantEntry = z.output<typeof GrantEntry>;

/** What an identity is attached to and what it may do. */
export const BindingSpec = z
  .strictObject({
    identityRef: z
      .strictObject({
        name: formatted("dnsLabel", {
          description: "metadata.name of the identity's document.",
          example: "orders",
        }),
        namespace: formatted("dnsLabel", {
          description: "metadata.namespace of the identity's document. Default: the binding's own.",
          example: "team-orders",
        }).exactOptional(),
      })
      .meta({
        description: "Which identity is bound: its document, not its name in Azure.",
        examples: [{ name: "orders" }],
      }),
    suspend: z
      .boolean()
      .default(false)
      .meta({ description: "True: nothing is written for this binding, and what it lists is not pruned." }),
    targets: z
      .array(TargetEntry)
      .default([])
      .meta({ description: "What the identity is attached to. Omitted: nothing by this binding." }),
    grants: z
      .array(GrantEntry)
      .default([])
      .meta({ description: "What the identity may do. Omitted: nothing by this binding." }),
  })
  .meta({ description: "What the identity is attached to and what it may do." });

/** The document of one binding; after parsing `spec.identityRef.namespace` is always there. */
export const IdentityBinding = z
  .strictObject({
    apiVersion: ApiVersion,
    kind: z.literal("IdentityBinding").meta({ description: "The kind of document." }),
    metadata: Metadata,
    spec: BindingSpec,
  })
  .meta({
    description: "Attaches an identity to targets and grants it access. Several may bind one identity.",
  })
  .transform((document) => ({
    ...document,
    spec: {
      ...document.spec,
      identityRef: {
        name: document.spec.identityRef.name,
        namespace: document.spec.identityRef.namespace ?? document.metadata.namespace,
      },
    },
  }));
export type IdentityBinding = z.output<typeof IdentityBinding>;
