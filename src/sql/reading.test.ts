import { expect, test } from "vitest";
import { contentsFrom } from "./reading.ts";

const principal = (principal_id: number, name: string, type = "R", is_fixed_role = false) => ({
  ...{ principal_id, name, type, is_fixed_role },
});

test("a role shows what its members get: the roles that it is a member of, and its permissions; public shows nothing", () => {
  const rows = [
    [{ user: "bindery" }],
    [
      principal(0, "public"),
      principal(5, "clerks"),
      principal(6, "empty"),
      principal(7, "id-orders", "E"),
      principal(16384, "db_owner", "R ", true),
    ],
    [
      { role_principal_id: 16384, member_principal_id: 5 },
      { role_principal_id: 5, member_principal_id: 7 },
    ],
    [0, 5, 7].map((grantee_principal_id) => ({
      ...{ class: 0, major_id: 0, minor_id: 0, grantee_principal_id, grantor_principal_id: 1 },
      ...{ permission_name: "SELECT", state: "G " },
    })),
  ];
  const select = { permission: "SELECT", securable: { class: "database" }, state: "GRANT" };
  const { roles, users } = contentsFrom(rows);
  expect(roles).toEqual([
    { name: "public", isFixed: false },
    { name: "clerks", isFixed: false, roles: ["db_owner"], permissions: [select] },
    { name: "empty", isFixed: false },
    { name: "db_owner", isFixed: true },
  ]);
  expect(users).toMatchObject([{ name: "id-orders", roles: ["clerks"], permissions: [select] }]);
});
