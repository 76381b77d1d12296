// What happens around a daemon in a storm: drift, trouble in Azure, edits, wakes, clocks that are set and leases that are lost, all by chance.
import type { Random } from "../../src/sandbox/second-client/random.ts";
import {
  type Deed,
  deedKinds,
  foreignNames,
  identityNames,
  roleNames,
  scopeNames,
  targetNames,
} from "../adversity/case.ts";
import { commit } from "../adversity/somebody-else.ts";
import { modes, troubleShapes } from "../adversity/troubles.ts";
import type { EmbeddedAzure } from "../support/embedded-azure.ts";
import type { SoakedDaemon } from "./daemon.ts";
import type { History } from "./history.ts";

/** What a person has to see to: such changes are held, or nothing is left to change. */
const harsh: ReadonlySet<Deed["kind"]> = new Set([
  "stripTags",
  "claimForAnother",
  "recreate",
  "recreateWithTags",
  "deleteIdentity",
  "deleteMachine",
]);
const mild = deedKinds.filter((kind) => !harsh.has(kind));

const eventKinds = [
  "drift",
  "drift",
  "harsh",
  "trouble",
  "trouble",
  "mode",
  "edit",
  "wake",
  "clock",
  "lease",
];
const hourInMs = 60 * 60_000;

export interface Weather {
  /** One thing happens; gives what. */
  strike(): Promise<string>;
  /** Everything is in order again, but for what is left of it in Azure, and for the clock. */
  clear(): Promise<void>;
  /** How often what has happened. */
  readonly counts: Readonly<Record<string, number>>;
}

interface Around {
  readonly azure: EmbeddedAzure;
  readonly daemon: SoakedDaemon;
  readonly history: History;
  readonly random: Random;
}

/** Weather of this chance. */
export function weatherOver({ azure, daemon, history, random }: Around): Weather {
  const counts: Record<string, number> = {};
  const upTo = (most: number): number => Math.floor(random.next() * (most + 1));
  const picked = <T>(items: readonly T[]): T => {
    const item = random.pick(items);
    if (item === undefined) throw new Error("There is nothing to pick from.");
    return item;
  };

  function drift(kinds: readonly Deed["kind"][]): string {
    const kind = picked(kinds);
    const grant = { role: picked(roleNames), scope: picked(scopeNames), isNarrow: false };
    const [identity, foreign, target] = [picked(identityNames), picked(foreignNames), picked(targetNames)];
    commit(azure.world, { at: 0, kind, identity, foreign, target, grant });
    return kind;
  }

  async function trouble(): Promise<string> {
    const shape = picked(Object.keys(troubleShapes) as (keyof typeof troubleShapes)[]);
    const method = picked(["*", "GET", "PATCH", "PUT", "DELETE", "POST"]);
    const path = "/^\\/(subscriptions|providers)(\\/|$)/i";
    const often = { after: upTo(20), times: 1 + upTo(9) };
    await azure.admin("POST", "faults", { ...often, method, ...troubleShapes[shape], path });
    return shape;
  }

  function mode(): string {
    const one = picked(modes);
    azure.world.operationModes.add({ path: "**", mode: one, after: upTo(2), times: 1 + upTo(2) });
    return one;
  }

  function wake(): string {
    const reason = picked(["signal", "webhook"] as const);
    for (let times = upTo(3); times >= 0; times -= 1) daemon.waker.wake(reason);
    return reason;
  }

  function setClock(): string {
    const hours = picked([0, 0, 1, 3, 9, 12, -1, -3, -9, -12]);
    daemon.clock.set(hours * hourInMs);
    return hours < 0 ? "back" : hours > 0 ? "forth" : "right";
  }

  function lease(): string {
    const what = picked(["away", "back", "broken", "wanted", "given back"] as const);
    const { lease: contended } = daemon;
    if (what === "broken") contended.breakIt();
    else if (what === "wanted") contended.contend();
    else if (what === "given back") contended.settle();
    else contended.setReachable(what === "back");
    return what;
  }

  const events: Readonly<Record<string, () => string | Promise<string>>> = {
    drift: () => drift(mild),
    harsh: () => drift([...harsh]),
    trouble,
    mode,
    edit: () => history.edit(),
    wake,
    clock: setClock,
    lease,
  };

  return {
    counts,
    async strike() {
      const kind = picked(eventKinds);
      const what = `${kind}: ${await azure.clock.busy(async () => events[kind]?.())}`;
      counts[what] = (counts[what] ?? 0) + 1;
      return what;
    },
    async clear() {
      await azure.clock.busy(async () => {
        await azure.admin("DELETE", "faults");
        await azure.admin("DELETE", "operation-modes");
        await azure.admin("DELETE", "requests");
      });
      history.settle();
      daemon.lease.settle();
    },
  };
}
