// The query engine: every operator, function and refusal, over two small tables.
import { describe, expect, test } from "vitest";
import { createKqlEngine } from "./engine.ts";
import { KqlError } from "./errors.ts";
import type { Column, KqlTables, Row } from "./schema.ts";

const columns: readonly Column[] = [
  ...["id", "name", "type", "kind", "subscriptionId"].map((name) => ({ name, type: "string" as const })),
  ...["tags", "properties", "identity", "zones"].map((name) => ({ name, type: "dynamic" as const })),
];
const engine = createKqlEngine({ resources: columns, resourcecontainers: columns });

const resources: readonly Row[] = [
  {
    id: "/vm/One",
    name: "One",
    type: "vm",
    subscriptionId: "s1",
    tags: { app: "orders", "odd.key": "x" },
    properties: { size: 3, on: true, list: [10, 20, 30], nested: { deep: "yes" } },
    identity: { userAssignedIdentities: { "/id/A": {}, "/id/b": {} } },
    zones: ["1", "2"],
  },
  {
    id: "/vm/two",
    name: "two-b",
    type: "vm",
    subscriptionId: "s2",
    tags: {},
    properties: { size: 1, on: false, list: [] },
    identity: null,
    zones: null,
  },
  { id: "/id/A", name: "a", type: "identity", subscriptionId: "s1", tags: null, properties: { size: null } },
];
const tables: KqlTables = {
  Resources: () => resources,
  ResourceContainers: () => [
    { id: "/subscriptions/s1", name: "first", type: "subscription", subscriptionId: "s1" },
    { id: "/subscriptions/s3", name: "third", type: "subscription", subscriptionId: "s3" },
  ],
};

function rows(query: string): readonly Row[] {
  return engine.evaluate(query, tables).rows;
}

/** The values of an expression for the first row. */
function valueOfFirst(expression: string): unknown {
  return rows(`resources | take 1 | project v = ${expression}`)[0]?.v;
}

/** The names of the rows for which a condition holds. */
function namesWhere(condition: string): unknown[] {
  return rows(`resources | where ${condition} | project name`).map((row) => row.name);
}

