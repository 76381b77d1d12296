// Decides the scripts that give the rights: commands of the Azure CLI for roles, and SQL for databases.
import { documentName } from "../model/document.ts";
import { harmlessJson, safeText } from "../model/text.ts";
import type { RightsReport } from "./report.ts";
import type { NeededAssignment, NeededRole } from "./roles.ts";

/** A POSIX shell script that makes the roles (or brings them up to date) and assigns them; it can be repeated. */
export function renderAzScript({ owner, purpose, revision, roles, notes }: RightsReport): string {
  const lines = [
    "#!/bin/sh",
    `# The rights that Bindery ${owner} needs to ${purpose === "plan" ? "plan" : "plan and apply"}, as of revision ${revision}.`,
    "# Run it as somebody who may make roles and assign them at these scopes, for example Owner or User Access Administrator.",
    ...notes.map((note) => `# Note: ${note}`),
    "set -eu",
    `: "\${BINDERY_PRINCIPAL_ID:?set it to the object id of Bindery's service principal or managed identity}"`,
    "",
    ...functions,
    ...roles.flatMap(roleLines),
  ];
  return `${lines.map((line) => safeText(line)).join("\n")}\n`;
}

/** A definition that exists is updated. A new one may be unknown to assignments for some minutes: they are repeated. */
const functions = [
  "define() { # name, scope, definition",
  `  if [ -z "$(az role definition list --custom-role-only true --name "$1" --scope "$2" --query '[].name' --output tsv)" ]; then`,
  '    az role definition create --role-definition "$3" --output none',
  "  else",
  '    az role definition update --role-definition "$3" --output none',
  "  fi",
  "}",
  "assign() { # name, scope, and the condition if there is one",
  "  role=$1 scope=$2; shift 2; attempt=1",
  '  until az role assignment create --assignee-object-id "$BINDERY_PRINCIPAL_ID" --assignee-principal-type ServicePrincipal --role "$role" --scope "$scope" "$@" --output none; do',
  '    [ "$attempt" -lt 10 ] || return 1',
  "    attempt=$((attempt + 1)); sleep 15",
  "  done",
  "}",
];

function roleLines({ definition, assignments }: NeededRole): readonly string[] {
  const name = shellText(definition.Name);
  const [scope = "/"] = definition.AssignableScopes;
  const json = shellText(harmlessJson(JSON.stringify(definition)));
  return [
    "",
    `define ${name} ${shellText(scope)} ${json}`,
    ...assignments.map((one) => assignLine(name, one)),
  ];
}

function assignLine(name: string, { scope, condition }: NeededAssignment): string {
  const confined =
    condition === undefined ? "" : ` --condition ${shellText(condition)} --condition-version 2.0`;
  return `assign ${name} ${shellText(scope)}${confined}`;
}

/** A word that a shell leaves as it is. */
function shellText(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The statements for every database, each under its name and the lines that need them. */
export function renderSqlScript({ databases }: Pick<RightsReport, "databases">): string {
  if (databases.length === 0) return "-- No document names a database.\n";
  const lines = databases.flatMap(({ ref, documents, statements }, i) => [
    ...(i === 0 ? [] : [""]),
    `-- In ${ref.database} on ${ref.server}, as the server's Microsoft Entra admin. Needed by:`,
    ...documents.map((one) => `-- ${documentName(one)} (${one.file}:${one.line})`),
    ...statements,
  ]);
  return `${lines.map((line) => safeText(line)).join("\n")}\n`;
}
