// Manifests out of real Git servers on loopback: what is read, what is refused, and that nothing of a repository is run.
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bounds } from "../src/model/source.ts";
import { productionSubscriptionId } from "../src/sandbox/seed/default-world.ts";
import { startSandbox } from "../src/sandbox/start.ts";
import { sandboxTenantId } from "../src/sandbox/tenant.ts";
import { type GitReading, readGitManifests } from "../src/source/git.ts";
import { parseGitLocation } from "../src/source/git-location.ts";
import type { GitAccess } from "../src/source/git-settings.ts";
import { type CliRun, type CliRunOptions, cli, exportsOf } from "./cli-run.ts";
import {
  blob,
  certificateIn,
  commit,
  gitWith,
  type HttpsGit,
  httpsGit,
  newRepository,
  rawTree,
  sshdPath,
  sshGit,
  sshKey,
  treeOf,
  tunnelTo,
} from "./support/git-server.ts";

const identity = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec:
  subscriptionId: 00000000-0000-0000-0000-000000000001
  resourceGroup: rg
  location: westeurope
  prunePolicy: Additive
`;

let folder = "";
let temporary = "";
const usual = process.env.TMPDIR;
let server: HttpsGit;
let ca = "";
let repositories = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "git-source-test-"));
  mkdirSync(join(folder, "served"));
  temporary = join(folder, "temporary");
  mkdirSync(temporary);
  process.env.TMPDIR = temporary;
  server = await httpsGit(join(folder, "served"), folder);
  ca = readFileSync(server.caFile, "utf8");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  rmSync(folder, { recursive: true });
});

afterEach(() => {
  server.authorization = undefined;
  server.instead = undefined;
  server.requests.length = 0;
  // Whatever has happened: nothing is left behind.
  expect(readdirSync(temporary)).toEqual([]);
});

/** The command line, with the same place for temporary files as this process. */
function bindery(args: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  return cli(args, { ...options, env: { TMPDIR: temporary, ...options.env } });
}

/** The embedded Azure, and the environment that leads to it. */
async function sandboxOnSockets(): Promise<AsyncDisposable & { env: Record<string, string> }> {
  const sandbox = await startSandbox();
  return {
    env: exportsOf(sandbox.ready.envFile),
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

/** Resolves when whoever has sent this request has hung up, in whatever way. */
function closing({ socket }: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", () => resolve());
  });
}

interface Repository {
  readonly path: string;
  readonly source: string;
}

function repository(): Repository {
  repositories += 1;
  const name = `r${repositories}.git`;
  return {
    path: newRepository(join(folder, "served"), name),
    source: `git+https://127.0.0.1:${server.port}/${name}`,
  };
}

interface ReadOptions extends Partial<Omit<GitReading, "access">> {
  readonly ref?: string;
  readonly paths?: readonly string[];
  readonly access?: GitAccess;
}

async function read(source: string, { ref, paths = [], access = {}, ...rest }: ReadOptions = {}) {
  const reading = await readGitManifests(parseGitLocation(source, ref, paths), {
    access: { ca, ...access },
    handedOn: { path: process.env.PATH ?? "", proxies: {} },
    signal: new AbortController().signal,
    ...rest,
  });
  return {
    ...reading,
    texts: Object.fromEntries(reading.files.map((file) => [file.path, new TextDecoder().decode(file.bytes)])),
    problems: reading.diagnostics.map((d) => `${d.severity} ${d.file}: ${d.message}`),
  };
}

