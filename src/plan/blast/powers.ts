// Decides what an identity may do: its roles at scopes and its rights in databases, as observed and as a plan's changes leave them.
import { idKey } from "../../model/arm-id.ts";
import {
  type DatabaseRef,
  type DatabaseUser,
  databaseKey,
  principalSidOf,
  sidFrom,
} from "../../model/database.ts";
import { roleScopeOf } from "../../model/grant.ts";
import type { Observed } from "../../observed/observed.ts";
import type { DatabaseSubject } from "../database-subjects.ts";
import { nameKey, permissionKey } from "../diff/wanted-databases.ts";
import { connect, databasePrivilegeOf, rolesAt } from "../guards/database-privilege.ts";
import { privilegeOf } from "../guards/privilege.ts";
import type { Change, Subject } from "../plan.ts";
import { roleNameOf } from "../role-name.ts";
import type { Power, PowerKind } from "./blast.ts";

/** By identity, then by what the power means: Azure and databases have each only once for a principal. */
export type Powers = ReadonlyMap<string, ReadonlyMap<string, Granted>>;

interface Granted {
  readonly power: Power;
  readonly condition?: string;
}

type Mine = Map<string, Granted>;

/** What a new user has from the beginning (Microsoft, "CREATE USER"): whoever signs in is a member of public. */
const signIn = { permission: connect, securable: { class: "database" } } as const;

/** What the identities that were observed may do. */
export function powersIn(observed: Observed): Powers {
  const powers = new Map<string, Mine>();
  const mineOf = (identity: string): Mine => {
    const mine = powers.get(identity) ?? new Map<string, Granted>();
    powers.set(identity, mine);
    return mine;
  };
  const identities = [...observed.identities];
  const byPrincipal = new Map(identities.map(([key, { principalId }]) => [idKey(principalId), key]));
  for (const { principalId, scope, roleGuid, condition } of observed.assignments.values()) {
    const identity = byPrincipal.get(idKey(principalId));
    if (identity === undefined) continue;
    const roleName = roleNameOf(roleGuid, scope, observed);
    hold(mineOf(identity), azurePower(roleGuid, roleName, scope, observed), condition);
  }
  const bySid = new Map(identities.map(([key, { clientId }]) => [sidFrom(clientId), key]));
  for (const database of observed.databases.values()) {
    if (database.kind !== "read") continue;
    for (const user of database.contents.users) {
      const identity = bySid.get(principalSidOf(user));
      if (identity === undefined) continue;
      for (const power of powersOfUser(database.resource.ref, user, observed)) hold(mineOf(identity), power);
    }
  }
  return powers;
}

/** What they may do once these changes have been made. */
export function powersAfter(before: Powers, observed: Observed, changes: readonly Change[]): Powers {
  const powers = new Map([...before].map(([key, list]) => [key, new Map(list)]));
  // What is revoked goes first: a dead principal's role may give way to a living one's.
  const { revoked = [], others = [] } = Object.groupBy(changes, ({ kind }) =>
    kind === "revoke" ? "revoked" : "others",
  );
  for (const change of [...revoked, ...others]) {
    const key = idKey(change.identityId);
    const mine = powers.get(key) ?? new Map<string, Granted>();
    powers.set(key, mine);
    if (change.subject.kind === "role") applyRole(change, change.subject, observed, mine);
    if ("database" in change.subject) applyDatabase(change, change.subject, observed, mine);
  }
  return powers;
}

/** Where a power reaches, and which it is: for sorting. */
export function powerPlace(power: Power): readonly [string, string] {
  switch (power.kind) {
    case "azureRole":
      return [idKey(power.scope), power.roleName];
    case "databaseRole":
      return [databaseKey(power.database), power.role];
    case "databasePermission":
      return [databaseKey(power.database), permissionKey(power)];
  }
}

function hold(mine: Mine, power: Power, condition?: string): void {
  mine.set(powerKey(power), { power, ...(condition !== undefined && { condition }) });
}

