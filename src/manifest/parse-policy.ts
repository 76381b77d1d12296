// Decides whether a file is the operator's policy, and hands the core what it says.
import { type Diagnostic, hasErrors, sortedDiagnostics } from "../model/diagnostic.ts";
import type { Policy as ModelPolicy } from "../model/policy.ts";
import type { SourceFile } from "../model/source.ts";
import { readFile } from "./parse-manifests.ts";
import type { Policy } from "./schema-policy.ts";
import { diagnosticIn } from "./sketch.ts";

/** A policy file, read. */
export interface ParsedPolicy {
  /** There only if the file has no error. */
  readonly policy?: Policy;
  readonly diagnostics: readonly Diagnostic[];
}

const cure = 'a policy file holds one document of "kind: Policy"; `bindery init` writes one';

/** Reads a policy file: exactly one document, of kind Policy, without an error. */
export function parsePolicy(file: SourceFile): ParsedPolicy {
  const { documents, diagnostics } = readFile(file);
  const others = documents.filter((document) => document.kind !== "Policy");
  const [first, ...more] = documents.filter((document) => document.kind === "Policy");
  const found: Diagnostic[] = [
    ...diagnostics,
    ...others.map((document) => diagnosticIn(document, ["kind"], { message: "this is no Policy", cure })),
    ...more.map((document) => diagnosticIn(document, ["kind"], { message: "a second Policy", cure })),
  ];
  if (first === undefined && !hasErrors(found)) {
    found.push({
      severity: "error",
      file: file.path,
      line: 1,
      column: 1,
      path: "",
      message: "no Policy in this file",
      cure,
    });
  }
  const content = first?.content;
  const sorted = sortedDiagnostics(found);
  return content?.kind === "Policy" && !hasErrors(sorted)
    ? { policy: content, diagnostics: sorted }
    : { diagnostics: sorted };
}

/** The policy as the core reads it. */
export function modelPolicyFrom({ spec }: Policy): ModelPolicy {
  const { lease } = spec;
  return {
    owner: spec.owner,
    tenantId: spec.tenantId,
    estate: spec.estate,
    namespaces: spec.namespaces,
    limits: spec.limits,
    wholeSubscriptionSelectors: spec.selectors.wholeSubscription,
    privileged: spec.privileged.allow,
    federatedCredentials: spec.federatedCredentials.allow,
    sqlServers: spec.sqlServers.allow,
    protected: spec.protected,
    releases: spec.releases,
    ...(lease && { lease: { blobUrl: lease.blobUrl, durationInSeconds: lease.durationSeconds } }),
  };
}
