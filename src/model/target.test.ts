import { expect, test } from "vitest";
import { type Attachments, isAttached } from "./target.ts";

const idIn = (group: string, name = "id-orders"): string =>
  `/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const attachments: Attachments = { systemAssigned: false, userAssigned: [{ id: idIn("rg-others") }] };

test("an identity is attached by its id in any case, not by its name: another group may have one of the same name", () => {
  expect(isAttached(attachments, idIn("RG-Others").toUpperCase())).toBe(true);
  expect(isAttached(attachments, idIn("rg-ours"))).toBe(false);
  expect(isAttached(attachments, idIn("rg-others", "id-other"))).toBe(false);
});
