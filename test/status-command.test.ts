// `bindery status` against the API that the daemon has, and against servers that are none.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CliIo } from "../src/cli/io.ts";
import { runCli } from "../src/cli/run-cli.ts";
import { runStatus, type StatusOptions } from "../src/cli/status-command.ts";
import type { Clock } from "../src/model/ports.ts";
import { document } from "../src/plan/fixtures.ts";
import type { DaemonEvent } from "../src/status/daemon-event.ts";
import { documentOutputFrom } from "../src/status/daemon-status-document-output.ts";
import { statusOutputFrom } from "../src/status/daemon-status-output.ts";
import {
  conditionsOf,
  documentStatusOf,
  passEnded,
  statusOf,
  turnEnded,
  turnStarted,
} from "../src/status/fixtures.ts";
import { apiApp } from "../src/telemetry/api.ts";
import { type Listening, listen } from "../src/telemetry/listeners.ts";

const token = "a-token-of-more-than-sixteen-characters";
const folder = mkdtempSync(join(tmpdir(), "bindery-status-"));
const tokenFile = join(folder, "token");
writeFileSync(tokenFile, `${token}\n`);
writeFileSync(`${tokenFile}-other`, "another-token-of-sixteen-characters");
writeFileSync(`${tokenFile}-broken`, "two words");

const looked: DaemonEvent = { kind: "sourceLooked", atInMs: 1, source: { inForce: "r1" } };
const identity = documentStatusOf({ document: document("UserAssignedIdentity") });
const only = documentStatusOf({ document: { ...document(), name: "only" } });
const broken = documentStatusOf({
  conditions: conditionsOf("Stalled", "NotOwned", "It is not ours.\u001b[2J"),
});
const passOf = (atInMs: number, ...documents: Parameters<typeof documentStatusOf>[0][]): DaemonEvent =>
  passEnded(atInMs, { documents: documents.map(documentStatusOf) });
const ready = statusOf(looked, turnStarted(2), passOf(3, identity, {}, only), turnEnded(4));
const stalled = statusOf(looked, turnStarted(2), passOf(3, identity, broken, only), turnEnded(4));

let status = ready;
let seen: (string | undefined)[] = [];
const open: Listening[] = [];

async function served(app: Pick<Hono, "fetch">): Promise<string> {
  const listening = await listen(app, { port: 0 });
  open.push(listening);
  return `http://127.0.0.1:${listening.port}`;
}

function api(withToken?: string): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    seen.push(c.req.header("authorization"));
    await next();
  });
  const inner = apiApp({
    host: "127.0.0.1",
    ...(withToken !== undefined && { token: withToken }),
    status: () => statusOutputFrom(status),
    document: (key) => documentOutputFrom(status, key),
    onBug: (error) => {
      throw error;
    },
  });
  app.all("*", (c) => inner.fetch(c.req.raw));
  return app;
}

/** Servers that are no daemon, each at a path of its own. */
function strangers(elsewhere: string): Hono {
  const app = new Hono();
  app.get("/redirect/*", (c) => c.redirect(`${elsewhere}/api/v1/status`));
  app.get("/html/*", (c) => c.html("<h1>Hello</h1>"));
  app.get("/other/*", (c) => c.json({ apiVersion: "bindery.dev/status/v2" }));
  app.get("/half/*", (c) => c.json({ ...statusOutputFrom(ready), documents: [{ kind: "\u001b[2J" }] }));
  app.get("/teapot/*", (c) => c.text("", 418));
  app.get("/down/*", (c) => c.text("", 503));
  app.get("/endless/*", () => {
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
  });
  return app;
}

let [daemon, guarded, strange] = ["", "", ""];
beforeAll(async () => {
  [daemon, guarded] = [await served(api()), await served(api(token))];
  strange = await served(strangers(daemon));
});
afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  rmSync(folder, { recursive: true });
});

class Screen extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function screens(): CliIo & { readonly stdout: Screen; readonly stderr: Screen } {
  return {
    stdin: async function* none() {},
    stdout: new Screen(),
    stderr: new Screen(),
    env: {},
    cwd: tmpdir(),
    onSignal: () => () => undefined,
    onHangUp: () => () => undefined,
    exit: () => undefined,
  };
}

