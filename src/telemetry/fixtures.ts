// Events and a signature, for the tests of telemetry.
import { createHmac } from "node:crypto";
import type { Outcome } from "../apply/outcome.ts";
import { document } from "../plan/fixtures.ts";
import type { Change, ChangeKind, Held, HeldReason, Plan, Warning } from "../plan/plan.ts";
import type { DaemonEvent, TurnEnd } from "../status/daemon-event.ts";
import { conditionsOf, documentStatusOf } from "../status/fixtures.ts";
import type { Condition, DocumentStatus } from "../status/status.ts";

type EventOf<K extends DaemonEvent["kind"]> = Extract<DaemonEvent, { readonly kind: K }>;

export function changeOf(id: string, kind: ChangeKind = "attach"): Change {
  return {
    id,
    kind,
    identityId: "/subscriptions/s/identities/one",
    document: document(),
    subject: { kind: "target", targetId: "/subscriptions/s/vm" },
    reason: "listed",
    needs: [],
  };
}

export function heldOf(reason: HeldReason, id: string = reason): Held {
  const words = { message: "It is so.", cure: "Do this.", digest: "d", releasable: false };
  return { change: changeOf(id), reason, ...words };
}

export function outcomeOf(change: Change, state: Outcome["state"] = "applied", code?: string): Outcome {
  return { change, state, message: "So it was.", ...(code !== undefined && { code }) };
}

/** The status of a document of which this condition is true; undefined: none. */
export function statusOf(type: Condition["type"] | undefined, name = "orders"): DocumentStatus {
  const conditions = conditionsOf(type ?? "Suspended", "Because", "It is so.");
  return documentStatusOf({ document: document("IdentityBinding", name), conditions });
}

export function passEnded(plan: Plan, more: Partial<EventOf<"passEnded">> = {}): EventOf<"passEnded"> {
  return {
    kind: "passEnded",
    atInMs: 12_000,
    startedAtInMs: 10_000,
    pass: { id: "p", turn: 1, number: 1 },
    plan,
    outcomes: [],
    warnings: [],
    documents: [],
    orphans: [],
    ...more,
  };
}

export function turnStarted(more: Partial<EventOf<"turnStarted">> = {}): EventOf<"turnStarted"> {
  return { kind: "turnStarted", atInMs: 10_000, turn: 1, reasons: ["interval"], ...more };
}

export function turnEnded(
  end: TurnEnd = "converged",
  more: Partial<EventOf<"turnEnded">> = {},
): EventOf<"turnEnded"> {
  return {
    kind: "turnEnded",
    atInMs: 15_000,
    turn: 1,
    end,
    nextAtInMs: 315_000,
    backoff: new Map(),
    ...more,
  };
}

export function warningOf(code: Warning["code"], message = "Look."): Warning {
  return { code, message };
}

/** As GitHub signs. */
export function signatureOf(body: string | Uint8Array, secret: string, algorithm = "sha256"): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;
}
