// Real Git servers on loopback: git http-backend behind TLS, and OpenSSH's sshd; and repositories of every kind.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { join } from "node:path";

/** One request as the server saw it. */
export interface SeenRequest {
  readonly url: string;
  readonly authorization?: string;
}

export interface HttpsGit extends AsyncDisposable {
  readonly port: number;
  /** The certificate authority, PEM. */
  readonly caFile: string;
  readonly requests: SeenRequest[];
  /** What a request must carry; undefined: nothing. */
  authorization: string | undefined;
  /** Speaks protocol 0 only, in which a server gives no commit by its id unless a ref stands there. */
  isOld: boolean;
  /** True for a request that is never answered. */
  isIgnored: ((request: IncomingMessage) => boolean) | undefined;
  /** Answers instead of git where it is set. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

function git(cwd: string, ...args: readonly string[]): string {
  return gitWith({}, cwd, ...args);
}

/** Runs git for a test: with a configuration of its own, and stdin where it is given. */
export function gitWith(
  { input }: { readonly input?: string | Buffer },
  cwd: string,
  ...args: readonly string[]
): string {
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "A",
    GIT_COMMITTER_EMAIL: "a@example.com",
  };
  return execFileSync("git", args, {
    cwd,
    env,
    encoding: "utf8",
    ...(input !== undefined && { input }),
  }).trim();
}

/** A bare repository below `root`, into which commits are written without a working tree. */
export function newRepository(root: string, name: string): string {
  const path = join(root, name);
  mkdirSync(path, { recursive: true });
  git(path, "init", "--quiet", "--bare", "--initial-branch=main");
  git(path, "config", "http.receivepack", "false");
  return path;
}

/** One entry of a tree, as git mktree reads it. */
export interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

export function blob(repository: string, text: string | Buffer): string {
  return gitWith({ input: text }, repository, "hash-object", "-w", "--stdin", "--no-filters");
}

export function tree(repository: string, entries: readonly Entry[]): string {
  const types: Record<string, string> = { "040000": "tree", "160000": "commit" };
  const lines = entries.map(({ mode, name, id }) => `${mode} ${types[mode] ?? "blob"} ${id}\t${name}\0`);
  return gitWith({ input: lines.join("") }, repository, "mktree", "-z", "--missing");
}

/** A tree as raw bytes: what git itself would refuse to write. */
export function rawTree(
  repository: string,
  entries: readonly { mode: string; name: Buffer; id: string }[],
): string {
  const bytes = entries.map(({ mode, name, id }) =>
    Buffer.concat([Buffer.from(`${mode} `), name, Buffer.from([0]), Buffer.from(id, "hex")]),
  );
  return gitWith(
    { input: Buffer.concat(bytes) },
    repository,
    ...["hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
  );
}

/** The tree of these files: folders come of the `/` in their names; a value may be an entry of its own. */
export function treeOf(
  repository: string,
  files: Readonly<Record<string, string | Omit<Entry, "name">>>,
): string {
  const own = new Map<string, Omit<Entry, "name">>();
  const below = new Map<string, Record<string, string | Omit<Entry, "name">>>();
  for (const [path, value] of Object.entries(files)) {
    const [first = "", ...rest] = path.split("/");
    if (rest.length === 0) {
      own.set(first, typeof value === "string" ? { mode: "100644", id: blob(repository, value) } : value);
    } else {
      below.set(first, { ...below.get(first), [rest.join("/")]: value });
    }
  }
  for (const [name, inner] of below) own.set(name, { mode: "040000", id: treeOf(repository, inner) });
  return tree(
    repository,
    [...own].map(([name, entry]) => ({ name, ...entry })),
  );
}

/** A commit of a tree at the tip of a branch; signed with an SSH key where one is named. */
export function commit(
  repository: string,
  treeId: string,
  { branch = "main", key, parents = [] }: { branch?: string; key?: string; parents?: readonly string[] } = {},
): string {
  const signing = key === undefined ? [] : ["-c", "gpg.format=ssh", "-c", `user.signingkey=${key}`];
  const id = git(
    repository,
    ...signing,
    "commit-tree",
    ...(key === undefined ? [] : ["-S"]),
    ...parents.flatMap((parent) => ["-p", parent]),
    ...["-m", "a commit", treeId],
  );
  git(repository, "update-ref", `refs/heads/${branch}`, id);
  return id;
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: "pipe" });
}

