// How a request body becomes a value: media type, size and JSON, refused in ARM's words.
import { armErrors } from "./errors.ts";

/** The largest body that ARM takes, in bytes (its documented limit is 4 MB). */
export const largestBodyInBytes = 4 * 1024 * 1024;

/** Reads and parses the body; undefined when there is none. */
export async function readBody(request: Request): Promise<unknown> {
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > largestBodyInBytes) throw armErrors.requestTooLarge(largestBodyInBytes);
  const bytes = await boundedBytes(request);
  if (bytes.length === 0) return undefined;
  refuseOtherMedia(request.headers.get("content-type"));
  return parseJson(bytes);
}

async function boundedBytes(request: Request): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > largestBodyInBytes) throw armErrors.requestTooLarge(largestBodyInBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuseOtherMedia(contentType: string | null): void {
  const media = contentType?.split(";")[0]?.trim().toLowerCase();
  const isJson = media === "application/json" || media === "text/json" || media?.endsWith("+json") === true;
  if (!isJson) throw armErrors.unsupportedMediaType(media ?? "");
}

function parseJson(bytes: Buffer): unknown {
  const text = decodeUtf8(bytes).replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw armErrors.invalidRequestContent(error.message);
  }
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw armErrors.invalidRequestContent("Unable to translate bytes to Unicode");
  }
}

/** The body as an object, or ARM's refusal. */
export function objectBody(body: unknown): Record<string, unknown> {
  if (isRecord(body)) return body;
  throw armErrors.invalidRequestContent(
    body === undefined ? "The request body is required" : "Expected a JSON object. Path ''",
  );
}

/** True for JSON objects, as opposed to arrays, null and plain values. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
