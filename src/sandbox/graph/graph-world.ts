// What the tests of Resource Graph share: a small world and requests made by hand.
import { emptyWorld, type Settings, type World } from "../world.ts";
import { createKqlEngine, type KqlEngine } from "./kql/engine.ts";
import { createQueryQuota, type QueryQuota } from "./quota.ts";
import { answerResourceGraph, type Graph, type GraphAnswer } from "./resource-graph.ts";
import { graphColumns } from "./view.ts";
import type { MayRead } from "./visibility.ts";
import { viewOf } from "./world-view.ts";

export const tenantId = "99999999-0000-4000-8000-000000000000";
export const first = "11111111-0000-4000-8000-000000000001";
export const second = "11111111-0000-4000-8000-000000000002";

/** A clock that tests move. */
export interface TestClock {
  now: number;
}

const settings: Settings = {
  listLagInMs: 0,
  graphLagInMs: 0,
  roleLagInMs: 0,
  principalLagInMs: 0,
  operationInMs: 0,
  pageSize: 1000,
  throttled: false,
};

/** A tenant with subscriptions and nothing else. */
export function worldWith(clock: TestClock, subscriptions: readonly string[] = [first, second]): World {
  const world = emptyWorld(tenantId, () => clock.now, settings);
  for (const subscriptionId of subscriptions) {
    world.subscriptions.set(subscriptionId, {
      subscriptionId,
      displayName: `sub-${subscriptionId.slice(-1)}`,
      tenantId,
      state: "Enabled",
    });
  }
  return world;
}

/** Puts a resource of a type, with whatever else its body holds; answers its id. */
export function put(
  world: World,
  {
    subscription = first,
    group = "rg-Orders",
    type = "Microsoft.Compute/virtualMachines",
    name = "vm-1",
    ...body
  },
): string {
  const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`;
  world.resources.set(id, { id, name, type, location: "westeurope", ...body });
  return id;
}

/** A body, the options of Resource Graph, and who asks. */
export interface Question {
  readonly world: World;
  readonly body: unknown;
  readonly apiVersion?: string;
  readonly mayRead?: MayRead;
  readonly lagInMs?: number;
  readonly throttled?: boolean;
  readonly quota?: QueryQuota;
  readonly objectId?: string;
  /** How Resource Graph differs from the usual. */
  readonly peculiar?: Partial<Graph>;
}

/** The answer to one question, with a body that tests can look into. */
export interface Answer extends GraphAnswer {
  readonly body: {
    readonly totalRecords: number;
    readonly count: number;
    readonly data: Record<string, unknown>[];
    readonly facets: unknown[];
    readonly resultTruncated: string;
    readonly $skipToken?: string;
    readonly error: { readonly code: string; readonly message: string; readonly details: { code: string }[] };
  };
}

let engine: KqlEngine | undefined;

/** Asks Resource Graph; everybody may read everything unless said otherwise. */
export function ask(question: Question): Answer {
  const { world, body, apiVersion = "2024-04-01", objectId = "somebody" } = question;
  engine ??= createKqlEngine({
    resources: graphColumns,
    resourcecontainers: graphColumns,
    authorizationresources: graphColumns,
  });
  const answer = answerResourceGraph(
    { body, apiVersion, caller: { objectId }, now: world.now() },
    {
      viewAt: (instant) => viewOf(world, instant),
      mayRead: question.mayRead ?? (() => true),
      lagInMs: question.lagInMs ?? 0,
      throttled: question.throttled ?? false,
      engine,
      quota: question.quota ?? createQueryQuota(),
      ...question.peculiar,
    },
  );
  return answer as Answer;
}
