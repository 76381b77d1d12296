import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { harmlessJson } from "../../model/text.ts";
import type { Effect, Holder, Power } from "../blast/blast.ts";
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
  planWith,
  policy,
  reader,
  secretsUser,
  subscription,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "../fixtures.ts";
import type { Change, Held, Plan, SelectorMatches, Warning } from "../plan.ts";
import { planFor } from "../plan-for.ts";
import { planOutputFrom, renderJson } from "./json.ts";
import { githubLimit, renderMarkdown } from "./markdown.ts";
import type { Paint } from "./style.ts";
import { renderText } from "./text.ts";

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

Blast radius
  team/orders
    + vm-1 and vm-orders-10 gain Key Vault Secrets User on kv
    - vm-rogue loses Reader on kv

Held (2)
  team/orders TargetNotFound
    + attach  vm-gone
      ${vmId("vm-gone")} does not exist, or may not be read.
      → Correct the name in the document, create the resource, or give Bindery the right to read it.
  team/orders Privileged
    + grant  Owner on resource group rg
      ${plan.held.find((h) => h.reason === "Privileged")?.message}
      → Allow { identity: team/orders, roleName: Owner, scope: ${group} } under privileged in the policy, or release this set by its digest.
    → release: bindery apply PATH… --release ${release}

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
      "blastRadius",
      "selectors",
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

