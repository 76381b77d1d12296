import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
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
  owner,
  policy,
  reader,
  secretsUser,
  subscription,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "../fixtures.ts";
import type { Change, Held, Plan, Warning } from "../plan.ts";
import { planFor } from "../plan-for.ts";
import { planOutputFrom, renderJson } from "./json.ts";
import { githubLimit, renderMarkdown } from "./markdown.ts";
import { harmlessJson } from "./safe-json.ts";
import { type Paint, renderText } from "./text.ts";

const context = { cloud: "public", tenantId: policy.tenantId };

/** One plan with something of everything: attach, detach, grant, revoke, held for a release, held for a cure, an orphan. */
function fullPlan(): Plan {
  const orphan = live({
    id: identityId.replace("id-orders", "id-old"),
    principalId: "aaaaaaaa-0000-4000-8000-000000000002",
  });
  const identity = wanted({
    bindings: [
      binding(
        [namedVm("vm-1"), namedVm("vm-orders-10"), namedVm("vm-gone")],
        [grantOf("Key Vault Secrets User"), grantOf("Owner", group)],
      ),
    ],
  });
  const seen = observed({
    identities: [live(), orphan],
    targets: [vm("vm-1"), vm("vm-orders-10"), vm("vm-rogue", [identityId])],
    assignments: [assignment(reader), assignment(reader, { id: "/x/1", principalId: orphan.principalId })],
  });
  return planFor(desired(identity), seen, policy);
}

describe("text", () => {
  test("shows every change, what is held and why, warnings, orphans and one summary line", () => {
    const plan = fullPlan();
    const release = plan.held.find((h) => h.reason === "Privileged")?.digest;
    expect(renderText(plan)).toBe(`team/orders → id-orders (rg, subscription 00000000)
  + attach  vm-1                          listed by team/orders
  + attach  vm-orders-10                  listed by team/orders
  - detach  vm-rogue                      no document lists it and prunePolicy is Authoritative
  + grant   Key Vault Secrets User on kv  listed by team/orders
  - revoke  Reader on kv                  no document lists it and prunePolicy is Authoritative

Held (2)
  team/orders TargetNotFound
    + attach  vm-gone
      ${vmId("vm-gone")} does not exist, or may not be read.
      → Correct the name in the document, create the resource, or give Bindery the right to read it.
  team/orders Privileged
    + grant  Owner on resource group rg
      ${plan.held.find((h) => h.reason === "Privileged")?.message}
      → Allow { identity: team/orders, roleName: Owner, scope: ${group} } under privileged in the policy, or release this set by its digest.
    → release with --release ${release}

Warnings (1)
  LastIdentity  The last user-assigned identity leaves vm-rogue.

Orphans (1), named by no document: nothing of them is touched
  id-old (rg, subscription 00000000)
    holds Reader on kv
    → Declare it in a document: with lifecycle Released to let it go, Absent to delete it.

Plan: 2 to attach, 1 to detach, 1 to grant, 1 to revoke; 2 held, 1 warning, 1 orphan. (digest ${plan.digest})
`);
  });

  test("says that there is nothing to do", () => {
    const plan = planFor(desired(wanted()), observed({ identities: [live()] }), policy);
    expect(renderText(plan)).toBe("Nothing to do.\n");
  });

  test.each([
    ["create", wanted(), observed(), "+ create"],
    [
      "adopt",
      wanted({ adoptionPolicy: "Additive" }),
      observed({ identities: [live({ tags: {} })] }),
      "~ adopt",
    ],
    ["release", wanted({ lifecycle: "Released" }), observed({ identities: [live()] }), "~ release"],
    ["delete", wanted({ lifecycle: "Absent" }), observed({ identities: [live()] }), "- delete"],
    ["update", wanted({ tags: { cost: "42" } }), observed({ identities: [live()] }), "~ update  tag cost=42"],
  ])("shows %s with its sign", (_, identity, seen, line) => {
    expect(renderText(planFor(desired(identity), seen, policy))).toContain(line);
  });

  test("colours only when asked to", () => {
    const paint: Paint = (style, text) => `<${style}>${text}</>`;
    expect(renderText(fullPlan(), { paint })).toContain("<go>- detach</>");
    expect(renderText(fullPlan())).not.toContain("\u001b");
  });

  test("adds the resource group where two targets have the same name", () => {
    const twins = ["rg", "rg-b"].map((name) => ({ ...namedVm("vm-1"), id: vmId("vm-1", name) }));
    const targets = twins.map(({ id }) => ({ ...vm("vm-1"), id }));
    const plan = planFor(
      desired(wanted({ bindings: [binding(twins as never)] })),
      observed({ identities: [live()], targets }),
      policy,
    );
    expect(renderText(plan)).toMatch(/attach {2}rg\/vm-1 +listed/);
    expect(renderText(plan)).toMatch(/attach {2}rg-b\/vm-1 +listed/);
  });

  test("aligns reasons by what is seen, not by the length of the text", () => {
    const lines = renderText(planOf([change(0, { name: "東京" }), change(1, { name: "vm-longer" })])).split(
      "\n",
    );
    const columns = lines
      .filter((l) => l.includes("because"))
      .map((l) => stringWidth(l.split("because")[0] ?? ""));
    expect(new Set(columns).size).toBe(1);
  });

  test("folds many additions, and never a removal or what is held", () => {
    const additions = Array.from({ length: 60 }, (_, i) => change(i, { name: `new-${i}.` }));
    const removals = Array.from({ length: 60 }, (_, i) =>
      change(100 + i, { kind: "detach", name: `old-${i}.` }),
    );
    const held = Array.from({ length: 60 }, (_, i) => hold(change(200 + i, { name: `held-${i}.` })));
    const text = renderText(planOf([...additions, ...removals], held));
    expect(text).toContain("… and 10 more to attach (--verbose lists them)");
    expect(text).not.toContain("new-50.");
    for (const word of ["old", "held"])
      expect(text.match(new RegExp(`${word}-\\d+\\.`, "g"))).toHaveLength(60);
    expect(renderText(planOf(additions), { all: true })).toContain("new-59.");
  });
});

