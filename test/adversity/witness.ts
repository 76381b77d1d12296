// Stands between Bindery and Azure: lets others act between two requests, and compares every write with the plan.
import type { HttpClient, PipelineRequest } from "@azure/core-rest-pipeline";
import type { Plan } from "../../src/plan/plan.ts";
import { createSecondClient } from "../../src/sandbox/second-client/second-client.ts";
import type { World } from "../../src/sandbox/world.ts";
import type { Case, Deed, Wanted } from "./case.ts";
import type { WantedDatabases } from "./database-case.ts";
import { databaseFactsOf } from "./database-facts.ts";
import { type DatabaseWitness, databaseWitnessOf } from "./database-witness.ts";
import { type Facts, isInstance } from "./facts.ts";
import { identityId, targetId } from "./ids.ts";
import { undeclared } from "./plan-checks.ts";
import { blockDeeds, commit, isHarmlessUnguarded } from "./somebody-else.ts";
import { type Body, foreignWrites, operationOf } from "./write-checks.ts";

/** What the witness is told and what it has seen. */
export interface Witness {
  readonly client: HttpClient;
  /** From now on these documents are applied. */
  expect(revision: readonly Wanted[], databases?: WantedDatabases): void;
  onPlan(plan: Plan): void;
  /** Others stop. */
  endDeeds(): void;
  /** What the sandbox's second client has made and somebody else than it or us has taken away. */
  lost(): readonly string[];
  /** Writes that were not in the plan, and changes that no document allows. */
  readonly problems: string[];
  writes(): number;
  /** What has happened in databases; undefined in a case without. */
  readonly databases: DatabaseWitness | undefined;
}

/** What a case has in store for the world while Bindery works. */
type Others = Pick<Case, "deeds" | "otherClient" | "instanceUpgrade" | "obstacles" | "databases">;

