// Decides how spans are made and sent: OpenTelemetry without its globals, in batches, from a queue that is bounded.
import { type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { Failure } from "../model/failure.ts";
import type { SpanEnd, Tracer, TracerOptions } from "./tracer.ts";

const queue = {
  /** More are dropped: a daemon must not grow because nobody takes its spans. */
  maxQueueSize: 4_096,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 2_000,
  /** Longer than the exporter itself tries. */
  exportTimeoutMillis: 15_000,
} as const;

/** A tracer that sends to an OTLP receiver. */
export function otlpTracer(options: TracerOptions): Tracer {
  const teller = tellerFor(options);
  const exporter = toldExporter(new OTLPTraceExporter({ url: options.url }), teller);
  const provider = new TracerProvider({
    resource: resourceOf(options.version),
    spanLimits: { attributeValueLengthLimit: 1_024 },
    spanProcessors: [new BatchSpanProcessor({ exporter, ...queue })],
  });
  const tracer = provider.getTracer("bindery", options.version);
  const contexts = new AsyncLocalStorageContextManager();
  return {
    async span(name, attributes, run) {
      const span = tracer.startSpan(name, { attributes }, contexts.active());
      try {
        return await contexts.with(trace.setSpan(contexts.active(), span), run);
      } catch (error) {
        failed(span, codeOf(error));
        throw error;
      } finally {
        span.end();
      }
    },
    note(attributes, name) {
      const span = trace.getSpan(contexts.active());
      span?.setAttributes(attributes);
      if (name !== undefined) span?.updateName(name);
    },
    called(name, attributes, { durationInMs, error }: SpanEnd) {
      const endTime = Date.now();
      const times = { kind: SpanKind.CLIENT, startTime: endTime - durationInMs };
      const span = tracer.startSpan(name, { attributes, ...times }, contexts.active());
      if (error !== undefined) failed(span, error);
      span.end(endTime);
    },
    close: () => closed(provider, teller, options.closeInMs ?? 3_000),
  };
}

/** OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say it better than we can. */
function resourceOf(version: string): Resource {
  const ours = resourceFromAttributes({ "service.name": "bindery", "service.version": version });
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(ours).merge(detectResources({ detectors }));
}

/** Messages are left out: they are Azure's, and logs and audit have them. */
function failed(span: Span, code: string): void {
  span.setAttribute("error.type", code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function codeOf(error: unknown): string {
  if (error instanceof Failure) return error.details.code;
  return error instanceof Error ? error.name : "unknown";
}

/** Trouble is told when it begins, and when it is over. */
interface Teller {
  failed(why: string): void;
  arrived(): void;
}

function tellerFor({ onTrouble, onRecovery }: TracerOptions): Teller {
  let isInTrouble = false;
  return {
    failed(why) {
      if (!isInTrouble) onTrouble(why);
      isInTrouble = true;
    },
    arrived() {
      if (isInTrouble) onRecovery();
      isInTrouble = false;
    },
  };
}

function toldExporter(exporter: SpanExporter, teller: Teller): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        // 0 is success; the enum stands in a package that is not ours to name.
        if (result.code === 0) teller.arrived();
        else teller.failed(result.error?.message ?? "no reason was given");
        done(result);
      });
    },
    forceFlush: async () => await exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

async function closed(provider: TracerProvider, teller: Teller, closeInMs: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    teller.failed(`the last ones were not taken within ${closeInMs} ms`);
    late.resolve();
  }, closeInMs);
  const shutdown = provider.shutdown().catch((error: unknown) => teller.failed(String(error)));
  await Promise.race([shutdown, late.promise]);
  clearTimeout(timer);
}
