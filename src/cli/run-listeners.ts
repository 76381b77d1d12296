// Decides where a daemon can be asked: probes and metrics, the webhook, and the status API, each with a listener of its own.
import { resolve } from "node:path";
import type { Clock } from "../model/ports.ts";
import type { ApiOptions } from "../telemetry/api.ts";
import type { Health } from "../telemetry/health.ts";
import type { Listening } from "../telemetry/listeners.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { readNamedText } from "./files.ts";
import type { CliIo } from "./io.ts";
import type { Log } from "./log.ts";
import type { RunSettings } from "./run-settings.ts";
import type { Address } from "./settings-kinds.ts";

/** What the listeners tell, and whom they wake. */
export interface ListenersParts extends Pick<ApiOptions, "status" | "document"> {
  readonly io: CliIo;
  readonly log: Log;
  readonly clock: Clock;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Called for webhooks, at most once in ten seconds. */
  readonly wake: () => void;
  /** Ends the waiting between wake-ups. */
  readonly stop: AbortSignal;
}

/** Opens the listeners that are not off, and says where each is. Rejects with a `Failure` if one cannot be had. */
export async function openListeners(
  settings: Pick<RunSettings, "probes" | "webhook" | "api">,
  parts: ListenersParts,
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const open = async (listener: string, app: ListenableApp, address: Address): Promise<void> => {
    const { listen } = await import("../telemetry/listeners.ts");
    const onTrouble = (error: Error): void =>
      parts.log.warn({ listener, why: error.message }, "trouble with a listener");
    const cure = `Name another address with --${listener}-address, or off.`;
    const listening = await listen(app, { ...address, cure, onTrouble });
    opened.defer(() => listening.close());
    parts.log.info({ listener, address: addressText(listening) }, "listening");
  };
  const { probes, webhook, api } = settings;
  if (probes) await open("probes", await probesOf(parts), probes);
  if (webhook) await open("webhook", await webhookOf(webhook.secretFile, parts), webhook.address);
  if (api) await open("api", await apiOf(api, parts), api.address);
  return opened.move();
}

type ListenableApp = Parameters<typeof import("../telemetry/listeners.ts")["listen"]>[0];

async function probesOf({ health, metrics, log }: ListenersParts): Promise<ListenableApp> {
  const { probesApp } = await import("../telemetry/probes.ts");
  return probesApp({ health, metrics, onBug: bugIn("probes", log) });
}

async function webhookOf(secretFile: string, parts: ListenersParts): Promise<ListenableApp> {
  const { clock, metrics, stop, log } = parts;
  const secret = await secretIn(secretFile, "secret of the webhook", "--webhook-secret-file", parts.io);
  const { webhookApp } = await import("../telemetry/webhook.ts");
  const { wakeLimiter } = await import("../telemetry/wake-limiter.ts");
  const wake = wakeLimiter({ clock, stop, wake: parts.wake });
  return webhookApp({ secret, wake, onCall: metrics.webhookCall, onBug: bugIn("webhook", log) });
}

async function apiOf(
  { address, tokenFile }: NonNullable<RunSettings["api"]>,
  { io, status, document, log }: ListenersParts,
): Promise<ListenableApp> {
  const token =
    tokenFile === undefined
      ? {}
      : { token: await secretIn(tokenFile, "token of the API", "--api-token-file", io) };
  const { apiApp } = await import("../telemetry/api.ts");
  return apiApp({ host: address.host, ...token, status, document, onBug: bugIn("api", log) });
}

async function secretIn(file: string, what: string, flag: string, { cwd }: CliIo): Promise<string> {
  const text = await readNamedText(resolve(cwd, file), what, `Name another file with ${flag}.`);
  return text.trim();
}

/** An answer that went wrong is a mistake of ours, and no reason to stop reconciling. */
function bugIn(listener: string, log: Log): (error: unknown) => void {
  return (error) =>
    log.error({ listener, error: error instanceof Error ? error.message : String(error) }, "request failed");
}

function addressText({ host, port }: Listening): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
