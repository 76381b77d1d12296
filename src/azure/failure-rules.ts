// The one table of what Azure's failures mean: again later, wait until visible, or not until something changes.
import type { FailureClass } from "../model/failure.ts";

/** What is known of a failed answer before it is judged. */
export interface Evidence {
  readonly status?: number;
  /** All codes of the body, lower-case, the outermost first. */
  readonly codes: readonly string[];
  readonly message: string;
  /** The status of the answer that an identity operation reports from inside, lower-case. */
  readonly nestedStatus?: string;
}

/** The judgement of the first row that matches. */
export interface Rule {
  readonly class: FailureClass;
  /** The wait where Azure asks for none; undefined: the caller's own backoff. */
  readonly delayInMs?: number;
  /** The ids of identities in the message are the cause. */
  readonly namesCulprits?: true;
  /** Code for answers that have none, or one that says nothing. */
  readonly code?: string;
  /** Words for answers that have none. */
  readonly message?: string;
  readonly mayHaveHappened?: true;
}

interface RuleRow extends Rule {
  readonly codes?: readonly string[];
  readonly statuses?: readonly number[];
  readonly text?: RegExp;
  readonly nested?: readonly string[];
}

/** Rows are tried from the top; every condition that a row states must hold. */
const rows: readonly RuleRow[] = [
  {
    statuses: statusesFrom(300, 399),
    class: "terminal",
    code: "RedirectRefused",
    message: "Azure answered with a redirect, and redirects are refused.",
  },

  // Throttling first: it hides inside other errors, and names resources that are not to blame.
  { text: /temporarily throttled|is currently throttled/i, class: "transient", delayInMs: 20_000 },
  { nested: ["toomanyrequests"], class: "transient", delayInMs: 20_000 },
  {
    statuses: [429],
    codes: ["retryableerror", "retryableerrorduetoanotheroperation"],
    class: "transient",
    delayInMs: 10_000,
  },
  { statuses: [429], text: /exclusive lock/i, class: "transient", delayInMs: 10_000 },
  { codes: ["ratelimiting"], class: "transient", delayInMs: 5_000 },
  { statuses: [429], class: "transient", delayInMs: 30_000, code: "TooManyRequests" },
  {
    codes: ["subscriptionrequeststhrottled", "resourcerequeststhrottled", "toomanyrequests"],
    class: "transient",
    delayInMs: 30_000,
  },

  // Identity operations that fail as a whole because of one identity.
  {
    codes: ["failedidentityoperation"],
    nested: ["conflict", "internalservererror", "serviceunavailable", "gatewaytimeout", "requesttimeout"],
    class: "transient",
    delayInMs: 10_000,
    mayHaveHappened: true,
  },
  {
    codes: ["failedidentityoperation"],
    text: /Removal of all user-assigned|exceed limit/i,
    class: "terminal",
  },
  { codes: ["failedidentityoperation"], class: "terminal", namesCulprits: true },
  { codes: ["linkedauthorizationfailed"], class: "terminal", namesCulprits: true },
  // Where the lock is an identity's, the other identities of the request are innocent.
  { codes: ["scopelocked"], class: "terminal", namesCulprits: true },

  // What was written elsewhere is not visible here yet.
  { codes: ["principalnotfound"], class: "propagating", delayInMs: 5_000 },
  { text: /does not exist in the directory/i, class: "propagating", delayInMs: 5_000 },

  // Somebody else is at work on the same thing.
  {
    codes: ["concurrentfederatedidentitycredentialswritesforsinglemanagedidentity"],
    class: "transient",
    delayInMs: 20_000,
  },
  {
    codes: [
      "conflictingconcurrentwritenotallowed",
      "anotheroperationinprogress",
      "retryableerror",
      "retryableerrorduetoanotheroperation",
      "operationpreempted",
    ],
    class: "transient",
    delayInMs: 10_000,
  },
  { statuses: [412], class: "transient", delayInMs: 0, code: "PreconditionFailed" },

  // The lease of a blob (Storage, "Lease Blob", outcomes of use attempts).
  { codes: ["leasealreadypresent", "leaseisbreakingandcannotbeacquired"], class: "transient" },
  {
    codes: [
      "leaseidmismatchwithleaseoperation",
      "leasenotpresentwithleaseoperation",
      "leaselost",
      "leaseisbrokenandcannotberenewed",
      "blobalreadyexists",
    ],
    class: "terminal",
  },

  // Only people can change these.
  {
    codes: [
      "readonlydisabledsubscription",
      "roleassignmentexists",
      "roleassignmentupdatenotpermitted",
      "roleassignmentlimitexceeded",
      "missingsubscriptionregistration",
      "invalidresourcelocation",
      "requestdisallowedbypolicy",
      "denyassignmentauthorizationfailed",
      "operationnotallowed",
    ],
    class: "terminal",
  },
  { statuses: [409], codes: ["conflict"], class: "transient", delayInMs: 10_000 },
  {
    statuses: [409],
    text: /in progress|concurrent|another operation|retry|try again/i,
    class: "transient",
    delayInMs: 10_000,
  },

  // Tokens and rights.
  { statuses: [401], codes: ["expiredauthenticationtoken"], class: "transient", delayInMs: 1_000 },
  { statuses: [401, 403], class: "terminal" },

  // Azure or the way to it is unwell; a write may have arrived.
  {
    codes: [
      "servertimeout",
      "gatewaytimeout",
      "internalservererror",
      // How Compute puts it when one of its operations ends so (azure-docs, states and errors of machines).
      "internalexecutionerror",
      "internaloperationerror",
      "serviceunavailable",
      "requesttimeout",
      "operationtimedout",
      "networkingtimeout",
    ],
    class: "transient",
    mayHaveHappened: true,
  },
  { statuses: [501, 505], class: "terminal" },
  { statuses: [408], class: "transient", code: "RequestTimeout", mayHaveHappened: true },
  { statuses: [500], class: "transient", code: "InternalServerError", mayHaveHappened: true },
  { statuses: [503], class: "transient", code: "ServiceUnavailable", mayHaveHappened: true },
  { statuses: [504], class: "transient", code: "GatewayTimeout", mayHaveHappened: true },
  { statuses: statusesFrom(502, 599), class: "transient", code: "ServerError", mayHaveHappened: true },
];

