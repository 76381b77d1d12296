// The refusals of deny assignments, policies and Privileged Identity Management, in Azure's words.
import type { DenyAssignment, PolicyRule } from "../../governance.ts";
import { ArmError } from "../provider.ts";

const gateway = { "x-ms-failure-cause": "gateway" };

/** Builders like those of the front door; texts are quoted in public threads unless the line says "our wording". */
export const governanceErrors = {
  /** Quoted with name, id without dashes and scope (walk-throughs of managed applications and of AKS's lockdown). */
  deniedByAssignment: (
    caller: { clientId: string; objectId: string },
    action: string,
    scope: string,
    denial: DenyAssignment,
  ) =>
    new ArmError(
      403,
      "DenyAssignmentAuthorizationFailed",
      `The client '${caller.clientId}' with object id '${caller.objectId}' has permission to perform action '${action}' on scope '${scope}'; however, the access is denied because of the deny assignment with name '${denial.displayName}' and Id '${denial.name.replaceAll("-", "")}' at scope '${denial.scope}'.`,
      { headers: gateway },
    ),
  denyAssignmentNotFound: (name: string) =>
    new ArmError(404, "DenyAssignmentNotFound", `The deny assignment '${name}' is not found.`), // our wording
  /** The whole body is quoted in Microsoft's "Use Azure Policy to enforce job execution on Hybrid Runbook Worker". */
  disallowedByPolicy: (
    resourceName: string,
    rule: PolicyRule,
    evaluatedExpressions: readonly unknown[] | undefined,
  ) => {
    const code = "RequestDisallowedByPolicy";
    const definition = { name: rule.displayName, id: definitionIdOf(rule) };
    const identifiers = [
      { policyAssignment: { name: rule.displayName, id: rule.id }, policyDefinition: definition },
    ];
    const message = `Resource '${resourceName}' was disallowed by policy. Policy identifiers: '${JSON.stringify(identifiers)}'.`;
    const info = {
      policyDefinitionDisplayName: rule.displayName,
      ...(evaluatedExpressions !== undefined && { evaluationDetails: { evaluatedExpressions } }),
      policyDefinitionId: definition.id,
      policyDefinitionName: rule.name,
      policyDefinitionEffect: "Deny",
      policyAssignmentId: rule.id,
      policyAssignmentName: rule.name,
      policyAssignmentDisplayName: rule.displayName,
      policyAssignmentScope: rule.scope,
      policyAssignmentParameters: {},
    };
    const additionalInfo = [{ type: "PolicyViolation", info }];
    const body = { error: { code, target: resourceName, message, additionalInfo } };
    return new ArmError(403, code, message, { headers: gateway, body });
  },
  assignmentIsScheduled: (name: string) =>
    new ArmError(
      400,
      "RoleAssignmentScheduleExists", // our code and wording
      `The role assignment '${name}' is managed by a role assignment schedule. Remove it with a role assignment schedule request.`,
    ),
} as const;

function definitionIdOf({ id }: PolicyRule): string {
  return id.replace(/\/policyAssignments\/([^/]+)$/i, "/policyDefinitions/$1");
}
