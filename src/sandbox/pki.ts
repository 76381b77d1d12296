// Decides what the embedded Azure's HTTPS servers present: one server certificate of an authority made at each start.
import {
  type AuthorityOptions,
  createAuthority,
  LOOPBACK_ADDRESSES,
  LOOPBACK_NAME,
} from "./pki/authority.ts";

/** All PEM: the authority for clients to trust, and the server's certificate and private key. */
export interface CertificateAuthority {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const DNS_NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/**
 * A certificate authority of its own for this start, and a server certificate of it for localhost, 127.0.0.1, ::1 and
 * `hosts` (DNS names in lower case with at least two labels, `*.` allowed in front; a TypeError otherwise). The
 * authority's key is not returned: after this call nobody can sign with it any more.
 */
export async function createCertificateAuthority(options: AuthorityOptions): Promise<CertificateAuthority> {
  const wrong = options.hosts.find((host) => !DNS_NAME.test(host));
  if (wrong !== undefined) {
    throw new TypeError(`${JSON.stringify(wrong)} is not a DNS name that a sandbox certificate can carry.`);
  }
  const authority = await createAuthority(options);
  const dns = [LOOPBACK_NAME, ...options.hosts];
  const issued = await authority.issue({ dns, ip: LOOPBACK_ADDRESSES });
  return { caPem: `${authority.certificate.toString("pem")}\n`, ...issued };
}
