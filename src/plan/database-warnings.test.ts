import { expect, test } from "vitest";
import {
  type DatabaseCase,
  database,
  execute,
  onSales,
  planWith,
  reads,
  resource,
  user,
} from "./diff/fixtures.ts";

const select = { permission: "SELECT", securable: onSales, state: "GRANT" } as const;
const denied = { ...execute, state: "DENY" } as const;
const asleep = { kind: "asleep", resource } as const;

test.each<[string, DatabaseCase, readonly unknown[]]>([
  [
    "all as wanted",
    { want: { bindings: reads() }, there: database([user({ roles: ["db_datareader"] })]) },
    [],
  ],
  [
    "one that is wanted and was left asleep",
    { want: { bindings: reads() }, there: asleep },
    [["DatabaseAsleep", expect.stringContaining("sql-orders/orders is paused")]],
  ],
  [
    "one that is only remembered and was left asleep",
    { there: asleep },
    [["DatabaseAsleep", expect.stringContaining("sql-orders/orders is paused")]],
  ],
  ["one that nobody has looked at", { want: { bindings: reads() }, there: undefined }, []],
  [
    "somebody else's user that is given what is listed",
    { want: { bindings: reads() }, there: database([user({ marker: "" })]) },
    [["ForeignUser", expect.stringContaining("id-orders in sql-orders/orders was not made by Bindery")]],
  ],
  ["somebody else's user that nobody wants", { there: database([user({ marker: "" })]) }, []],
  [
    "a user that is denied something: that alone is named",
    { want: { bindings: reads() }, there: database([user({ permissions: [select, denied] })]) },
    [["DeniedPermission", "id-orders in sql-orders/orders is denied EXECUTE, whatever it is granted."]],
  ],
])("%s", (_, seen, expected) => {
  expect(planWith(seen).warnings.map(({ code, message }) => [code, message])).toEqual(expected);
});
