// Real TLS clients against certificates of the sandbox's authority: its own hosts pass, every other is refused.
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createAuthority, type IssuedCertificate } from "./pki/authority.ts";
import { createCertificateAuthority } from "./pki.ts";

const run = promisify(execFile);
const now = () => Date.now();

/** Shakes hands with a server that presents the certificate; resolves "accepted" or the client's reason for refusing it. */
async function handshake(caPem: string, issued: IssuedCertificate, servername: string): Promise<string> {
  const server = createServer({ cert: issued.certificatePem, key: issued.keyPem }, (s) => s.end());
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const isAddress = servername.includes(":") || /^[\d.]+$/.test(servername);
  const socket: TLSSocket = connect({
    host: "127.0.0.1",
    port,
    ca: caPem,
    ...(isAddress ? {} : { servername }),
  });
  const outcome = await new Promise<string>((resolve) => {
    socket.once("secureConnect", () => resolve("accepted"));
    socket.once("error", (error) => resolve(error.message));
  });
  socket.destroy();
  server.close();
  return outcome;
}

async function opensslVerify(caPem: string, certificatePem: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pki-"));
  try {
    await writeFile(join(folder, "ca.pem"), caPem);
    await writeFile(join(folder, "server.pem"), certificatePem);
    const args = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.pem", "server.pem"];
    return (await run("openssl", args, { cwd: folder })).stdout.trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}

const opensslIsThere = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

describe("the sandbox's certificate authority", () => {
  test.each([
    ["localhost", "accepted"],
    ["127.0.0.1", "accepted"],
    ["sql-orders.database.windows.net", "accepted"],
    ["login.microsoftonline.com", "does not match certificate's altnames"],
    ["database.windows.net", "does not match certificate's altnames"],
  ])("its server certificate, asked for as %s: %s", async (name, outcome) => {
    const pki = await createCertificateAuthority({ now, hosts: ["*.database.windows.net"] });
    expect(await handshake(pki.caPem, pki, name)).toContain(outcome);
  });

  test.each([
    ["another DNS name", { dns: ["login.microsoftonline.com"], ip: [] }, "login.microsoftonline.com"],
    ["its own and another DNS name", { dns: ["localhost", "management.azure.com"], ip: [] }, "localhost"],
    ["another address", { dns: [], ip: ["127.0.0.1", "10.0.0.4"] }, "127.0.0.1"],
    ["the domain above its own", { dns: ["windows.net", "localhost"], ip: [] }, "localhost"],
  ])("what it signs for %s is refused by its name constraints", async (_case, names, servername) => {
    const authority = await createAuthority({ now, hosts: ["*.database.windows.net"] });
    const issued = await authority.issue(names);
    const ca = authority.certificate.toString("pem");
    expect(await handshake(ca, issued, servername)).toBe("permitted subtree violation");
  });

  test("is for one day and may have no authority below it", async () => {
    const at = Date.parse("2026-03-01T12:00:00Z");
    const authority = await createAuthority({ now: () => at, hosts: [] });
    const { notBefore, notAfter } = authority.certificate;
    expect(notAfter.getTime() - notBefore.getTime()).toBe(24 * 60 * 60 * 1000);
    expect(notBefore.getTime()).toBeLessThan(at);
    const text = authority.certificate.toString("text");
    expect(text).toMatch(/Basic Constraints: critical\s+CA: true\s+Path Length: 0/);
    expect(text).toMatch(/Key Usages: critical\s+keyCertSign/i);
  });

  test("every start makes another one", async () => {
    const first = await createCertificateAuthority({ now, hosts: [] });
    const second = await createCertificateAuthority({ now, hosts: [] });
    expect(await handshake(first.caPem, second, "localhost")).not.toBe("accepted");
  });

  test("the server certificate is no authority and names its own hosts", async () => {
    const pki = await createCertificateAuthority({ now, hosts: ["*.database.windows.net"] });
    const certificate = new X509Certificate(pki.certificatePem);
    expect(certificate.ca).toBe(false);
    expect(certificate.subjectAltName).toBe(
      "DNS:localhost, DNS:*.database.windows.net, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  });

  test.each(["com", "*.com", "Example.net", "a..b", "https://example.net", "*", "127.0.0.1:8443"])(
    "%s is not a host it may be limited to",
    async (host) => {
      await expect(createCertificateAuthority({ now, hosts: [host] })).rejects.toThrow(TypeError);
    },
  );

  test.runIf(opensslIsThere)("openssl agrees, strictly", async () => {
    const hosts = ["*.database.windows.net"];
    const pki = await createCertificateAuthority({ now, hosts });
    expect(await opensslVerify(pki.caPem, pki.certificatePem)).toBe("server.pem: OK");
    const authority = await createAuthority({ now, hosts });
    const other = await authority.issue({ dns: ["vault.azure.net"], ip: [] });
    await expect(opensslVerify(authority.certificate.toString("pem"), other.certificatePem)).rejects.toThrow(
      /permitted subtree violation/,
    );
  });
});
