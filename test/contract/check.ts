// Whether an exchange keeps to Azure's OpenAPI documents, and which of its deviations are listed.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Ajv2019 } from "ajv/dist/2019.js";
import type { Exchange } from "../../src/sandbox/exchanges.ts";
import { type Listed, listedDeviations, type Undescribed, undescribedPaths } from "./allowed.ts";

/** One place where an exchange is not as the document says. */
export interface Deviation {
  /** The operation of the document, or method and path where there is none. */
  readonly operation: string;
  readonly code: string;
  readonly where: string;
  readonly path: string;
  readonly detail: string;
}

/** What is wrong, and which entries of the lists excuse the rest. */
export interface Verdict {
  readonly deviations: readonly Deviation[];
  readonly listed: readonly (Listed | Undescribed)[];
}

/** The part of validate.mjs that is used here. */
interface Contract {
  check(exchange: {
    method: string;
    path: string;
    query: Record<string, string>;
    operationId?: string;
    requestBody?: unknown;
    status?: number;
    responseBody?: unknown;
    responseHeaders?: Readonly<Record<string, string>>;
  }): { operationId: string | null; errors: readonly Omit<Deviation, "operation">[] };
}

/** Reads the documents in a folder; the function that comes back judges one exchange at a time. */
export async function loadContract(folder: string): Promise<(exchange: Exchange) => Verdict> {
  const module: { Contract: new (folder: string, tools: object) => Contract } = await import(
    pathToFileURL(join(folder, "validate.mjs")).href
  );
  const contract = new module.Contract(folder, { Ajv2019, addFormats });
  return (exchange) => verdictOn(exchange, contract);
}

/** The formats that the documents use; an absent format would be skipped in silence. */
function addFormats(ajv: Ajv2019): void {
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i);
  ajv.addFormat("uuid", /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i);
  ajv.addFormat("uri", /^[a-z][a-z\d+.-]*:/i);
  for (const format of ["int32", "int64"])
    ajv.addFormat(format, { type: "number", validate: Number.isInteger });
  ajv.addFormat("double", { type: "number", validate: Number.isFinite });
}

function verdictOn(exchange: Exchange, contract: Contract): Verdict {
  const { method, url, requestBody, answer } = exchange;
  const { pathname, searchParams } = new URL(url);
  const found = contract.check({
    method,
    path: wellFormed(pathname),
    query: Object.fromEntries(searchParams),
    // The checker takes short paths only by name.
    ...(pathname === "/tenants" && { operationId: "Tenants_List" }),
    ...optional("requestBody", valueFrom(requestBody)),
    ...(answer !== undefined && { status: answer.status, responseHeaders: answer.headers }),
    ...optional("responseBody", valueFrom(answer?.body ?? "")),
  });
  if (found.operationId === null) return undescribed(exchange, pathname);
  const operation = found.operationId;
  const all = found.errors.filter((e) => counts(e.where, exchange)).map((e) => ({ operation, ...e }));
  const listed = all.map((d) => listedDeviations.find((l) => isListed(d, l)));
  return {
    deviations: all.filter((_, at) => listed[at] === undefined),
    listed: listed.filter((l) => l !== undefined),
  };
}

function isListed(deviation: Deviation, { operation, code, where, path }: Listed): boolean {
  const isPlace = operation.test(deviation.operation) && path.test(deviation.path);
  return isPlace && code === deviation.code && where === deviation.where;
}

/** A request by hand may be wrong if it is refused; Bindery's may not, and what is taken may not. */
function counts(where: string, { userAgent, answer }: Exchange): boolean {
  const isRefused = answer !== undefined && answer.status >= 400;
  return where === "response" || isBindery(userAgent) || !isRefused;
}

function isBindery(userAgent: string): boolean {
  return userAgent.startsWith("bindery/");
}

/** No document has the path: a list does, or the sandbox refuses a stranger with an error of ARM. */
function undescribed({ method, userAgent, answer }: Exchange, pathname: string): Verdict {
  const entry = undescribedPaths.find((u) => u.methods.includes(method) && u.path.test(pathname));
  if (entry !== undefined) return { deviations: [], listed: [entry] };
  if (
    !isBindery(userAgent) &&
    answer !== undefined &&
    answer.status >= 400 &&
    isArmError(answer.body, method)
  )
    return { deviations: [], listed: [] };
  const operation = `${method} ${pathname}`;
  const detail = "no document describes this path and no list names it";
  return {
    deviations: [{ operation, code: "NO_OPERATION", where: "request", path: "/", detail }],
    listed: [],
  };
}

function isArmError(text: string, method: string): boolean {
  if (method === "HEAD") return text === "";
  const body = valueFrom(text) as { error?: { code?: unknown; message?: unknown } } | undefined;
  return typeof body?.error?.code === "string" && typeof body.error.message === "string";
}

/** The body as JSON, as text if it is none, undefined if there is none. */
function valueFrom(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text;
  }
}

function optional<K extends string>(key: K, value: unknown): { [P in K]?: unknown } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: unknown });
}

/** A path whose percent signs stand for nothing, with them escaped: documents cannot be asked about it otherwise. */
function wellFormed(pathname: string): string {
  return pathname.replaceAll(/%(?![\da-f]{2})/gi, "%25");
}