async function bindery(...args: readonly string[]) {
  const io = screens();
  const code = await runCli(["status", ...args], io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe("the exit code", () => {
  test("is 0 if all is Ready, 2 if something is not", async () => {
    status = ready;
    expect(await bindery("--address", daemon)).toMatchObject({ code: 0, stderr: "" });
    status = stalled;
    const shown = await bindery("--address", daemon);
    expect(shown).toMatchObject({ code: 2, stderr: "" });
    expect(shown.stdout).toContain("It is not ours.\\u{1b}[2J");
    expect(shown.stdout).toMatch(/Stalled {2}NotOwned .* IdentityBinding team\/orders/);
  });

  test("is 1 if nobody answers, and says who was asked", async () => {
    const closed = await listen(new Hono(), { port: 0 });
    await closed.close();
    const shown = await bindery("--address", `http://127.0.0.1:${closed.port}`);
    expect(shown.code).toBe(1);
    expect(shown.stderr).toContain(`No daemon answers at http://127.0.0.1:${closed.port} (ECONNREFUSED).`);
    expect(shown.stdout).toBe("");
  });

  test.each([
    ["down", 1, "answered 503"],
    ["redirect", 1, "it answered 302"],
    ["html", 1, "its answer is no JSON"],
    ["other", 1, 'not right at "apiVersion"'],
    ["half", 1, 'not right at "documents.0'],
    ["teapot", 1, "it answered 418"],
    ["endless", 1, "longer than 67108864 bytes"],
    ["nothing", 1, "it has no /api/v1/status"],
  ])("of a server that is %s is %i", async (path, code, message) => {
    seen = [];
    const shown = await bindery("--address", `${strange}/${path}`, "--token-file", tokenFile);
    expect(shown.code).toBe(code);
    expect(shown.stderr).toContain(message);
    expect(shown.stderr).not.toContain("\u001b");
    // No redirect takes the token elsewhere.
    expect(seen).toEqual([]);
  });
});

describe("the token", () => {
  test("is asked for, refused and taken", async () => {
    status = ready;
    expect(await bindery("--address", guarded)).toMatchObject({ code: 4, stdout: "" });
    const wrong = await bindery("--address", guarded, "--token-file", `${tokenFile}-other`);
    expect(wrong.code).toBe(4);
    expect(wrong.stderr).toContain("refuses this token");
    expect(wrong.stderr).not.toContain("another-token");
    expect(await bindery("--address", guarded, "--token-file", tokenFile)).toMatchObject({ code: 0 });
  });

  test.each([
    [["--address", "http://bindery.example:8082", "--token-file", tokenFile], "Everybody on the way"],
    [["--address", "http://localhost.example", "--token-file", tokenFile], "Everybody on the way"],
    [["--address", "http://127.0.0.1.example", "--token-file", tokenFile], "Everybody on the way"],
    [["--address", "http://user:geheim@127.0.0.1"], '"this" is not'],
    [["--address", "ftp://127.0.0.1"], "--address takes http://HOST:PORT"],
    [["--address", "127.0.0.1:8082"], "--address takes http://HOST:PORT"],
    [["--token-file", `${tokenFile}-broken`], "holds no token"],
    [["--token-file", `${tokenFile}-missing`], "cannot be read"],
    [["a"], "names no document"],
    [["Pod/team/orders"], "names no document"],
    [["constructor/team/orders"], "names no document"],
    [["../.."], "names no document"],
    [["a/b/c/d"], "names no document"],
  ])("%j is bad input", async (args, message) => {
    const shown = await bindery(...args);
    expect(shown.code).toBe(3);
    expect(shown.stderr).toContain(message);
    expect(shown.stderr).not.toContain("geheim");
  });
});

describe("one document", () => {
  test.each([
    ["IdentityBinding/team/orders", 2, /^IdentityBinding team\/orders/],
    ["binding/team/orders", 2, /^IdentityBinding team\/orders/],
    ["identity/team/orders", 0, /^UserAssignedIdentity team\/orders/],
    ["team/only", 0, /^IdentityBinding team\/only/],
    ["team/orders", 2, /^UserAssignedIdentity team\/orders[\s\S]*\nIdentityBinding team\/orders/],
  ])("%s gives %i", async (name, code, text) => {
    status = stalled;
    const shown = await bindery(name, "--address", daemon);
    expect(shown.code).toBe(code);
    expect(shown.stdout).toMatch(text);
  });

  test("as JSON is what the daemon says, made harmless, and must be one", async () => {
    status = stalled;
    const shown = await bindery("binding/team/orders", "--address", daemon, "--output", "json");
    expect(JSON.parse(shown.stdout)).toEqual(documentOutputFrom(stalled, document()));
    expect(shown.stdout).not.toContain("\u001b");
    const two = await bindery("team/orders", "--address", daemon, "--output", "json");
    expect(two).toMatchObject({ code: 3, stdout: "" });
    expect(two.stderr).toContain("There are two documents");
  });

  test("that is not there is bad input", async () => {
    const shown = await bindery("team/other", "--address", daemon);
    expect(shown.code).toBe(3);
    expect(shown.stderr).toContain('knows no document "team/other"');
  });
});

test("the JSON of all is what the daemon says", async () => {
  status = stalled;
  const shown = await bindery("--address", `${daemon}/`, "--output", "json");
  expect(shown.code).toBe(2);
  expect(JSON.parse(shown.stdout)).toEqual(statusOutputFrom(stalled));
});

test("the API itself answers with nothing that steers a terminal", async () => {
  status = stalled;
  for (const path of ["status", "documents/IdentityBinding/team/orders"]) {
    const text = await (await fetch(`${daemon}/api/v1/${path}`)).text();
    expect(text).toContain("\\u001b[2J");
    expect(text).not.toContain("\u001b");
  }
});

describe("watching", () => {
  /** Each time the clock is asked to wait, the next thing happens; after the last one it is stopped. */
  async function watched(options: Partial<StatusOptions>, steps: readonly (() => void)[], named?: string) {
    const io = screens();
    let stop: (signal: string) => void = () => undefined;
    const hearing: CliIo = {
      ...io,
      onSignal: (listener) => {
        stop = listener;
        return () => undefined;
      },
    };
    const left = [...steps];
    const clock: Clock = {
      now: () => 0,
      sleep: (_, signal) => {
        const next = left.shift();
        if (next) next();
        else stop("SIGINT");
        signal.throwIfAborted();
        return Promise.resolve();
      },
    };
    const all: StatusOptions = { address: daemon, watch: true, output: "text", ...options };
    const code = await runStatus(named, all, hearing, clock);
    return { code, stdout: io.stdout.text, stderr: io.stderr.text };
  }
  const becomes = (next: typeof status) => () => {
    status = next;
  };

  test("tells what changes, one line each, and ends as it last stood", async () => {
    status = ready;
    const shown = await watched({}, [() => undefined, becomes(stalled), () => undefined, becomes(ready)]);
    expect(shown.code).toBe(0);
    expect(shown.stdout.split("\n").map((line) => line.replace(/^\S+ {2}/, ""))).toEqual([
      "role  not known yet, owner prod",
      "revision  r1",
      "documents  3 Ready",
      "IdentityBinding team/orders  Stalled NotOwned: It is not ours.\\u{1b}[2J",
      "IdentityBinding team/orders  Ready UpToDate",
      "",
    ]);
    expect((await watched({}, [becomes(stalled)])).code).toBe(2);
  });

  test("as JSON gives one line for each change", async () => {
    status = ready;
    const looksAgain = statusOf(looked, turnStarted(2), passOf(3, identity, {}, only), turnEnded(4), {
      ...looked,
      atInMs: 9,
    });
    const shown = await watched({ output: "json" }, [becomes(looksAgain), becomes(stalled)]);
    const lines = shown.stdout.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { ready: boolean }).ready)).toEqual([true, false]);
  });

  test("tells of one document alone", async () => {
    status = ready;
    const shown = await watched({}, [becomes(stalled)], "binding/team/orders");
    expect(shown.stdout.split("\n")).toMatchObject(
      [/Ready UpToDate$/, /Stalled NotOwned/, ""].map((one) => expect.stringMatching(one)),
    );
  });

  test("goes on while nobody answers, and says so once", async () => {
    const answers = new Hono();
    let isDown = true;
    answers.all("*", (c) => (isDown ? c.text("", 503) : api().fetch(c.req.raw)));
    const address = await served(answers);
    status = ready;
    const comes = () => {
      isDown = false;
    };
    const shown = await watched({ address }, [() => undefined, comes]);
    expect(shown.code).toBe(0);
    expect(shown.stderr).toBe(`The daemon at ${address} answered 503.\n`);
    expect(shown.stdout).toContain("documents  3 Ready");
    isDown = true;
    expect((await watched({ address }, [])).code).toBe(1);
  });

  test("ends at once where asking again cannot help", async () => {
    await expect(watched({ address: guarded }, [])).rejects.toThrow("asks for a token");
  });
});
