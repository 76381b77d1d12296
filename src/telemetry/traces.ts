// Decides whether there are traces at all: nothing of OpenTelemetry is loaded unless spans are sent somewhere.
import type { Tracer, TracerOptions } from "./tracer.ts";

const noTracer: Tracer = {
  span: (_name, _attributes, run) => run(),
  note: () => undefined,
  called: () => undefined,
  close: async () => undefined,
};

/** The tracer; without options one that does nothing. */
export async function tracerFor(options: TracerOptions | undefined): Promise<Tracer> {
  if (!options) return noTracer;
  const { otlpTracer } = await import("./traces-otlp.ts");
  return otlpTracer(options);
}