describe("operators", () => {
  const cases: readonly [string, readonly Row[]][] = [
    ["resources | project name | take 2", [{ name: "One" }, { name: "two-b" }]],
    ["RESOURCES | project name | limit 1", [{ name: "One" }]],
    ["project name | limit 1", [{ name: "One" }]],
    ["summarize count() by type | order by count_ asc | take 1", [{ type: "identity", count_: 1 }]],
    ["// a comment\n count", [{ Count: 3 }]],
    ["mv-expand zones | count", [{ Count: 4 }]],
    ["distinct type | count", [{ Count: 2 }]],
    ["order by name asc | take 1 | project name", [{ name: "One" }]],
    ["project-away id | take 1 | project name", [{ name: "One" }]],
    ["where type == 'identity' | project id", [{ id: "/id/A" }]],
    [
      "resources | take 1 | project n = name, tags.app, zones[1]",
      [{ n: "One", tags_app: "orders", zones_1: "2" }],
    ],
    [
      "resources | project-away i*, t*, properties, zones, ['kind'] | take 1",
      [{ name: "One", subscriptionId: "s1" }],
    ],
    ["resources | project name, type | project-rename n = name | take 1", [{ n: "One", type: "vm" }]],
    ["resources | extend name = tolower(name), s = 1 | project name, s | take 1", [{ name: "one", s: 1 }]],
    [
      "resources | take 1 | extend tolower(id), tags.app | project Column1, tags_app",
      [{ Column1: "/vm/one", tags_app: "orders" }],
    ],
    ["resources | order by name | project name", [{ name: "two-b" }, { name: "a" }, { name: "One" }]],
    [
      "resources | sort by type asc, name asc | project name",
      [{ name: "a" }, { name: "One" }, { name: "two-b" }],
    ],
    [
      "resources | order by toint(properties.size) asc | project name",
      [{ name: "a" }, { name: "two-b" }, { name: "One" }],
    ],
    [
      "resources | order by toint(properties.size) | project name",
      [{ name: "One" }, { name: "two-b" }, { name: "a" }],
    ],
    [
      "resources | order by toint(properties.size) asc nulls last | project name",
      [{ name: "two-b" }, { name: "One" }, { name: "a" }],
    ],
    ["resources | order by toint(properties.size) desc nulls first | take 1 | project name", [{ name: "a" }]],
    ["resources | top 1 by name asc | project name", [{ name: "One" }]],
    ["resources | distinct type", [{ type: "vm" }, { type: "identity" }]],
    ["resources | project type | distinct *", [{ type: "vm" }, { type: "identity" }]],
    ["resources | count", [{ Count: 3 }]],
    ["resources | where name == 'nobody' | count", [{ Count: 0 }]],
    ["resources | summarize by type", [{ type: "vm" }, { type: "identity" }]],
    [
      "resources | summarize count() by type",
      [
        { type: "vm", count_: 2 },
        { type: "identity", count_: 1 },
      ],
    ],
    ["resources | where name == 'nobody' | summarize n = count(), max(name)", [{ n: 0, max_name: "" }]],
    ["resources | where name == 'nobody' | summarize count() by type", []],
    [
      "resources | summarize dcount(type), countif(type == 'vm'), make_set(type), make_list(name, 2), min(name), max(name)",
      [
        {
          dcount_type: 2,
          countif_: 2,
          set_type: ["vm", "identity"],
          list_name: ["One", "two-b"],
          min_name: "One",
          max_name: "two-b",
        },
      ],
    ],
    [
      "resources | summarize sum(toint(properties.size)) by t = toupper(type) | take 1",
      [{ t: "VM", sum_properties_size: 4 }],
    ],
    [
      "resources | mv-expand zones | project name, zones",
      [
        { name: "One", zones: "1" },
        { name: "One", zones: "2" },
        { name: "two-b", zones: null },
        { name: "a", zones: null },
      ],
    ],
    [
      "resources | mv-expand n = properties.list to typeof(string) | where type == 'vm' | project name, n",
      [
        { name: "One", n: "10" },
        { name: "One", n: "20" },
        { name: "One", n: "30" },
      ],
    ],
    [
      "resources | take 1 | mv-expand zones, n = properties.list | project zones, n",
      [
        { zones: "1", n: 10 },
        { zones: "2", n: 20 },
        { zones: null, n: 30 },
      ],
    ],
    [
      "resources | take 1 | mv-expand properties.list limit 1 | project properties_list",
      [{ properties_list: 10 }],
    ],
    [
      "resources | take 1 | mv-expand tags | project tags",
      [{ tags: { app: "orders" } }, { tags: { "odd.key": "x" } }],
    ],
    ["resources | mvexpand zones | count", [{ Count: 4 }]],
    ["resources | union (resourcecontainers | project id) | count", [{ Count: 5 }]],
    [
      "resources | project a = 1 | union (resourcecontainers | project a = name) | where a_string != '' | project a_string, a_long",
      [
        { a_string: "first", a_long: null },
        { a_string: "third", a_long: null },
      ],
    ],
  ];
  test.each(cases)("%s", (query, expected) => {
    expect(rows(query)).toEqual(expected);
  });

  test("mv-expand gives 128 rows unless told, and 400 at most", () => {
    const list = Array.from({ length: 500 }, (_, at) => at);
    const many: KqlTables = {
      resources: () => [{ id: "x", properties: { list } }],
      resourcecontainers: () => [],
    };
    const count = (query: string) => engine.evaluate(query, many).rows.length;
    expect(count("resources | mv-expand properties.list")).toBe(128);
    expect(count("resources | mv-expand properties.list limit 400")).toBe(400);
  });
});

describe("join", () => {
  const containers = "(resourcecontainers | project subscriptionId, sub = name)";
  const cases: readonly [string, unknown[][]][] = [
    ["", [["One", "first"]]],
    ["kind=innerunique", [["One", "first"]]],
    [
      "kind=inner",
      [
        ["One", "first"],
        ["a", "first"],
      ],
    ],
    [
      "kind=leftouter",
      [
        ["One", "first"],
        ["two-b", ""],
        ["a", "first"],
      ],
    ],
    [
      "kind=fullouter",
      [
        ["One", "first"],
        ["two-b", ""],
        ["a", "first"],
        ["", "third"],
      ],
    ],
  ];
  test.each(cases)("%s", (kind, expected) => {
    const result = rows(`resources | join ${kind} ${containers} on subscriptionId | project name, sub`);
    expect(result.map((row) => [row.name, row.sub])).toEqual(expected);
  });

  test("columns of the right side with a name of the left get a number", () => {
    const query = "resources | project id | join kind=inner (resources | project id, name) on id";
    expect(engine.evaluate(query, tables).columns.map((c) => c.name)).toEqual(["id", "id1", "name"]);
  });

  test("conditions may name the sides, several with and", () => {
    const right = "(resources | project right = id, name)";
    const query = `resources | join kind=inner ${right} on $left.id == $right.right and $left.name == $right.name | count`;
    expect(rows(query)).toEqual([{ Count: 3 }]);
  });
});

