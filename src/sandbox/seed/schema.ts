// What a seed document may say: the schema of the YAML file that a world is loaded from.
import { z } from "zod";
import { isGuid } from "../arm/guid.ts";
import { OperationModeRule } from "../operation-modes.ts";
import { SettingsPatch } from "../settings.ts";
import { SwitchesPatch } from "../switches.ts";
import { governanceKeys } from "./governance.ts";
import { SeedSqlServer } from "./sql.ts";

const Guid = z.string().refine(isGuid, "must be a GUID");
const ArmId = z
  .string()
  .regex(/^\/(subscriptions|providers)\/.+[^/]$/, "must be an ARM id, /subscriptions/…");
const Scope = z.union([z.literal("/"), ArmId], "must be / or an ARM id");
const Name = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^/]+$/, "must be a name, not a path");
const Location = z.string().min(1);
const Tags = z.record(z.string(), z.string("must be a string: quote it"));

/** Where a resource is: the subscription is the first of the document by default. */
const placed = {
  subscriptionId: Guid.optional(),
  resourceGroup: Name,
  name: Name,
  /** The group's by default. */
  location: Location.optional(),
  tags: Tags.optional(),
  managedBy: z.string().optional(),
};

/** Identities by ARM id, or by the name of one in `identities` of this document. */
const identityList = {
  systemAssigned: z.boolean().optional(),
  identities: z.array(z.string().min(1)).optional(),
};

const VirtualMachine = z.strictObject({
  ...placed,
  ...identityList,
  size: z.string().optional(),
  power: z.enum(["running", "deallocated"]).optional(),
});

const ScaleSet = z.strictObject({
  ...placed,
  ...identityList,
  mode: z.enum(["Uniform", "Flexible"]),
  instances: z.int().min(0).max(1000),
  upgradePolicy: z.enum(["Manual", "Automatic", "Rolling"]).optional(),
  size: z.string().optional(),
});

const Identity = z.strictObject({
  subscriptionId: Guid.optional(),
  resourceGroup: Name,
  name: Name,
  location: Location.optional(),
  tags: Tags.optional(),
  /** Made up out of the id by default. */
  principalId: Guid.optional(),
  clientId: Guid.optional(),
});

/** A raw ARM body. It comes back as it stands here; only what is absent of name and type is added from the id. */
const Resource = z.looseObject({ id: ArmId, identity: z.looseObject({ type: z.string() }).optional() });

const Permission = z.strictObject({
  actions: z.array(z.string()).default([]),
  notActions: z.array(z.string()).default([]),
  dataActions: z.array(z.string()).default([]),
  notDataActions: z.array(z.string()).default([]),
  condition: z.string().exactOptional(),
  conditionVersion: z.string().exactOptional(),
});

const RoleDefinition = z.strictObject({
  /** The GUID; made up out of the role's name by default. */
  name: Guid.optional(),
  roleName: z.string().min(1),
  description: z.string().default(""),
  assignableScopes: z.array(Scope).min(1),
  permissions: z.array(Permission).min(1),
});

const RoleAssignment = z.strictObject({
  name: Guid.optional(),
  scope: Scope,
  /** The role's name or GUID. */
  role: z.string().min(1),
  /** A principal id, the ARM id or name of an identity, or the name of a caller. */
  principal: z.string().min(1),
  principalType: z.enum(["ServicePrincipal", "User", "Group", "ForeignGroup", "Device"]).optional(),
  condition: z.string().optional(),
  conditionVersion: z.string().optional(),
  description: z.string().optional(),
  createdOn: z.string().optional(),
});

const Caller = z.strictObject({
  objectId: Guid.optional(),
  clientId: Guid.optional(),
  clientSecret: z.string().min(1).optional(),
  federated: z
    .array(z.strictObject({ issuer: z.string(), subject: z.string(), audience: z.string() }))
    .optional(),
  /** What it may do; replaces the default rights of `bindery` and `operator`. */
  roles: z.array(z.strictObject({ role: z.string().min(1), scope: Scope })).optional(),
});

/** A whole seed document. */
export const Seed = z.strictObject({
  subscriptions: z
    .array(
      z.strictObject({
        subscriptionId: Guid,
        displayName: z.string().optional(),
        state: z.enum(["Enabled", "Disabled"]).default("Enabled"),
        tags: Tags.optional(),
      }),
    )
    .min(1),
  managementGroups: z
    .array(
      z.strictObject({
        name: Name,
        displayName: z.string().optional(),
        /** The name of the group above; absent: the tenant's root group. */
        parent: Name.optional(),
        subscriptions: z.array(Guid).default([]),
      }),
    )
    .default([]),
  resourceGroups: z
    .array(
      z.strictObject({
        subscriptionId: Guid.optional(),
        name: Name,
        location: Location,
        tags: Tags.optional(),
        managedBy: z.string().optional(),
      }),
    )
    .default([]),
  identities: z.array(Identity).default([]),
  virtualMachines: z.array(VirtualMachine).default([]),
  virtualMachineScaleSets: z.array(ScaleSet).default([]),
  resources: z.array(Resource).default([]),
  attachments: z
    .array(z.strictObject({ target: ArmId, identities: z.array(z.string().min(1)).min(1) }))
    .default([]),
  federatedCredentials: z
    .array(
      z.strictObject({
        identity: z.string().min(1),
        name: Name,
        issuer: z.string().min(1),
        subject: z.string().min(1),
        audiences: z.array(z.string()).default(["api://AzureADTokenExchange"]),
      }),
    )
    .default([]),
  roleDefinitions: z.array(RoleDefinition).default([]),
  roleAssignments: z.array(RoleAssignment).default([]),
  ...governanceKeys,
  sqlServers: z.array(SeedSqlServer).default([]),
  callers: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, "must be a name in lower case"), Caller)
    .default({}),
  settings: SettingsPatch.default({}),
  switches: SwitchesPatch.default({}),
  operationModes: z.array(OperationModeRule).default([]),
});
export type Seed = z.infer<typeof Seed>;

/** The shorthand of a virtual machine. */
export type SeedVirtualMachine = z.infer<typeof VirtualMachine>;
/** The shorthand of a scale set. */
export type SeedScaleSet = z.infer<typeof ScaleSet>;
