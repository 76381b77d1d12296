// Every warning that a plan or an apply can give; docs/safety.md tells what each means.

/** CamelCase names, stable: they stand in plans and in JSON. */
export const warningCodes = [
  "SubscriptionUnknown",
  "ObservationIncomplete",
  "ForeignTrust",
  "SecondIdentity",
  "LastIdentity",
  "ManualUpgrade",
  "InstanceRollOut",
  "SelectorMatchesNothing",
  "ManagedTarget",
  "LeftAttached",
  "SeenNotManaged",
  "InheritedAssignment",
  "LocationDiffers",
  "OwnedByAnother",
  "DeadAssignments",
  "DatabaseAsleep",
  "ForeignUser",
  "DeniedPermission",
  "PermissionMissing",
  "PermissionsUnknown",
  "ForeignIdentityLost",
] as const;