describe("what is read", () => {
  let r: Repository;
  let first = "";
  let second = "";

  beforeAll(() => {
    r = repository();
    first = commit(r.path, treeOf(r.path, { "a.yaml": "one", "old.yaml": "old" }));
    const files = {
      "a.yaml": "two",
      "team/b.yml": "b",
      "team/sub/c.yaml": "c",
      "other/d.yaml": "d",
      "README.md": "no",
      "kustomization.yaml": "no",
      ".github/workflow.yaml": "no",
    };
    second = commit(r.path, treeOf(r.path, files), { parents: [first] });
    gitWith({}, r.path, "update-ref", "refs/heads/both", first);
    gitWith({}, r.path, "tag", "both", second);
    gitWith({}, r.path, "tag", "-a", "-m", "a tag", "v1", first);
    gitWith({}, r.path, "tag", "not-a-commit", `${first}^{tree}`);
  });

  test("the commit of the remote's HEAD, with files named as in the repository", async () => {
    const reading = await read(r.source);
    expect(reading.texts).toEqual({
      "a.yaml": "two",
      "other/d.yaml": "d",
      "team/b.yml": "b",
      "team/sub/c.yaml": "c",
    });
    expect(reading.revision.id).toBe(second);
    expect(reading.problems).toEqual([]);
    expect(reading.files.map((file) => file.folder)).toEqual(["", "other", "team", "team/sub"]);
  });

  test.each([
    ["a branch", "main", () => second],
    ["a tag with a message", "v1", () => first],
    ["a whole ref", "refs/tags/both", () => second],
    ["a whole ref of a branch", "refs/heads/both", () => first],
  ])("%s", async (_, ref, expected) => {
    expect((await read(r.source, { ref })).revision.id).toBe(expected());
  });

  test("a commit that is no tip, by its id", async () => {
    const reading = await read(r.source, { ref: first });
    expect([reading.revision.id, reading.texts]).toEqual([first, { "a.yaml": "one", "old.yaml": "old" }]);
  });

  test("folders and files in it; the revision says which", async () => {
    const reading = await read(r.source, { paths: ["team", "other/d.yaml"] });
    expect(Object.keys(reading.texts)).toEqual(["other/d.yaml", "team/b.yml", "team/sub/c.yaml"]);
    expect(reading.files.map((file) => file.folder)).toEqual([undefined, "", "sub"]);
    expect(reading.revision.id).toBe(`${second}:team,other/d.yaml`);
  });

  test("a folder inside another one only once, relative to the outer one", async () => {
    const reading = await read(r.source, { paths: ["team/sub", "team"] });
    expect(reading.files.map((file) => [file.path, file.folder])).toEqual([
      ["team/b.yml", ""],
      ["team/sub/c.yaml", "sub"],
    ]);
  });

  test.each([
    ["a path that is not there", "teams", "error teams: there is no such file or folder in the commit"],
    ["a path below a file", "a.yaml/b", "error a.yaml/b: there is no such file or folder in the commit"],
    ["a folder without manifests", ".github/workflow.yaml", undefined],
  ])("%s", async (_, path, problem) => {
    expect((await read(r.source, { paths: [path] })).problems).toEqual(
      problem === undefined ? [] : [problem],
    );
  });

  test.each([
    ["a ref that does not exist", "nope", 'The ref "nope" does not exist.'],
    ["a branch and a tag of the same name", "both", '--ref "both" is both a branch and a tag.'],
    ["a tag of something else", "not-a-commit", 'The ref "not-a-commit" is no commit.'],
    ["a commit that is not there", "1".repeat(40), "The server has no such commit, or does not give it."],
  ])("%s is refused", async (_, ref, message) => {
    await expect(read(r.source, { ref })).rejects.toMatchObject({ code: "RefNotFound", message });
  });

  test("a repository without a commit is refused", async () => {
    await expect(read(repository().source)).rejects.toMatchObject({
      code: "RefNotFound",
      message: "The repository's HEAD does not exist: the repository is empty.",
    });
  });
});

