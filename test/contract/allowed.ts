// Where the embedded Azure, or Bindery, deviates from Azure's OpenAPI documents on purpose: each with its reason and source.

/** A deviation from an operation that a document describes. */
export interface Listed {
  /** Operation ids of the document. */
  readonly operation: RegExp;
  readonly code: string;
  readonly where: "request" | "query" | "path" | "response";
  /** The place, as a JSON pointer, or the parameter's name. */
  readonly path: RegExp;
  readonly reason: string;
  readonly source: string;
}

/** A path that no document at hand describes. */
export interface Undescribed {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly reason: string;
  readonly source: string;
}

export const listedDeviations: readonly Listed[] = [
  {
    operation: /^/,
    code: "UNKNOWN_QUERY",
    where: "query",
    path: /^\$skiptoken$/i,
    reason: "A nextLink is opaque to clients: its members are the server's own and stand in no document.",
    source: "azure-cli's recordings of resource lists, 2019 to 2026",
  },
  {
    operation: /^(Subscriptions|Tenants)_List$/,
    code: "MISSING_REQUIRED",
    where: "response",
    path: /^\/nextLink$/,
    reason: "The document requires a nextLink even of the last page; Azure leaves it out there.",
    source:
      "bodies of GET /subscriptions quoted in public write-ups (SANS Holiday Hack Challenge 2022: one item, no nextLink)",
  },
  {
    operation: /^RoleDefinitions_List$/,
    code: "UNKNOWN_PROPERTY",
    where: "response",
    path: /^\/value\/\d+\/properties\/permissions\/\d+\/condition(Version)?$/,
    reason:
      "Permissions of a few built-in roles bear a condition; documents declare it since 2022-05-01-preview.",
    source:
      "Microsoft's page of built-in roles (Key Vault Data Access Administrator); 2022-05-01-preview of Microsoft.Authorization",
  },
  {
    operation: /^VirtualMachine(s|ScaleSets|ScaleSetVMs)_\w+$/,
    code: "UNKNOWN_PROPERTY",
    where: "response",
    path: /^\/(code|message|details)$/,
    reason: "Compute's own 429 has no error envelope.",
    source: "Microsoft's page on troubleshooting Compute throttling, which shows the body",
  },
  {
    operation: /^/,
    code: "UNKNOWN_PROPERTY",
    where: "response",
    path: /^\/error\/additionalInfo$/,
    reason: "A policy's refusal is ARM's own and tells more than the errors that providers declare.",
    source: "the whole body stands in Microsoft's page on enforcing jobs on Hybrid Runbook Workers",
  },
  {
    operation: /^VirtualMachines_Update$/,
    code: "NOT_IN_ENUM",
    where: "request",
    path: /^\/identity\/type$/,
    reason: "The type of an identity may be sent in any case and spacing; Azure takes it.",
    source: "azure-cli's recordings of machines, Aug 2024 to Jan 2026",
  },
  {
    operation: /^VirtualMachineScaleSetVMs_List$/,
    code: "UNKNOWN_PROPERTY",
    where: "response",
    path: /^\/value\/\d+\/properties\/virtualMachineScaleSet$/,
    reason:
      "The instances of a flexible set are machines and are answered as such; Bindery does not read this list.",
    source: "none: no recording of this list of a flexible set was found, so its shape is believed",
  },
  {
    operation: /^UserAssignedIdentities_Get$/,
    code: "UNKNOWN_PROPERTY",
    where: "response",
    path: /^\/properties\/clientSecretUrl$/,
    reason:
      "Only asked for with 2015-08-31-preview, whose answers have it; the documents at hand are of 2023 and 2024.",
    source: "the examples of Microsoft.ManagedIdentity 2015-08-31-preview",
  },
  {
    operation: /^Resources_List/,
    code: "NOT_IN_ENUM",
    where: "response",
    path: /^\/value\/\d+\/identity\/type$/,
    reason: "Microsoft.Sql writes both types without a blank; that ARM's own list does so too is believed.",
    source: "azure-cli's recording test_sql_server_identity.yaml, Feb 2023",
  },
  {
    operation: /^UserAssignedIdentities_Update$/,
    code: "UNKNOWN_PROPERTY",
    where: "response",
    path: /^\/properties\/restriction$/,
    reason: "A test puts a property that nobody knows into the world, to see that a PATCH keeps it.",
    source: "src/sandbox/arm/identity/identities.test.ts",
  },
];

