// Which exchanges with real Azure are recorded, and what each says in words that can be replayed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A recorded exchange; `name` is the file with the place in it. */
export interface Recorded {
  readonly name: string;
  /** The recording it was taken from, in which it stands in order. */
  readonly recording: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly requestBody: unknown;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface InFile {
  readonly from?: string;
  readonly note?: string;
  readonly method: string;
  readonly url: string | null;
  readonly requestBody?: unknown;
  readonly status: number | null;
  readonly responseHeaders?: Readonly<Record<string, string>> | null;
  readonly responseBody: unknown;
}

export const recordingsFolder = resolve(process.env.BINDERY_AZURE_DATA ?? "../shared", "azure-recordings");

/** All recorded exchanges, by file and in order; none where the data is not at hand. */
export function recordedExchanges(): readonly Recorded[] {
  if (!existsSync(recordingsFolder)) return [];
  const files = readdirSync(recordingsFolder).filter((file) => file.endsWith(".json"));
  return files.toSorted().flatMap((file) => {
    const text = readFileSync(join(recordingsFolder, file), "utf8");
    const { exchanges } = JSON.parse(text) as { exchanges: readonly InFile[] };
    return exchanges.map((exchange, at) => recordedFrom(file, at, exchange));
  });
}

function recordedFrom(file: string, at: number, exchange: InFile): Recorded {
  const { from, note, method, url, requestBody, status, responseHeaders, responseBody } = exchange;
  const version = /version not shown|URL not shown/.test(note ?? "") ? "?api-version=2022-12-01" : "";
  return {
    name: `${file}#${at}`,
    recording: `${file} ${from?.split("#")[0] ?? at}`,
    method,
    target: `${targetOf(url ?? "")}${version}`,
    requestBody: requestBody ?? undefined,
    status: status ?? undefined,
    headers: responseHeaders ?? {},
    body: responseBody ?? undefined,
  };
}

/** Ids that were struck out in public threads are given back; a token of Azure's leads to no page here. */
function targetOf(url: string): string {
  const target = url.slice(Math.max(url.indexOf("/"), 0)).replaceAll("+", "%20");
  return target
    .replace("/subscriptions/*/", "/subscriptions/00000000-0000-0000-0000-000000000000/")
    .replaceAll(/\/\*(?=\/|$)/g, "/struck-out")
    .replace(/&?(\$|%24)skiptoken=[^&]*/i, "");
}
