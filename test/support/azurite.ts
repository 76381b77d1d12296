// Azurite, Microsoft's emulator of storage, as a process of its own beside a sandbox whose tokens it accepts.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { createRequire } from "node:module";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientSecretCredential } from "@azure/identity";
import { type CertificateAuthority, createCertificateAuthority } from "../../src/sandbox/pki.ts";
import type { ReadyLine } from "../../src/sandbox/start.ts";

const require = createRequire(import.meta.url);
const program = require.resolve("azurite/dist/src/blob/main.js");

/** A running Azurite, with one storage account. */
export interface Azurite {
  /** "bindery.blob.core.windows.net", for which it has a certificate. */
  readonly host: string;
  /** "127.0.0.1:PORT" */
  readonly address: string;
  /** Its certificate, which is good for loopback too, and the authority to trust. */
  readonly pki: CertificateAuthority;
  /** Sends one request as the caller of a sandbox; what it gives is the status. */
  send(
    method: string,
    path: string,
    as: ReadyLine,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<number>;
  close(): Promise<void>;
}

/** Starts Azurite on loopback, in memory, with OAuth and without telemetry. */
export async function startAzurite(): Promise<Azurite> {
  const account = "bindery";
  const host = `${account}.blob.core.windows.net`;
  const pki = await createCertificateAuthority({ hosts: ["*.blob.core.windows.net"], now: Date.now });
  const folder = await mkdtemp(join(tmpdir(), "bindery-azurite-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(cert, `${pki.certificatePem}\n${pki.caPem}`);
  await writeFile(key, pki.keyPem, { mode: 0o600 });
  const flags = ["--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"];
  const options = [
    "--blobHost",
    "127.0.0.1",
    "--blobPort",
    "0",
    "--oauth",
    "basic",
    "--cert",
    cert,
    "--key",
    key,
  ];
  const child = spawn(process.execPath, [program, ...flags, ...options], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? "",
      AZURITE_ACCOUNTS: `${account}:${randomBytes(32).toString("base64")}`,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const port = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      const [, found] = /successfully listens on https:\/\/[^:]+:(\d+)/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    exit.then(() => reject(new Error(`Azurite has ended: ${text}`)), reject);
  });
  return {
    host,
    address: `127.0.0.1:${port}`,
    pki,
    async send(method, path, as, headers = {}, body = "") {
      const authorization = `Bearer ${await tokenOf(as)}`;
      const all = {
        host,
        authorization,
        "x-ms-version": "2025-01-05",
        ...headers,
        ...(body !== "" && { "content-length": String(body.length) }),
      };
      const options = { host: "127.0.0.1", port, servername: host, ca: pki.caPem, agent: false as const };
      const sent = request({ ...options, method, path, headers: all }).end(body);
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      answer.resume();
      return answer.statusCode ?? 0;
    },
    async close() {
      child.kill("SIGKILL");
      await exit;
      await rm(folder, { recursive: true });
    },
  };
}

/** A token for storage, of a sandbox's own Entra. */
async function tokenOf({ authority, tenantId, clientId, clientSecret, caFile }: ReadyLine): Promise<string> {
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
    authorityHost: authority,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: readFileSync(caFile, "utf8") },
  });
  return (await credential.getToken("https://storage.azure.com/.default")).token;
}

/** A way to a server that can be cut: what is open ends without a word, and nothing gets through any more. */
export interface Wire {
  readonly address: string;
  cut(): void;
  /** From now on whoever knocks gets through again. */
  mend(): void;
  close(): Promise<void>;
}

/** Opens a way to an address on loopback. */
export async function wireTo(address: string): Promise<Wire> {
  const [host = "", port = ""] = address.split(":");
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    open.add(near);
    near.on("error", () => undefined).on("close", () => open.delete(near));
    // Whoever knocks at a cut wire is left without an answer, as behind a firewall.
    if (isCut) return;
    const far = connect({ host, port: Number(port) });
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.pipe(far).pipe(near);
    near.on("cut", () => {
      near.unpipe(far);
      far.unpipe(near);
      far.removeAllListeners("close").destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${own}`,
    cut() {
      isCut = true;
      for (const socket of open) socket.emit("cut");
    },
    mend() {
      isCut = false;
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