describe("the blast radius", () => {
  const targets = (count: number, type = "Microsoft.Compute/virtualMachines"): Holder[] =>
    Array.from({ length: count }, (_, i) => ({
      kind: "target",
      targetId: `${group}/providers/${type}/x-${i}`,
      targetKind: "virtualMachine",
      type,
    }));
  const trusts = (count: number): Holder[] =>
    Array.from({ length: count }, (_, i) => ({
      kind: "trust",
      issuer: "https://issuer.example",
      subject: `repo-${i}`,
      audience: "api://AzureADTokenExchange",
    }));
  const power = {
    kind: "azureRole",
    roleGuid: secretsUser.guid,
    roleName: "Secrets User",
    scope: vaultScope,
  } as const;
  const orders = { server: "sql-orders.database.windows.net", database: "orders" };
  const effect = (change: Partial<Effect>): Effect => ({
    kind: "gain",
    power,
    conditions: [],
    holders: targets(1),
    ...change,
  });
  const planWith = (...effects: readonly Effect[]): Plan => ({
    ...planOf([]),
    blastRadius: [{ identityId, document: change(0).document, effects }],
  });

  test.each<[Partial<Effect>, string]>([
    [{ holders: targets(1) }, "+ x-0 gains Secrets User on kv"],
    [{ holders: targets(3) }, "+ x-0, x-1 and x-2 gain Secrets User on kv"],
    [{ holders: targets(4) }, "+ 4 VMs gain Secrets User on kv"],
    [
      { holders: [...targets(13), ...targets(1, "Microsoft.Compute/virtualMachineScaleSets")] },
      "+ 13 VMs and 1 scale set gain Secrets User on kv",
    ],
    [
      { holders: [...targets(2), ...targets(2, "Microsoft.Web/sites")] },
      "+ 2 VMs and 2 resources of type Microsoft.Web/sites gain Secrets User on kv",
    ],
    [{ kind: "lose", conditions: ["c"] }, "- x-0 loses Secrets User on kv (with a condition)"],
    [
      { kind: "alter", conditions: [], formerConditions: ["c"] },
      "~ x-0 keeps Secrets User on kv, now without a condition",
    ],
    [
      { kind: "alter", conditions: ["c"], formerConditions: [] },
      "~ x-0 keeps Secrets User on kv, now with a condition",
    ],
    [
      { kind: "alter", conditions: ["c"], formerConditions: ["b"], holders: targets(2) },
      "~ x-0 and x-1 keep Secrets User on kv, with another condition",
    ],
    [
      { holders: trusts(1) },
      "+ whoever has a token of https://issuer.example for repo-0 gains Secrets User on kv",
    ],
    [
      { kind: "lose", holders: trusts(4) },
      "- whoever has a token that one of 4 federated credentials trusts loses Secrets User on kv",
    ],
    [
      { power: { kind: "databaseRole", database: orders, role: "db_owner" }, holders: targets(14) },
      "+ 14 VMs gain db_owner in sql-orders/orders",
    ],
    [
      {
        power: {
          kind: "databasePermission",
          database: orders,
          permission: "EXECUTE",
          securable: { class: "schema", schema: "sales" },
        },
      },
      "+ x-0 gains EXECUTE on schema::sales in sql-orders/orders",
    ],
    [
      { power: { ...power, privileged: "it permits every action (*)" } },
      "+ x-0 gains Secrets User on kv  privileged: it permits every action (*)",
    ],
  ])("%j is told as %s", (parts, line) => {
    expect(renderText(planWith(effect(parts)))).toContain(`\n    ${line}\n`);
  });

  test("what befalls the same holders alike shares a sentence of at most three, what is privileged has its own", () => {
    const named = (roleName: string, parts: Partial<Effect> = {}): Effect =>
      effect({ ...parts, power: { ...power, ...parts.power, roleName } as Power });
    const hot = { power: { ...power, privileged: "it is" } };
    const shared = ["A", "B", "C", "D"].map((name) => named(name));
    const lost = [named("E", { kind: "lose" }), named("F", { kind: "lose" })];
    const text = renderText(planWith(named("X", hot), named("Y", hot), ...shared, ...lost));
    expect(text.match(/^ {4}[+-] .*/gm)).toEqual([
      "    + x-0 gains X on kv  privileged: it is",
      "    + x-0 gains Y on kv  privileged: it is",
      "    + x-0 gains A on kv, B on kv and C on kv",
      "    + x-0 gains D on kv",
      "    - x-0 loses E on kv and F on kv",
    ]);
  });

  test("different resources do not share a sentence although they are as many", () => {
    const [some, others] = [targets(9).slice(0, 4), targets(9).slice(4, 8)];
    const text = renderText(
      planWith(effect({ holders: some }), effect({ holders: others, power: { ...power, roleName: "B" } })),
    );
    expect(text).toContain("    + 4 VMs gain Secrets User on kv\n    + 4 VMs gain B on kv\n");
  });

  test("resources and trusts are told apart", () => {
    const text = renderText(planWith(effect({ holders: [...targets(1), ...trusts(2)] })));
    expect(text.match(/gains/g)).toHaveLength(3);
  });

  test("many gains are folded, what is privileged or lost never is", () => {
    const many = (from: number, parts: Partial<Effect>): Effect[] =>
      Array.from({ length: 60 }, (_, i) =>
        effect({
          ...parts,
          power: { ...power, ...parts.power, roleName: `R${from + i}.` } as Power,
          holders: targets(i + 4),
        }),
      );
    const hot = many(100, { power: { ...power, privileged: "it is" } });
    const plan = planWith(...hot, ...many(200, {}), ...many(300, { kind: "lose" }));
    const text = renderText(plan);
    const count = (hundred: number) => text.match(new RegExp(`R${hundred}\\d\\d\\.`, "g"))?.length;
    expect([count(1), count(2), count(3)]).toEqual([60, 50, 60]);
    expect(text).toContain("… and 10 more (--verbose lists them)");
    expect(renderText(plan, { all: true })).toContain("R259.");
  });

  test("as Markdown and as JSON", () => {
    const plan = planWith(effect({ power: { ...power, privileged: "it *is*" }, holders: targets(4) }));
    expect(renderMarkdown(plan, context)).toContain(
      "\n### Blast radius\n\n- `team/orders`\n  - `+` 4 VMs gain Secrets User on kv **privileged**: it \\*is\\*\n",
    );
    expect(planOutputFrom(plan, context).blastRadius).toEqual([
      {
        identityId,
        document: change(0).document,
        effects: [
          {
            kind: "gain",
            power: { ...power },
            privileged: "it *is*",
            conditions: [],
            formerConditions: null,
            targets: [{ type: "Microsoft.Compute/virtualMachines", count: 4, ids: [] }],
            trusts: [],
          },
        ],
      },
    ]);
  });

  test("rights in databases as JSON", () => {
    const rights: readonly Power[] = [
      { kind: "databaseRole", database: orders, role: "db_owner", privileged: "it is" },
      {
        kind: "databasePermission",
        database: orders,
        permission: "EXECUTE",
        securable: { class: "database" },
      },
    ];
    const plan = planWith(...rights.map((one) => effect({ power: one })));
    const effects = planOutputFrom(plan, context).blastRadius[0]?.effects ?? [];
    expect(effects.map((one) => [one.power, one.privileged])).toEqual([
      [{ kind: "databaseRole", ...orders, role: "db_owner" }, "it is"],
      [{ kind: "databasePermission", ...orders, permission: "EXECUTE", securable: "database" }, null],
    ]);
  });

  test("JSON names resources when they are few", () => {
    const holders = [...targets(1), ...trusts(1)];
    const [one] = planOutputFrom(planWith(effect({ holders })), context).blastRadius[0]?.effects ?? [];
    expect(one).toMatchObject({
      targets: [{ count: 1, ids: [`${group}/providers/Microsoft.Compute/virtualMachines/x-0`] }],
      trusts: [
        { issuer: "https://issuer.example", subject: "repo-0", audience: "api://AzureADTokenExchange" },
      ],
    });
  });
});

