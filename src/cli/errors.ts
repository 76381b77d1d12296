// Decides what a user is told when a command cannot do its work, and the exit code that goes with it.
import { isNativeError } from "node:util/types";
import { Failure } from "../model/failure.ts";
import { safeText } from "../model/text.ts";
import type { CliIo } from "./io.ts";

/** What an exit code says. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** Changes or held changes remain, only with --detailed-exitcode; or rights are missing. */
  changesRemain: 2,
  badInput: 3,
  /** A wrong tenant or cloud, a saved plan that does not fit, a lease of somebody else: nothing was done, on purpose. */
  refused: 4,
  /** A second Ctrl-C. */
  interrupted: 130,
} as const;

/** A command cannot go on for a reason that the user can do something about. */
export class CliError extends Error {
  readonly exitCode: number;
  /** What to do instead, as a full sentence. */
  readonly cure: string | undefined;

  constructor(exitCode: number, message: string, cure?: string) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
    this.cure = cure;
  }
}

/** Where bugs are reported. */
const bugAddress = "the project's issue tracker";

/** Failures that are refusals: nothing was sent, or nothing may be. */
const refusals: ReadonlySet<string> = new Set([
  "ForeignTenant",
  "ForeignHost",
  "RedirectRefused",
  "DryRunRefused",
]);

const cures: Readonly<Record<string, string>> = {
  ForeignTenant:
    "Sign in to the policy's tenant and name only its subscriptions in `estate`, or name the policy of this tenant with --policy.",
  CredentialUnavailable:
    "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run with a workload or managed identity.",
  SignInFailed: "Correct the credential: AZURE_CLIENT_ID with its secret, certificate or federated token.",
  ContainerNotFound:
    "Make the container that `lease.blobUrl` of the policy names; Bindery makes the blob only.",
  AuthorizationPermissionMismatch:
    "Give Bindery the role Storage Blob Data Contributor on the container of the policy's `lease`.",
  AuthorizationFailed: "Give Bindery Reader on the subscriptions of the estate.",
};

/** Prints what ended a command, without a stack trace, and gives the exit code. */
export function reportError(error: unknown, io: Pick<CliIo, "stderr" | "env">): number {
  if (error instanceof CliError) {
    print(io, `error: ${error.message}`, error.cure);
    return error.exitCode;
  }
  if (error instanceof Failure) {
    const { code, correlationId } = error.details;
    const correlation = correlationId === undefined ? "" : ` (correlation id ${correlationId})`;
    print(io, `error: ${code}: ${error.message}${correlation}`, cures[code]);
    debug(error, io);
    return refusals.has(code) ? exitCodes.refused : exitCodes.failed;
  }
  const message = isNativeError(error) ? `${error.name}: ${error.message}` : String(error);
  const how = io.env.BINDERY_DEBUG
    ? `Please report it with the lines below to ${bugAddress}.`
    : `Please report it to ${bugAddress}, with what BINDERY_DEBUG=1 prints.`;
  print(io, `error: this is a bug in Bindery: ${message}`, how);
  debug(error, io);
  return exitCodes.failed;
}

function print({ stderr }: Pick<CliIo, "stderr">, message: string, cure: string | undefined): void {
  for (const line of message.split(/\r?\n/)) stderr.write(`${safeText(line)}\n`);
  if (cure !== undefined) stderr.write(`  → ${safeText(cure)}\n`);
}

function debug(error: unknown, { stderr, env }: Pick<CliIo, "stderr" | "env">): void {
  if (!env.BINDERY_DEBUG || !isNativeError(error)) return;
  for (const line of (error.stack ?? "").split("\n")) stderr.write(`${safeText(line)}\n`);
  if (isNativeError(error.cause)) debug(error.cause, { stderr, env });
}

/** True for an error of the operating system (a missing file, a full disk), which is no bug of ours. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return isNativeError(error) && "syscall" in error && "code" in error;
}
