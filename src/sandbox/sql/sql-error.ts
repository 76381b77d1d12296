// The errors of SQL Server that the sandbox answers with: numbers, severities and texts in one table.

/** An error as it goes to the client. */
export class SqlError extends Error {
  readonly number: number;
  readonly severity: number;
  readonly state: number;

  constructor(number: number, message: string, severity = 16, state = 1) {
    super(message);
    this.name = "SqlError";
    this.number = number;
    this.severity = severity;
    this.state = state;
  }
}

/** The numbers that are believed, not seen in a source. */
export const unseenNumbers: ReadonlySet<number> = new Set([4613, 4617, 15405, 33130, 33159, 40508]);

const noSuch = "because it does not exist or you do not have permission.";

/**
 * Builders; throw what they return. Texts are those of Microsoft's lists of errors and events and of the pages on
 * Microsoft Entra users; `unseenNumbers` are not.
 */
export const sqlErrors = {
  // --- the text of a batch
  syntax: (near: string) => new SqlError(102, `Incorrect syntax near '${near}'.`, 15),
  keyword: (word: string) => new SqlError(156, `Incorrect syntax near the keyword '${word}'.`, 15),
  nameTooLong: (name: string) =>
    new SqlError(
      103,
      `The identifier that starts with '${name.slice(0, 128)}' is too long. Maximum length is 128.`,
      15,
    ),
  nameEmpty: () => new SqlError(1038, "An object or column name is missing or empty.", 15),
  unclosedQuote: (text: string) =>
    new SqlError(105, `Unclosed quotation mark after the character string '${text.slice(0, 30)}'.`, 15),
  unclosedComment: () => new SqlError(113, "Missing end comment mark '*/'.", 15),
  nestedTooDeep: () =>
    new SqlError(191, "Some part of your SQL statement is nested too deeply. Rewrite the query.", 15),
  undeclared: (name: string) => new SqlError(137, `Must declare the scalar variable "${name}".`, 15),
  declaredTwice: (name: string) =>
    new SqlError(134, `The variable name '${name}' has already been declared.`, 15),
  unknownFunction: (name: string) =>
    new SqlError(195, `'${name}' is not a recognized built-in function name.`, 15),
  notSupported: (what: string) =>
    new SqlError(40510, `Statement '${what}' is not supported in this version of SQL Server.`, 16),

  // --- queries and data
  noObject: (name: string) => new SqlError(208, `Invalid object name '${name}'.`),
  noColumn: (name: string) => new SqlError(207, `Invalid column name '${name}'.`),
  denied: (permission: string, object: string, database: string, schema: string) =>
    new SqlError(
      229,
      `The ${permission} permission was denied on the object '${object}', database '${database}', schema '${schema}'.`,
      14,
      5,
    ),
  catalogUpdate: () => new SqlError(259, "Ad hoc updates to system catalogs are not allowed."),
  constraint: (text: string) => new SqlError(2627, `Violation of a constraint: ${text}.`, 14),
  noProcedure: (name: string) => new SqlError(2812, `Could not find stored procedure '${name}'.`, 16, 62),
  parameterMissing: (procedure: string, name: string) =>
    new SqlError(
      201,
      `Procedure or function '${procedure}' expects parameter '${name}', which was not supplied.`,
    ),
  parameterUnknown: (procedure: string, name: string) =>
    new SqlError(8145, `${name} is not a parameter for procedure ${procedure}.`),
  conversion: (type: string) => new SqlError(8169, `Conversion failed when converting to ${type}.`),
  unknownType: (type: string) => new SqlError(243, `Type ${type} is not a defined system type.`),
  readOnly: (database: string) =>
    new SqlError(3906, `Failed to update database "${database}" because the database is read-only.`),

  // --- transactions
  nothingToCommit: () =>
    new SqlError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
  nothingToRollBack: () =>
    new SqlError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."),
  notInTransaction: (statement: string) =>
    new SqlError(574, `${statement} statement cannot be used inside a user transaction.`),
  lockTimeout: () => new SqlError(1222, "Lock request time out period exceeded.", 16, 45),
  userGone: (database: string) =>
    new SqlError(
      916,
      `The server principal is not able to access the database "${database}" under the current security context.`,
      14,
    ),
  databaseSwitch: () =>
    new SqlError(
      40508,
      "USE statement is not supported to switch between databases. Use a new connection to connect to a different database.",
    ),

  // --- principals
  cannot: (verb: string, kind: string, name: string) =>
    new SqlError(15151, `Cannot ${verb} the ${kind} '${name}', ${noSuch}`),
  nameTaken: (name: string) =>
    new SqlError(15023, `User, group, or role '${name}' already exists in the current database.`),
  sidTaken: () => new SqlError(15063, "The login already has an account under a different user name."),
  sidShape: () => new SqlError(15419, "Supplied parameter sid should be binary(16)."),
  noPermission: () => new SqlError(15247, "User does not have permission to perform this action."),
  ownsSchema: () =>
    new SqlError(15138, "The database principal owns a schema in the database, and cannot be dropped."),
  ownsRole: () =>
    new SqlError(15138, "The database principal owns a database role and cannot be dropped.", 16, 2),
  ownsObjects: () =>
    new SqlError(15183, "The database principal owns objects in the database and cannot be dropped."),
  hasGranted: () =>
    new SqlError(
      15284,
      "The database principal has granted or denied permissions to objects in the database and cannot be dropped.",
    ),
  hasMembers: () => new SqlError(15144, "The role has members. It must be empty before it can be dropped."),
  special: (kind: string, name: string) => new SqlError(15150, `Cannot drop the ${kind} '${name}'.`),
  specialMember: (name: string) => new SqlError(15405, `Cannot use the special principal '${name}'.`),
  publicRole: () => new SqlError(15081, "Membership of the public role cannot be changed."),
  circularRole: () => new SqlError(15413, "Cannot make a role a member of itself."),
  objectTaken: (name: string) =>
    new SqlError(2714, `There is already an object named '${name}' in the database.`),
  schemaInUse: (schema: string, object: string) =>
    new SqlError(
      3729,
      `Cannot drop schema '${schema}' because it is being referenced by object '${object}'.`,
    ),

  // --- permissions
  cannotGrant: () => new SqlError(4613, "Grantor does not have GRANT permission."),
  grantToSelf: () =>
    new SqlError(
      4617,
      "Cannot grant, deny or revoke permissions to sa, dbo, entity owner, information_schema, sys, or yourself.",
    ),
  grantToFixedRole: () =>
    new SqlError(4617, "Cannot grant, deny or revoke permissions to or from special roles."),
  needsCascade: () =>
    new SqlError(4611, "To revoke or deny grantable privileges, specify the CASCADE option."),

  // --- extended properties
  propertyExists: (name: string, of: string) =>
    new SqlError(15233, `Property cannot be added. Property '${name}' already exists for '${of}'.`),
  propertyMissing: (name: string, of: string) =>
    new SqlError(
      15217,
      `Property cannot be updated or deleted. Property '${name}' does not exist for '${of}'.`,
    ),
  propertyObject: (name: string) =>
    new SqlError(
      15135,
      `Object is invalid. Extended properties are not permitted on '${name}', or the object does not exist.`,
    ),
  invalidOption: (procedure: string) =>
    new SqlError(15600, `An invalid parameter or option was specified for procedure '${procedure}'.`, 15),

  // --- Microsoft Entra
  notResolved: (name: string) =>
    new SqlError(
      33134,
      `Principal '${name}' could not be resolved. Error message: 'Server identity is not configured. Please follow the steps in "Assign an Azure AD identity to your server and add Directory Reader permission to your identity" (https://aka.ms/sqlaadsetup)'`,
    ),
  /** The number that stands for a failed question too, with the words of Microsoft Graph. */
  unknownToEntra: (name: string, asked: string) =>
    new SqlError(
      33134,
      `Principal '${name}' could not be resolved. Error message: 'Resource '${asked}' does not exist or one of its queried reference-property objects are not present.'`,
    ),
  notFound: (name: string) =>
    new SqlError(33130, `Principal '${name}' could not be found or this principal type is not supported.`),
  duplicateName: (name: string) =>
    new SqlError(
      33131,
      `Principal '${name}' has a duplicate display name. Make the display name unique in Azure Active Directory and execute this statement again.`,
    ),
  notObjectId: (id: string, name: string) =>
    new SqlError(37545, `'${id}' is not a valid object id for '${name}' or you do not have permission.`),
  notEntraConnection: (name: string) =>
    new SqlError(
      33159,
      `Principal '${name}' could not be created. Only connections established with Active Directory accounts can create other Active Directory users.`,
    ),
} as const;