describe("selectors", () => {
  const matches = (numbers: Partial<SelectorMatches>): SelectorMatches => ({
    identityId,
    document: { ...change(0).document, line: 12 },
    matched: 3,
    attached: 3,
    new: 0,
    leaving: 0,
    ...numbers,
  });
  const still = matches({});
  const moving = matches({ attached: 3, matched: 4, new: 2, leaving: 1 });

  test("text shows those that find something else, and counts the rest", () => {
    expect(renderText({ ...planOf([]), selectors: [still, moving, still] })).toContain(`Selectors
  team/orders (a.yaml:12)  3 machines before, 4 after: 2 come, 1 goes
  … and 2 more as before (--verbose lists them)
`);
    expect(renderText({ ...planOf([]), selectors: [still] })).not.toContain("Selectors");
    expect(renderText({ ...planOf([]), selectors: [still] }, { all: true })).toContain(
      "3 machines before, 3 after\n",
    );
  });

  test("Markdown shows those that find something else, JSON all", () => {
    const plan = { ...planOf([]), selectors: [still, moving] };
    expect(renderMarkdown(plan, context)).toContain(
      "\n### Selectors\n\n- `team/orders (a.yaml:12)` 3 machines before, 4 after: 2 come, 1 goes\n\n",
    );
    expect(planOutputFrom(plan, context).selectors).toEqual([still, moving]);
  });
});

describe("held sets", () => {
  const other = identityId.replace("id-orders", "id-other");
  const document = { ...change(0).document, name: "other" };
  const ofOther = { ...change(2, { kind: "detach" }), identityId: other, identityDocument: document };
  const tooMany = { reason: "TooManyRemovals" } as const;
  const plan = planOf(
    [],
    [change(0, { kind: "detach" }), change(1, { kind: "detach" }), ofOther].map((one) => ({
      ...hold(one, "This would take away 3 of 4."),
      ...tooMany,
      cure: "Release it.",
    })),
  );
  const applyCommand = "bindery apply 'my team' --policy p.yaml";

  test("one that spans identities is told once, with the command that releases it", () => {
    expect(renderText(plan, { applyCommand })).toContain(`Held (3)
  2 identities TooManyRemovals (3)
    team/orders
      - detach  vm-0
      - detach  vm-1
    team/other
      - detach  vm-2
      This would take away 3 of 4.
      → Release it.
    → release: bindery apply 'my team' --policy p.yaml --release abc
`);
    const markdown = renderMarkdown(plan, context, { applyCommand });
    expect(markdown).toContain(`- \`2 identities\` **TooManyRemovals** (3)
  - release: \`bindery apply 'my team' --policy p.yaml --release abc\`
`);
    expect(markdown).toContain("    - `- detach` `vm-2` of `team/other`\n");
    expect(markdown.match(/--release/g)).toHaveLength(1);
  });

  test("a daemon's plan names the policy, since it has no command line to release with", () => {
    const text = renderText(plan, { releasedByPolicy: true });
    expect(text).toContain("    → release: add abc to the policy's `releases`\n");
    expect(text).not.toContain("--release");
  });

  test("what cannot be released is told by identity and offers no command", () => {
    const stuck = { ...plan, held: plan.held.map((one) => ({ ...one, releasable: false })) };
    const text = renderText(stuck, { applyCommand });
    expect(text).toContain("  team/orders TooManyRemovals (2)\n");
    expect(text).toContain("  team/other TooManyRemovals\n");
    expect(text).not.toContain("--release");
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
        [{ code: text as Warning["code"], message: text }],
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
        expect(renderMarkdown(plan, context, { limit }).length).toBeLessThanOrEqual(limit);
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
      credentials: [{ name: revision, issuer: revision, subject: revision, audience: revision }],
    },
  ];
  return planWith({ revision, changes, held, warnings, orphans });
}