describe("conditions", () => {
  const cases: readonly [string, string[]][] = [
    ["name == 'One'", ["One"]],
    ["name == 'one'", []],
    ["name =~ 'one'", ["One"]],
    ["name != 'One'", ["two-b", "a"]],
    ["name !~ 'ONE'", ["two-b", "a"]],
    ["name in ('One', 'A')", ["One"]],
    ["name in~ ('one', 'A')", ["One", "a"]],
    ["name !in ('One')", ["two-b", "a"]],
    ["name !in~ ('one')", ["two-b", "a"]],
    ["name in (dynamic(['a', 'b']))", ["a"]],
    ["name has 'B'", ["two-b"]],
    ["name has 'tw'", []],
    ["name !has 'b'", ["One", "a"]],
    ["name has_cs 'B'", []],
    ["name has_any ('one', 'zz')", ["One"]],
    ["name contains 'O'", ["One", "two-b"]],
    ["name contains_cs 'O'", ["One"]],
    ["name !contains 'o'", ["a"]],
    ["name startswith 'o'", ["One"]],
    ["name startswith_cs 'o'", []],
    ["name !startswith 'o'", ["two-b", "a"]],
    ["name endswith 'B'", ["two-b"]],
    ["name endswith_cs 'B'", []],
    ["name !endswith 'b'", ["One", "a"]],
    ["name matches regex '^[a-z]$'", ["a"]],
    ["type == 'vm' and not(name == 'One')", ["two-b"]],
    ["name == 'One' or type == 'identity'", ["One", "a"]],
    ["tags.app == 'orders'", ["One"]],
    ["tags['app'] =~ 'ORDERS'", ["One"]],
    ["tags['odd.key'] == 'x'", ["One"]],
    ["tags.['odd.key'] == 'x'", ["One"]],
    ["tags.app in ('orders')", ["One"]],
    ["tags.app != 'orders'", ["two-b", "a"]],
    ["tags.app == tags.none", []],
    ["properties.on == 'true'", ["One"]],
    ["properties.on == true", ["One"]],
    ["properties.size > 1", ["One"]],
    ["properties.size <= 1", ["two-b"]],
    ["isnotempty(identity.userAssignedIdentities)", ["One"]],
    ["isempty(identity)", ["two-b", "a"]],
    ["isempty(kind)", ["One", "two-b", "a"]],
    ["isnull(tags)", ["a"]],
    ["isnotnull(zones)", ["One"]],
    ["properties.nested.deep == 'yes'", ["One"]],
    ["identity contains '/ID/a'", ["One"]],
  ];
  test.each(cases)("%s", (condition, expected) => {
    expect(namesWhere(condition)).toEqual(expected);
  });
});

