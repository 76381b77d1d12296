import { expect, test } from "vitest";
import type { RolePermission } from "../model/grant.ts";
import { group, vaultScope, vmId } from "../plan/fixtures.ts";
import { heldFor } from "./caller-rights.ts";

const signal = new AbortController().signal;
const write = "Microsoft.Compute/virtualMachines/write";

/** The scopes that were asked, where these are permitted to write. */
async function asked(wanted: readonly string[], permitted: readonly string[]): Promise<readonly string[]> {
  const scopes: string[] = [];
  const readPermissions = async (scope: string): Promise<readonly RolePermission[]> => {
    scopes.push(scope);
    const actions = permitted.includes(scope) ? [write] : [];
    return [{ actions, notActions: [], dataActions: [], notDataActions: [] }];
  };
  await heldFor(
    wanted.map((scope) => ({ scope, action: write })),
    { readPermissions },
    signal,
  );
  return scopes;
}

test.each<readonly [string, readonly string[], readonly string[], readonly string[]]>([
  ["nothing is asked where nothing is wanted", [], [], []],
  ["a thousand machines of a group cost one question", [vmId("a"), vmId("b"), vaultScope], [group], [group]],
  [
    "a group that does not settle it is followed by its machines",
    [vmId("a"), vmId("b")],
    [vmId("a")],
    [group, vmId("a"), vmId("b")],
  ],
  [
    "what is wanted at the group itself is asked once",
    [group, group.toUpperCase()],
    [],
    [group.toUpperCase()],
  ],
])("%s", async (_, wanted, permitted, expected) => {
  expect((await asked(wanted, permitted)).map((one) => one.toLowerCase())).toEqual(
    expected.map((one) => one.toLowerCase()),
  );
});
