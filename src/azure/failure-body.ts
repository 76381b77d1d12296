// Reads what an error body says, in whatever shape Azure wraps it: with and without envelope, capital keys, twice encoded, XML, HTML.

/** The code and the text of an error body, and the codes and texts nested in it. */
export interface ErrorBody {
  readonly code?: string;
  readonly message?: string;
  /** Every code found in the body, the outermost first; an identity operation hides its cause this way. */
  readonly codes: readonly string[];
  /** Every text found in the body: waits are often asked for in a nested one. */
  readonly texts: readonly string[];
  /** The statuses that nested answers had, by name ("BadRequest", "TooManyRequests"). */
  readonly nestedStatus?: string;
}

const maxDepth = 5;

/** Reads an error body: text as it came, or a value that was parsed already. */
export function errorBodyFrom(body: unknown): ErrorBody {
  const [outer, ...inner] = errorsIn(body, 0);
  if (!outer) {
    return { codes: [], texts: [], ...plainText(body) };
  }
  const codes = [outer, ...inner].flatMap((e) => (e.code ? [e.code] : []));
  const texts = [outer, ...inner].flatMap((e) => (e.message ? [e.message] : []));
  const nestedStatus = /Status: '(\w+)'/.exec(outer.message ?? "")?.[1];
  return { ...outer, codes, texts, ...(nestedStatus ? { nestedStatus } : {}) };
}

interface ErrorEntry {
  readonly code?: string;
  readonly message?: string;
}

function errorsIn(body: unknown, depth: number): ErrorEntry[] {
  if (depth > maxDepth) return [];
  if (typeof body === "string") return errorsInText(body, depth);
  if (typeof body !== "object" || body === null) return [];
  const fields = lowerKeys(body);
  if (fields.error && typeof fields.error === "object") return errorsIn(fields.error, depth + 1);
  const [code, message] = [textOf(fields.code), textOf(fields.message)];
  if (code === undefined && message === undefined) return [];
  const unwrapped = message === undefined ? [] : errorsInText(message, depth + 1);
  const details = Array.isArray(fields.details) ? fields.details : [];
  const own = { ...(code ? { code } : {}), ...(message ? { message } : {}) };
  return [own, ...unwrapped, ...details.flatMap((detail) => errorsIn(detail, depth + 1))];
}

/** JSON, or JSON inside a sentence: `Message: {…}`, `Response: '{…}'`. */
function errorsInText(text: string, depth: number): ErrorEntry[] {
  const xml = errorInXml(text);
  if (xml) return [xml];
  const [from, to] = [text.indexOf("{"), text.lastIndexOf("}")];
  if (from < 0 || to < from) return [];
  try {
    const parsed: unknown = JSON.parse(text.slice(from, to + 1));
    return errorsIn(parsed, depth + 1);
  } catch {
    // Braces that are no JSON are part of the sentence, which is kept whole by the caller.
    return [];
  }
}

/** Storage answers in XML; below the first line of its message stand a request id and a time. */
function errorInXml(text: string): ErrorEntry | undefined {
  if (!/^\s*(?:<\?xml[^>]*>)?\s*<Error>/.test(text)) return;
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
  const message = /<Message>([^<\r\n]+)/.exec(text)?.[1];
  return { ...(code ? { code } : {}), ...(message ? { message } : {}) };
}

/** A body that is no JSON is shown as its title or its first words; the whole page helps nobody. */
function plainText(body: unknown): { message?: string } {
  if (typeof body !== "string" || body.trim() === "") return {};
  const title = /<title>([^<]*)<\/title>/i.exec(body)?.[1];
  const words = (title ?? body.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim();
  return { message: words.slice(0, 300) };
}

function lowerKeys(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key.toLowerCase(), v]));
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