describe("hostile repositories", () => {
  test("links and submodules are diagnostics, and nothing behind them is read", async () => {
    const r = repository();
    const link = (target: string) => ({ mode: "120000", id: blob(r.path, target) });
    const files = {
      "a.yaml": link("/etc/passwd"),
      "b.yaml": link("real/c.yaml"),
      "real/c.yaml": "c",
      CLAUDE: link("README.md"),
      "README.md": "text",
      folder: link("real"),
      outside: link("../../etc"),
      module: { mode: "160000", id: "1".repeat(40) },
    };
    commit(r.path, treeOf(r.path, files));
    const reading = await read(r.source);
    expect(reading.texts).toEqual({ "real/c.yaml": "c" });
    const link_ = "a symbolic link: in a repository they are not followed";
    expect(reading.problems).toEqual([
      `error a.yaml: ${link_}`,
      `error b.yaml: ${link_}`,
      `error folder: ${link_}`,
      "error module: a submodule: other repositories are not read",
      `error outside: ${link_}`,
    ]);
    expect((await read(r.source, { paths: ["folder/c.yaml"] })).problems).toEqual([`error folder: ${link_}`]);
    expect((await read(r.source, { paths: ["a.yaml"] })).problems).toEqual([`error a.yaml: ${link_}`]);
  });

  test("rule 24: names that no checkout could have are diagnostics, and lead nowhere", async () => {
    const r = repository();
    const id = blob(r.path, "x");
    const inner = treeOf(r.path, { "x.yaml": "x" });
    const name = (text: string): Buffer => Buffer.from(text);
    const root = rawTree(r.path, [
      { mode: "40000", name: name(".."), id: inner },
      { mode: "40000", name: name(".git"), id: inner },
      { mode: "100644", name: name("../up.yaml"), id },
      { mode: "100644", name: name("good.yaml"), id },
      { mode: "100644", name: name("good.yaml"), id: blob(r.path, "other") },
      { mode: "100644", name: Buffer.from([0xff, 0x2e, 0x79, 0x6d, 0x6c]), id },
      { mode: "100000", name: name("strange.yaml"), id },
    ]);
    commit(r.path, root);
    const reading = await read(r.source);
    expect(reading.texts).toEqual({ "good.yaml": "x" });
    expect(reading.problems).toEqual([
      'error .: a name that is not UTF-8: "ÿ.yml"',
      'error .: a name that no file can have: ".."',
      'error .: a name that no file can have: "../up.yaml"',
      'error .: a name that the folder has twice: "good.yaml"',
      "error strange.yaml: neither a file nor a folder",
    ]);
  });

  test("rule 24: attributes and filters change no byte and run nothing, whatever the user has configured", async () => {
    const r = repository();
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
    const home = mkdtempSync(join(folder, "home-"));
    const evil = join(home, "evil");
    const marker = join(home, "was-run");
    writeFileSync(evil, `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    mkdirSync(join(home, "hooks"));
    for (const hook of ["post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"]) {
      writeFileSync(join(home, "hooks", hook), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    }
    writeFileSync(
      join(home, ".gitconfig"),
      `[core]\nhooksPath = ${home}/hooks\nfsmonitor = ${evil}\nsshCommand = ${evil}\n[credential]\nhelper = ${evil}\n` +
        `[filter "evil"]\nsmudge = ${evil}\nprocess = ${evil}\n[url "https://127.0.0.1:1/"]\ninsteadOf = https://127.0.0.1\n`,
    );
    const attributes = "*.yaml filter=evil diff=evil merge=evil eol=crlf ident\n";
    commit(
      r.path,
      treeOf(r.path, {
        ".gitattributes": attributes,
        ".gitmodules": "[x]",
        "a.yaml": pointer,
        "i.yaml": `${identity}# $Id$\n`,
      }),
    );
    server.authorization = "Basic never";
    const env = {
      HOME: home,
      GIT_SSH_COMMAND: evil,
      GIT_ASKPASS: evil,
      SSH_ASKPASS: evil,
      GIT_PROXY_COMMAND: evil,
    };
    const args = ["validate", "--source", r.source, "--git-ca-file", server.caFile, "--path", "i.yaml"];
    const locked = await bindery(args, { env });
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining("does not let Bindery read")]);
    server.authorization = undefined;
    expect(await bindery(args, { env })).toMatchObject({ code: 0 });
    expect((await read(r.source)).texts).toEqual({ "a.yaml": pointer, "i.yaml": `${identity}# $Id$\n` });
    expect(existsSync(marker)).toBe(false);
  });

  test("a file that is too large is a diagnostic, and a small pack that unfolds into it does no harm", async () => {
    const r = repository();
    const huge = { mode: "100644", id: blob(r.path, Buffer.alloc(64 * 1024 * 1024)) };
    commit(r.path, treeOf(r.path, { "huge.yaml": huge, "a.yaml": "a" }));
    const reading = await read(r.source);
    expect(reading.problems).toEqual([
      `error huge.yaml: larger than ${bounds.fileBytes} bytes, the bound for one file`,
    ]);
    expect(Object.keys(reading.texts)).toEqual(["a.yaml"]);
  });

  test("a pack above the bound ends the fetch", async () => {
    const r = repository();
    commit(
      r.path,
      treeOf(r.path, {
        "a.yaml": "a",
        "noise.bin": { mode: "100644", id: blob(r.path, randomBytes(3_000_000)) },
      }),
    );
    await expect(read(r.source, { within: { packBytes: 1_000_000 } })).rejects.toMatchObject({
      code: "TooLarge",
      message: "One commit of the repository is more than 1000000 bytes, compressed.",
    });
  });

  test("more entries than the bound are one error; a tree that holds itself many times over is no trap", async () => {
    const r = repository();
    const id = blob(r.path, "x");
    const entry = (name: string) => [name, { mode: "100644", id }] as const;
    const many = Array.from({ length: bounds.folderEntries + 1 }, (_, i) => entry(`f${i}.txt`));
    commit(r.path, treeOf(r.path, Object.fromEntries(many)), { branch: "many" });
    expect((await read(r.source, { ref: "many" })).problems).toEqual([
      `error .: more than ${bounds.folderEntries} folder entries; nothing after this was read`,
    ]);
    let bomb = treeOf(r.path, { "x.yaml": "x" });
    for (let level = 0; level < 12; level += 1) {
      const tenfold = Array.from({ length: 10 }, (_, i) => [`d${i}`, { mode: "040000", id: bomb }]);
      bomb = treeOf(r.path, Object.fromEntries(tenfold));
    }
    commit(r.path, bomb, { branch: "bomb" });
    const within = { folderEntries: 500 };
    expect((await read(r.source, { ref: "bomb", within })).problems).toEqual([
      expect.stringContaining("more than 500 folder entries"),
    ]);
    let deep = treeOf(r.path, { "x.yaml": "x" });
    for (let level = 0; level < 20; level += 1) deep = treeOf(r.path, { d: { mode: "040000", id: deep } });
    commit(r.path, deep, { branch: "deep" });
    expect((await read(r.source, { ref: "deep" })).problems).toEqual([
      expect.stringContaining(`more than ${bounds.folderDepth} folders inside each other`),
    ]);
  });

  test("files and bytes of all together are bounded", async () => {
    const r = repository();
    commit(r.path, treeOf(r.path, { "a.yaml": "aa", "b.yaml": "bb", "c.yaml": "cc" }));
    expect((await read(r.source, { within: { files: 2 } })).problems).toEqual([
      "error c.yaml: more than 2 files; nothing after this was read",
    ]);
    expect((await read(r.source, { within: { totalBytes: 4 } })).problems).toEqual([
      "error c.yaml: more than 4 bytes in all files together; nothing after this was read",
    ]);
  });
});

