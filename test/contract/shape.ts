// When two exchanges are alike: the same operation, members and kinds of values, whatever the names and numbers in them.
import type { Exchange } from "../../src/sandbox/exchanges.ts";

/** The shape of an exchange as text: equal shapes deviate from a contract alike, but for values of free text. */
export function shapeOfExchange({ method, url, userAgent, requestBody, answer }: Exchange): string {
  const { pathname, searchParams } = new URL(url);
  const query = [...searchParams].map(([key, value]) => `${key}=${shapeOfParameter(key, value)}`);
  return [
    method,
    shapeOfText(pathname),
    distinct(query),
    userAgent.split("/")[0],
    shapeOfBody(requestBody),
    answer?.status,
    distinct(Object.keys(answer?.headers ?? {})),
    shapeOfBody(answer?.body ?? ""),
  ].join("\n");
}

/** Which version and which filter was sent counts; tokens do not. */
function shapeOfParameter(key: string, value: string): string {
  if (key === "api-version") return value;
  return key === "$filter" ? shapeOfText(value) : "";
}

function shapeOfBody(text: string): string {
  if (text === "") return "";
  try {
    return shapeOf(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return shapeOfText(text);
  }
}

/** The same but for GUIDs and numbers: a quick way to see that two exchanges have one shape. */
export function roughShapeOf({ method, url, userAgent, requestBody, answer }: Exchange): string {
  const version = /api-version=([^&]*)/i.exec(url)?.[1];
  const headers = Object.keys(answer?.headers ?? {}).join();
  const path = url.replace(/[?&](p|t|c|s|h)=[^&]*/g, "");
  const text = [method, path, userAgent.slice(0, 8), requestBody, headers, answer?.body].join("\n");
  const masked = text.replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22}|\d+/gi, "0");
  return `${version} ${answer?.status} ${masked}`;
}

/** Each once, in an order of their own. */
function distinct(texts: readonly string[]): string {
  return [...new Set(texts)].toSorted((a, b) => (a < b ? -1 : 1)).join();
}

function shapeOf(value: unknown): string {
  if (typeof value === "string") return shapeOfText(value);
  if (Array.isArray(value)) return `[${distinct(value.map(shapeOf))}]`;
  if (typeof value !== "object" || value === null) return typeof value === "number" ? "0" : String(value);
  const members = Object.entries(value).map(([key, member]) => `${shapeOfText(key)}:${shapeOf(member)}`);
  return `{${distinct(members)}}`;
}

/** Names in ids, GUIDs, instants and numbers do not count; short words do: they may be enumerations. */
function shapeOfText(text: string): string {
  return text
    .replaceAll(/[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/gi, "G")
    .replaceAll(
      /(\/(?:resourceGroups|userAssignedIdentities|virtualMachines|virtualMachineScaleSets)\/)[^/?"]+/gi,
      "$1N",
    )
    .replaceAll(/\d+/g, "0")
    .slice(0, 300);
}
