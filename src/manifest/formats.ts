// Decides what text each format of the documents accepts, and how a mistake in it is told.
import { isGuid } from "../model/arm-id.ts";

/** A format of text: one pattern for validation and JSON Schema, and the words for a mistake. */
export interface Format {
  /** Written without flags but `u`, because JSON Schema has no others. */
  readonly pattern: RegExp;
  /** Completes "… is not". */
  readonly what: string;
  readonly cure: string;
  /** A better cure for a mistake that is often made, or undefined if it is not this one. */
  readonly cureFor?: (value: string) => string | undefined;
}

/** A piece of pattern that ignores case, which Azure does in ids. */
function anyCase(text: string): string {
  return text
    .replace(/\./g, "\\.")
    .replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
}

const guid = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
// Azure, "Naming rules and restrictions for Azure resources": 1-90 characters, not ending in a period.
const resourceGroup = "[\\p{L}\\p{N}_().\\-]{0,89}[\\p{L}\\p{N}_()\\-]";
const managementGroup = "[A-Za-z0-9_().\\-]{0,89}[A-Za-z0-9_()\\-]";
const segment = '[^/\\s?#%<>&:*"\\\\]{1,260}';
const subscriptionPath = `/${anyCase("subscriptions")}/${guid}`;
const groupPath = `${subscriptionPath}/${anyCase("resourceGroups")}/${resourceGroup}`;
// An extension resource (…/providers/namespace/type/name once more) is two more pairs, so nothing is repeated twice:
// a pattern that can match in two ways takes exponential time on text that was made for it.
const resourcePath = `/${anyCase("providers")}/${segment}(?:/${segment}/${segment})+`;
const managementGroupPath = `/${anyCase("providers/Microsoft.Management/managementGroups")}/${managementGroup}`;
const roleDefinitionPath = `/${anyCase("providers/Microsoft.Authorization/roleDefinitions")}/${guid}`;

/** A whole match: patterns of pieces become the pattern of a field. */
function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, "u");
}

const dnsLabel = "[a-z0-9](?:[a-z0-9\\-]{0,61}[a-z0-9])?";

