// Which actions of Azure each thing takes that Bindery does there: the one table behind roles, checks and docs/permissions.md.

/** One thing that Bindery does in Azure. */
export interface Work {
  /** Exactly the actions that Azure asks for; without wildcards, but for the one that means every read; {type} is a grant's scope's. */
  readonly actions: readonly string[];
  /** What for, as the end of "needed to …". */
  readonly what: string;
  /** What it is called in the name of a role. */
  readonly word: string;
  /** `plan`: reads that every pass makes; `apply`: what writing takes besides. */
  readonly phase: "plan" | "apply";
  /** Who says that it takes these actions. */
  readonly source: string;
}

const identity = "Microsoft.ManagedIdentity/userAssignedIdentities";
const credential = `${identity}/federatedIdentityCredentials`;
const machine = "Microsoft.Compute/virtualMachines";
const scaleSet = "Microsoft.Compute/virtualMachineScaleSets";
const assignment = "Microsoft.Authorization/roleAssignments";

const byRule =
  "azure-docs, role-based-access-control/resource-provider-operations: each GET takes <type>/read";
const byGraph = "azure-docs, governance/resource-graph/overview: only what the caller may read is shown";
const byOperations =
  "azure-docs, role-based-access-control/resource-provider-operations, and the refusals that azure-cli has recorded";

/** Every thing that Bindery does in Azure. A request to ARM that is in none of these is a mistake here. */
export const works = {
  listSubscriptions: {
    actions: ["Microsoft.Resources/subscriptions/read"],
    what: "find the subscriptions of the estate",
    word: "plan",
    phase: "plan",
    source: byGraph,
  },
  listGroups: {
    actions: ["Microsoft.Resources/subscriptions/resourceGroups/read"],
    what: "see which resource groups somebody manages, and which exist",
    word: "plan",
    phase: "plan",
    source: byGraph,
  },
  listResources: {
    actions: ["Microsoft.Resources/subscriptions/resources/read"],
    what: "list resources where Resource Graph does not answer, and SQL servers",
    word: "plan",
    phase: "plan",
    source: byRule,
  },
  readIdentities: {
    actions: [`${identity}/read`, `${credential}/read`],
    what: "read identities and whom they trust",
    word: "plan",
    phase: "plan",
    source: byRule,
  },
  readTargets: {
    actions: [`${machine}/read`, `${scaleSet}/read`],
    what: "read machines and scale sets with their identities",
    word: "plan",
    phase: "plan",
    source: byRule,
  },
  readInstances: {
    actions: [`${scaleSet}/virtualMachines/read`],
    what: "read the instances of scale sets",
    word: "plan",
    phase: "plan",
    source: byRule,
  },
  readAssignments: {
    actions: [
      `${assignment}/read`,
      "Microsoft.Authorization/roleDefinitions/read",
      "Microsoft.Authorization/roleAssignmentScheduleInstances/read",
    ],
    what: "read role assignments, what roles permit, and what Privileged Identity Management gave for a time",
    word: "plan",
    phase: "plan",
    source: byRule,
  },
  findDatabases: {
    actions: [
      "Microsoft.Sql/servers/read",
      "Microsoft.Sql/servers/databases/read",
      "Microsoft.Sql/servers/failoverGroups/read",
    ],
    what: "prove that a SQL server is of the estate before anybody signs in to it",
    word: "plan",
    phase: "plan",
    source: byRule,
  },
  findScopes: {
    actions: ["{type}/read"],
    what: "see that the scopes of grants exist",
    word: "plan",
    phase: "plan",
    source: byGraph,
  },
  findReferences: {
    actions: ["*/read"],
    what: "find everything that refers to an identity that is to be deleted, of whatever type",
    word: "plan",
    phase: "plan",
    source: byGraph,
  },
  createIdentity: {
    actions: [`${identity}/write`],
    what: "create the identity where it does not exist",
    word: "identities",
    phase: "apply",
    source: byOperations,
  },
  writeTags: {
    actions: ["Microsoft.Resources/tags/write"],
    what: "write the owner's mark and the tags of the identity",
    word: "tags",
    phase: "apply",
    source: "azure-docs, azure-resource-manager/management/tag-resources: required access, way 1",
  },
  putCredential: {
    actions: [`${credential}/write`],
    what: "write federated credentials",
    word: "trust",
    phase: "apply",
    source: byOperations,
  },
  deleteCredential: {
    actions: [`${credential}/delete`],
    what: "delete federated credentials that the document does not list",
    word: "no other trust",
    phase: "apply",
    source: byOperations,
  },
  assignIdentity: {
    actions: [`${identity}/assign/action`],
    what: "attach the identity",
    word: "attaching",
    phase: "apply",
    source: "LinkedAuthorizationFailed, quoted in aad-pod-identity #339 and #613",
  },
  patchMachine: {
    actions: [`${machine}/write`],
    what: "change which identities a machine has",
    word: "machines",
    phase: "apply",
    source: "azure-docs, managed-identities-azure-resources/how-to-configure-managed-identities",
  },
  patchScaleSet: {
    actions: [`${scaleSet}/write`],
    what: "change which identities a scale set has",
    word: "scale sets",
    phase: "apply",
    source: "azure-docs, managed-identities-azure-resources/how-to-configure-managed-identities-scale-sets",
  },
  upgradeInstances: {
    actions: [`${scaleSet}/manualUpgrade/action`],
    what: "bring instances to the scale set's model (instanceUpgrade: Automatic)",
    word: "roll-outs",
    phase: "apply",
    source: byOperations,
  },
  assignRole: {
    actions: [`${assignment}/write`],
    what: "assign roles",
    word: "grants",
    phase: "apply",
    source: byOperations,
  },
  revokeRole: {
    actions: [`${assignment}/delete`],
    what: "take away roles that no document lists",
    word: "revokes",
    phase: "apply",
    source: byOperations,
  },
  deleteIdentity: {
    actions: [`${identity}/delete`],
    what: "delete the identity (lifecycle: Absent)",
    word: "deletion",
    phase: "apply",
    source: byOperations,
  },
} as const satisfies Readonly<Record<string, Work>>;

/** The name of a row of the table. */
export type WorkName = keyof typeof works;

/** The row of the table. */
export function workNamed(name: WorkName): Work {
  return works[name];
}

/** True for what a condition on the role assignment confines to single roles and to service principals. */
export function isDelegated(name: WorkName): boolean {
  return name === "assignRole" || name === "revokeRole";
}
