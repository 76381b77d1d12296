// Decides how a running daemon is asked for its status: briefly, within bounds, and a token goes to nobody else.
import { resolve } from "node:path";
import type { z } from "zod";
import { isLoopback } from "../model/loopback.ts";
import { quoted } from "../model/text.ts";
import { CliError, exitCodes } from "./errors.ts";
import { readNamedText } from "./files.ts";
import type { CliIo } from "./io.ts";

/** A daemon that can be asked. */
export interface StatusServer {
  /** Ends in a slash. */
  readonly base: URL;
  readonly token?: string;
}

/** What came of asking: an answer, that there is nothing of the name, or that nobody has answered. */
export type Asked<T> =
  | { readonly kind: "answer"; readonly answer: T; readonly json: unknown }
  | { readonly kind: "missing" }
  | { readonly kind: "unreachable"; readonly message: string };

/** The answer about tens of thousands of documents. */
const mostBytes = 64 * 1024 * 1024;
const timeoutInMs = 10_000;

/** The server that the options name. Throws a `CliError` for an address or a token that cannot be used. */
export async function statusServerFrom(
  { address, tokenFile }: { readonly address: string; readonly tokenFile?: string },
  { cwd }: Pick<CliIo, "cwd">,
): Promise<StatusServer> {
  const base = addressFrom(address);
  if (tokenFile === undefined) return { base };
  if (base.protocol !== "https:" && !isLoopback(base.hostname)) {
    throw new CliError(
      exitCodes.badInput,
      `Everybody on the way to ${base.host} could read the token.`,
      "Ask by https, or through a tunnel to 127.0.0.1.",
    );
  }
  const token = (await readNamedText(resolve(cwd, tokenFile), "token", "Correct --token-file.")).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return { base, token };
  const message = "The file of --token-file holds no token: one word on one line.";
  throw new CliError(exitCodes.badInput, message, "Correct it.");
}

/** Asks for one thing and checks the answer. Throws a `CliError` where asking again cannot help. */
export async function askServer<T extends z.ZodType>(
  server: StatusServer,
  path: string,
  schema: T,
  stop: AbortSignal,
): Promise<Asked<z.infer<T>>> {
  const { base } = server;
  let text: string;
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutInMs)]);
    const headers = { Accept: "application/json", ...authorization(server) };
    // A redirect could lead the token anywhere.
    const response = await fetch(new URL(path, base), { headers, signal, redirect: "manual" });
    if (response.status === 404) {
      await response.body?.cancel();
      return { kind: "missing" };
    }
    if (!response.ok) {
      await response.body?.cancel();
      return statusRefusal(response.status, server);
    }
    text = await bodyOf(response);
  } catch (error) {
    stop.throwIfAborted();
    if (error instanceof CliError) throw error;
    return { kind: "unreachable", message: `No daemon answers at ${base.origin} (${causeOf(error)}).` };
  }
  return checked(text, schema, base);
}

function addressFrom(address: string): URL {
  const url = URL.parse(address.endsWith("/") ? address : `${address}/`);
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url && isHttp && url.username === "" && url.password === "" && url.search === "" && url.hash === "") {
    return url;
  }
  throw new CliError(
    exitCodes.badInput,
    `--address takes http://HOST:PORT or https://HOST:PORT, and ${quoted(url?.password ? "this" : address)} is not.`,
    "A token belongs into the file of --token-file.",
  );
}

function authorization({ token }: StatusServer): Readonly<Record<string, string>> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

function statusRefusal(status: number, { base, token }: StatusServer): Asked<never> {
  if (status === 401 || status === 403) {
    throw new CliError(
      exitCodes.refused,
      `The daemon at ${base.origin} ${token === undefined ? "asks for a token" : "refuses this token"}.`,
      "Name the file that holds the token of its API with --token-file.",
    );
  }
  if (status < 500) throw noStatus(base, `it answered ${status}`);
  return { kind: "unreachable", message: `The daemon at ${base.origin} answered ${status}.` };
}

async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) {
      throw new CliError(
        exitCodes.failed,
        `The answer is longer than ${mostBytes} bytes.`,
        "Ask for one document.",
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function checked<T extends z.ZodType>(text: string, schema: T, base: URL): Asked<z.infer<T>> {
  const json = parsed(text);
  if (json === undefined) throw noStatus(base, "its answer is no JSON");
  const read = schema.safeParse(json);
  if (read.success) return { kind: "answer", answer: read.data, json };
  const [issue] = read.error.issues;
  throw noStatus(base, `its answer is not right at ${quoted(issue?.path.join(".") ?? "")}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return;
    throw error;
  }
}

/** Something answers, and it is no daemon of a version that can be read. */
export function noStatus({ origin }: URL, why: string): CliError {
  const message = `What answers at ${origin} tells no status that this version can read: ${why}.`;
  return new CliError(exitCodes.failed, message, "Name the API of `bindery run` with --address.");
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutInMs / 1_000} s`;
  const { cause } = error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : error.message;
}
