// Decides the scripts that give the rights: commands of the Azure CLI for roles, and SQL for databases.
import { assignmentNameFor } from "../model/assignment-name.ts";
import { documentName } from "../model/document.ts";
import { harmlessJson, safeText } from "../model/text.ts";
import type { RightsReport } from "./report.ts";
import type { NeededRole } from "./roles.ts";

/**
 * A POSIX shell script that makes the roles and assigns them to a principal (its object id). It can be repeated: roles
 * that exist are updated, and assignments have names that do not change, so that their conditions are.
 */
export function renderAzScript(
  { owner, purpose, revision, roles, notes }: RightsReport,
  principalId: string,
): string {
  const lines = [
    "#!/bin/sh",
    `# The rights that Bindery ${owner} needs to ${purpose === "plan" ? "plan" : "plan and apply"}, as of revision ${revision}.`,
    "# Run it as somebody who may make roles and assign them at these scopes, for example Owner or User Access Administrator.",
    ...notes.map((note) => `# Note: ${note}`),
    "set -eu",
    `principal=${shellText(principalId)}`,
    "",
    ...functions,
    ...roles.flatMap((role) => roleLines(role, principalId)),
  ];
  return `${lines.map((line) => safeText(line)).join("\n")}\n`;
}

/** A definition that exists is updated. A new one may be unknown to assignments for a while: they are repeated. */
const functions = [
  "define() { # name, scope, definition",
  `  found=$(az role definition list --custom-role-only true --name "$1" --scope "$2" --query '[].name' --output tsv)`,
  '  if [ -z "$found" ]; then',
  '    az role definition create --role-definition "$3" --output none',
  "  else",
  '    az role definition update --role-definition "$3" --output none',
  "  fi",
  "}",
  "assign() { # name of the assignment, role, scope, and the condition if there is one",
  "  name=$1 role=$2 scope=$3; shift 3; attempt=1",
  '  until az role assignment create --name "$name" --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal --role "$role" --scope "$scope" "$@" --output none; do',
  '    [ "$attempt" -lt 6 ] || return 1',
  "    attempt=$((attempt + 1)); sleep 10",
  "  done",
  "}",
];

function roleLines({ definition, assignments }: NeededRole, principalId: string): readonly string[] {
  const name = shellText(definition.Name);
  const [at = "/"] = definition.AssignableScopes;
  const json = shellText(harmlessJson(JSON.stringify(definition)));
  const lines = assignments.map(({ scope, condition }) => {
    const id = assignmentNameFor(scope, principalId, definition.Name);
    const confined =
      condition === undefined ? "" : ` --condition ${shellText(condition)} --condition-version 2.0`;
    return `assign ${id} ${name} ${shellText(scope)}${confined}`;
  });
  return ["", `define ${name} ${shellText(at)} ${json}`, ...lines];
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
