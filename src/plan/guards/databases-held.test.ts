import { expect, test } from "vitest";
import type { DesiredIdentity } from "../../desired/desired.ts";
import { databaseKey } from "../../model/database.ts";
import { pruneTag } from "../../model/identity.ts";
import { database, deadSid, grant, key, reads, ref, resource, tagged, user } from "../diff/fixtures.ts";
import { binding, desired, grantOf, linesOf, observed, policy, principal, wanted } from "../fixtures.ts";
import { planFor } from "../plan-for.ts";

/** The plan where the identity has this user, and these tags beside those that make it ours. */
function planned(want: Partial<DesiredIdentity>, there = database([user()]), tags = {}, rules = policy) {
  const identity = tagged({ "bindery-sql-1": key, ...tags });
  return planFor(
    desired(wanted(want)),
    observed({ identities: [identity] }, { databases: new Map([[key, there]]) }),
    rules,
  );
}

test("taking power away needs no word", () => {
  const there = database([user({ roles: ["db_datareader", "db_owner"] })]);
  expect(linesOf(planned({ bindings: reads() }, there))).toEqual(["revoke db_owner in sql-orders/orders"]);
});

test.each([
  ["orders", ["db_owner"], "it gives power over access, or over everything there"],
  ["Master", ["CONNECT", "db_owner"], "what is given in master reaches the whole server"],
])("what is said of privileged lines in %s, and what would allow them", (name, privileges, why) => {
  const at = { ...ref, database: name };
  const id = `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Sql/servers/sql-orders/databases/${name}`;
  const there = { ...database([]), resource: { id, ref: at, status: "Online" } };
  const plan = planFor(
    desired(wanted({ bindings: reads({ ref: at, roles: ["db_owner"] }) })),
    observed(
      { identities: [tagged({ "bindery-sql-1": databaseKey(at) })] },
      { databases: new Map([[databaseKey(at), there]]) },
    ),
    policy,
  );
  expect(plan.held.map(({ reason, message, cure }) => [reason, message, cure])).toEqual(
    privileges.map((privilege) => [
      "Privileged",
      `${privilege} in sql-orders/${name} is privileged: ${why}.`,
      `Allow { identity: team/orders, roleName: ${privilege}, scope: ${id} } under privileged in the policy, or release this set by its digest.`,
    ]),
  );
});

/** Taken over, but nobody has said yet that the new principal is to have what the dead one had in databases. */
const repaired = { [pruneTag]: "recreated" };

test.each<[string, Parameters<typeof planned>, readonly string[]]>([
  [
    "a role that comes waits for that word",
    [{ bindings: reads() }, database([user()]), repaired],
    ["Recreated: grant db_datareader in sql-orders/orders"],
  ],
  [
    "so does a user in the place of the dead principal's",
    [{ bindings: reads() }, database([user({ sid: deadSid, roles: ["db_datareader"] })]), repaired],
    ["Recreated: update user id-orders in sql-orders/orders"],
  ],
  [
    "what goes waits as after every adoption, not for that word",
    [{ bindings: reads() }, database([user({ roles: ["db_datareader", "clerks"] })]), repaired],
    ["AdoptionPending: revoke clerks in sql-orders/orders"],
  ],
  [
    "after an adoption of another kind nothing waits for it",
    [{ bindings: reads() }, database([user()]), { [pruneTag]: "pending" }],
    ["grant db_datareader in sql-orders/orders"],
  ],
])("a recreated identity in databases: %s", (_, row, expected) => {
  expect(linesOf(planned(...row)).filter((line) => line.endsWith(" in sql-orders/orders"))).toEqual(expected);
});

test("whose principal is new is said", () => {
  const { held } = planned({ bindings: reads() }, database([user()]), repaired);
  expect(held.map(({ message, cure }) => [message, cure])).toEqual([
    [
      `team/orders was deleted and created again by someone else: its principal is ${principal.principalId}.`,
      "Release this set by its digest, if the new principal is to have this in databases.",
    ],
  ]);
});

test("roles in Azure of a recreated identity do not wait for the word about databases", () => {
  const bindings = [binding([], [grantOf("Reader")], false, [grant()])];
  expect(linesOf(planned({ bindings }, database([user()]), repaired))).toEqual([
    "grant Reader",
    "Recreated: grant db_datareader in sql-orders/orders",
  ]);
});

test.each([
  ["a server", "/subscriptions/s/resourceGroups/databases/providers/Microsoft.Sql/servers/databases"],
  [
    "a server in capitals",
    "/SUBSCRIPTIONS/S/resourceGroups/databases/providers/Microsoft.Sql/SERVERS/DATABASES",
  ],
])("%s that is called databases protects its databases", (_, server) => {
  const id =
    "/subscriptions/s/resourceGroups/databases/providers/Microsoft.Sql/servers/databases/databases/orders";
  const there = { ...database([user()]), resource: { ...resource, id } };
  const rules = { ...policy, protected: [server] };
  const { held } = planned({ bindings: reads() }, there, {}, rules);
  expect(held.map(({ reason, message }) => [reason, message])).toEqual([
    ["Protected", `The policy protects ${server}: it is never a subject of a change.`],
  ]);
});