/** A private key in a file, without a passphrase; the public one stands in `FILE.pub`. */
export function sshKey(file: string): string {
  run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8").trim().split(" ").slice(0, 2).join(" ");
}

/** A certificate authority, and a certificate of it for loopback and Azure DevOps. */
export function certificateIn(folder: string): {
  readonly caFile: string;
  readonly key: string;
  readonly cert: string;
} {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => run("openssl", args);
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...curve,
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
    "-subj",
    "/CN=test ca",
    "-days",
    "2",
  );
  openssl("req", ...curve, "-keyout", at("tls.key"), "-out", at("tls.csr"), "-subj", "/CN=localhost");
  writeFileSync(at("tls.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:dev.azure.com\n");
  const authority = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
  openssl(
    "x509",
    "-req",
    "-in",
    at("tls.csr"),
    ...authority,
    "-extfile",
    at("tls.ext"),
    "-out",
    at("tls.pem"),
  );
  return {
    caFile: at("ca.pem"),
    key: readFileSync(at("tls.key"), "utf8"),
    cert: readFileSync(at("tls.pem"), "utf8"),
  };
}

/** Serves every repository below `root` as git's own CGI program does. */
export async function httpsGit(root: string, folder: string): Promise<HttpsGit> {
  const { caFile, key, cert } = certificateIn(folder);
  const requests: SeenRequest[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const { authorization } = request.headers;
    requests.push({ url: request.url ?? "", ...(authorization !== undefined && { authorization }) });
    if (served.isIgnored?.(request)) return;
    if (served.instead) {
      served.instead(request, response);
      return;
    }
    if (served.authorization !== undefined && authorization !== served.authorization) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    if (served.isOld) delete request.headers["git-protocol"];
    runBackend(root, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const served: HttpsGit = {
    port: (server.address() as AddressInfo).port,
    caFile,
    requests,
    authorization: undefined,
    isOld: false,
    isIgnored: undefined,
    instead: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return served;
}

const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");

function runBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "https://localhost");
  const { headers } = request;
  const optional = {
    CONTENT_TYPE: headers["content-type"],
    CONTENT_LENGTH: headers["content-length"],
    HTTP_CONTENT_ENCODING: headers["content-encoding"],
    GIT_PROTOCOL: headers["git-protocol"]?.toString(),
  };
  const child = spawn(backend, [], {
    env: {
      PATH: process.env.PATH ?? "",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  let head: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    child.stdout.off("data", onData);
    const lines = head
      .toString("latin1", 0, end)
      .split("\r\n")
      .map((line) => line.split(": ") as [string, string]);
    const status = lines.find(([name]) => name === "Status")?.[1] ?? "200";
    response.writeHead(
      Number.parseInt(status, 10),
      Object.fromEntries(lines.filter(([name]) => name !== "Status")),
    );
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on("data", onData);
  response.on("close", () => child.kill());
}

export const sshdPath = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path));

export interface SshGit extends AsyncDisposable {
  readonly port: number;
  /** A line of a known_hosts file. */
  readonly knownHost: string;
}

/** Serves git over a real sshd, for one key, which may run what git runs on a server and nothing else. */
export async function sshGit(folder: string, publicKey: string): Promise<SshGit> {
  if (sshdPath === undefined) throw new Error("there is no sshd");
  const at = (name: string): string => join(folder, name);
  const hostKey = sshKey(at("host_key"));
  writeFileSync(
    at("authorized_keys"),
    `command="git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"",restrict ${publicKey}\n`,
  );
  chmodSync(at("authorized_keys"), 0o600);
  const port = await freePort();
  // Of a process that is not root, sshd lets in its own user only, which is enough here.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${at("host_key")}`,
    `AuthorizedKeysFile ${at("authorized_keys")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    `PidFile ${at("sshd.pid")}`,
  ];
  writeFileSync(at("sshd_config"), `${settings.join("\n")}\n`);
  const child = spawn(sshdPath, ["-D", "-e", "-f", at("sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await untilListening(port, child);
  return {
    port,
    knownHost: `[127.0.0.1]:${port} ${hostKey}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "close");
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`sshd has ended: ${said}`);
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`sshd does not listen: ${said}`);
}

/** A proxy that leads every tunnel to one port of loopback, and remembers what it was asked. */
export async function tunnelTo(port: number): Promise<AsyncDisposable & { port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (head) => {
      asked.push(head.toString("latin1"));
      const onward = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}
