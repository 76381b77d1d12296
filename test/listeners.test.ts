import { globSync, readFileSync } from "node:fs";
import { Agent, get, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { startSandbox } from "../src/sandbox/start.ts";
import { signatureOf } from "../src/telemetry/fixtures.ts";
import { bareApp } from "../src/telemetry/http-app.ts";
import { operationLabel } from "../src/telemetry/labels.ts";
import { type Listening, listen } from "../src/telemetry/listeners.ts";
import { webhookApp } from "../src/telemetry/webhook.ts";
import { harnessFor } from "./support/harness.ts";

const open: Listening[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** An application with a quick, a slow and a large answer. */
async function serve(host?: string): Promise<Listening> {
  const app = bareApp((error) => expect(error).toBeUndefined());
  app.get("/quick", (c) => c.text("quick"));
  app.get("/slow", async (c) => {
    await sleep(300);
    return c.text("slow");
  });
  app.get("/never", async (c) => {
    await sleep(20_000, undefined, { ref: false });
    return c.text("never");
  });
  const listening = await listen(app, { port: 0, ...(host !== undefined && { host }) });
  open.push(listening);
  return listening;
}

test("a listener is reached on loopback, and has a free port", async () => {
  const { host, port } = await serve();
  expect([host, port > 0]).toEqual(["127.0.0.1", true]);
  expect(await (await fetch(`http://127.0.0.1:${port}/quick`)).text()).toBe("quick");
});

test("an address that this machine does not have is a failure that says so", async () => {
  await expect(
    listen(
      bareApp(() => undefined),
      { host: "192.0.2.1", port: 0 },
    ),
  ).rejects.toMatchObject({
    message: "Nothing can listen on 192.0.2.1 port 0: this machine does not have that address.",
  });
});

test("a port that is taken is a failure that says so", async () => {
  const { port } = await serve();
  await expect(
    listen(
      bareApp(() => undefined),
      { port, cure: "Name another one with --here." },
    ),
  ).rejects.toMatchObject({
    details: { code: "CannotListen" },
    message: `Nothing can listen on 127.0.0.1 port ${port}: somebody else listens there. Name another one with --here.`,
  });
});

/** The status of an answer over a connection that is kept. */
function statusOver(agent: Agent, port: number, path: string, headers = {}): Promise<number | string> {
  return new Promise((resolve) => {
    const asked = get({ host: "127.0.0.1", port, path, agent, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
      answer.on("error", ({ message }) => resolve(message));
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe("closing", () => {
  test("ends connections that are kept, and what was being answered is answered", async () => {
    const agent = new Agent({ keepAlive: true });
    const listening = await serve();
    expect(await statusOver(agent, listening.port, "/quick")).toBe(200);
    const slow = statusOver(new Agent({ keepAlive: true }), listening.port, "/slow");
    await sleep(100);
    const startedAtInMs = performance.now();
    await open.pop()?.close();
    expect(performance.now() - startedAtInMs).toBeLessThan(5_000);
    expect(await slow).toBe(200);
    expect(await statusOver(agent, listening.port, "/quick")).toBe("ECONNREFUSED");
    agent.destroy();
  });
  test("cuts what takes longer than a second", async () => {
    const { port } = await serve();
    const never = statusOver(new Agent(), port, "/never");
    await sleep(100);
    await open.pop()?.close();
    expect(await never).toBe("ECONNRESET");
  });
  test("ends a connection that has said nothing", async () => {
    const { port } = await serve();
    const socket = connect(port, "127.0.0.1");
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    socket.on("close", () => resolve());
    socket.on("connect", () => void open.pop()?.close());
    socket.resume();
    await ended;
  });
});

test("headers beyond 16 KiB are refused", async () => {
  const { port } = await serve();
  expect(await statusOver(new Agent(), port, "/quick", { "x-long": "x".repeat(17 * 1024) })).toBe(431);
});

/** What a connection is sent until it is closed, if it says this and no more. */
function untilClosed(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    const pieces: string[] = [];
    socket.setEncoding("utf8");
    socket.on("data", (piece: string) => pieces.push(piece));
    // A reset is an end as well: "close" comes after it.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(pieces.join("")));
  });
}

test("who does not finish a request is cut off", async () => {
  const { port } = await serve();
  const begun = "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n";
  const startedAtInMs = performance.now();
  const [header, body] = await Promise.all([untilClosed(port, begun), untilClosed(port, `${begun}\r\nhalf`)]);
  expect(header).toContain("408");
  expect(body).toMatch(/ (404|408) /);
  expect(performance.now() - startedAtInMs).toBeLessThan(30_000);
});

test("more than two hundred connections at once are not taken", async () => {
  const { port } = await serve();
  const idle = Array.from({ length: 200 }, () => connect(port, "127.0.0.1"));
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  expect(await untilClosed(port, "GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n")).toBe("");
  for (const socket of idle) socket.destroy();
  await expect.poll(() => statusOver(new Agent(), port, "/quick"), { timeout: 10_000 }).toBe(200);
});

test("a webhook over a socket: a signed body in pieces is accepted, one that does not end is cut off", async () => {
  const secret = "0123456789abcdef0123456789abcdef";
  const results: string[] = [];
  const app = webhookApp({
    secret,
    wake: () => undefined,
    onCall: (result) => results.push(result),
    onBug: (error) => expect(error).toBeUndefined(),
  });
  const listening = await listen(app, { port: 0 });
  open.push(listening);
  const post = (headers: Record<string, string>, pieces: readonly string[]): Promise<number | string> =>
    new Promise((resolve) => {
      const { port } = listening;
      const sending = request(
        { host: "127.0.0.1", port, path: "/webhook", method: "POST", headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      sending.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      for (const piece of pieces) sending.write(piece);
      sending.end();
    });
  const pieces = ["x".repeat(100_000), "y".repeat(200_000)];
  const signature = signatureOf(pieces.join(""), secret);
  expect(await post({ "x-hub-signature-256": signature }, pieces)).toBe(202);
  const large = Array.from({ length: 40 }, () => "x".repeat(100_000));
  expect([413, "ECONNRESET", "EPIPE"]).toContain(await post({ "x-bindery-token": secret }, large));
  expect(await post({ "x-bindery-token": "wrong" }, ["x"])).toBe(401);
  // Nobody reads the body of who is refused, and a long one that is late may cost it the answer.
  expect([401, "ECONNRESET", "EPIPE"]).toContain(await post({ "x-bindery-token": "wrong" }, pieces));
  expect(results).toEqual(["accepted", "tooLarge", "refused", "refused"]);
});

test("whatever an apply asks of Azure has a label of its own in metrics", async () => {
  const speed = 20;
  const sandbox = await startSandbox({ speed });
  try {
    const bindery = harnessFor(sandbox, speed);
    const files = globSync("manifests/**/*.yaml").map((file) => readFileSync(file, "utf8"));
    const documents = files.filter((text) => !text.includes("kind: Policy")).join("\n---\n");
    await bindery.apply(documents);
    const operations = [...new Set(bindery.requests().map(({ operation }) => operation))];
    expect(operations.length).toBeGreaterThan(10);
    expect(operations.filter((operation) => operationLabel(operation) === "other")).toEqual([]);
  } finally {
    await sandbox.close();
  }
});
