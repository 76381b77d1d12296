// Decides what a trace is to the rest of Bindery.

/** What stands beside the name of a span. No secret, no token. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** How something that has a span ended. */
export interface SpanEnd {
  /** Until now. */
  readonly durationInMs: number;
  /** A code; undefined: it went well. */
  readonly error?: string;
}

/** Makes spans. What happens to them never ends, fails or delays what they are about. */
export interface Tracer {
  /** Runs something as a span of its own within the one that is under way; a rejection makes it a failed one. */
  span<T>(name: string, attributes: SpanAttributes, run: () => Promise<T>): Promise<T>;
  /** Adds to the span that is under way, and may give it a better name; without one it does nothing. */
  note(attributes: SpanAttributes, name?: string): void;
  /** A call to somebody else that has just ended, within the span that is under way. */
  called(name: string, attributes: SpanAttributes, end: SpanEnd): void;
  /** Sends what has not been sent, but waits no longer than its bound. */
  close(): Promise<void>;
}

/** Where spans go, and who hears of it if they do not arrive. */
export interface TracerOptions {
  /** The very URL, for OTLP over HTTP with JSON. */
  readonly url: string;
  /** Bindery's own. */
  readonly version: string;
  /** Told when spans begin not to arrive, once until they do again. */
  readonly onTrouble: (why: string) => void;
  /** Told when they arrive again. */
  readonly onRecovery: () => void;
  /** How long `close` may take; 3 s by default. */
  readonly closeInMs?: number;
}
