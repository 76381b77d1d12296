import { describe, expect, test } from "vitest";
import { signatureOf } from "./fixtures.ts";
import { webhookApp } from "./webhook.ts";

const secret = "0123456789abcdef0123456789abcdef";
const body = JSON.stringify({ ref: "refs/heads/main" });
const good = signatureOf(body, secret);
const limit = 1024 * 1024;

/** What came of one call: status, result, and how often the daemon was woken. */
async function call(init: RequestInit & { readonly duplex?: "half" }, path = "/webhook") {
  const seen = { results: [] as string[], wakes: 0, bugs: [] as unknown[] };
  const app = webhookApp({
    secret,
    wake: () => {
      seen.wakes += 1;
    },
    onCall: (result) => seen.results.push(result),
    onBug: (error) => seen.bugs.push(error),
  });
  const { status, headers } = await app.request(path, init);
  expect(seen.bugs).toEqual([]);
  return { status, results: seen.results, wakes: seen.wakes, allow: headers.get("allow") };
}

function post(headers: Record<string, string>, content: string = body) {
  return call({ method: "POST", headers, body: content });
}

const accepted = { status: 202, results: ["accepted"], wakes: 1, allow: null };
const refused = { status: 401, results: ["refused"], wakes: 0, allow: null };

describe("who knows the secret wakes the daemon", () => {
  test.each<readonly [string, Record<string, string>]>([
    ["GitHub's signature", { "X-Hub-Signature-256": good }],
    ["ours", { "X-Bindery-Signature-256": good }],
    ["in capitals", { "X-Bindery-Signature-256": good.toUpperCase() }],
    ["GitLab's token", { "X-Gitlab-Token": secret }],
    ["ours", { "X-Bindery-Token": secret }],
    ["both kinds", { "X-Hub-Signature-256": good, "X-Bindery-Token": secret }],
    ["GitHub's old signature beside it", { "X-Hub-Signature": "sha1=00", "X-Hub-Signature-256": good }],
  ])("%s", async (_, headers) => {
    expect(await post(headers)).toEqual(accepted);
  });
  test("an empty body", async () => {
    expect(await post({ "X-Hub-Signature-256": signatureOf("", secret) }, "")).toEqual(accepted);
    const headers = { "X-Hub-Signature-256": signatureOf("", secret) };
    expect(await call({ method: "POST", headers })).toEqual(accepted);
  });
});

describe("everybody else does not", () => {
  const digits = good.slice("sha256=".length);
  test.each<readonly [string, Record<string, string>]>([
    ["nothing", {}],
    ["another secret's signature", { "X-Hub-Signature-256": signatureOf(body, `${secret}0`) }],
    ["another body's signature", { "X-Hub-Signature-256": signatureOf(`${body} `, secret) }],
    [
      "a signature that is one digit off",
      { "X-Hub-Signature-256": `${good.slice(0, -1)}${good.endsWith("0") ? 1 : 0}` },
    ],
    ["too short", { "X-Hub-Signature-256": good.slice(0, -2) }],
    ["too long", { "X-Hub-Signature-256": `${good}00` }],
    ["empty", { "X-Hub-Signature-256": "" }],
    ["no algorithm", { "X-Hub-Signature-256": digits }],
    ["no hexadecimal digits", { "X-Hub-Signature-256": `sha256=${"z".repeat(64)}` }],
    ["SHA-1", { "X-Hub-Signature-256": signatureOf(body, secret, "sha1") }],
    ["SHA-512", { "X-Hub-Signature-256": signatureOf(body, secret, "sha512") }],
    ["SHA-1 where GitHub puts it", { "X-Hub-Signature": signatureOf(body, secret, "sha1") }],
    ["another algorithm's name", { "X-Hub-Signature-256": `sha512=${digits}` }],
    ["the digest where the token belongs", { "X-Bindery-Token": good }],
    ["the token where the signature belongs", { "X-Bindery-Signature-256": secret }],
    ["a token that begins right", { "X-Gitlab-Token": secret.slice(0, -1) }],
    ["a token that ends otherwise", { "X-Gitlab-Token": `${secret}0` }],
    ["a token in capitals", { "X-Gitlab-Token": secret.toUpperCase() }],
    ["an empty token", { "X-Bindery-Token": "" }],
    ["a good token and a bad one", { "X-Gitlab-Token": secret, "X-Bindery-Token": "no" }],
    ["a good token and a bad signature", { "X-Bindery-Token": secret, "X-Hub-Signature-256": "sha256=00" }],
    ["a good signature and a bad token", { "X-Bindery-Token": "no", "X-Hub-Signature-256": good }],
    ["the token as basic auth", { Authorization: `Basic ${btoa(`:${secret}`)}` }],
  ])("%s", async (_, headers) => {
    expect(await post(headers)).toEqual(refused);
  });
});

