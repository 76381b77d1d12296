import { describe, expect, test } from "vitest";
import { document, group, identityId, planWith, vaultScope, vmId } from "../fixtures.ts";
import type { Change, Held, Orphan, Plan, SelectorMatches, Warning } from "../plan.ts";
import { renderJson } from "./json.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderText } from "./text.ts";

const context = { cloud: "public", tenantId: "t1" };
const foot = "\ndigest `d` · revision `r1` · tenant `t1`\n";

function change(index: number, parts: Partial<Change> = {}): Change {
  return {
    id: `${index}`,
    kind: "attach",
    identityId,
    identityDocument: document("UserAssignedIdentity"),
    document: document(),
    subject: { kind: "target", targetId: vmId(`vm-${index}`) },
    reason: "listed",
    needs: [],
    ...parts,
  };
}

function changes(count: number, parts: Partial<Change> = {}): readonly Change[] {
  return Array.from({ length: count }, (_, i) => change(i, parts));
}

function hold(one: Change, parts: Partial<Held> = {}): Held {
  return {
    change: one,
    reason: "OwnershipLost",
    message: "Lost.",
    cure: "Put it back.",
    digest: "abc",
    releasable: false,
    ...parts,
  };
}

const orphan: Orphan = {
  identityId: identityId.replace("id-orders", "id-old"),
  targets: [vmId("vm-9")],
  roles: [{ roleName: "Reader", scope: vaultScope }],
  credentials: [{ name: "gh", issuer: "https://issuer.example", subject: "repo:x", audience: "api" }],
};
const selector: SelectorMatches = {
  identityId,
  document: document(),
  matched: 3,
  attached: 3,
  new: 0,
  leaving: 0,
};
const warning: Warning = { code: "LastIdentity", message: "The last one leaves." };
const placed: Warning = { code: "PermissionMissing", message: "It may not.", document: document() };
const snippet = ["lifecycle {", "  x = [1]", "}"];
const of = (name: string) => ({
  identityId: identityId.replace("id-orders", `id-${name}`),
  identityDocument: document("UserAssignedIdentity", name),
});
const lost = [hold(change(0, { kind: "detach" }), { snippet }), hold(change(1))];
const tooMany = [change(0, { kind: "detach" }), change(2, { kind: "detach", ...of("other") })].map((one) =>
  hold(one, { reason: "TooManyRemovals", message: "2 of 2 go.", cure: "Release it.", releasable: true }),
);
const twoCauses = [
  hold(change(0)),
  hold(change(1), { message: "Lost too.", cure: "Put that back.", snippet }),
];

const place = "(rg, subscription 00000000)";
const start = (words: string): string => `## Bindery plan for \`prod\` in \`public\`\n\n**${words}**\n`;
const table = (words: string): string =>
  `\n| document | identity | changes | held |\n| --- | --- | --- | --- |\n| \`team/orders\` | \`id-orders\` | ${words} |\n`;
const item = (index: number): string => `- \`+ attach\` \`vm-${index}\`: listed\n`;
const heading = `\n**\`team/orders\` → \`id-orders\`** (rg, subscription 00000000)\n\n`;

