import fc from "fast-check";
import { expect, test } from "vitest";
import { type DatabaseRef, databaseKey } from "./database.ts";
import { isMemoryTag, memoryTags, rememberedIn } from "./database-memory.ts";

const server = "sql-orders.database.windows.net";

test("one server's databases share a tag", () => {
  const refs = [
    { server, database: "orders" },
    { server, database: "billing" },
    { server: "sql-eu.database.windows.net", database: "orders" },
  ];
  expect(memoryTags(refs)).toEqual({
    "bindery-sql-1": "sql-eu.database.windows.net/orders",
    "bindery-sql-2": "sql-orders.database.windows.net/billing,orders",
  });
});

test("nothing to remember needs no tag", () => {
  expect(memoryTags([])).toEqual({});
});

test("more than tags can hold is no memory", () => {
  const many = Array.from({ length: 60 }, (_, i) => ({ server, database: `${i}${"x".repeat(120)}` }));
  expect(memoryTags(many)).toBeUndefined();
  expect(memoryTags([{ server, database: "%".repeat(120) }])).toBeUndefined();
});

test.each([
  ["bindery-sql-1", true],
  ["Bindery-SQL-12", true],
  ["bindery-sql-", false],
  ["bindery-owner", false],
])("%s", (key, expected) => {
  expect(isMemoryTag(key)).toBe(expected);
});

test("what cannot be read is left out", () => {
  expect([
    ...rememberedIn({ "bindery-sql-1": "nonsense", "bindery-sql-2": "/x", "bindery-sql-3": "s/" }),
  ]).toEqual([]);
});

test("what the tags say is what was to be remembered, whatever the names", () => {
  const name = fc.string({
    unit: fc.constantFrom("a", "Z", ",", "%", ";", "/", " ", "é", "漢", "'", "2C"),
    minLength: 1,
    maxLength: 20,
  });
  const ref: fc.Arbitrary<DatabaseRef> = fc.record({
    server: fc.constantFrom(server, "sql-eu.database.windows.net"),
    database: name,
  });
  fc.assert(
    fc.property(fc.uniqueArray(ref, { selector: databaseKey, maxLength: 12 }), (refs) => {
      const tags = memoryTags(refs);
      fc.pre(tags !== undefined);
      expect(Object.values(tags ?? {}).every((value) => value.length <= 256)).toBe(true);
      expect(new Set(rememberedIn(tags ?? {}).keys())).toEqual(new Set(refs.map(databaseKey)));
    }),
  );
});