/** All formats, by the name under which zod reports them. */
export const formats = {
  dnsLabel: {
    pattern: whole(dnsLabel),
    what: "a DNS label",
    cure: "use 1 to 63 lower-case letters, digits and hyphens; begin and end with a letter or digit",
  },
  documentName: {
    pattern: whole(`${dnsLabel}/${dnsLabel}`),
    what: "namespace/name of an identity's document",
    cure: 'write it like "team-orders/orders"',
  },
  digest: {
    pattern: whole("[0-9a-f]{24}"),
    what: "a digest",
    cure: "copy it from a plan: 24 lower-case hexadecimal digits",
  },
  commitId: {
    pattern: whole("[0-9a-f]{40}"),
    what: "the full id of a commit",
    cure: "copy it from `git log` or from Bindery's status: 40 lower-case hexadecimal digits",
  },
  folder: {
    pattern: whole(
      "(?!\\.\\.?(?:/|$))[^/\\\\\\u0000-\\u001f]{1,255}(?:/(?!\\.\\.?(?:/|$))[^/\\\\\\u0000-\\u001f]{1,255})*",
    ),
    what: "a folder",
    cure: "write names with / between them, relative to the PATH, with no slash at either end and no . or ..",
  },
  sqlServer: {
    pattern: whole("[a-zA-Z0-9](?:[a-zA-Z0-9\\-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9\\-]{1,63}){2,8}"),
    what: "the full name of a SQL server",
    cure: "write it like sql-orders.database.windows.net, without a port and without tcp:",
  },
  databaseName: {
    // Azure, "Naming rules and restrictions for Azure resources": no <>*%&:\\/? and no period or space at the end.
    pattern: whole("[^<>*%&:\\\\/?\\u0000-\\u001f]{0,127}[^<>*%&:\\\\/?\\u0000-\\u001f. ]"),
    what: "the name of a database",
    cure: "use 1 to 128 characters other than < > * % & : \\ / ?, not ending in a period or space",
  },
  securable: {
    pattern: whole(
      "database|schema::[^\\u0000-\\u001f]{1,128}|object::[^.\\u0000-\\u001f]{1,128}\\.[^\\u0000-\\u001f]{1,128}",
    ),
    what: "a securable",
    cure: "write database, schema::NAME or object::SCHEMA.NAME, names without brackets",
  },
  blobUrl: {
    // Azure, "Naming and Referencing Containers, Blobs, and Metadata"; of blob names only what needs no escaping.
    pattern: whole(
      "https://[a-z0-9]{3,24}\\.[a-z0-9.\\-]{1,200}/[a-z0-9](?:-?[a-z0-9]){2,62}/[A-Za-z0-9_\\-][A-Za-z0-9._\\-]{0,200}",
    ),
    what: "the URL of a blob",
    cure: "write https://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB, without a port and without anything after it",
  },
  sid: {
    pattern: whole("0[xX][0-9a-fA-F]{32}"),
    what: "the SID of a user",
    cure: "write 0x and 32 hexadecimal digits, as `SELECT sid FROM sys.database_principals` shows it",
  },
  guid: {
    pattern: whole(guid),
    what: "a GUID",
    cure: "write the id itself, 8-4-4-4-12 hexadecimal digits (`az account show` prints those of subscription and tenant)",
  },
  resourceGroup: {
    pattern: whole(resourceGroup),
    what: "the name of a resource group",
    cure: "use the bare name, not an id: 1 to 90 letters, digits and _ - . ( ), not ending in a period",
  },
  selectedGroup: {
    pattern: whole(`${resourceGroup}|\\*`),
    what: "the name of a resource group",
    cure: 'name each group in full (parts of names cannot be matched), or write ["*"] alone for the whole subscription',
  },
  identityName: {
    pattern: whole("[A-Za-z0-9][A-Za-z0-9_\\-]{2,127}"),
    what: "a name that Azure accepts for an identity",
    cure: "use 3 to 128 letters, digits, hyphens and underscores; begin with a letter or digit",
  },
  computeName: {
    pattern: whole('[^/\\s?#%<>&:*"|\\\\]{1,64}'),
    what: "the name of a virtual machine or scale set",
    cure: "use the bare name, not an id",
    cureFor: (value) =>
      value.includes("*") ? "for many machines use `virtualMachines` with a selector" : undefined,
  },
  credentialName: {
    pattern: whole("[A-Za-z0-9][A-Za-z0-9_\\-]{2,119}"),
    what: "a name that Azure accepts for a federated credential",
    cure: "use 3 to 120 letters, digits, hyphens and underscores; begin with a letter or digit",
  },
  issuer: {
    pattern: whole('https://[^\\s"<>]{1,592}'),
    what: "an issuer",
    cure: "write the https:// URL exactly as the `iss` claim of the tokens has it, at most 600 characters",
  },
  location: {
    pattern: whole("[A-Za-z][A-Za-z0-9 ]{1,62}"),
    what: "an Azure location",
    cure: "write it like westeurope",
  },
  scope: {
    pattern: whole(
      `${groupPath}(?:${resourcePath})?|${subscriptionPath}(?:${resourcePath})?|${managementGroupPath}`,
    ),
    what: "a scope",
    cure: "write /subscriptions/<GUID>, with /resourceGroups/<name> or a whole resource id after it, or /providers/Microsoft.Management/managementGroups/<name>; no slash at the end",
  },
  resourceId: {
    pattern: whole(`${groupPath}${resourcePath}`),
    what: "a resource id",
    cure: "write /subscriptions/<GUID>/resourceGroups/<name>/providers/<namespace>/<type>/<name>",
  },
  managementGroup: {
    pattern: whole(managementGroup),
    what: "the name of a management group",
    cure: "use its name (not its display name, not its id): 1 to 90 letters, digits and _ - . ( )",
  },
  roleDefinitionId: {
    pattern: whole(`(?:${subscriptionPath}|${managementGroupPath})?${roleDefinitionPath}`),
    what: "the id of a role definition",
    cure: "write /providers/Microsoft.Authorization/roleDefinitions/<GUID>, or use roleName",
    cureFor: (value) =>
      isGuid(value) ? `write /providers/Microsoft.Authorization/roleDefinitions/${value}` : undefined,
  },
  tagKey: {
    pattern: whole(`(?!${anyCase("bindery")}-)[^<>%&\\\\?/]{1,512}`),
    what: "a tag key that a document may set",
    cure: 'use 1 to 512 characters other than < > % & \\ ? /, and none that begins with "bindery-": those tags are Bindery\'s own',
  },
  labelKey: {
    pattern: whole("[A-Za-z0-9](?:[A-Za-z0-9_./\\-]{0,315}[A-Za-z0-9])?"),
    what: "a label or annotation key",
    cure: "use letters, digits and _ . - with at most one prefix, like app.kubernetes.io/name",
  },
} as const satisfies Record<string, Format>;

/** The names of the formats. */
export type FormatName = keyof typeof formats;

/** The format that zod reported, or undefined if it is one of zod's own. */
export function formatNamed(name: string): Format | undefined {
  return Object.hasOwn(formats, name) ? formats[name as FormatName] : undefined;
}