describe("Markdown has the sections that there is something for, and no others", () => {
  test.each<[string, Partial<Plan>, string]>([
    ["nothing", {}, start("Nothing to do.")],
    ["a selector that finds what it found", { selectors: [selector] }, start("Nothing to do.")],
    [
      "what comes",
      { changes: changes(1) },
      `${start("Plan: 1 to attach.")}${table("1 to attach | ")}${heading}${item(0)}`,
    ],
    [
      "what goes, released and warned of",
      {
        changes: [change(0, { kind: "detach" })],
        released: ["0"],
        warnings: [{ ...warning, changeIds: ["0"] }],
      },
      `${start("Plan: 1 to detach; 1 warning.")}
### Taken away (1)

- \`- detach\` \`vm-0\` of \`team/orders\` (\`id-orders\`): listed (released) (LastIdentity)
${table("1 to detach | ")}
### Warnings (1)

- **LastIdentity** The last one leaves.
`,
    ],
    [
      "ten that come",
      { changes: changes(10) },
      `${start("Plan: 10 to attach.")}${table("10 to attach | ")}${heading}${changes(10)
        .map((_, i) => item(i))
        .join("")}`,
    ],
    [
      "eleven that come, folded away",
      { changes: changes(11) },
      `${start("Plan: 11 to attach.")}${table("11 to attach | ")}${heading}<details><summary>11 to attach</summary>\n\n${changes(
        11,
      )
        .map((_, i) => item(i))
        .join("")}\n</details>\n`,
    ],
    [
      "what is held, with the lines of its cure",
      { changes: [change(3)], held: lost },
      `${start("Plan: 1 to attach; 2 held.")}
### Held (2)

- \`team/orders\` **OwnershipLost** (2)
  - Lost. → Put it back.
    \`\`\`
    lifecycle {
      x = [1]
    }
    \`\`\`
    - \`- detach\` \`vm-0\`
    - \`+ attach\` \`vm-1\`
${table("1 to attach | 2")}${heading}${item(3)}`,
    ],
    [
      "one that is held, to be released",
      { held: tooMany.slice(0, 1) },
      `${start("Nothing to do; 1 held.")}
### Held (1)

- \`team/orders\` **TooManyRemovals**
  - release: \`bindery apply PATH… --release abc\`
  - 2 of 2 go. → Release it.
    - \`- detach\` \`vm-0\`
`,
    ],
    [
      "one set of two identities",
      { held: tooMany },
      `${start("Nothing to do; 2 held.")}
### Held (2)

- \`2 identities\` **TooManyRemovals** (2)
  - release: \`bindery apply PATH… --release abc\`
  - 2 of 2 go. → Release it.
    - \`- detach\` \`vm-0\` of \`team/orders\`
    - \`- detach\` \`vm-2\` of \`team/other\`
`,
    ],
    [
      "one set with two causes",
      { held: twoCauses },
      `${start("Nothing to do; 2 held.")}
### Held (2)

- \`team/orders\` **OwnershipLost** (2)
  - Lost. → Put it back.
    - \`+ attach\` \`vm-0\`
  - Lost too. → Put that back.
    \`\`\`
    lifecycle {
      x = [1]
    }
    \`\`\`
    - \`+ attach\` \`vm-1\`
`,
    ],
    [
      "an orphan and a warning with its place",
      { orphans: [orphan], warnings: [placed] },
      `${start("Nothing to do; 1 warning, 1 orphan.")}
### Warnings (1)

- **PermissionMissing** It may not. (\`team/orders\`, \`orders.yaml:1\`)

### Orphans (1)

Named by no document; nothing of them is touched until one says Released or Absent.

- \`id-old\` (rg, subscription 00000000)
  - attached to \`vm-9\`
  - holds \`Reader\` on \`kv\`
  - trusts \`repo:x\` of \`https://issuer.example\` with the audience api
`,
    ],
  ])("%s", (_, parts, text) => {
    expect(renderMarkdown(planWith(parts), context)).toBe(`${text}${foot}`);
  });

  test("one text does not fill the comment", () => {
    const long = changes(1, {
      reason: "r".repeat(2_000),
      identityDocument: document("UserAssignedIdentity", "n".repeat(2_000)),
    });
    const text = renderMarkdown(planWith({ changes: long }), context);
    expect(text).toContain(`: ${"r".repeat(999)}…\n`);
    expect(text).toContain(`**\`team/${"n".repeat(994)}…\` → `);
  });
});

