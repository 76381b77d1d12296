import { describe, expect, test } from "vitest";
import type { DesiredDatabase } from "../../desired/desired.ts";
import { identityIdFrom } from "../../model/arm-id.ts";
import {
  binding,
  desired,
  document,
  linesOf,
  live,
  observed,
  policy,
  subscription,
  wanted,
} from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { planFor } from "../plan-for.ts";
import {
  database,
  deadClientId,
  deadSid,
  execute,
  grant,
  key,
  onSales,
  planWith,
  reads,
  ref,
  tagged,
  user,
} from "./fixtures.ts";

const active = (change: Partial<DesiredDatabase> = {}) => binding([], [], false, [grant(change)]);
const suspended = (change: Partial<DesiredDatabase> = {}) => binding([], [], true, [grant(change)]);
const writes = { roles: ["db_datawriter"], document: document("IdentityBinding", "writers") };

describe("several bindings want something in one database", () => {
  test.each([
    [
      "each gives what it lists",
      [active(), active(writes)],
      [
        "grant user id-orders in sql-orders/orders",
        "grant db_datareader in sql-orders/orders",
        "grant db_datawriter in sql-orders/orders",
      ],
    ],
    [
      "a suspended one gives nothing, the user comes for the other",
      [suspended(), active(writes)],
      [
        "grant user id-orders in sql-orders/orders",
        "grant db_datawriter in sql-orders/orders",
        "Suspended: grant db_datareader in sql-orders/orders",
      ],
    ],
    [
      "whichever comes first",
      [active(), suspended(writes)],
      [
        "grant user id-orders in sql-orders/orders",
        "grant db_datareader in sql-orders/orders",
        "Suspended: grant db_datawriter in sql-orders/orders",
      ],
    ],
    [
      "what both list is given",
      [active({ permissions: [execute] }), suspended({ permissions: [execute] })],
      [
        "grant user id-orders in sql-orders/orders",
        "grant db_datareader in sql-orders/orders",
        "grant EXECUTE on schema::sales in sql-orders/orders",
      ],
    ],
    [
      "nothing where all are suspended, and nothing to remember",
      [suspended(), suspended(writes)],
      [
        "Suspended: grant user id-orders in sql-orders/orders",
        "Suspended: grant db_datareader in sql-orders/orders",
        "Suspended: grant db_datawriter in sql-orders/orders",
      ],
    ],
  ])("%s", (_, bindings, lines) => {
    const plan = planWith({ want: { bindings }, see: [live()], there: database([]) });
    const isHeld = plan.changes.length === 0;
    expect(linesOf(plan)).toEqual([...(isHeld ? [] : ["update tags bindery-sql-1"]), ...lines]);
  });

  test("the user comes for the first that is active", () => {
    const documentOf = (bindings: Parameters<typeof wanted>[0] & object) =>
      planWith({ want: bindings, there: database([]) }).changes[0]?.document.name;
    expect(documentOf({ bindings: [active(), active(writes)] })).toBe("orders");
    expect(documentOf({ bindings: [suspended(), active(writes)] })).toBe("writers");
  });
});

