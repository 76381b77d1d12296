// Collects every exchange of a test run with the embedded Azure, and holds it against Azure's OpenAPI documents at the end.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
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
    const exchanges = exchangesIn(folder);
    rmSync(folder, { recursive: true });
    await report(exchanges, documents);
  };
}

/** One exchange of each shape, from all processes. */
function exchangesIn(folder: string): readonly Exchange[] {
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
  const entries = lines
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { shape: string; exchange: Exchange });
  return [...new Map(entries.map(({ shape, exchange }) => [shape, exchange])).values()];
}

async function report(exchanges: readonly Exchange[], documents: string): Promise<void> {
  const check = await loadContract(documents);
  const verdicts = exchanges.map((exchange) => ({ exchange, ...check(exchange) }));
  const listed = new Set(verdicts.flatMap((v) => v.listed));
  const deviating = Map.groupBy(
    verdicts.flatMap(({ exchange, deviations }) => deviations.map((d) => ({ ...d, exchange }))),
    keyOf,
  );
  const said = [...deviating].map(([key, found]) => `  ${key}: ${examplesOf(found)}`);
  process.stdout.write(
    `contract: ${exchanges.length} shapes of exchanges checked, ${listed.size} listed deviations met, ${deviating.size} unlisted\n`,
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
