// The admin endpoint: what a tester may see and do behind the backs of all callers, with the start's own token.
import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { adminGovernance } from "./admin-governance.ts";
import { AdminRefusal, parsed } from "./admin-refusal.ts";
import { adminSecondClient } from "./admin-second-client.ts";
import { adminSql } from "./admin-sql.ts";
import { adminStrictness } from "./admin-strictness.ts";
import { adminAssignments, adminResources } from "./admin-world.ts";
import type { SandboxClock } from "./clock.ts";
import { Fault, type Faults } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";
import type { SecondClient } from "./second-client/second-client.ts";
import { dumpWorld } from "./seed/dump.ts";
import { SettingsPatch } from "./settings.ts";
import type { SqlService } from "./sql/service/sql-service.ts";
import type { TokenRevocation } from "./token-revocation.ts";
import type { Settings, World } from "./world.ts";

/** What the admin endpoint rules over. */
export interface AdminPorts {
  readonly token: string;
  readonly world: World;
  readonly clock: SandboxClock;
  readonly log: RequestLog;
  readonly faults: Faults;
  readonly secondClient: SecondClient;
  readonly tokens: TokenRevocation;
  readonly sql: SqlService;
}

/** One admin request with its parsed body. */
export interface AdminCall {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
  readonly ports: AdminPorts;
}

type AdminHandler = (call: AdminCall) => unknown;

/** Everything under /_admin, by "METHOD name". */
const handlers: Readonly<Record<string, AdminHandler>> = {
  "GET requests": ({ ports }) => ports.log.entries(),
  "DELETE requests": ({ ports }) => ports.log.clear(),
  "GET counters": ({ ports }) => ports.log.counters(),
  "GET faults": ({ ports }) => ports.faults.list(),
  "POST faults": ({ body, ports }) => addFault(parsed(Fault, body), ports.faults),
  "DELETE faults": ({ url, ports }) => removeFaults(url.searchParams.get("id"), ports.faults),
  "GET settings": ({ ports }) => ports.world.settings,
  "PATCH settings": ({ body, ports }) => changeSettings(ports.world.settings, parsed(SettingsPatch, body)),
  ...adminStrictness,
  ...adminSecondClient,
  "GET clock": ({ ports }) => clockBody(ports.clock),
  "POST clock": ({ body, ports }) => advance(ports.clock, body),
  "GET world": ({ ports }) => dumpWorld(ports.world),
  ...adminResources,
  ...adminAssignments,
  ...adminGovernance,
  ...adminSql,
};

/** The admin endpoint as one function. */
export function createAdmin(ports: AdminPorts): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const name = url.pathname.split("/").filter(Boolean).slice(1).join("/");
    if (!isAuthorized(request.headers.get("authorization"), ports.token)) {
      return Response.json({ error: "The admin token is missing or wrong." }, { status: 401 });
    }
    try {
      const handler = handlers[`${request.method} ${name}`];
      if (handler === undefined)
        throw new AdminRefusal(404, `There is no ${request.method} /_admin/${name}.`);
      const result = handler({ method: request.method, url, body: await bodyOf(request), ports });
      return result === undefined ? new Response(null, { status: 204 }) : Response.json(result);
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      return Response.json({ error: error.message }, { status: error.status });
    }
  };
}

function isAuthorized(header: string | null, token: string): boolean {
  const [sent, expected] = [Buffer.from(header ?? ""), Buffer.from(`Bearer ${token}`)];
  return sent.length === expected.length && timingSafeEqual(sent, expected);
}

async function bodyOf(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AdminRefusal(400, `The body is no JSON: ${error.message}`);
  }
}

function addFault(fault: Fault, faults: Faults): unknown {
  try {
    return faults.add(fault);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AdminRefusal(400, `The path is no regular expression: ${error.message}`);
  }
}

function removeFaults(id: string | null, faults: Faults): void {
  if (id === null) {
    faults.clear();
    return;
  }
  if (!faults.remove(id)) throw new AdminRefusal(404, `There is no fault '${id}'.`);
}

function changeSettings(settings: Settings, patch: Partial<Settings>): Settings {
  return Object.assign(settings, patch);
}

function clockBody(clock: SandboxClock): { now: string } {
  return { now: new Date(clock.now()).toISOString() };
}

function advance(clock: SandboxClock, body: unknown): { now: string } {
  const { advanceInMs } = parsed(z.strictObject({ advanceInMs: z.number().nonnegative() }), body);
  clock.advance(advanceInMs);
  return clockBody(clock);
}
