// Writes what the embedded Azure of this process is asked and answers to a file, each shape once; loaded before tests and spawned processes.
import { hash } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import "../secrets/watch.ts";
import { type Exchange, exchangeChannel } from "../../src/sandbox/exchanges.ts";
import { roughShapeOf, shapeOfExchange } from "./shape.ts";

const folder = process.env.BINDERY_EXCHANGES;
const once = Symbol.for("bindery.test.exchanges");

if (folder !== undefined && !(once in globalThis)) {
  Object.defineProperty(globalThis, once, { value: true });
  process.env.NODE_OPTIONS = withThisModule(process.env.NODE_OPTIONS ?? "");
  const file = join(folder, `${process.pid}-${threadId}.jsonl`);
  const seen = new Set<string>();
  subscribe(exchangeChannel, (message) => {
    const exchange = message as Exchange;
    // Azure's own recorded bodies are held against the recording, which outweighs the document.
    if (exchange.userAgent === "recording") return;
    if (!isNew(seen, roughShapeOf(exchange))) return;
    const shape = shapeOfExchange(exchange);
    if (!isNew(seen, shape)) return;
    appendFileSync(file, `${JSON.stringify({ shape: digestOf(shape), exchange })}\n`);
  });
}

/** The options under which a spawned process loads this module too. */
function withThisModule(options: string): string {
  return options.includes(import.meta.url) ? options : `${options} --import=${import.meta.url}`.trim();
}

/** True the first time; remembers digests, not texts. */
function isNew(seen: Set<string>, text: string): boolean {
  const size = seen.size;
  return seen.add(digestOf(text)).size > size;
}

function digestOf(text: string): string {
  return hash("sha1", text, "base64");
}