/** A body of so many pieces of 64 KiB, and how many of them were read. */
function stream(pieces: number, fails = false) {
  const seen = { read: 0, cancelled: false };
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.read < pieces) controller.enqueue(new Uint8Array(64 * 1024));
        else if (fails) controller.error(new Error("The caller has gone."));
        else controller.close();
        seen.read += 1;
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, init: { method: "POST", body: source, duplex: "half" as const } };
}

describe("a body", () => {
  const token = { "X-Bindery-Token": secret };
  test("of 1 MiB is taken, of a byte more not", async () => {
    const most = "x".repeat(limit);
    expect(await post({ "X-Hub-Signature-256": signatureOf(most, secret) }, most)).toEqual(accepted);
    const more = `${most}x`;
    const { status, results, wakes } = await post({ "X-Hub-Signature-256": signatureOf(more, secret) }, more);
    expect([status, results, wakes]).toEqual([413, ["tooLarge"], 0]);
  });
  test("that never ends is read up to the bound, whatever its header says", async () => {
    const { seen, init } = stream(Number.POSITIVE_INFINITY);
    expect(await call({ ...init, headers: token })).toMatchObject({ status: 413, wakes: 0 });
    expect(seen).toEqual({ read: 17, cancelled: true });
  });
  test("that says that it is too large is not read", async () => {
    const { seen, init } = stream(1);
    const headers = { ...token, "Content-Length": String(limit + 1) };
    expect(await call({ ...init, headers })).toMatchObject({ status: 413, wakes: 0 });
    expect(seen.read).toBe(0);
  });
  test.each<readonly [string, Record<string, string>]>([
    ["nobody", {}],
    ["a wrong token", { "X-Gitlab-Token": "no" }],
    ["what is no signature", { "X-Hub-Signature-256": "sha256=00" }],
  ])("of %s is not read", async (_, headers) => {
    const { seen, init } = stream(1);
    expect(await call({ ...init, headers })).toEqual(refused);
    expect(seen.read).toBe(0);
  });
  test("that is cut wakes nobody", async () => {
    const { init } = stream(2, true);
    expect(await call({ ...init, headers: token })).toMatchObject({
      status: 400,
      results: ["cut"],
      wakes: 0,
    });
  });
  test("is not parsed", async () => {
    expect(await post(token, "{ not: json")).toEqual(accepted);
  });
});

test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is refused", async (method) => {
  const answer = await call({ method, headers: { "X-Bindery-Token": secret } });
  expect(answer).toEqual({ status: 405, results: ["wrongMethod"], wakes: 0, allow: "POST" });
});

test.each(["/", "/webhook/x", "/healthz"])("%s is nothing", async (path) => {
  const answer = await call({ method: "POST", headers: { "X-Bindery-Token": secret } }, path);
  expect(answer).toMatchObject({ status: 404, results: [], wakes: 0 });
});

test.each(["", " ".repeat(40), "fifteen letters"])("no webhook is made with the secret %j", (weak) => {
  const parts = { wake: () => undefined, onCall: () => undefined, onBug: () => undefined };
  expect(() => webhookApp({ secret: weak, ...parts })).toThrow(
    expect.objectContaining({ details: { code: "WeakSecret" } }),
  );
});
