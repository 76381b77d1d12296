// Who may sign in to a database, and as whom: tokens of the sandbox's own Entra, SQL logins, administrators, users.
import { setTimeout as wait } from "node:timers/promises";
import type { TokenRefusal, TokenVerdict } from "../../entra/access-token.ts";
import type { ArmResource, World } from "../../world.ts";
import { dboId, rowOf } from "../engine/catalog.ts";
import type { Context, Database, Directory } from "../engine/database.ts";
import { showDatabases } from "../engine/functions.ts";
import { externalPrincipal, principalById, principalNamed } from "../engine/lookups.ts";
import { may } from "../engine/rights.ts";
import { createSession } from "../engine/session.ts";
import { ConnectionCut, type Credential, type LoginAnswer } from "../server/backend.ts";
import { SqlError } from "../sql-error.ts";
import { guidToBytes } from "../wire/guid-bytes.ts";
import type { Login7 } from "../wire/login7.ts";
import { loginFailed, noDatabase } from "./fault-errors.ts";
import { errorOf, type SqlFaults } from "./faults.ts";
import type { SqlLog } from "./log.ts";
import { requireOnline } from "./pausing.ts";
import {
  administratorOf,
  childrenOf,
  contentOf,
  databaseNamed,
  isEntraOnly,
  textProperty,
} from "./resources.ts";
import { createGate } from "./statement-gate.ts";
import { told } from "./unseen-numbers.ts";

/** What signing in needs. */
export interface SignInPorts {
  readonly world: World;
  readonly faults: SqlFaults;
  readonly log: SqlLog;
  /** Judges a token for SQL. */
  readonly verify: (token: string) => Promise<TokenVerdict>;
  /** Where a redirect without an address leads. */
  readonly redirectOf: (server: ArmResource) => { readonly server: string; readonly port: number };
}

/** An attempt. */
export interface Attempt {
  readonly server: ArmResource;
  readonly credential: Credential;
  readonly login: Login7;
  readonly session: number;
}

const tokenUser = "<token-identified principal>";

/** Signs in, past the faults; logs it either way. */
export async function signIn(ports: SignInPorts, attempt: Attempt): Promise<LoginAnswer> {
  const { server, login, session } = attempt;
  const at = { session, server: server.name, database: login.database || "master" };
  const told = { ...at, kind: "login" as const, application: login.applicationName };
  try {
    const answer = await struck(ports, attempt, at);
    if (answer !== undefined) return answer;
    const entry = await entryOf(ports, attempt, at.database);
    ports.log.add({ ...told, user: entry.user });
    return sessionFor(ports, entry, { ...at, user: entry.user });
  } catch (error) {
    if (error instanceof SqlError) ports.log.add({ ...told, user: "", error: error.number });
    throw error;
  }
}

type At = { readonly session: number; readonly server: string; readonly database: string };

/** What a fault answers in place of the server; undefined: the server is to answer. */
async function struck({ faults, redirectOf, log }: SignInPorts, { server, login }: Attempt, at: At) {
  const fault = faults.strike({ ...at, at: "login", text: "", isWrite: false });
  if (fault === undefined) return undefined;
  await wait(fault.delayInMs ?? 0, undefined, { ref: false });
  if (fault.cut !== undefined) throw new ConnectionCut();
  const error = errorOf(fault, at);
  if (error !== undefined) throw error;
  if (fault.redirect === undefined) return undefined;
  log.add({ ...at, kind: "login", user: "", application: login.applicationName });
  const address = fault.redirect === true ? redirectOf(server) : fault.redirect;
  return { kind: "redirect" as const, ...address };
}

/** Somebody who is let in. */
interface Entry {
  readonly database: Database;
  readonly context: Context;
  readonly user: string;
}

async function entryOf(ports: SignInPorts, attempt: Attempt, databaseName: string): Promise<Entry> {
  const { world } = ports;
  const { server, credential, login } = attempt;
  const caller = credential.kind === "token" ? await callerOf(ports, credential.token) : undefined;
  if (caller === undefined && isEntraOnly(server)) {
    const reason =
      " Reason: Azure Active Directory only authentication is enabled. Please contact your system administrator.";
    throw loginFailed(login.userName, reason);
  }
  const resource = databaseNamed(world, server, databaseName);
  if (resource === undefined) throw noDatabase(databaseName);
  requireOnline(world, server, resource);
  const { database, isSecondary } = contentOf(world, resource);
  const principalId = caller
    ? tokenUserId(ports, attempt, database, caller)
    : sqlUserId(ports, attempt, database);
  showDatabases(database, databasesFor(world, server, resource));
  const isReplica = isSecondary || (login.isReadOnlyIntent && resource.properties?.readScale === "Enabled");
  const context: Context = {
    principalId,
    server: server.name,
    database: resource.name,
    login: caller ? `${caller.clientId}@${caller.tenantId}` : login.userName,
    sessionId: 50 + (attempt.session % 32_000),
    isReadOnly: isReplica,
    isEntra: caller !== undefined,
    directory: world.sql.directoryReaders.has(server.name.toLowerCase()) ? directoryOf(world) : undefined,
    switches: world.switches,
    openTransactions: 0,
    rowCount: 0,
  };
  return { database, context, user: principalById(database, principalId)?.name ?? "" };
}