/** A witness over a client. */
export function witnessOf(world: World, send: HttpClient, facts: Facts, others: Others): Witness {
  const { otherClient, instanceUpgrade } = others;
  const problems: string[] = [];
  let [waiting, requests, writes] = [others.deeds.toSorted((a, b) => a.at - b.at), 0, 0];
  let plan: Plan | undefined;
  let revision: readonly Wanted[] = [];
  let wantedDatabases: WantedDatabases | undefined;
  let [isWriting, hasReadTargets] = [false, false];
  const knowledge = knowledgeOf();
  /** What deeds have deleted or switched off themselves. */
  const destroyed = new Set<string>();
  const { seed, rate, most, afterRead } = otherClient;
  const second = createSecondClient(world, { seed, rate, most });
  if (afterRead) {
    const { target, nth, kind } = afterRead;
    second.afterGet({ path: targetId(target), nth, deed: { kind, resourceId: targetId(target) } });
  }
  const databases =
    others.databases &&
    databaseWitnessOf({
      world,
      one: others.databases,
      facts: databaseFactsOf(world, others.databases),
      whileOthersAct: facts.whileOthersAct,
      problems,
      plan: () => plan,
      isWriting: () => isWriting,
      isStale: knowledge.isStale,
    });
  /** A policy takes our tag away with our own write: what was planned goes on in this pass. */
  const isOverridden = others.obstacles.some((one) => one.kind === "policy" && one.what === "removesOwner");
  const { ifMatch, computeEtag } = world.switches;
  /** A PATCH rests on what was read before it, and nothing in Azure finds out what has changed since. */
  const isExposed = (): boolean => {
    if (computeEtag === "present") return ifMatch === "ignored" && (isWriting || hasReadTargets);
    return isWriting;
  };

  /** By deeds themselves, or (what instances of scale sets carry) by Azure. */
  function isUndone(resourceId: string): boolean {
    const resource = world.resources.get(resourceId);
    if (resource && isInstance(resource)) return true;
    return [...destroyed].some((id) => `${resourceId}/`.toLowerCase().startsWith(`${id}/`));
  }

  function actBefore(): void {
    const isDue = (deed: Deed): boolean =>
      deed.at <= requests && (!isExposed() || !blockDeeds.has(deed.kind) || isHarmlessUnguarded(world, deed));
    for (const deed of waiting.filter(isDue)) {
      facts.whileOthersAct(() => commit(world, deed));
      knowledge.touch(identityId(deed.identity));
      for (const id of destroyedBy(deed)) destroyed.add(id.toLowerCase());
    }
    waiting = waiting.filter((deed) => !isDue(deed));
  }

  function actAfter({ method, url }: PipelineRequest): void {
    if (isExposed()) return;
    const before = second.deeds().length;
    facts.whileOthersAct(() => second.observe(method, decodeURIComponent(new URL(url).pathname)));
    for (const { kind, resourceId } of second.deeds().slice(before)) {
      knowledge.touch(resourceId);
      if (kind === "recreateIdentity") destroyed.add(resourceId.toLowerCase());
    }
  }

  function judge(request: PipelineRequest): void {
    const path = decodeURIComponent(new URL(request.url).pathname);
    const isQuery = /\/providers\/microsoft\.resourcegraph\/resources$/i.test(path);
    if (isBeginning(path)) [isWriting, hasReadTargets] = [false, false];
    hasReadTargets ||= /\/microsoft\.compute\/virtualmachine(s|scalesets)\/[^/]+$/i.test(path);
    if (isQuery || ["GET", "HEAD"].includes(request.method)) return;
    isWriting = true;
    writes += 1;
    const body: unknown =
      typeof request.body === "string" && request.body !== "" ? JSON.parse(request.body) : {};
    const sent = { method: request.method, path: path.toLowerCase(), body: body as Body };
    const operation = operationOf(plan?.operations ?? [], sent);
    if (!operation) problems.push(`not in the plan: ${sent.method} ${sent.path} ${JSON.stringify(body)}`);
    else problems.push(...foreignWrites(operation, sent.body, world, knowledge.isStale));
    const [, written] = /^(.*\/userassignedidentities\/[^/]+)/.exec(sent.path) ?? [];
    if (written !== undefined && isOverridden) knowledge.touch(written);
  }

  return {
    problems,
    writes: () => writes,
    databases,
    expect: (wanted, inDatabases) => {
      revision = wanted;
      wantedDatabases = inDatabases;
    },
    onPlan(made) {
      plan = made;
      // From here on it may have read what it is about to write.
      isWriting = true;
      knowledge.plan();
      problems.push(...undeclared(made, revision, instanceUpgrade, wantedDatabases));
    },
    endDeeds: () => {
      waiting = [];
      second.stop();
      databases?.endDeeds();
    },
    lost: () =>
      second
        .lost()
        .filter((claim) => !isUndone(claim.resourceId))
        .map(
          ({ kind, resourceId, value }) => `the second client has lost its ${kind} ${value} at ${resourceId}`,
        ),
    client: {
      async sendRequest(request) {
        requests += 1;
        facts.learn();
        databases?.learn();
        actBefore();
        judge(request);
        const learn = isWriting ? undefined : knowledge.reading(request);
        const forgotten = databases?.sending(request);
        try {
          const answer = await send.sendRequest(request);
          learn?.(answer.status);
          problems.push(...(forgotten?.() ?? []));
          return answer;
        } finally {
          actAfter(request);
        }
      },
    },
  };
}

/** True while a pass lists: by Resource Graph, or from the subscriptions on where that is refused. */
function isBeginning(path: string): boolean {
  return /^\/subscriptions\/?$|\/providers\/microsoft\.resourcegraph\/resources$/i.test(path);
}

/** What Bindery can know of identities: what somebody else has done since it last read one, it cannot. */
function knowledgeOf() {
  let [now, read] = [0, new Set<string>()];
  const touchedAt = new Map<string, number>();
  return {
    touch(id: string): void {
      now += 1;
      touchedAt.set(id.toLowerCase(), now);
    },
    /** A read that is sent; what it gives is told when it is answered. */
    reading({ method, url }: PipelineRequest): (status: number) => void {
      const [sentAt, id] = [now, decodeURIComponent(new URL(url).pathname).toLowerCase()];
      return (status) => {
        if (method !== "GET" || ![200, 404].includes(status)) return;
        read.add(id);
        if ((touchedAt.get(id) ?? 0) <= sentAt) touchedAt.delete(id);
      };
    },
    /** A plan is made: what was touched before and not read for it has been planned unseen, and is not forgiven. */
    plan(): void {
      for (const id of touchedAt.keys()) if (!read.has(id)) touchedAt.delete(id);
      read = new Set();
    },
    isStale: (id: string): boolean => touchedAt.has(id.toLowerCase()),
  };
}

function destroyedBy({ kind, target, identity }: Deed): readonly string[] {
  if (kind === "deleteMachine" || kind === "toggleSystem") return [targetId(target)];
  return ["recreate", "recreateWithTags", "deleteIdentity"].includes(kind) ? [identityId(identity)] : [];
}