/** The judgement for an answer; what no row knows is terminal, so that it is seen instead of repeated for ever. */
export function ruleFor(evidence: Evidence): Rule {
  return rows.find((row) => matches(row, evidence)) ?? { class: "terminal" };
}

function matches(row: RuleRow, evidence: Evidence): boolean {
  if (row.statuses && !row.statuses.includes(evidence.status ?? 0)) return false;
  if (row.codes && !evidence.codes.some((code) => row.codes?.includes(code))) return false;
  if (row.nested && !row.nested.includes(evidence.nestedStatus ?? "")) return false;
  return row.text?.test(evidence.message) ?? true;
}

function statusesFrom(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** What the codes of Node's sockets and of the SDKs' own errors mean, where there was no answer at all. */
export const networkRules: Readonly<Record<string, Rule>> = {
  // Nothing was sent: no connection came about.
  ECONNREFUSED: { class: "transient" },
  ENOTFOUND: { class: "transient" },
  EAI_AGAIN: { class: "transient" },
  ENETUNREACH: { class: "transient" },
  EHOSTUNREACH: { class: "transient" },
  // Something may have arrived.
  ECONNRESET: { class: "transient", mayHaveHappened: true },
  ECONNABORTED: { class: "transient", mayHaveHappened: true },
  EPIPE: { class: "transient", mayHaveHappened: true },
  ETIMEDOUT: { class: "transient", mayHaveHappened: true },
  REQUEST_SEND_ERROR: { class: "transient", mayHaveHappened: true },
  PARSE_ERROR: { class: "transient", mayHaveHappened: true },
  // The other side is not who it should be: trying again changes nothing.
  CERT_HAS_EXPIRED: { class: "terminal" },
  CERT_NOT_YET_VALID: { class: "terminal" },
  DEPTH_ZERO_SELF_SIGNED_CERT: { class: "terminal" },
  SELF_SIGNED_CERT_IN_CHAIN: { class: "terminal" },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { class: "terminal" },
  UNABLE_TO_GET_ISSUER_CERT: { class: "terminal" },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { class: "terminal" },
  ERR_TLS_CERT_ALTNAME_INVALID: { class: "terminal" },
};
