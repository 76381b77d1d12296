// What the embedded Azure remembers of the requests it got: one entry each, and counters over them.

/** One request and how it was answered. `time` is an ISO instant of the sandbox's clock. */
export interface LogEntry {
  readonly sequence: number;
  readonly time: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  /** 0 when the connection was cut instead of answered. */
  readonly status: number;
  readonly callerId?: string;
  readonly apiVersion?: string;
  readonly correlationId?: string;
  /** Real milliseconds. */
  readonly durationInMs: number;
}

/** Counts of requests. */
export interface Counters {
  readonly total: number;
  readonly byMethod: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** By what was addressed: method and type, for example "PATCH Microsoft.Compute/virtualMachines". */
  readonly byTarget: Readonly<Record<string, number>>;
}

/** The log of one start. */
export interface RequestLog {
  add(entry: Omit<LogEntry, "sequence">): void;
  entries(): readonly LogEntry[];
  clear(): void;
  counters(): Counters;
}

/** How many entries are kept; the oldest go first. */
const mostEntries = 20_000;

/** An empty log. */
export function createRequestLog(): RequestLog {
  let sequence = 0;
  let entries: LogEntry[] = [];
  return {
    add(entry) {
      sequence += 1;
      entries.push({ sequence, ...entry });
      if (entries.length > mostEntries + 1000) entries = entries.slice(-mostEntries);
    },
    entries: () => entries,
    clear() {
      entries = [];
    },
    counters: () => ({
      total: entries.length,
      byMethod: countsOf(entries, (e) => e.method),
      byStatus: countsOf(entries, (e) => String(e.status)),
      byTarget: countsOf(entries, (e) => `${e.method} ${targetOf(e.path)}`),
    }),
  };
}

function countsOf(entries: readonly LogEntry[], keyOf: (entry: LogEntry) => string): Record<string, number> {
  const groups = Map.groupBy(entries, keyOf);
  return Object.fromEntries([...groups].map(([key, group]) => [key, group.length]));
}

/** The provider and types of an ARM path, the first fixed segments of any other. */
export function targetOf(pathAndQuery: string): string {
  const segments = pathAndQuery.split("?", 1).join("").split("/").filter(Boolean);
  const at = segments.findLastIndex((s) => s.toLowerCase() === "providers");
  if (at !== -1 && at < segments.length - 1) {
    const [namespace, ...rest] = segments.slice(at + 1);
    return [namespace, ...rest.filter((_, i) => i % 2 === 0)].join("/");
  }
  return `/${segments
    .filter((s, i) => i === 0 || !/^[0-9a-f-]{36}$/i.test(s))
    .filter((_, i) => i % 2 === 0 || i === 1)
    .join("/")}`;
}