export const undescribedPaths: readonly Undescribed[] = [
  {
    methods: ["GET"],
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/locations\/[^/]+\/operations\/[^/]+$/i,
    reason: "Operation URLs are the server's own; their answers are compared with recordings instead.",
    source: "azure-cli's recordings of machines and scale sets, Aug 2024 to Jan 2026",
  },
  {
    methods: ["HEAD"],
    path: /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+$/i,
    reason:
      "ResourceGroups_CheckExistence is not among the operations at hand: 204 if it exists, 404 if not, no body.",
    source: "Microsoft.Resources 2024-07-01, resources.json",
  },
  {
    methods: ["GET", "PUT", "DELETE"],
    path: /\/providers\/Microsoft\.Authorization\/(denyAssignments|locks|permissions|roleAssignmentScheduleInstances)(\/[^/]+)?$/i,
    reason:
      "Not among the documents at hand; the SDK's own deserializers (for permissions: what Bindery reads of the same fields) are the only check.",
    source: "@azure/arm-authorization 9.0.0",
  },
  {
    methods: ["PUT", "DELETE"],
    path: /\/providers\/Microsoft\.Authorization\/(locks|denyAssignments)\/[^/]+$/i,
    reason: "Locks are not among the documents at hand; Bindery writes none. Deny assignments answer 405.",
    source: "recorded by azure-cli, test_cannotdelete_resource_lock.yaml, Jul 2020",
  },
  {
    methods: ["PATCH"],
    path: /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+$/i,
    reason: "ResourceGroups_Update is not among the operations at hand; Bindery changes no groups.",
    source: "Microsoft.Resources 2024-07-01, resources.json",
  },
  {
    methods: ["GET"],
    path: /^\/subscriptions\/[^/]+\/(locations|operationresults\/[^/]+)$/i,
    reason: "Not among the operations at hand; Bindery asks for neither.",
    source:
      "Microsoft.Resources 2022-12-01 (Subscriptions_ListLocations); operation URLs are the server's own",
  },
  {
    methods: ["DELETE"],
    path: /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+$/i,
    reason: "ResourceGroups_Delete is not among the operations at hand; Bindery deletes no groups.",
    source: "azure-service-operator's recording of a group's deletion, 202 with Location",
  },
  {
    methods: ["GET"],
    path: /^\/providers\/Microsoft\.Management\/managementGroups\/[^/]+(\/descendants)?$/i,
    reason: "Microsoft.Management is not among the documents at hand.",
    source: "@azure/arm-managementgroups' model, api-version 2021-04-01",
  },
  {
    methods: ["GET"],
    path: /\/providers\/Microsoft\.Sql\/servers\/[^/]+\/(failoverGroups|databases\/[^/]+\/replicationLinks)(\/[^/]+)?$/i,
    reason: "Not among the documents at hand; Bindery reads them by their members' names only.",
    source: "Microsoft.Sql 2022-08-01-preview, FailoverGroups.json and ReplicationLinks.json",
  },
  {
    methods: ["PUT", "PATCH", "DELETE"],
    path: /\/providers\/Microsoft\.Sql\/servers\/[^/]+(\/databases\/[^/]+)?$/i,
    reason: "Writes of servers and databases are not among the operations at hand; Bindery makes none.",
    source: "Microsoft.Sql 2022-08-01-preview, Servers.json and Databases.json",
  },
  {
    methods: ["GET", "PUT", "PATCH"],
    path: /^\/{1,2}subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.(KeyVault\/vaults|Storage\/storageAccounts)\/[^/]+\/?$/i,
    reason:
      "Kept types: their bodies are what a seed or a client put there; ARM's own part is compared with recordings.",
    source: "azure-cli's recordings of storage accounts and vaults, Sep 2021 to Jun 2024",
  },
  {
    methods: ["GET"],
    path: /^\/subscriptions\/[^/]+\/(resourceGroups\/[^/]+\/)?providers\/Microsoft\.Insights\/eventtypes\/[^/]+\/values$/i,
    reason: "Microsoft.Insights is not among the documents at hand; Bindery reads six members of an event.",
    source:
      "learn.microsoft.com, REST reference, Activity Logs - List, 2015-04-01; recorded by azure-cli, test_activity_log_list_scenario.yaml, Jun 2019",
  },
];
