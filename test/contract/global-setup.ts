// Collects every exchange of a test run with the embedded Azure, and holds it against Azure's OpenAPI documents at the end.
import { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Exchange } from "../../src/sandbox/exchanges.ts";
import { watchForLeaks } from "../secrets/collect.ts";
import { type Deviation, loadContract } from "./check.ts";

/** Watches a whole test run; what is returned checks what was seen, and throws if anything is wrong with it. */
export function setup(): () => Promise<void> {
  const ends = [watchForLeaks(), collectExchanges()];
  return async () => {
    for (const end of ends) await end?.();
  };
}

/** Begins to collect; what is returned checks, prints one line, and throws if anything deviates. */
function collectExchanges(): (() => Promise<void>) | undefined {
  if (process.env.BINDERY_EXCHANGES !== undefined) return undefined;
  const documents = resolve(process.env.BINDERY_AZURE_DATA ?? "../shared", "azure-openapi");
  if (!existsSync(documents)) {
    process.stdout.write(`contract: skipped, no OpenAPI documents of Azure in ${documents}\n`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "bindery-exchanges-"));
  process.env.BINDERY_EXCHANGES = folder;
  return async () => {
    try {
      await report(exchangesIn(folder), documents);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

/** One exchange of each shape, from all processes. A soak writes more than a text can hold: they come line by line. */
async function* exchangesIn(folder: string): AsyncGenerator<Exchange> {
  const seen = new Set<string>();
  for (const file of readdirSync(folder)) {
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      const { shape, exchange } = JSON.parse(line) as { shape: string; exchange: Exchange };
      if (seen.has(shape)) continue;
      seen.add(shape);
      yield exchange;
    }
  }
}

async function report(exchanges: AsyncIterable<Exchange>, documents: string): Promise<void> {
  const check = await loadContract(documents);
  let count = 0;
  const listed = new Set<unknown>();
  const found: (Deviation & { readonly exchange: Exchange })[] = [];
  for await (const exchange of exchanges) {
    count += 1;
    const verdict = check(exchange);
    for (const entry of verdict.listed) listed.add(entry);
    found.push(...verdict.deviations.map((deviation) => ({ ...deviation, exchange })));
  }
  const deviating = Map.groupBy(found, keyOf);
  const said = [...deviating].map(([key, all]) => `  ${key}: ${examplesOf(all)}`);
  process.stdout.write(
    `contract: ${count} shapes of exchanges checked, ${listed.size} listed deviations met, ${deviating.size} unlisted\n`,
  );
  if (said.length > 0) throw new Error(`The contract with Azure is broken:\n${said.join("\n")}`);
}

function keyOf({ operation, code, where, path }: Deviation): string {
  return `${operation} ${where} ${code} ${path}`;
}

function examplesOf(found: readonly (Deviation & { readonly exchange: Exchange })[]): string {
  const [first] = found;
  if (first === undefined) return "";
  const { method, url, answer, userAgent } = first.exchange;
  return `${first.detail}\n    ${found.length}x, e.g. ${method} ${url} → ${answer?.status ?? "none"} (${userAgent.split(" ")[0]})`;
}
