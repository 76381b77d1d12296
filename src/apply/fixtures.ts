// Names, plans and a clock that jumps, for the tests of applying.
import { identityIdFrom, resourceIdFrom } from "../model/arm-id.ts";
import type { DocumentRef } from "../model/document.ts";
import { Failure, type FailureClass, type FailureDetails } from "../model/failure.ts";
import type { Identity } from "../model/identity.ts";
import type { Clock } from "../model/ports.ts";
import type { ScaleSetInstance } from "../model/scale-set.ts";
import { armTypeOf, type Target } from "../model/target.ts";
import { planWith as somePlan } from "../plan/fixtures.ts";
import type { Change, Operation, OperationAction, Plan } from "../plan/plan.ts";
import type { ApplyReport } from "./outcome.ts";

const subscription = "00000000-0000-4000-8000-000000000001";

export const document: DocumentRef = {
  kind: "IdentityBinding",
  namespace: "team",
  name: "orders",
  file: "orders.yaml",
  line: 1,
};

export function identityId(name: string): string {
  return identityIdFrom(subscription, "rg", name);
}

export function vmId(name: string): string {
  return resourceIdFrom(subscription, "rg", armTypeOf.virtualMachine, name);
}

export function identity(name: string, change: Partial<Identity> = {}): Identity {
  return {
    id: identityId(name),
    location: "westeurope",
    principalId: `principal-of-${name}`,
    clientId: `client-of-${name}`,
    tags: { "bindery-owner": "prod" },
    ...change,
  };
}

/** An instance that an identity of its scale set has not reached. */
export const lateInstance: ScaleSetInstance = {
  instanceId: "0",
  attachments: { systemAssigned: false, userAssigned: [] },
  isProtected: false,
  hasLatestModel: false,
};

export function vm(name: string, attached: readonly string[] = [], change: Partial<Target> = {}): Target {
  return {
    id: vmId(name),
    kind: "virtualMachine",
    type: armTypeOf.virtualMachine,
    location: "westeurope",
    tags: {},
    attachments: { systemAssigned: false, userAssigned: attached.map((one) => ({ id: identityId(one) })) },
    etag: "1",
    provisioningState: "Succeeded",
    ...change,
  };
}

export function failure(
  failureClass: FailureClass,
  code: string,
  details: Partial<FailureDetails> = {},
): Failure {
  return new Failure(failureClass, `Azure says ${code}.`, { code, ...details });
}

/** Lets everything that is ready go on for some turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock without waiting: when nobody has gone to sleep for some turns, it jumps to whoever sleeps shortest. */
export function jumpingClock(): Clock {
  let nowInMs = Date.UTC(2026, 0, 1);
  let sleeps = 0;
  let isJumping = false;
  const sleepers: { readonly atInMs: number; readonly wake: () => void }[] = [];

  async function jump(): Promise<void> {
    isJumping = true;
    while (sleepers.length > 0) {
      const before = sleeps;
      await turns(10);
      const next = sleepers.toSorted((a, b) => a.atInMs - b.atInMs)[0];
      if (!next || sleeps !== before) continue;
      sleepers.splice(sleepers.indexOf(next), 1);
      nowInMs = Math.max(nowInMs, next.atInMs);
      next.wake();
    }
    isJumping = false;
  }

  async function sleep(inMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { atInMs: nowInMs + inMs, wake: resolve };
    sleepers.push(sleeper);
    sleeps += 1;
    const leave = (): void => {
      if (sleepers.includes(sleeper)) sleepers.splice(sleepers.indexOf(sleeper), 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    if (!isJumping) void jump();
    await promise;
  }

  return { now: () => nowInMs, sleep };
}

/** A change that an operation of these tests realises. */
export function change(id: string, kind: Change["kind"], more: Partial<Change> = {}): Change {
  return {
    id,
    kind,
    identityId: identityId("one"),
    document,
    subject: { kind: "identity" },
    reason: "a test wants it",
    needs: [],
    ...more,
  };
}

/** One operation for one change, unless more are named. */
export function operation(
  id: string,
  action: OperationAction,
  more: Partial<Pick<Operation, "changeIds" | "after">> = {},
): Operation {
  return { id, action, changeIds: [id], after: [], ...more };
}

export function planWith(
  changes: readonly Change[],
  operations: readonly Operation[],
  more: Partial<Plan> = {},
): Plan {
  return somePlan({ changes, operations, ...more });
}

/** A plan of one operation in which each change is called like its operation or key. */
export function planOfOne(action: OperationAction): Plan {
  if (action.kind !== "patchTarget") return planWith([change("it", "update")], [operation("it", action)]);
  const keys = [...action.attach, ...action.detach];
  const changes = keys.map((key) =>
    change(key.changeId, action.attach.includes(key) ? "attach" : "detach", { identityId: key.identityId }),
  );
  return planWith(changes, [operation("it", action, { changeIds: keys.map((key) => key.changeId) })]);
}

/** A target's PATCH with a change for each identity, called like it. */
export function patchOf(
  target: Target,
  attach: readonly string[],
  detach: readonly string[] = [],
): Extract<OperationAction, { kind: "patchTarget" }> {
  const keys = (names: readonly string[]) =>
    names.map((name) => ({ identityId: identityId(name), changeId: name }));
  return { kind: "patchTarget", target, attach: keys(attach), detach: keys(detach) };
}

/** Outcomes in short lines: "attach: applied", "detach: skipped SwapIncomplete". */
export function linesOf({ outcomes }: Pick<ApplyReport, "outcomes">): string[] {
  return outcomes.map(({ change: { id }, state, code }) => `${id}: ${state}${code ? ` ${code}` : ""}`);
}