describe("the user that is an identity's", () => {
  const other = identityIdFrom(subscription, "rg", "id-other");

  test("is not replaced because the document names another one's SID", () => {
    const there = database([user({ sid: "0x01", marker: "" })]);
    expect(linesOf(planWith({ want: { bindings: reads({ replaceUserWithSid: deadSid }) }, there }))).toEqual([
      "UserNameTaken: grant user id-orders in sql-orders/orders",
      "DependencyHeld: grant db_datareader in sql-orders/orders",
    ]);
  });

  test("takes no place of one that has the SID and another name", () => {
    const there = database([user({ name: "old", sid: deadSid, marker: "" })]);
    expect(linesOf(planWith({ want: { bindings: reads({ replaceUserWithSid: deadSid }) }, there }))).toEqual([
      "grant user id-orders in sql-orders/orders",
      "grant db_datareader in sql-orders/orders",
    ]);
  });

  test("goes, whoever else is alive", () => {
    const see = [
      tagged(),
      live({ id: other, principalId: "p", clientId: "eeeeeeee-0000-4000-8000-000000000001" }),
    ];
    expect(linesOf(planWith({ see, there: database([user({ sid: deadSid })]) }))).toEqual([
      "revoke user id-orders in sql-orders/orders",
    ]);
    const alive = [tagged(), live({ id: other, principalId: "p", clientId: deadClientId })];
    expect(planWith({ see: alive, there: database([user({ sid: deadSid })]) }).held[0]?.message).toContain(
      other,
    );
  });

  test("gives way with what is listed of what it had, and the plan says what is not given again", () => {
    const permissions = [
      { ...execute, state: "GRANT" },
      { permission: "SELECT", securable: onSales, state: "GRANT" },
    ] as const;
    const roles = ["DB_DataReader", "db_datawriter"];
    const want = { bindings: reads({ permissions: [execute], replaceUserWithSid: deadSid }) };
    const { changes } = planWith({ want, there: database([user({ sid: deadSid, roles, permissions })]) });
    expect(changes.map(({ subject }) => subject)).toMatchObject([
      {
        kind: "databaseUser",
        replaces: { roles: ["DB_DataReader"], permissions: [{ ...execute, state: "GRANT" }] },
      },
    ]);
    expect(changes[0]?.reason).toBe(
      "id-orders there belongs to a principal that is gone; db_datawriter is not listed and not given again",
    );
  });

  test("gives way without another word where it loses nothing", () => {
    const want = { bindings: reads({ replaceUserWithSid: deadSid }) };
    const there = database([user({ sid: deadSid, roles: ["db_datareader"] })]);
    expect(planWith({ want, there }).changes[0]?.reason).toBe(
      "id-orders there belongs to a principal that is gone",
    );
  });

  test.each([
    ["GRANT_WITH_GRANT_OPTION", true],
    ["GRANT", false],
  ] as const)("loses a permission in state %s with what it has granted on: %s", (state, cascade) => {
    const there = database([user({ permissions: [{ ...execute, state }] })]);
    const { changes } = planWith({ want: { bindings: reads({ roles: [] }) }, there });
    expect(changes.map(({ subject }) => subject)).toMatchObject([{ ...execute, cascade }]);
  });
});

describe("what the tags remember", () => {
  const needsOf = ({ changes, held }: Plan) =>
    [...changes, ...held.map((h) => h.change)].map(({ kind, needs }) => [kind, needs]);

  test("comes before what is given there, and holds up nothing that is taken away", () => {
    const want = { bindings: reads() };
    const plan = planWith({ want, see: [live()], there: database([user({ roles: ["db_datawriter"] })]) });
    const memory = plan.changes[0]?.id;
    expect(linesOf(plan)).toEqual([
      "update tags bindery-sql-1",
      "grant db_datareader in sql-orders/orders",
      "revoke db_datawriter in sql-orders/orders",
    ]);
    expect(needsOf(plan)).toEqual([
      ["update", []],
      ["grant", [memory]],
      ["revoke", []],
    ]);
  });

  test("comes after an identity that is yet to be created, as all that it is given does", () => {
    const plan = planWith({ want: { bindings: reads() }, see: [], there: database([]) });
    const [create, , memory, base] = plan.changes.map(({ id }) => id);
    expect(needsOf(plan)).toEqual([
      ["create", []],
      ["update", [create]],
      ["update", [create]],
      ["grant", [create, memory]],
      ["grant", [create, base, memory]],
    ]);
  });

  test("is no database that could not be read: no user of it was made there", () => {
    const there = { kind: "unknown", reason: "DatabaseUnreadable", message: "40613", cure: "wait" } as const;
    expect(linesOf(planWith({ want: { bindings: reads() }, see: [live()], there }))).toEqual([
      "DatabaseUnreadable: grant db_datareader in sql-orders/orders",
    ]);
  });

  test("is not written again for another spelling", () => {
    const want = { bindings: reads({ ref: { ...ref, database: "ORDERS" } }) };
    const there = database([user({ roles: ["db_datareader"] })]);
    expect(linesOf(planWith({ want, there }))).toEqual([]);
  });

  test("is forgotten without anything waiting for that", () => {
    const see = [live({ tags: { ...live().tags, "bindery-sql-1": `${ref.server}/dropped` } })];
    const databases = new Map([
      [`${ref.server}/dropped`, { kind: "gone" } as const],
      [key, database([])],
    ]);
    const want = desired(wanted({ bindings: [suspended({ roles: [] })] }));
    const plan = planFor(want, observed({ identities: see }, { databases }), policy);
    expect(linesOf(plan)).toEqual([
      "update tags -bindery-sql-1",
      "Suspended: grant user id-orders in sql-orders/orders",
    ]);
    expect(needsOf(plan)).toEqual([
      ["update", []],
      ["grant", []],
    ]);
  });
});