describe("expressions", () => {
  const cases: readonly [string, unknown][] = [
    ["1 + 2 * 3 - 4", 3],
    ["5 / 2", 2],
    ["5.0 / 2", 2.5],
    ["5 % 3", 2],
    ["1 / 0", null],
    ["-3", -3],
    ["dynamic({'a': [1, -2.5, true, null, 'x']})", { a: [1, -2.5, true, null, "x"] }],
    ["properties.list[-1]", 30],
    ["properties.list[7]", null],
    ["properties.none.deeper", null],
    ["properties.toString", null],
    ["zones.length", null],
    ["tolower('AbC')", "abc"],
    ["toupper('AbC')", "ABC"],
    ["tostring(tags.none)", ""],
    ["tostring(zones)", '["1","2"]'],
    ["tostring(3)", "3"],
    ["toint('12')", 12],
    ["toint('1.5')", null],
    ["tolong(properties.size)", 3],
    ["toint('x')", null],
    ["todouble('1.5')", 1.5],
    ["tobool('TRUE')", true],
    ["tobool('x')", null],
    ["todynamic('{\"a\":1}').a", 1],
    ["parse_json('nonsense')", "nonsense"],
    ["bag_keys(identity.userAssignedIdentities)", ["/id/A", "/id/b"]],
    ["bag_keys(properties.size)", null],
    ["array_length(zones)", 2],
    ["array_length(tags)", null],
    ["strcat('a', 1, name)", "a1One"],
    ["strcat_array(zones, '-')", "1-2"],
    ["split('a/b/c', '/')", ["a", "b", "c"]],
    ["split('a/b/c', '/')[1]", "b"],
    ["split('a/b/c', '/', 2)", ["c"]],
    ["extract('([a-z]+)/(\\\\d+)', 2, 'x/42')", "42"],
    ["extract('z', 0, 'x')", ""],
    ["replace_string('a.b.c', '.', '$&')", "a$&b$&c"],
    ["trim('/+', '//a/b/')", "a/b"],
    ["strlen('abc')", 3],
    ["substring('abcdef', 2)", "cdef"],
    ["substring('abcdef', 1, 2)", "bc"],
    ["indexof('abc', 'c')", 2],
    ["indexof('abc', 'z')", -1],
    ["iff(name == 'One', 'yes', 'no')", "yes"],
    ["iif(name == 'two', 'yes', 'no')", "no"],
    ["case(name == 'x', 1, name == 'One', 2, 3)", 2],
    ["case(name == 'x', 1, 3)", 3],
    ["coalesce(kind, name)", "One"],
    ["coalesce(tags.none, tags.app)", "orders"],
    ["pack('a', 1, 'b', name)", { a: 1, b: "One" }],
    ["bag_pack('a', tags.none)", { a: null }],
    ["pack_array(1, 'b')", [1, "b"]],
    ["set_has_element(zones, '2')", true],
    ["set_has_element(zones, '3')", false],
    ["array_index_of(zones, '2')", 1],
    ["array_index_of(zones, '9')", -1],
    ["not(tags.none == 'x')", true],
  ];
  test.each(cases)("%s", (expression, expected) => {
    expect(valueOfFirst(expression)).toEqual(expected);
  });
});

describe("refusals", () => {
  const cases: readonly [string, Record<string, unknown>][] = [
    [
      "where where",
      { code: "ParserFailure", line: 1, characterPositionInLine: 11, token: "<EOF>", expectedToken: "Ǐ" },
    ],
    ["project id,, name", { code: "ParserFailure", characterPositionInLine: 11, token: "," }],
    ["parse id with * '/' x", { code: "InvalidQueryLanguage", token: "parse" }],
    ["resources\n| wher x", { code: "ParserFailure", line: 2, characterPositionInLine: 2, token: "wher" }],
    ["resources | where name == 'x", { code: "ParserFailure", token: "<EOF>" }],
    ["", { code: "ParserFailure", token: "<EOF>" }],
    ["resources | parse id with * '/' x", { code: "InvalidQueryLanguage", token: "parse", line: -1 }],
    [
      "resources | join (resources | parse id with * '/' x) on id",
      { code: "InvalidQueryLanguage", token: "parse" },
    ],
    ["resources | project-reorder id", { code: "InvalidQueryLanguage", token: "project-reorder" }],
    ["let a = 1; resources | take a", { code: "InvalidQueryLanguage", token: "let" }],
    ["resources; resources", { code: "InvalidQueryLanguage", token: "resources" }],
    ["print 1", { code: "InvalidQueryLanguage", token: "print" }],
    [
      "nothere | take 1",
      { code: "DisallowedLogicalTableName", message: "Table nothere is invalid, unsupported or disallowed." },
    ],
    ["resources | join (nothere) on id", { code: "DisallowedLogicalTableName" }],
    ["union (resources), (resources)", { code: "Operator_FailedToResolveEntity" }],
    [
      "resources | where foo == 1",
      {
        code: "Operator_FailedToResolveEntity",
        message: "'where' operator: Failed to resolve column or scalar expression named 'foo'",
      },
    ],
    [
      "resources | take 1 | project Name",
      {
        code: "Operator_FailedToResolveEntity",
        message: "'project' operator: Failed to resolve column or scalar expression named 'Name'",
      },
    ],
    ["resources | where frob(id)", { code: "UnknownFunction", message: "Unknown function: 'frob'." }],
    ["resources | where todatetime(id) > now()", { code: "UnknownFunction" }],
    [
      "resources | summarize percentile(toint(name), 5)",
      { code: "UnknownFunction", message: "Unknown function: 'percentile'." },
    ],
    ["resources | order by tags.app", { code: "ExpressionKeyCantBeDynamic" }],
    ["resources | summarize count() by tags.app", { code: "ExpressionKeyCantBeDynamic" }],
    ["resources | distinct tags", { code: "ExpressionKeyCantBeDynamic" }],
    ["resources | join (resources) on $left.tags == $right.tags", { code: "ExpressionKeyCantBeDynamic" }],
    [
      "resources | join kind=leftanti (resources) on id",
      { code: "UnsupportedJoinFlavor", message: 'The join kind "leftanti" is not supported or not allowed.' },
    ],
    [
      "resources | join kind=inner hint.strategy=broadcast (resources) on id",
      { code: "InvalidQueryLanguage", token: "hint.strategy" },
    ],
    ["resources | union withsource=s (resources)", { code: "InvalidQueryLanguage", token: "withsource" }],
    ["resources | mv-expand zones limit 401", { code: "InvalidQueryLanguage", token: "limit" }],
    [
      "resources | mv-expand zones | mv-expand zones | mv-expand zones | mv-expand zones",
      { code: "InvalidQueryLanguage", token: "mv-expand" },
    ],
    ["resources | where strlen(id, 3) > 1", { code: "InvalidQueryLanguage" }],
    ["resources | where tags.app", { code: "InvalidQueryLanguage" }],
    ["resources | project name, name", { code: "InvalidQueryLanguage" }],
    ["resources | where id in ((resources | project id))", { code: "InvalidQueryLanguage" }],
    ["resources | where name matches regex '('", { code: "InvalidQueryLanguage", token: "(" }],
    ["resources | summarize n = count() * 2", { code: "InvalidQueryLanguage" }],
  ];
  test.each(cases)("%s", (query, detail) => {
    const refused = refusalOf(query);
    expect(refused.details.at(-1)).toMatchObject(detail);
    expect(refused.code).toBe(detail.code);
  });

  function refusalOf(query: string): KqlError {
    try {
      engine.evaluate(query, tables);
    } catch (error) {
      if (error instanceof KqlError) return error;
      throw error;
    }
    throw new Error(`not refused: ${query}`);
  }
});

