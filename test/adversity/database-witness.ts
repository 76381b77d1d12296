// Stands beside the databases: lets others act between two batches, and compares every batch with the plan.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { PipelineRequest } from "@azure/core-rest-pipeline";
import { sidFrom } from "../../src/model/database.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { type SqlEvent, sqlChannel } from "../../src/sandbox/sql/service/log.ts";
import type { World } from "../../src/sandbox/world.ts";
import { identityNames } from "./case.ts";
import type { DatabaseCase, DatabaseDeed } from "./database-case.ts";
import { databaseAt, rememberedBy } from "./database-contents.ts";
import { commitInDatabase, unnoticeable } from "./database-deeds.ts";
import { clientIdOf } from "./database-texts.ts";
import type { Facts } from "./facts.ts";
import { batchProblems, holdingUserOf, nameOfIdentity } from "./statement-checks.ts";

/** What it has seen. */
export interface DatabaseWitness {
  /** Others stop. */
  endDeeds(): void;
  readonly counts: { readings: number; writes: number; deeds: number };
  /** Notes the principals that identities of documents have at this moment. */
  learn(): void;
  /** A request is about to be sent; what it gives is asked once that has been answered: whether tags have forgotten too much. */
  sending(request: PipelineRequest): () => readonly string[];
  /** What is no longer as others left it. */
  violated(): readonly string[];
  close(): void;
}

/** What it is told. */
export interface DatabaseScene {
  readonly world: World;
  readonly one: DatabaseCase;
  readonly facts: Facts;
  /** As of the facts about resources. */
  readonly whileOthersAct: Facts["whileOthersAct"];
  readonly problems: string[];
  readonly plan: () => Plan | undefined;
  /** True from the moment of a plan to the next look at the whole. */
  readonly isWriting: () => boolean;
  readonly isStale: (identityId: string) => boolean;
}

/** Listens to all that reaches databases: only Bindery signs in there. */
export function databaseWitnessOf(scene: DatabaseScene): DatabaseWitness {
  const { world, one, facts, problems } = scene;
  const counts = { readings: 0, writes: 0, deeds: 0 };
  let waiting: readonly DatabaseDeed[] = one.deeds.toSorted((a, b) => a.at - b.at);
  const replaceable = new Set(identityNames.map((name) => sidFrom(clientIdOf(name, "dead"))));

  // Where the statement before made a user whose mark is the next one: until then nobody can tell that it is Bindery's.
  const unmarked = new Set<string>();

  const mayAct = (deed: DatabaseDeed, place: string, isReading: boolean): boolean => {
    if (deed.place !== place || deed.at > counts.readings + counts.writes) return false;
    if (databaseAt(world, place)?.database.transactionOf !== undefined) return false;
    if (!unnoticeable.has(deed.kind)) return deed.kind !== "dropDatabase" || isReading;
    return isReading && !(scene.isWriting() && operationsAt(scene.plan(), place) > 1);
  };

  function actBefore(place: string, isReading: boolean): void {
    const due = waiting.filter((deed) => mayAct(deed, place, isReading));
    waiting = waiting.filter((deed) => !due.includes(deed));
    for (const deed of due) {
      // A database is a resource too.
      scene.whileOthersAct(() =>
        facts.whileOthersAct(() => {
          counts.deeds += commitInDatabase(world, deed) ? 1 : 0;
        }),
      );
    }
  }

  function onEvent(event: SqlEvent): void {
    if (event.kind !== "request" || isOptions(event.text)) return;
    const place = `${event.server}/${event.database}`.toLowerCase();
    const isReading = isOnlyReading(event.text);
    if (!unmarked.delete(place)) actBefore(place, isReading);
    if (isReading) {
      counts.readings += 1;
      return;
    }
    counts.writes += 1;
    if (/\bFROM EXTERNAL PROVIDER\b/i.test(event.text)) unmarked.add(place);
    const { operations = [] } = scene.plan() ?? {};
    const judging = { world, operations, isStale: scene.isStale, replaceable };
    problems.push(...batchProblems(judging, place, event.text));
  }

  const listener = (message: unknown): void => onEvent(message as SqlEvent);
  subscribe(sqlChannel, listener);
  return {
    counts,
    endDeeds: () => {
      waiting = [];
    },
    learn: facts.learn,
    violated: facts.violated,
    sending({ method, url, body }) {
      const path = decodeURIComponent(new URL(url).pathname);
      const [, identityId = ""] = /^(.*)\/providers\/microsoft\.resources\/tags\/default$/i.exec(path) ?? [];
      // Who releases an identity takes all tags off it.
      const isRelease = /"operation":"Delete".*bindery-owner/.test(String(body));
      const name = method === "PATCH" && !isRelease ? nameOfIdentity(identityId) : undefined;
      if (name === undefined) return () => [];
      const before = rememberedBy(world, name);
      return () => {
        const forgotten = before.difference(rememberedBy(world, name));
        if (scene.isStale(identityId)) return [];
        return holdingUserOf(world, name, forgotten).map((place) => `forgets ${place}, which holds ${name}`);
      };
    },
    close: () => void unsubscribe(sqlChannel, listener),
  };
}

/** What the driver says of its own after each sign-in. */
function isOptions(text: string): boolean {
  return /^(set [^;]*\s*)+$/i.test(text);
}

/** Nothing but SELECTs: no other word begins a statement. */
function isOnlyReading(text: string): boolean {
  return text
    .split(";")
    .map((one) => one.trim())
    .every((one) => one === "" || (/^SELECT\b/i.test(one) && !/\bINTO\b/i.test(one)));
}

function operationsAt(plan: Plan | undefined, place: string): number {
  return (plan?.operations ?? []).filter(({ action }) => {
    if (action.kind !== "changeDatabase") return false;
    const { server, database } = action.database.ref;
    return `${server.split(".")[0]}/${database}`.toLowerCase() === place;
  }).length;
}
