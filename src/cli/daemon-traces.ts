// Decides which spans a daemon makes: pass, step, operation, and every call to Azure and its databases.
import type { AuditEvent } from "../apply/audit.ts";
import type { ApplyOptions } from "../apply/options.ts";
import type { RequestEvent } from "../azure/policies.ts";
import type { Step } from "../controller/reconcile.ts";
import type { SqlRequestEvent } from "../sql/request-events.ts";
import type { DaemonObserver, PassRef } from "../status/daemon-event.ts";
import type { SpanAttributes } from "../telemetry/tracer.ts";
import { tracerFor } from "../telemetry/traces.ts";
import type { Log } from "./log.ts";
import { version } from "./version.ts";

type Applied = Pick<ApplyOptions, "audit" | "correlated">;

/** The hooks of a daemon's traces; they do nothing where spans go nowhere. */
export interface DaemonTraces extends AsyncDisposable {
  readonly azureRequest: (event: RequestEvent) => void;
  readonly sqlRequest: (event: SqlRequestEvent) => void;
  /** As `aroundPass` of the loop. */
  readonly aroundPass: <T>(pass: PassRef, run: () => Promise<T>) => Promise<T>;
  readonly observe: DaemonObserver;
  /** What it takes to apply, with steps and operations traced. */
  applying<A extends Applied>(options: A): A & { readonly step: Step };
}

/** The traces of a daemon, sent to a URL; without one nothing of OpenTelemetry is loaded. Disposing sends the rest. */
export async function daemonTraces(url: string | undefined, log: Log): Promise<DaemonTraces> {
  const tracer = await tracerFor(
    url === undefined
      ? undefined
      : {
          url,
          version: version(),
          onTrouble: (why) => log.warn({ why }, "spans do not arrive"),
          onRecovery: () => log.info({}, "spans arrive again"),
        },
  );
  return {
    azureRequest({ method, operation, status, correlationId, durationInMs = 0 }) {
      const attributes = {
        "http.request.method": method,
        "azure.operation": operation,
        ...(status > 0 && { "http.response.status_code": status }),
        "azure.correlation_id": correlationId,
      };
      const error = azureError(status);
      tracer.called(`${method} ${operation}`, attributes, {
        durationInMs,
        ...(error !== undefined && { error }),
      });
    },
    sqlRequest({ kind, server, database, durationInMs, code }) {
      const attributes = {
        "db.system.name": "microsoft.sql_server",
        "db.operation.name": kind,
        "db.namespace": database,
        "server.address": server,
      };
      tracer.called(`sql ${kind}`, attributes, {
        durationInMs,
        ...(code !== undefined && { error: code }),
      });
    },
    aroundPass: ({ id, turn, number }, run) =>
      tracer.span("pass", { "bindery.pass": id, "bindery.turn": turn, "bindery.pass_number": number }, run),
    observe(event) {
      if (event.kind !== "passPlanned") return;
      const { revision, changes, held } = event.plan;
      tracer.note({
        "bindery.revision": revision,
        "bindery.changes": changes.length,
        "bindery.held": held.length,
      });
    },
    applying: (options) => ({
      ...options,
      step: (name, run) => tracer.span(name, {}, run),
      correlated(run, outside) {
        const correlated = options.correlated ?? ((one) => one());
        return correlated(
          (id) =>
            tracer.span("operation", id === undefined ? {} : { "azure.correlation_id": id }, () => run(id)),
          outside,
        );
      },
      async audit(event) {
        tracer.note(operationAttributes(event), `operation ${event.action}`);
        await options.audit(event);
      },
    }),
    [Symbol.asyncDispose]: () => tracer.close(),
  };
}

/** An answer that something is not there is an answer. */
function azureError(status: number): string | undefined {
  if (status === 0) return "no_answer";
  return status >= 400 && status !== 404 ? String(status) : undefined;
}

/** The kind before it runs, what became of its changes after. */
function operationAttributes({ phase, action, changes }: AuditEvent): SpanAttributes {
  const codes = new Set(changes.map(({ code }) => code).filter((code) => code !== undefined));
  const states = Map.groupBy(changes, ({ state }) => state);
  return {
    "bindery.operation": action,
    "bindery.changes": changes.length,
    ...(phase === "outcome" &&
      Object.fromEntries([...states].map(([state, of]) => [`bindery.${state}`, of.length]))),
    ...(codes.size > 0 && { "bindery.codes": [...codes].join(", ") }),
  };
}
