// Decides what a leak is: an access token, or one of the secrets that the embedded Azure has made up, in anything that is printed.

/** How long the secrets of the embedded Azure are: 24 random bytes in base64url. */
const secretLength = 32;

/** A signed token (RFC 7519): two parts that begin like JSON in base64url, and a signature. */
const tokens = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/g;

/** Most long words are GUIDs. None is a secret: those are 32 signs by chance, and not hexadecimal with dashes just here. */
const guid = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/;

/** The pieces of a text that may be, or hold, a token or a secret. */
export function suspectsIn(text: string): readonly string[] {
  const words = (text.match(/[\w-]{32,}/g) ?? []).filter((word) => !guid.test(word));
  return [...new Set([...(text.match(tokens) ?? []), ...words])];
}

/** The suspects that are tokens or hold a secret; shortened, so that a report is no second leak. */
export function leaksAmong(suspects: Iterable<string>, secrets: ReadonlySet<string>): readonly string[] {
  const leaks: string[] = [];
  for (const suspect of suspects) {
    if (suspect.match(tokens)) leaks.push(`a token, ${suspect.slice(0, 12)}…`);
    else if (holdsSecret(suspect, secrets)) leaks.push(`a secret, ${suspect.slice(0, 6)}…`);
  }
  return leaks;
}

function holdsSecret(suspect: string, secrets: ReadonlySet<string>): boolean {
  for (let at = 0; at + secretLength <= suspect.length; at++) {
    if (secrets.has(suspect.slice(at, at + secretLength))) return true;
  }
  return false;
}