describe("JSON", () => {
  test("has the published keys in their order, and counts", () => {
    const output = planOutputFrom(fullPlan(), context);
    expect(Object.keys(output)).toEqual([
      "apiVersion",
      "revision",
      "owner",
      "cloud",
      "tenantId",
      "digest",
      "changes",
      "operations",
      "held",
      "warnings",
      "orphans",
      "summary",
    ]);
    expect(output.summary).toEqual({
      changes: 5,
      create: 0,
      adopt: 0,
      release: 0,
      update: 0,
      attach: 2,
      detach: 1,
      grant: 1,
      revoke: 1,
      delete: 0,
      operations: 5,
      held: 2,
      warnings: 1,
      orphans: 1,
    });
    expect(output.changes[0]).toEqual({
      id: `attach ${identityId.toLowerCase()} target ${vmId("vm-1").toLowerCase()}`,
      kind: "attach",
      sign: "+",
      identityId,
      identityDocument: {
        kind: "UserAssignedIdentity",
        namespace: "team",
        name: "orders",
        file: "orders.yaml",
        line: 1,
      },
      document: { kind: "IdentityBinding", namespace: "team", name: "orders", file: "orders.yaml", line: 1 },
      subject: { kind: "target", targetId: vmId("vm-1") },
      reason: "listed by team/orders",
      needs: [],
      released: false,
    });
    expect(output.operations.map(({ kind, resourceId }) => [kind, resourceId])).toContainEqual([
      "putAssignment",
      vaultScope,
    ]);
  });

  test("is the same text for the same plan, and gives back every character", () => {
    const name = "\u202E evil \u001b[31m ##vso[task.setvariable] \u{e0041} é";
    const plan = planOf([change(0, { reason: name })]);
    expect(renderJson(plan, context)).toBe(renderJson(plan, context));
    const parsed = JSON.parse(renderJson(plan, context)) as { changes: { reason: string }[] };
    expect(parsed.changes[0]?.reason).toBe(name);
    expect(renderJson(plan, context)).not.toMatch(/##vso\[|\p{Cf}/iu);
  });
});

describe("Markdown", () => {
  test("puts what goes and what is held before the rest", () => {
    const plan = fullPlan();
    const text = renderMarkdown(plan, context);
    const order = [
      "### Taken away (2)",
      "### Held (2)",
      "| document |",
      "**`team/orders` → ",
      "### Warnings",
      "### Orphans",
    ];
    expect(order.map((part) => text.indexOf(part))).toEqual(
      order.map((part) => text.indexOf(part)).toSorted((a, b) => a - b),
    );
    expect(text).toContain(
      "- `- detach` `vm-rogue` of `team/orders` (`id-orders`): no document lists it and prunePolicy is Authoritative",
    );
    expect(text).toContain(
      "| `team/orders` | `id-orders` | 2 to attach, 1 to detach, 1 to grant, 1 to revoke | 2 |",
    );
    expect(text).toContain("- `- revoke` `Reader on kv`");
    expect(text).not.toContain("<details>");
  });

  test("folds a long list", () => {
    const text = renderMarkdown(planOf(Array.from({ length: 30 }, (_, i) => change(i))), context);
    expect(text).toContain("<details><summary>30 to attach</summary>\n\n- `+ attach`");
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)?.length ?? 0);
  });

  test("cuts additions first and says how many lines are missing", () => {
    const removals = Array.from({ length: 100 }, (_, i) => change(i, { kind: "detach", name: `old-${i}.` }));
    const additions = Array.from({ length: 2_000 }, (_, i) => change(1_000 + i, { name: `new-${i}.` }));
    const held = Array.from({ length: 100 }, (_, i) => hold(change(5_000 + i, { name: `held-${i}.` })));
    const text = renderMarkdown(planOf([...additions, ...removals], held), context);
    expect(text.length).toBeLessThanOrEqual(githubLimit);
    expect(text.match(/`old-\d+\.`/g)).toHaveLength(100);
    expect(text.match(/`held-\d+\.`/g)).toHaveLength(100);
    const shown = text.match(/`new-\d+\.`/g)?.length ?? 0;
    expect(shown).toBeGreaterThan(100);
    expect(text).toContain(`… ${2_000 - shown} more lines; see the job's log.`);
    expect(text).toContain("</details>");
  });

  test("no outside text becomes markup", () => {
    const evil = "@admin <img src=x> [click](https://evil.example) | **bold** `code` #1";
    const text = renderMarkdown(planOf([change(0, { reason: evil })]), context);
    expect(text).not.toContain("<img");
    expect(text).not.toContain("@admin");
    expect(text).not.toContain("[click](");
  });
});