describe("what keeps a repository from being read", () => {
  let r: Repository;
  beforeAll(() => {
    r = repository();
    commit(r.path, treeOf(r.path, { "i.yaml": identity }));
  });

  test("it is not there", async () => {
    const source = r.source.replace("/r", "/none");
    await expect(read(source)).rejects.toMatchObject({ code: "RepositoryNotFound" });
  });

  test("its certificate is not trusted", async () => {
    const { caFile } = certificateIn(mkdtempSync(join(folder, "ca-")));
    const other = { ca: readFileSync(caFile, "utf8") };
    await expect(read(r.source, { access: other })).rejects.toMatchObject({
      code: "CertificateNotTrusted",
    });
    expect(server.requests).toEqual([]);
  });

  test("nobody listens", async () => {
    const source = r.source.replace(`:${server.port}/`, ":1/");
    await expect(read(source)).rejects.toMatchObject({ code: "Unreachable" });
  });

  test("the server is broken", async () => {
    server.instead = (_, response) => void response.writeHead(503).end();
    await expect(read(r.source)).rejects.toMatchObject({ code: "Unreachable" });
  });

  test("the server never answers: git and its helpers are gone afterwards", async () => {
    let closed: Promise<unknown> | undefined;
    server.instead = (request) => {
      closed = closing(request);
    };
    await expect(read(r.source, { within: { answerInMs: 700 } })).rejects.toMatchObject({
      code: "Unreachable",
      message: "127.0.0.1 has not answered within 1 seconds.",
    });
    expect(closed).toBeDefined();
    await closed;
    await expect(read(r.source, { within: { totalInMs: 700 } })).rejects.toMatchObject({ code: "TimedOut" });
  });

  test("a stop ends it with the stop's reason", async () => {
    const stop = new AbortController();
    const reason = new Error("stopped");
    server.instead = () => stop.abort(reason);
    await expect(read(r.source, { signal: stop.signal })).rejects.toBe(reason);
  });

  test("git is not there", async () => {
    await expect(read(r.source, { handedOn: { path: "/nonexistent", proxies: {} } })).rejects.toMatchObject({
      code: "GitMissing",
      message: "Git is not installed.",
    });
  });

  test("rule 24: it has moved: no redirect is followed, least of all with the credential", async () => {
    const elsewhere = mkdtempSync(join(folder, "elsewhere-"));
    await using other = await httpsGit(join(folder, "served"), elsewhere);
    server.instead = (request, response) => {
      response.writeHead(302, { location: `https://localhost:${other.port}${request.url}` }).end();
    };
    const both = `${ca}${readFileSync(other.caFile, "utf8")}`;
    const access = { ca: both, authorization: "Basic dTpzM2NyZXQ=" };
    await expect(read(r.source, { access })).rejects.toMatchObject({ code: "Redirected" });
    expect(server.requests).toHaveLength(1);
    expect(other.requests).toEqual([]);
  });
});