describe("result", () => {
  test("names and types the columns, also of no rows", () => {
    const query =
      "resources | where name == 'nobody' | project id, tags, n = 1, b = true, r = 1.5, i = toint('1')";
    expect(engine.evaluate(query, tables)).toEqual({
      columns: [
        { name: "id", type: "string" },
        { name: "tags", type: "dynamic" },
        { name: "n", type: "long" },
        { name: "b", type: "bool" },
        { name: "r", type: "real" },
        { name: "i", type: "int" },
      ],
      rows: [],
      limitsItself: false,
    });
  });

  test.each([
    ["resources | take 1 | project id", true],
    ["resources | limit 1", true],
    ["resources | join (resources | take 1) on id", false],
    ["resources | top 1 by id", false],
  ])("%s limits itself: %s", (query, expected) => {
    expect(engine.evaluate(query, tables).limitsItself).toBe(expected);
  });

  test("a text column that a row lacks is empty, any other null", () => {
    const [row] = rows("resources | where name == 'a' | project kind, zones");
    expect(row).toEqual({ kind: "", zones: null });
  });
});

describe("queries that are alike but for the GUIDs that they list", () => {
  const guids = [1, 2, 3].map((n) => `0000000${n}-aaaa-4000-8000-00000000000${n}`);
  const rows = guids.map((name) => ({ id: `/${name}`, name, type: "t", subscriptionId: "s" }));
  const asked = (query: string) =>
    engine.evaluate(query, { Resources: () => rows, ResourceContainers: () => [] }).rows.map((row) => row.id);

  test.each([0, 1, 2])("each looks for its own: no. %i", (at) => {
    const one = guids[at] ?? "";
    expect(asked(`Resources | where name in~ ('${one.toUpperCase()}') | project id`)).toEqual([`/${one}`]);
    const others = guids.filter((guid) => guid !== one);
    const list = others.map((guid) => `'${guid}'`).join(", ");
    expect(asked(`Resources | where name in~ (${list}) and name != '${one}' | project id`)).toEqual(
      others.map((guid) => `/${guid}`),
    );
  });

  test("a list within a text is no list", () => {
    const within = (guid: string) =>
      `Resources | where name in~ ('${guid}') or name == "in~ ('${guid}')" | project id`;
    expect(guids.map((guid) => asked(within(guid)))).toEqual(guids.map((guid) => [`/${guid}`]));
  });

  test("a query that was asked before is answered as before", () => {
    const query = (guid = "") => `Resources | where name in~ ('${guid}') | project id`;
    for (const guid of [...guids, ...guids]) expect(asked(query(guid))).toEqual([`/${guid}`]);
  });
});
