import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  assignment,
  binding,
  desired,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  subscription,
  vm,
  wanted,
} from "../fixtures.ts";
import { planFor } from "../plan-for.ts";
import { planApiVersion, planOutputFrom } from "./json.ts";

const page = readFileSync(new URL("../../../docs/plan-output.md", import.meta.url), "utf8");

/** A plan with at least one of everything that has a shape of its own. */
const output = planOutputFrom(
  planFor(
    desired(
      wanted({
        bindings: [
          binding(
            [
              namedVm("vm-1"),
              namedVm("vm-gone"),
              {
                kind: "virtualMachines",
                subscriptionId: subscription,
                resourceGroups: ["rg"],
                matchTags: { app: "orders" },
                document: wanted().document,
              },
            ],
            [grantOf("Key Vault Secrets User"), grantOf("Owner", group)],
          ),
        ],
      }),
    ),
    observed({
      identities: [
        live(),
        live({
          id: identityId.replace("id-orders", "id-old"),
          principalId: "aaaaaaaa-0000-4000-8000-00000000000f",
        }),
      ],
      targets: [vm("vm-1"), vm("vm-rogue", [identityId])],
      assignments: [
        assignment(reader),
        assignment(reader, { id: "/old", principalId: "aaaaaaaa-0000-4000-8000-00000000000f" }),
      ],
    }),
    policy,
  ),
  { cloud: "public", tenantId: policy.tenantId },
);

/** The names in the first column of the table below a line. */
function tableBelow(line: string): readonly string[] {
  const rows = page.slice(page.indexOf(line)).split("\n").slice(1);
  const start = rows.findIndex((row) => row.startsWith("| --- "));
  const end = rows.findIndex((row, i) => i > start && !row.startsWith("|"));
  return rows.slice(start + 1, end).flatMap((row) => codeIn(row.split("|")[1] ?? ""));
}

/** The names in code that begin a paragraph like "**Orphan**: `identityId`, `targets` (ids), …", up to the first sentence's end. */
function namedIn(what: string): readonly string[] {
  const line = page.split("\n").find((one) => one.startsWith(`**${what}**: `)) ?? "";
  return codeIn(
    line
      .replaceAll(/\([^()]*\)/g, "")
      .split(":")
      .slice(0, 2)
      .join(":"),
  );
}

function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? "");
}

test("the page names the version", () => {
  expect(planApiVersion).toBe("bindery.dev/plan/v1");
  expect(page).toContain(`## A plan: \`${planApiVersion}\``);
});

test.each<[string, readonly string[], object | undefined]>([
  ["plan", tableBelow("## A plan:"), output],
  ["change", tableBelow("**Change**"), output.changes[0]],
  ["operation", namedIn("Operation"), output.operations[0]],
  ["document", namedIn("Document"), output.changes[0]?.document],
  ["held", namedIn("Held"), output.held[0]],
  ["warning", namedIn("Warning"), output.warnings[0]],
  ["orphan", namedIn("Orphan"), output.orphans[0]],
  ["blast radius", namedIn("BlastRadius"), output.blastRadius[0]],
  ["effect", tableBelow("**Effect**"), output.blastRadius[0]?.effects[0]],
  ["selector", namedIn("Selector"), output.selectors[0]],
])("the page names the keys of a %s in their order", (_, documented, shape) => {
  expect(Object.keys(shape ?? {})).toEqual(documented);
});
