// Sends a recorded request to an embedded Azure whose world is as the recording tells.
import { createServices } from "../../src/sandbox/services.ts";
import { rawClient } from "../sandbox-client.ts";
import type { Answer } from "./compare.ts";
import type { Recorded } from "./exchanges.ts";
import { stageFor } from "./stage.ts";

const settings = {
  listLagInMs: 0,
  graphLagInMs: 0,
  roleLagInMs: 0,
  principalLagInMs: 5000,
  operationInMs: 60_000,
  throttled: false,
  credentialWriteInMs: 0,
};

const origin = "https://management.localhost";
const clientId = "00000000-0000-4000-8000-0000000000c1";
const nobody = "00000000-0000-4000-8000-0000000000c2";

/** The answer to a recorded request, after those that came before it in the same recording. */
export async function replay(exchange: Recorded, before: readonly Recorded[]): Promise<Answer> {
  const isAbsent = JSON.stringify(exchange.body ?? "").includes('"SubscriptionNotFound"');
  const named = /\/subscriptions\/([\da-f-]{36})/i.exec(exchange.target)?.[1];
  const subscriptionId = isAbsent || named === undefined ? clientId : named;
  const text = JSON.stringify({
    subscriptions: [{ subscriptionId }],
    callers: {
      operator: { clientId, clientSecret: "s" },
      nobody: { clientId: nobody, clientSecret: "s" },
    },
  });
  const { world, fetch, learnOrigins } = await createServices({ seed: { text, filename: "seed" }, settings });
  learnOrigins([origin]);
  stageFor(world, exchange, before);
  const isForbidden = exchange.status === 403;
  const ready = { arm: origin, tenantId: world.tenantId };
  const call = await rawClient({ ready, fetch }, isForbidden ? nobody : clientId, "s");
  const { status, headers, body } = await call(exchange.method, exchange.target, exchange.requestBody, {
    "user-agent": "recording",
  });
  return { status, headers: Object.fromEntries(headers), body: body === "" ? undefined : body };
}