function applyRole(
  { kind, identityId }: Change,
  subject: Extract<Subject, { kind: "role" }>,
  observed: Observed,
  mine: Mine,
): void {
  const { scope, roleGuid, roleName, condition, principalId } = subject;
  const power = azurePower(roleGuid, roleName, scope, observed);
  const living = observed.identities.get(idKey(identityId))?.principalId;
  if (kind !== "revoke") hold(mine, power, condition);
  else if (principalId === undefined || living === undefined || idKey(principalId) === idKey(living)) {
    mine.delete(powerKey(power));
  }
}

/** What a dead principal's user loses, the identity did not have any more. */
function applyDatabase(
  { kind, identityId }: Change,
  subject: DatabaseSubject,
  observed: Observed,
  mine: Mine,
): void {
  const living = observed.identities.get(idKey(identityId))?.clientId;
  const isDead =
    subject.sid !== undefined &&
    living !== undefined &&
    principalSidOf({ sid: subject.sid }) !== sidFrom(living);
  if (kind === "revoke") {
    if (!isDead) lose(mine, subject);
    return;
  }
  const { database } = subject;
  if (subject.kind !== "databaseUser") {
    hold(mine, databasePower(subject, observed));
    return;
  }
  for (const role of subject.replaces?.roles ?? [])
    hold(mine, databasePower({ kind: "databaseRole", database, role }, observed));
  for (const one of [signIn, ...(subject.replaces?.permissions ?? [])])
    hold(mine, databasePower({ kind: "databasePermission", database, ...one }, observed));
}

function lose(mine: Mine, subject: DatabaseSubject): void {
  if (subject.kind !== "databaseUser") {
    mine.delete(powerKey(subject));
    return;
  }
  for (const [key, { power }] of mine) {
    if (power.kind !== "azureRole" && databaseKey(power.database) === databaseKey(subject.database)) {
      mine.delete(key);
    }
  }
}

/** What is denied is not told: it takes away, and nobody gains it. */
function powersOfUser(
  database: DatabaseRef,
  { roles, permissions }: DatabaseUser,
  observed: Observed,
): readonly Power[] {
  return [
    ...roles.map((role) => databasePower({ kind: "databaseRole", database, role }, observed)),
    ...permissions
      .filter(({ state }) => state !== "DENY")
      .map(({ permission, securable }) =>
        databasePower({ kind: "databasePermission", database, permission, securable }, observed),
      ),
  ];
}

type DatabaseRight = Exclude<PowerKind, { kind: "azureRole" }>;

function databasePower(right: DatabaseRight, observed: Observed): Power {
  const { server, database } = right.database;
  const ref = { server, database };
  const subject = { ...right, userName: "" };
  const privileged = databasePrivilegeOf(subject, rolesAt(subject, observed));
  const why = privileged === undefined ? {} : { privileged };
  if (right.kind === "databaseRole") return { kind: right.kind, database: ref, role: right.role, ...why };
  const { kind, permission, securable } = right;
  return { kind, database: ref, permission, securable, ...why };
}

/** A role that nobody could read is shown among the privileged ones: it may be the worst of all. */
function azurePower(roleGuid: string, roleName: string, scope: string, observed: Observed): Power {
  const roles = observed.roles.get(roleScopeOf(scope)) ?? [];
  const definition = roles.find(({ guid }) => idKey(guid) === idKey(roleGuid));
  const privileged = definition ? privilegeOf(definition, scope) : "its definition is not known";
  return { kind: "azureRole", roleGuid, roleName, scope, ...(privileged !== undefined && { privileged }) };
}

function powerKey(power: PowerKind): string {
  switch (power.kind) {
    case "azureRole":
      return `${idKey(power.scope)} ${idKey(power.roleGuid)}`;
    case "databaseRole":
      return `${databaseKey(power.database)} role ${nameKey(power.role)}`;
    case "databasePermission":
      return `${databaseKey(power.database)} permission ${permissionKey(power)}`;
  }
}
