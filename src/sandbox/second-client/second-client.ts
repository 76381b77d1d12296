// Somebody else at work in the estate: on demand, right after one of our reads, or by chance; repeatable, and logged.
import { patternOf } from "../path-pattern.ts";
import type { World } from "../world.ts";
import { type Claim, claimsAfter, holds } from "./claims.ts";
import { type Deed, type DeedKind, type DeedWish, type Doer, deedKinds } from "./deed.ts";
import { logDeed } from "./deed-log.ts";
import { addLock, moveMachine, scaleSet, stripTags } from "./estate-deeds.ts";
import {
  attachForeign,
  detachForeign,
  enableSystemIdentity,
  grantRole,
  recreateIdentity,
} from "./identity-deeds.ts";
import { createRandom } from "./random.ts";

const doers: Readonly<Record<DeedKind, Doer>> = {
  stripTags,
  enableSystemIdentity,
  attachForeign,
  detachForeign,
  grantRole,
  recreateIdentity,
  moveMachine,
  scaleSet,
  addLock,
};

/** How the second client works by chance. */
export interface ChanceOptions {
  /** How likely it does something after a request to ARM, between 0 and 1; default 0: only on demand. */
  readonly rate?: number;
  /** How many deeds it does by chance at most; default: any number. */
  readonly most?: number;
  /** What it does by chance; default: everything. */
  readonly kinds?: readonly DeedKind[];
  /** A glob over the ids of the resources that it touches by chance; default: all. */
  readonly targets?: string;
}

/** How the second client is made. */
export interface SecondClientOptions extends ChanceOptions {
  /** Of its chance; default 1. */
  readonly seed?: number;
}

/** A deed that waits for a read. */
export interface ReadHook {
  /** A glob over the path of the GET, without query. */
  readonly path: string;
  /** After which matching GET, counted from 1; default the first. */
  readonly nth?: number;
  readonly deed: DeedWish;
}

/** Somebody else. It is past all of ARM's rules, but leaves resources alone that have an operation in flight. */
export interface SecondClient {
  /** Does one thing now; undefined: there was nothing to do it to. */
  act(wish: DeedWish): Deed | undefined;
  /** Does one thing that chance picks; undefined: nothing can be done at all. */
  actAtRandom(): Deed | undefined;
  /** Does one thing right after a read has been carried out, before its answer is sent. */
  afterGet(hook: ReadHook): void;
  /** Changes how it works by chance; what is left out stays. */
  configure(chance: ChanceOptions): void;
  /** No more deeds by chance or after reads. */
  stop(): void;
  /** Everything it has done, in order. */
  deeds(): readonly Deed[];
  /** What it has made and not taken away itself: it must survive whatever Bindery does. */
  claims(): readonly Claim[];
  /** The claims that do not hold any more. */
  lost(): readonly Claim[];
  /** Told of every request that was carried out. */
  observe(method: string, pathname: string): void;
}

/** A second client in a world. Throws a SyntaxError for targets that are no pattern. */
export function createSecondClient(
  world: World,
  { seed = 1, ...options }: SecondClientOptions = {},
): SecondClient {
  const random = createRandom(seed);
  const deeds: Deed[] = [];
  let claims: readonly Claim[] = [];
  let chance: ChanceOptions = options;
  let mayTouch = touching(options);
  let byChance = 0;
  let hooks: { hook: ReadHook; matches: RegExp; seen: number }[] = [];

  const act = (wish: DeedWish): Deed | undefined => {
    const done = doers[wish.kind]({ world, random, mayTouch }, wish);
    if (done === undefined) return undefined;
    const type = (world.resources.get(done.resourceId) ?? world.resources.get(done.newId ?? ""))?.type;
    const time = new Date(world.now()).toISOString();
    const deed = { sequence: deeds.length + 1, time, kind: wish.kind, ...done };
    deeds.push(deed);
    logDeed(world, deed, type);
    claims = claimsAfter(claims, deed);
    return deed;
  };
  const actAtRandom = (): Deed | undefined => {
    const left = [...(chance.kinds ?? deedKinds)];
    while (left.length > 0) {
      const [kind] = left.splice(Math.floor(random.next() * left.length), 1);
      const deed = kind === undefined ? undefined : act({ kind });
      if (deed !== undefined) return deed;
    }
    return undefined;
  };
  const runHooks = (pathname: string): void => {
    for (const waiting of hooks.filter((h) => h.matches.test(pathname))) waiting.seen += 1;
    const due = hooks.filter((h) => h.seen >= (h.hook.nth ?? 1));
    hooks = hooks.filter((h) => !due.includes(h));
    for (const { hook } of due) act(hook.deed);
  };
  return {
    act,
    actAtRandom,
    afterGet: (hook) => hooks.push({ hook, matches: patternOf(hook.path), seen: 0 }),
    configure(changed) {
      chance = { ...chance, ...changed };
      mayTouch = touching(chance);
    },
    stop() {
      chance = { ...chance, rate: 0 };
      hooks = [];
    },
    deeds: () => deeds,
    claims: () => claims,
    lost: () => claims.filter((claim) => !holds(world, claim)),
    observe(method, pathname) {
      if (!/^\/+(subscriptions|providers)\//i.test(pathname)) return;
      if (method === "GET") runHooks(pathname);
      const { rate = 0, most = Number.POSITIVE_INFINITY } = chance;
      if (rate === 0 || byChance >= most || random.next() >= rate) return;
      if (actAtRandom() !== undefined) byChance += 1;
    },
  };
}

function touching({ targets }: ChanceOptions): (id: string) => boolean {
  if (targets === undefined) return () => true;
  const pattern = patternOf(targets);
  return (id) => pattern.test(id);
}
