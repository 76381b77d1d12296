// How a paused serverless database sleeps, and wakes a while after somebody has tried to sign in.
import type { ArmResource, World } from "../../world.ts";
import { SqlError } from "../sql-error.ts";
import { textProperty } from "./resources.ts";

/** Real ones take about a minute; by the sandbox's clock. */
const defaultResumeInMs = 5000;

/** Lets in to a database that is online; wakes one that is paused. Throws SqlError 40613 for who comes too early. */
export function requireOnline(world: World, server: ArmResource, database: ArmResource): void {
  settleSql(world);
  const status = textProperty(world.resources.get(database.id), "status") ?? "Online";
  if (status === "Online") return;
  if (status === "Paused") {
    setStatus(world, database, "Resuming");
    const resumeInMs = world.settings.sqlResumeInMs ?? defaultResumeInMs;
    world.sql.resuming.set(database.id, world.now() + resumeInMs);
  }
  throw unavailable(database.name, server.name);
}

/** Puts those databases online whose time has come. */
export function settleSql(world: World): void {
  for (const [id, at] of world.sql.resuming) {
    const database = world.resources.get(id);
    const isWaking = textProperty(database, "status") === "Resuming";
    if (isWaking && at > world.now()) continue;
    world.sql.resuming.delete(id);
    if (database !== undefined && isWaking) setStatus(world, database, "Online");
  }
}

function setStatus(world: World, database: ArmResource, status: string): void {
  world.resources.set(database.id, { ...database, properties: { ...database.properties, status } });
}

/** 40613, as Azure's page on connection errors has it. */
export function unavailable(database: string, server: string): SqlError {
  return new SqlError(
    40613,
    `Database '${database}' on server '${server}' is not currently available. Please retry the connection later. If the problem persists, contact customer support, and provide them the session tracing ID of '{00000000-0000-0000-0000-000000000000}'.`,
    17,
  );
}
