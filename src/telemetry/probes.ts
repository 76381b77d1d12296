// Decides what the listener for orchestrators and Prometheus answers: /healthz, /readyz, /metrics.
import type { Hono } from "hono";
import type { Health, Probe } from "./health.ts";
import { bareApp } from "./http-app.ts";
import type { Metrics } from "./metrics.ts";

/** What the probes ask. */
export interface ProbesOptions {
  readonly health: Pick<Health, "live" | "ready">;
  readonly metrics: Pick<Metrics, "text" | "contentType">;
  readonly onBug: (error: unknown) => void;
}

/** `GET /healthz` and `/readyz`: 200 or 503 with the reason as a sentence; `GET /metrics`: Prometheus' text format. */
export function probesApp({ health, metrics, onBug }: ProbesOptions): Hono {
  const app = bareApp(onBug);
  const statusOf = ({ ok }: Probe): 200 | 503 => (ok ? 200 : 503);
  app.get("/healthz", (c) => {
    const probe = health.live();
    return c.json(probe, statusOf(probe));
  });
  app.get("/readyz", (c) => {
    const probe = health.ready();
    return c.json(probe, statusOf(probe));
  });
  app.get("/metrics", async (c) =>
    c.body(await metrics.text(), 200, { "Content-Type": metrics.contentType }),
  );
  return app;
}
