// What `bindery init` does: asks Azure what there is, and writes a policy with safe defaults.
import { resolve } from "node:path";
import type { SeenEstate } from "../azure/estate.ts";
import { sameId } from "../model/arm-id.ts";
import type { Self } from "../model/ports.ts";
import { safeText } from "../model/text.ts";
import { openAzure } from "./azure.ts";
import { CliError, exitCodes } from "./errors.ts";
import { writeNamedFile } from "./files.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { logFor } from "./log.ts";
import { cloudOf, untilStopped } from "./plan-command.ts";
import { isEnabled, policyText } from "./policy-template.ts";

/** The options of `init`. */
export interface InitOptions {
  readonly cloud?: string;
  /** Where the policy goes; "-" is stdout. */
  readonly output: string;
  readonly owner?: string;
  readonly subscription: readonly string[];
  readonly force?: boolean;
  readonly timeout?: number;
}

/** Writes the policy, and says what to do next. An existing file is replaced only with --force. */
export async function runInit(options: InitOptions, io: CliIo): Promise<number> {
  using interruption = interruptionOf(io, options.timeout);
  const { stop: signal } = interruption;
  const log = await logFor(io);
  const { connection } = await openAzure({ ...cloudOf(options), dryRun: true, log }, io);
  const { self, seen } = await untilStopped(signal, async () => ({
    self: await connection.self(signal),
    seen: await connection.listEstate(signal),
  }));
  const subscriptions = chosen(seen, self, options.subscription);
  const tenant = seen.tenants.find((t) => sameId(t.tenantId, self.tenantId));
  const text = policyText({
    owner: options.owner ?? defaultOwner(self),
    tenantId: self.tenantId,
    tenantName: tenant?.displayName ?? "",
    subscriptions,
  });
  if (options.output === "-") {
    io.stdout.write(text);
    return exitCodes.done;
  }
  const path = resolve(io.cwd, options.output);
  await writeNamedFile(path, text, { replace: options.force ?? false });
  const written = safeText(options.output);
  io.stdout.write(`${written}\n`);
  io.stderr.write(
    `Written. Read it, take out subscriptions that are not to be managed, and keep it away from the manifests.\nThen: bindery plan PATH --policy ${written}\n`,
  );
  return exitCodes.done;
}

/** Two instances must never share an owner: what the caller's own principal is called does not come up twice. */
function defaultOwner({ principalId }: Self): string {
  return `bindery-${principalId.slice(0, 8).toLowerCase()}`;
}

function chosen(seen: SeenEstate, self: Self, wanted: readonly string[]): SeenEstate["subscriptions"] {
  const mine = seen.subscriptions.filter((s) => sameId(s.tenantId || self.tenantId, self.tenantId));
  for (const id of wanted) {
    if (mine.some((s) => sameId(s.subscriptionId, id))) continue;
    throw new CliError(
      exitCodes.badInput,
      `Subscription ${id} is not one that this credential can see in tenant ${self.tenantId}.`,
      "Correct the id, or give the credential Reader on it.",
    );
  }
  const found =
    wanted.length === 0 ? mine : mine.filter((s) => wanted.some((id) => sameId(id, s.subscriptionId)));
  if (found.some(isEnabled)) return found;
  throw new CliError(
    exitCodes.failed,
    `This credential can see no enabled subscription in tenant ${self.tenantId}.`,
    "Give it Reader on the subscriptions that are to be managed.",
  );
}
