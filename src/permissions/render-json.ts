// Decides the JSON forms of rights: all of them, what a check came to, and role definitions as the Azure CLI takes them.
import { harmlessJson } from "../model/text.ts";
import type { Need } from "./needs.ts";
import type { Verdict } from "./permits.ts";
import type { RightsReport } from "./report.ts";
import { workNamed } from "./work.ts";

/** The version of the shape; it changes when a field goes or changes its meaning, not when one comes. */
const apiVersion = "bindery.dev/permissions/v1";

/** Everything: needs with their reasons, roles with their assignments, statements for databases, notes. */
export function renderRightsJson(report: RightsReport): string {
  const { owner, revision, purpose, needs, roles, databases, notes } = report;
  return jsonText({
    apiVersion,
    owner,
    revision,
    for: purpose,
    needs: needs.map(needOutput),
    roles,
    databases: databases.map(({ ref, statements, documents }) => ({ ...ref, statements, documents })),
    notes,
  });
}

/** What is missing and what could not be found out. */
export function renderRightsCheckJson(
  { owner, revision, purpose }: RightsReport,
  { missing, unknown }: Verdict<Need>,
): string {
  const lists = { missing: missing.map(needOutput), unknown: unknown.map(needOutput) };
  return jsonText({ apiVersion, owner, revision, for: purpose, ...lists });
}

/** The custom roles alone, as a list. */
export function renderRoleDefinitions({ roles }: Pick<RightsReport, "roles">): string {
  return jsonText(roles.map(({ definition }) => definition));
}

function needOutput({ scope, action, work, reasons }: Need): object {
  const { what, phase, source } = workNamed(work);
  return { scope, action, for: phase, to: what, source, reasons };
}

function jsonText(value: unknown): string {
  return `${harmlessJson(JSON.stringify(value, undefined, 2))}\n`;
}
