// Decides which hosts are this machine alone.

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const loopback = new RegExp(`^(?:localhost|127(?:\\.${octet}){3}|::1|\\[::1\\])$`, "i");

/** True for `localhost`, 127.0.0.0/8, and `::1` with brackets or without: what nobody else can reach. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}