describe("text has the sections that there is something for, and no others", () => {
  const title = `team/orders → id-orders ${place}\n`;
  test.each<[string, Partial<Plan>, string]>([
    [
      "as many changes as are held",
      { changes: [change(3)], held: lost.slice(1) },
      `${title}  + attach  vm-3  listed

Held (1)
  team/orders OwnershipLost
    + attach  vm-1
      Lost.
      → Put it back.

Plan: 1 to attach; 1 held. (digest d)
`,
    ],
    [
      "one set with two causes",
      { held: twoCauses },
      `Held (2)
  team/orders OwnershipLost (2)
    + attach  vm-0
      Lost.
      → Put it back.
    + attach  vm-1
      Lost too.
      → Put that back.
          lifecycle {
            x = [1]
          }

Nothing to do; 2 held. (digest d)
`,
    ],
    [
      "selectors that all find something else",
      {
        selectors: [
          { ...selector, matched: 2, leaving: 1 },
          { ...selector, matched: 3, new: 1, leaving: 1 },
        ],
      },
      `Selectors
  team/orders (orders.yaml:1)  3 machines before, 2 after: none comes, 1 goes
  team/orders (orders.yaml:1)  3 machines before, 3 after: 1 comes, 1 goes

Nothing to do.
`,
    ],
    [
      "a selector that finds the first",
      { selectors: [{ ...selector, attached: 1, matched: 4, new: 3 }] },
      `Selectors
  team/orders (orders.yaml:1)  1 machine before, 4 after: 3 come, none goes

Nothing to do.
`,
    ],
    [
      "warnings of two codes",
      { warnings: [warning, placed] },
      `Warnings (2)
  LastIdentity       The last one leaves.
  PermissionMissing  It may not. (team/orders, orders.yaml:1)

Nothing to do; 2 warnings.
`,
    ],
    [
      "an orphan",
      { orphans: [orphan] },
      `Orphans (1), named by no document: nothing of them is touched
  id-old ${place}
    attached to vm-9
    holds Reader on kv
    trusts repo:x of https://issuer.example with the audience api
    → Declare it in a document: with lifecycle Released to let it go, Absent to delete it.

Nothing to do; 1 orphan.
`,
    ],
    [
      "a change with a subject of the widest column, and a wider one",
      {
        changes: [63, 64, 65].map((width) =>
          change(0, { subject: { kind: "target", targetId: vmId("v".repeat(width)) } }),
        ),
      },
      `${title}  + attach  ${"v".repeat(63)}   listed
  + attach  ${"v".repeat(64)}  listed
  + attach  ${"v".repeat(65)}  listed

Plan: 3 to attach. (digest d)
`,
    ],
  ])("%s", (_, parts, text) => {
    expect(renderText(planWith(parts))).toBe(text);
  });

  test.each([
    [50, undefined],
    [51, "… and 1 more to attach (--verbose lists them)"],
  ])("%i additions of one kind to one identity", (count, note) => {
    const text = renderText(planWith({ changes: changes(count) }));
    expect(text.match(/… and .*/)?.[0]).toBe(note);
    expect(text.match(/\+ attach/g)).toHaveLength(50);
  });

  test.each([
    [50, false, 50, undefined],
    [52, false, 50, "… and 2 more LastIdentity (--verbose lists them)"],
    [52, true, 52, undefined],
  ])("%i warnings of one code, all: %s", (count, all, shown, note) => {
    const warnings = [...Array.from({ length: count }, () => warning), placed];
    const text = renderText(planWith({ warnings }), { all });
    expect(text.match(/… and .*/)?.[0]).toBe(note);
    expect(text.match(/The last one leaves\./g)).toHaveLength(shown);
    expect(text).toContain(`Warnings (${count + 1})`);
    expect(text).toContain("It may not.");
  });
});

describe("JSON", () => {
  const subject = { roleName: "Reader", kind: "role", roleGuid: "g", scope: group, condition: "c" } as const;

  test("does not show in which order a subject was put together", () => {
    const turned = Object.fromEntries(Object.entries(subject).toReversed()) as unknown as typeof subject;
    const texts = [subject, turned].map((one) =>
      renderJson(planWith({ changes: [change(0, { subject: one })] }), context),
    );
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toContain(`      "subject": {
        "kind": "role",
        "condition": "c",
        "roleGuid": "g",
        "roleName": "Reader",
        "scope": "${group}"
      },
`);
  });

  test("has empty lists where there is nothing, and the id of a database that is written", () => {
    const database = {
      id: `${group}/providers/Microsoft.Sql/servers/sql/databases/orders`,
      ref: { server: "sql.database.windows.net", database: "orders" },
    };
    const action = { kind: "changeDatabase", database, identityId, steps: [] } as never;
    const plan = planWith({
      held: [hold(change(0)), hold(change(1), { snippet })],
      warnings: [warning, { ...warning, changeIds: ["0"] }],
      operations: [{ id: "o", action, changeIds: [], after: [] }],
    });
    expect(JSON.parse(renderJson(plan, context))).toMatchObject({
      held: [{ snippet: [] }, { snippet }],
      warnings: [{ changes: [] }, { changes: ["0"] }],
      operations: [{ kind: "changeDatabase", resourceId: database.id }],
    });
  });
});