type TokenCaller = Extract<TokenVerdict, { readonly ok: true }>["caller"];

async function callerOf({ verify }: SignInPorts, token: string): Promise<TokenCaller> {
  const verdict = await verify(token);
  if (verdict.ok) return verdict.caller;
  throw loginFailed(tokenUser, reasonOf(verdict.refusal));
}

function reasonOf({ kind }: TokenRefusal): string {
  if (kind === "Expired") return " Token is expired.";
  const isElsewhere = kind === "WrongAudience" || kind === "WrongTenant";
  return isElsewhere ? " The server is not currently configured to accept this token." : "";
}

/** The administrator is dbo; an application is the user whose SID its client id is. */
function tokenUserId(
  { world }: SignInPorts,
  { server, login }: Attempt,
  database: Database,
  caller: TokenCaller,
): number {
  const administrator = administratorOf(world, server);
  const ids = [caller.objectId.toLowerCase(), caller.clientId.toLowerCase()];
  if (administrator !== undefined && ids.includes(administrator)) return dboId;
  const user = externalPrincipal(database, guidToBytes(caller.clientId));
  if (user !== undefined && may(database, user.id, "CONNECT")) return user.id;
  throw world.switches.strangerSignIn === "4060"
    ? noDatabase(login.database || "master")
    : loginFailed(tokenUser);
}

function sqlUserId({ world }: SignInPorts, { server, credential }: Attempt, database: Database): number {
  const { user, password } = credential.kind === "password" ? credential : { user: "", password: "" };
  const admin = world.sql.admins.get(server.name.toLowerCase());
  const isAdmin = admin?.login.toLowerCase() === user.toLowerCase() && admin.password === password;
  if (isAdmin) return dboId;
  const id = principalNamed(database, user)?.id;
  const row = id === undefined ? undefined : rowOf(database, passwordOf, id);
  const isUser = password !== "" && row?.password_ === password;
  if (id === undefined || !isUser || !may(database, id, "CONNECT")) throw loginFailed(user);
  return id;
}

const passwordOf = "SELECT password_ FROM sys.principals_ WHERE principal_id = ?";

/** master knows all databases of the server, the others themselves and master. */
function databasesFor(world: World, server: ArmResource, current: ArmResource) {
  const all = childrenOf(world, server.id, "databases");
  const isMaster = current.name.toLowerCase() === "master";
  return all
    .filter((d) => isMaster || d.id === current.id || d.name.toLowerCase() === "master")
    .map((d) => ({
      name: d.name,
      collation: textProperty(d, "collation") ?? "",
      isReadOnly: d.properties?.secondaryType !== undefined,
    }));
}

/** Microsoft Entra as the server's identity sees it: principals that are too new are not found. */
function directoryOf(world: World): Directory {
  const known = () =>
    world.principals
      .values()
      .filter(
        (p) => (p.createdAt ?? Number.NEGATIVE_INFINITY) + world.settings.principalLagInMs <= world.now(),
      );
  return {
    byDisplayName: (name) => known().filter((p) => p.displayName.toLowerCase() === name.toLowerCase()),
    byObjectId: (id) => known().find((p) => p.objectId.toLowerCase() === id.toLowerCase()),
  };
}

function sessionFor(
  { world, faults, log }: SignInPorts,
  { database, context }: Entry,
  who: At & { readonly user: string },
): LoginAnswer {
  const gate = createGate(who, faults, log);
  const session = createSession(database, context, gate.hooks);
  const note = (text: string) => {
    gate.rearm();
    log.add({ ...who, kind: "request", text });
  };
  return {
    kind: "session",
    interrupt: gate.interrupt,
    session: {
      ...session,
      run: async (text, parameters) => {
        note(text);
        return told(world.switches, await session.run(text, parameters));
      },
      call: async (name, args) => {
        note(`EXEC ${name}`);
        return told(world.switches, await session.call(name, args));
      },
      begin: () => {
        note("BEGIN TRANSACTION");
        return session.begin();
      },
    },
  };
}
