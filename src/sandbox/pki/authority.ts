// Makes a certificate authority that can sign for its own hosts only, for one day.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { nameConstraintsFrom } from "./name-constraints.ts";

/** The names every authority may sign for beside those asked for: this machine's own. */
export const LOOPBACK_NAME = "localhost";
/** The addresses every authority may sign for, as text. */
export const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"] as const;

const LOOPBACK_BYTES = [Buffer.from([127, 0, 0, 1]), Buffer.concat([Buffer.alloc(15), Buffer.from([1])])];
const ONE_DAY_IN_MS = 24 * 60 * 60 * 1000;
/** Clients whose clock is a little behind must not find the certificate "not yet valid". */
const CLOCK_SKEW_IN_MS = 5 * 60 * 1000;
const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** The names in a server certificate. */
export interface ServerNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** A server certificate with its private key, both PEM (the key as PKCS #8). */
export interface IssuedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A certificate authority in this process's memory; `issue` signs whatever it is asked to, its constraints judge. */
export interface Authority {
  readonly certificate: X509Certificate;
  issue(names: ServerNames): Promise<IssuedCertificate>;
}

/** What an authority is made from: the time of day (which TLS clients compare with their own) and DNS names. */
export interface AuthorityOptions {
  readonly now: () => number;
  /** DNS names beside localhost; `*.example.net` allows everything below `example.net`. */
  readonly hosts: readonly string[];
}

async function createKeys(extractable: boolean): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(P256, extractable, ["sign", "verify"]);
}

async function pemFrom(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

async function signServerCertificate(
  ca: X509Certificate,
  caKeys: webcrypto.CryptoKeyPair,
  names: ServerNames,
): Promise<IssuedCertificate> {
  const keys = await createKeys(true);
  const altNames = [
    ...names.dns.map((value) => ({ type: "dns" as const, value })),
    ...names.ip.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await X509CertificateGenerator.create({
    subject: "CN=Bindery sandbox",
    issuer: ca.subject,
    notBefore: ca.notBefore,
    notAfter: ca.notAfter,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(altNames),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString("pem")}\n`, keyPem: await pemFrom(keys.privateKey) };
}

/**
 * Makes an authority for one start: an EC P-256 key that cannot leave this process, valid for a day, no authority
 * below it, and name constraints that make a certificate for any host but its own worthless to every TLS client.
 */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const keys = await createKeys(false);
  const now = options.now();
  const permitted = [LOOPBACK_NAME, ...options.hosts.map((host) => host.replace(/^\*\./, ""))];
  const name = "CN=Bindery sandbox authority (one day)";
  const certificate = await X509CertificateGenerator.create({
    subject: name,
    issuer: name,
    notBefore: new Date(now - CLOCK_SKEW_IN_MS),
    notAfter: new Date(now - CLOCK_SKEW_IN_MS + ONE_DAY_IN_MS),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      nameConstraintsFrom(permitted, LOOPBACK_BYTES),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, issue: (names) => signServerCertificate(certificate, keys, names) };
}