describe("credentials", () => {
  const token = `t0ken-${randomBytes(12).toString("hex")}`;
  let r: Repository;
  let tokenFile = "";

  beforeAll(() => {
    r = repository();
    commit(r.path, treeOf(r.path, { "i.yaml": identity }));
    tokenFile = join(folder, "token");
    writeFileSync(tokenFile, `${token}\n`);
  });

  function basic(user: string): string {
    return `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}`;
  }

  /** Every argument of every process that runs now. */
  function commandLines(): string {
    return globSync("/proc/[0-9]*/cmdline")
      .map((file) => {
        try {
          return readFileSync(file, "utf8").replaceAll("\0", " ");
        } catch {
          return ""; // It has ended meanwhile.
        }
      })
      .join("\n");
  }

  test.each([
    ["a file", "x-access-token", {}, true],
    ["the environment", "x-access-token", { BINDERY_GIT_TOKEN: token }, false],
    ["the environment, with a user", "robot", { BINDERY_GIT_TOKEN: token, BINDERY_GIT_USER: "robot" }, false],
  ])("from %s reach the server, and no output and no argument list", async (_, user, env, isFile) => {
    server.authorization = basic(user);
    let seen = "";
    const watching = setInterval(() => {
      seen += commandLines();
    }, 20);
    const args = ["--source", r.source, "--git-ca-file", server.caFile];
    const run = await bindery(["validate", ...args, ...(isFile ? ["--git-token-file", tokenFile] : [])], {
      env,
    });
    clearInterval(watching);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toMatch(/^Source: git\+https:\/\/127\.0\.0\.1:\d+\/r\d+\.git at [0-9a-f]{40}$/m);
    expect(new Set(server.requests.map((request) => request.authorization))).toEqual(new Set([basic(user)]));
    expect(seen).toContain("ls-remote");
    for (const text of [run.stdout, run.stderr, seen]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(basic(user).slice("Basic ".length));
    }
  });

  test("a token that the server repeats in an error does not come back", async () => {
    server.instead = (_, response) => {
      const line = `ERR you sent ${token} and ${basic("x-access-token")}`;
      const packet = (text: string): string => `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;
      response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" });
      response.end(`${packet("# service=git-upload-pack\n")}0000${packet(line)}`);
    };
    const args = ["validate", "--source", r.source, "--git-ca-file", server.caFile];
    const run = await bindery(args, { env: { BINDERY_GIT_TOKEN: token, BINDERY_DEBUG: "1" } });
    expect([run.code, run.stdout]).toEqual([1, ""]);
    expect(run.stderr).toContain("you sent …");
    expect(run.stderr).not.toContain(token);
    expect(run.stderr).not.toContain(basic("x-access-token").slice(6));
  });

  test("a wrong token is a failure with a cure", async () => {
    server.authorization = "Basic other";
    const args = ["validate", "--source", r.source, "--git-ca-file", server.caFile];
    const run = await bindery([...args, "--git-token-file", tokenFile]);
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("--git-token-file")]);
    expect(run.stderr).not.toContain(token);
  });

  test("the token of Entra goes to Azure DevOps through a proxy, which does not see it", async () => {
    await using proxy = await tunnelTo(server.port);
    server.authorization = `Bearer ${token}`;
    const source = r.source.replace(`127.0.0.1:${server.port}`, "dev.azure.com");
    const proxies = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    const handedOn = { path: process.env.PATH ?? "", proxies };
    const reading = await read(source, { access: { authorization: `Bearer ${token}` }, handedOn });
    expect(Object.keys(reading.texts)).toEqual(["i.yaml"]);
    expect(proxy.asked[0]).toMatch(/^CONNECT dev\.azure\.com:443 /);
    expect(proxy.asked.join()).not.toContain(token);
  });

  test("--git-entra signs in with the credential for Azure, for Azure DevOps only", async () => {
    await using sandbox = await sandboxOnSockets();
    await using proxy = await tunnelTo(server.port);
    const audiences: unknown[] = [];
    server.instead = ({ headers }, response) => {
      const payload = (headers.authorization ?? "").match(/^Bearer [^.]+\.([^.]+)\./)?.[1] ?? "";
      audiences.push((JSON.parse(Buffer.from(payload, "base64url").toString()) as { aud: unknown }).aud);
      response.writeHead(403).end();
    };
    const proxies = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "127.0.0.1,localhost" };
    const source = r.source.replace(`127.0.0.1:${server.port}`, "dev.azure.com");
    const args = ["validate", "--source", source, "--git-entra", "--git-ca-file", server.caFile];
    const run = await bindery(args, { env: { ...sandbox.env, ...proxies } });
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("does not let Bindery read")]);
    expect(audiences).toEqual(["499b84ac-1321-427f-aa17-267ca6975798"]);
    expect(run.stderr).not.toContain("eyJ");
  });

  test.each([
    ["another host than Azure DevOps", ["--git-entra"], {}, "--git-entra is for Azure DevOps"],
    ["a token of two lines", [], { BINDERY_GIT_TOKEN: "a\nX-Evil: b" }, "BINDERY_GIT_TOKEN holds no token"],
    [
      "a user with a colon",
      [],
      { BINDERY_GIT_TOKEN: "a", BINDERY_GIT_USER: "a:b" },
      "BINDERY_GIT_USER holds",
    ],
    ["a token file that is not there", ["--git-token-file", "/nope"], {}, "The token /nope cannot be read"],
    ["SSH options", ["--ssh-key", "/nope"], {}, "--ssh-key is not for git+https://"],
    ["a PATH besides", ["manifests"], {}, "There is a PATH"],
    ["a ref that is an option", ["--ref=--upload-pack=id"], {}, "is no name of a branch or tag"],
  ])("%s is bad input, and nothing is sent", async (_, more, env, message) => {
    const run = await bindery(["validate", "--source", r.source, "--git-ca-file", server.caFile, ...more], {
      env,
    });
    expect([run.code, run.stdout, run.stderr]).toEqual([3, "", expect.stringContaining(message)]);
    expect(server.requests).toEqual([]);
  });

  test("an address with a credential is refused without repeating it", async () => {
    const run = await bindery(["validate", "--source", r.source.replace("127", `u:${token}@127`)]);
    expect([run.code, run.stderr]).toEqual([3, expect.stringContaining("holds a user name or password")]);
    expect(run.stderr).not.toContain(token);
  });

  test("Ctrl-C while the server is silent ends the command, git and the temporary folder", async () => {
    let closed: Promise<unknown> | undefined;
    const args = ["validate", "--source", r.source, "--git-ca-file", server.caFile];
    const run = await bindery(args, {
      onStart: (child) => {
        server.instead = (request) => {
          closed = closing(request);
          child.kill("SIGINT");
        };
      },
    });
    expect([run.code, run.stderr]).toEqual([1, "Stopped (SIGINT). Nothing was written to Azure.\n"]);
    await closed;
  });

  test("a second Ctrl-C leaves nothing running and nothing behind either", async () => {
    let closed: Promise<unknown> | undefined;
    const args = ["validate", "--source", r.source, "--git-ca-file", server.caFile];
    const run = await bindery(args, {
      onStart: (child) => {
        server.instead = (request) => {
          closed = closing(request);
          child.kill("SIGINT");
          child.kill("SIGTERM");
        };
      },
    });
    expect([1, 130]).toContain(run.code);
    await closed;
  });

  test("mistakes are shown with the file's name in the repository; plan stops at them", async () => {
    const broken = repository();
    const files = { "team/i.yaml": identity.replace("Additive", "Additiv") };
    const id = commit(broken.path, treeOf(broken.path, files));
    const policy = join(folder, "policy.yaml");
    writeFileSync(
      policy,
      `apiVersion: bindery.dev/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec:\n  owner: p\n  tenantId: 00000000-0000-0000-0000-000000000002\n  estate: { subscriptions: [00000000-0000-0000-0000-000000000001] }\n`,
    );
    const args = [
      "--source",
      broken.source,
      "--git-ca-file",
      server.caFile,
      "--path",
      "team",
      "--policy",
      policy,
    ];
    const run = await bindery(["plan", ...args]);
    expect(run.code).toBe(3);
    expect(run.stderr).toContain("team/i.yaml:8:16 error spec.prunePolicy");
    expect(run.stderr).toContain(`at ${id}:team`);
    expect(run.stderr).not.toContain("Azure: cloud");
  });
});

test("a plan carries the commit's id; a saved one is refused for another commit", async () => {
  await using sandbox = await sandboxOnSockets();
  const r = repository();
  const documents = identity.replace("00000000-0000-0000-0000-000000000001", productionSubscriptionId);
  const id = commit(r.path, treeOf(r.path, { "prod/i.yaml": documents }));
  const policy = join(folder, "sandbox-policy.yaml");
  writeFileSync(
    policy,
    `apiVersion: bindery.dev/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec:\n  owner: p\n  tenantId: ${sandboxTenantId}\n  estate: { subscriptions: [${productionSubscriptionId}] }\n`,
  );
  const saved = join(folder, "plan.json");
  const source = ["--source", r.source, "--git-ca-file", server.caFile, "--path", "prod", "--policy", policy];
  const { env } = sandbox;
  const plan = await bindery(["plan", ...source, "--output", "json", "--out", saved], { env });
  expect([plan.code, JSON.parse(plan.stdout)]).toMatchObject([0, { revision: `${id}:prod` }]);
  commit(r.path, treeOf(r.path, { "prod/i.yaml": `${documents}  tags: { a: b }\n` }), { parents: [id] });
  const apply = await bindery(["apply", ...source, "--plan", saved], { env });
  expect([apply.code, apply.stderr]).toEqual([4, expect.stringContaining("The saved plan")]);
  const same = await bindery(["apply", ...source, "--plan", saved, "--ref", id], { env });
  expect(same.stderr).toContain(`at ${id}:prod`);
  expect(same.stderr).toContain("Only what stands in the plan of");
});

describe("signed commits", () => {
  let r: Repository;
  let signers = "";
  let key = "";
  let stranger = "";

  beforeAll(() => {
    r = repository();
    key = join(folder, "signer");
    stranger = join(folder, "stranger");
    signers = `a@example.com namespaces="git" ${sshKey(key)}\n`;
    sshKey(stranger);
    const files = treeOf(r.path, { "i.yaml": identity });
    const good = commit(r.path, files, { branch: "good", key });
    commit(r.path, files, { branch: "unsigned", parents: [good] });
    commit(r.path, files, { branch: "stranger", key: stranger });
    gitWith({}, r.path, "tag", "-a", "-m", "a tag", "of-good", good);
    gitWith({}, r.path, "tag", "-a", "-m", "a tag", "of-unsigned", "unsigned");
    const text = gitWith({}, r.path, "cat-file", "commit", good).replace("a commit", "another commit");
    const spoilt = gitWith({ input: `${text}\n` }, r.path, "hash-object", "-t", "commit", "-w", "--stdin");
    gitWith({}, r.path, "update-ref", "refs/heads/spoilt", spoilt);
    const pgp = text.replace(
      /-----BEGIN SSH.*END SSH SIGNATURE-----/s,
      "-----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----",
    );
    const foreign = gitWith({ input: `${pgp}\n` }, r.path, "hash-object", "-t", "commit", "-w", "--stdin");
    gitWith({}, r.path, "update-ref", "refs/heads/pgp", foreign);
  });

  test.each(["good", "of-good"])("%s is taken", async (ref) => {
    const reading = await read(r.source, { ref, access: { allowedSigners: signers } });
    expect(Object.keys(reading.texts)).toEqual(["i.yaml"]);
  });

  test.each([
    ["unsigned", "carries no SSH signature"],
    ["of-unsigned", "carries no SSH signature"],
    ["stranger", "is signed by somebody whom the allowed signers do not name"],
    ["spoilt", "carries no signature of an allowed signer that is good"],
    ["pgp", "carries no SSH signature"],
  ])("%s is refused", async (ref, message) => {
    await expect(read(r.source, { ref, access: { allowedSigners: signers } })).rejects.toMatchObject({
      code: "CommitNotSigned",
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ["another namespace", () => signers.replace('"git"', '"file"')],
    [
      "a validity that was over before",
      () => signers.replace(" namespaces", ' valid-before="20200101",namespaces'),
    ],
    ["nobody", () => ""],
  ])("allowed signers of %s let nothing through", async (_, text) => {
    await expect(read(r.source, { ref: "good", access: { allowedSigners: text() } })).rejects.toMatchObject({
      code: "CommitNotSigned",
    });
  });

  test("the command refuses (4) what nobody has signed", async () => {
    const file = join(folder, "allowed_signers");
    writeFileSync(file, signers);
    const args = ["validate", "--source", r.source, "--git-ca-file", server.caFile, "--verify-commits", file];
    expect(await bindery([...args, "--ref", "good"])).toMatchObject({ code: 0 });
    const run = await bindery([...args, "--ref", "unsigned"]);
    expect([run.code, run.stdout, run.stderr]).toEqual([
      4,
      "",
      expect.stringMatching(/Commit [0-9a-f]{40} carries no SSH signature/),
    ]);
  });
});

if (sshdPath === undefined) {
  process.stderr.write("skipped: Git over SSH needs sshd (Debian: openssh-server)\n");
}

describe.skipIf(sshdPath === undefined)("over SSH", () => {
  let r: Repository;
  let key = "";
  let sshd: Awaited<ReturnType<typeof sshGit>>;
  let source = "";

  beforeAll(async () => {
    r = repository();
    commit(r.path, treeOf(r.path, { "i.yaml": identity }));
    const where = mkdtempSync(join(folder, "ssh %d-"));
    key = join(where, "key");
    sshd = await sshGit(mkdtempSync(join(folder, "sshd-")), sshKey(key));
    source = `git+ssh://127.0.0.1:${sshd.port}${r.path}`;
  });
  afterAll(async () => {
    await sshd[Symbol.asyncDispose]();
  });

  function ssh(over: { keyFile?: string; knownHosts?: string } = {}): GitAccess {
    return { ssh: { keyFile: key, knownHosts: `${sshd.knownHost}\n`, ...over } };
  }

  test("with a key and a known host", async () => {
    expect((await read(source, { access: ssh() })).texts).toEqual({ "i.yaml": identity });
  });

  test("by the command", async () => {
    const knownHosts = join(folder, "known_hosts");
    writeFileSync(knownHosts, `${sshd.knownHost}\n`);
    const args = ["validate", "--source", source, "--ssh-key", key];
    expect(await bindery([...args, "--ssh-known-hosts", knownHosts])).toMatchObject({ code: 0 });
    const run = await bindery(args);
    expect([run.code, run.stderr]).toEqual([
      3,
      expect.stringContaining("git+ssh:// needs --ssh-known-hosts"),
    ]);
  });

  test("a key that the server does not know", async () => {
    const other = join(mkdtempSync(join(folder, "key-")), "key");
    sshKey(other);
    await expect(read(source, { access: ssh({ keyFile: other }) })).rejects.toMatchObject({
      code: "AuthenticationFailed",
    });
  });

  test("a key that others can read", async () => {
    const open = join(mkdtempSync(join(folder, "key-")), "key");
    writeFileSync(open, readFileSync(key));
    chmodSync(open, 0o644);
    await expect(read(source, { access: ssh({ keyFile: open }) })).rejects.toMatchObject({
      code: "AuthenticationFailed",
      cure: "Run `chmod 600` on it.",
    });
  });

  test("a host that is not known, and one whose key is another one", async () => {
    await expect(read(source, { access: ssh({ knownHosts: "" }) })).rejects.toMatchObject({
      code: "HostKeyNotTrusted",
      message: "The SSH host key is not in the file of known hosts.",
    });
    const other = sshKey(join(mkdtempSync(join(folder, "host-")), "key"));
    const knownHosts = `[127.0.0.1]:${sshd.port} ${other}\n`;
    await expect(read(source, { access: ssh({ knownHosts }) })).rejects.toMatchObject({
      code: "HostKeyNotTrusted",
      message: expect.stringContaining("is another one than the known one"),
    });
  });

  test("a repository that is not there, and a server that is not", async () => {
    await expect(read(source.replace(/r\d+\.git$/, "none.git"), { access: ssh() })).rejects.toMatchObject({
      code: "RepositoryNotFound",
    });
    await expect(read(source.replace(`:${sshd.port}/`, ":1/"), { access: ssh() })).rejects.toMatchObject({
      code: "Unreachable",
    });
  });
});
