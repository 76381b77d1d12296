// Decides which calls of the webhook wake the daemon: signed or with the shared secret; their bodies are read by nobody.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Hono } from "hono";
import type { HonoRequest } from "hono/request";
import { bareApp } from "./http-app.ts";
import { isSameSecret, refuseWeakSecret } from "./secrets.ts";

/** What can become of a call. */
export const webhookResults = ["accepted", "refused", "tooLarge", "cut", "wrongMethod"] as const;
export type WebhookResult = (typeof webhookResults)[number];

/** What it takes to answer webhooks. */
export interface WebhookOptions {
  /** Shared with who calls; at least 16 characters. */
  readonly secret: string;
  /** Called for each good call, before it is answered; see `wakeLimiter`. */
  readonly wake: () => void;
  readonly onCall: (result: WebhookResult) => void;
  readonly onBug: (error: unknown) => void;
}

const bodyLimitInBytes = 1024 * 1024;

/** GitHub's name, and ours for everybody else; both hold "sha256=" and the HMAC of the body in hexadecimal. */
const signatureHeaders = ["x-hub-signature-256", "x-bindery-signature-256"];
/** GitLab's name, and ours (Azure DevOps can send any header); both hold the secret itself. */
const tokenHeaders = ["x-gitlab-token", "x-bindery-token"];

/**
 * `POST /webhook`: 202 for who knows the secret, 401 for others, 413 beyond 1 MiB. Of the headers that can prove it
 * there must be one, and each that is there must be right. Throws a `Failure` without a secret worth the name.
 */
export function webhookApp(options: WebhookOptions): Hono {
  const { secret, wake, onCall, onBug } = options;
  refuseWeakSecret("The secret of the webhook", secret);
  const app = bareApp(onBug);
  app.post("/webhook", async (c) => {
    const result = await resultOf(c.req, secret);
    onCall(result);
    if (result === "accepted") wake();
    const { body, status } = answers[result];
    return c.json(body, status);
  });
  app.all("/webhook", (c) => {
    onCall("wrongMethod");
    c.header("Allow", "POST");
    return c.json(answers.wrongMethod.body, answers.wrongMethod.status);
  });
  return app;
}

const answers = {
  accepted: { body: { message: "Bindery looks at its source." }, status: 202 },
  refused: { body: { error: "The signature or the token is missing or wrong." }, status: 401 },
  tooLarge: { body: { error: "The body is larger than 1 MiB." }, status: 413 },
  cut: { body: { error: "The body ended before its time." }, status: 400 },
  wrongMethod: { body: { error: "Only POST wakes Bindery." }, status: 405 },
} as const;

async function resultOf(request: HonoRequest, secret: string): Promise<WebhookResult> {
  const tokens = headersOf(request, tokenHeaders);
  const signatures = headersOf(request, signatureHeaders).map(signatureIn);
  // Who has proved nothing so far is not worth the reading of a body.
  if (tokens.length + signatures.length === 0) return "refused";
  if (!tokens.every((token) => isSameSecret(token, secret))) return "refused";
  if (signatures.includes(undefined)) return "refused";
  if (Number(request.header("content-length") ?? 0) > bodyLimitInBytes) return "tooLarge";
  const body = await bodyDigest(request.raw.body, secret);
  if (!Buffer.isBuffer(body)) return body;
  const isSigned = signatures.every((one) => one !== undefined && timingSafeEqual(one, body));
  return isSigned ? "accepted" : "refused";
}

function headersOf(request: HonoRequest, names: readonly string[]): string[] {
  return names.flatMap((name) => request.header(name) ?? []);
}

/** The 32 bytes of a signature; undefined for any other algorithm, length or alphabet. */
function signatureIn(header: string): Buffer | undefined {
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(header)?.[1];
  return hex === undefined ? undefined : Buffer.from(hex, "hex");
}

/** The HMAC of a body, piece by piece: it is never in memory as a whole. */
async function bodyDigest(
  body: ReadableStream<Uint8Array> | null,
  secret: string,
): Promise<Buffer | "tooLarge" | "cut"> {
  const hmac = createHmac("sha256", secret);
  if (body === null) return hmac.digest();
  const reader = body.getReader();
  for (let bytes = 0; ; ) {
    const piece = await nextPiece(reader);
    if (piece === "cut") return "cut";
    if (piece === "end") return hmac.digest();
    bytes += piece.byteLength;
    if (bytes > bodyLimitInBytes) {
      await reader.cancel();
      return "tooLarge";
    }
    hmac.update(piece);
  }
}

/** A stream of a request fails only because the caller has gone. */
async function nextPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array | "end" | "cut"> {
  try {
    const { value } = await reader.read();
    return value ?? "end";
  } catch {
    return "cut";
  }
}
