// Asks what the caller may do at scopes: one request for each, and what could not be read is said, not guessed.
import { idKey } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { ObservedPermissions } from "../model/grant.ts";
import type { CallerRights } from "../model/ports.ts";

/** How many scopes are asked at the same time. */
const width = 8;

/** What the caller may do at these scopes, by `idKey`. */
export async function observePermissions(
  scopes: readonly string[],
  { readPermissions }: CallerRights,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ObservedPermissions>> {
  const found = new Map<string, ObservedPermissions>();
  const rest = new Map(scopes.map((scope) => [idKey(scope), scope])).entries();
  const worker = async (): Promise<void> => {
    for (const [key, scope] of rest) found.set(key, await readOne(scope, readPermissions, signal));
  };
  await Promise.all(Array.from({ length: width }, worker));
  return found;
}

async function readOne(
  scope: string,
  read: CallerRights["readPermissions"],
  signal: AbortSignal,
): Promise<ObservedPermissions> {
  try {
    return (await read(scope, signal)) ?? "gone";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { unreadable: `${error.details.code}: ${error.message}` };
  }
}