describe("whatever the names are", () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "\u001b[2J",
      "\u202E",
      "\u0000",
      "\u200b",
      "\r\n::error::x",
      "##vso[x]",
      "\u{e0001}",
      "</details>",
      "@x",
      "|",
    ),
  );
  const anyChange = fc
    .record({
      name: nasty,
      reason: nasty,
      kind: fc.constantFrom("attach", "detach") as fc.Arbitrary<"attach" | "detach">,
      file: nasty,
    })
    .map((part) => (index: number) => change(index, part));
  const anyPlan = fc
    .record({
      changes: fc.array(anyChange, { maxLength: 12 }),
      held: fc.array(anyChange, { maxLength: 12 }),
      text: nasty,
    })
    .map(({ changes, held, text }) =>
      planOf(
        changes.map((make, i) => make(i)),
        held.map((make, i) => hold(make(100 + i), text)),
        [{ code: text, message: text }],
        text,
      ),
    );
  const steering = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u2800]/u;
  const command = /^\s*::|##\[|##vso\[/i;
  const renderers: readonly [string, (plan: Plan) => string][] = [
    ["text", (plan) => renderText(plan)],
    ["JSON", (plan) => renderJson(plan, context)],
    ["Markdown", (plan) => renderMarkdown(plan, context)],
  ];

  test.each(renderers)("%s holds no control, ANSI or bidi character and no runner command", (_, render) => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const lines = render(plan).split("\n");
        expect(lines.filter((line) => steering.test(line) || command.test(line))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("Markdown never exceeds its limit", () => {
    const limits = fc.integer({ min: 6_000, max: githubLimit });
    const sizes = fc.record({ changes: fc.nat(400), held: fc.nat(400), name: nasty, limit: limits });
    fc.assert(
      fc.property(sizes, ({ changes, held, name, limit }) => {
        const many = (count: number, from: number) =>
          Array.from({ length: count }, (_, i) => change(from + i, { name, reason: name.repeat(20) }));
        const plan = planOf(
          many(changes, 0),
          many(held, 1_000).map((one) => hold(one, name)),
        );
        expect(renderMarkdown(plan, context, limit).length).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 40 },
    );
  });

  test("harmless JSON means the same as the JSON it was made from", () => {
    fc.assert(
      fc.property(fc.jsonValue(), nasty, (value, text) => {
        const given = JSON.stringify({ value, text }, undefined, 2);
        expect(JSON.parse(harmlessJson(given))).toEqual(JSON.parse(given));
      }),
    );
  });
});

interface ChangeParts {
  readonly kind?: "attach" | "detach";
  readonly name?: string;
  readonly reason?: string;
  readonly file?: string;
}

function change(index: number, parts: ChangeParts = {}): Change {
  const { kind = "attach", name = `vm-${index}`, reason = "because", file = "a.yaml" } = parts;
  const document = { kind: "IdentityBinding", namespace: "team", name: "orders", file, line: 1 } as const;
  return {
    id: `${index}`,
    kind,
    identityId,
    identityDocument: { ...document, kind: "UserAssignedIdentity" },
    document,
    subject: { kind: "target", targetId: `${group}/providers/Microsoft.Compute/virtualMachines/${name}` },
    reason,
    needs: [],
  };
}

function hold(change: Change, message = "It is held."): Held {
  return { change, reason: "NotOwned", message, cure: message, digest: "abc", releasable: true };
}

function planOf(
  changes: readonly Change[],
  held: readonly Held[] = [],
  warnings: readonly Warning[] = [],
  revision = "r1",
): Plan {
  const orphans = [
    {
      identityId,
      targets: [`/subscriptions/${subscription}`],
      roles: [{ roleName: secretsUser.roleName + owner.roleName, scope: revision }],
    },
  ];
  return {
    revision,
    owner: "prod",
    digest: "d",
    changes,
    operations: [],
    held,
    warnings,
    orphans,
    blastRadius: [],
    selectors: [],
    released: [],
  };
}
