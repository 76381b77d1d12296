// The managed identity endpoints that hosts offer to what runs on them, over plain http: which host, which shape.
import { answerAppService } from "./app-service.ts";
import type { ManagedIdentityPorts } from "./host-identities.ts";
import { answerImds } from "./imds.ts";

const ENDPOINTS = [
  { path: /^(.*?)\/metadata\/identity\/oauth2\/token\/?$/i, answer: answerImds },
  { path: /^(.*?)\/msi\/token\/?$/i, answer: answerAppService },
] as const;

/** The host in front of an endpoint's path, undefined if it is not well-formed. */
function decoded(prefix: string): string | undefined {
  try {
    return decodeURIComponent(prefix);
  } catch (error) {
    if (error instanceof URIError) {
      return undefined;
    }
    throw error;
  }
}

/** The endpoints as one function; a path or host that does not exist answers 404. */
export function createManagedIdentityEndpoints(ports: ManagedIdentityPorts): {
  fetch(request: Request): Promise<Response>;
} {
  return {
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      for (const { path, answer } of ENDPOINTS) {
        const prefix = path.exec(pathname)?.[1];
        const name = prefix === undefined ? undefined : decoded(prefix);
        const host = name === undefined ? undefined : ports.identitiesOf(name);
        if (host !== undefined) {
          return answer(request, host, ports);
        }
      }
      return new Response(null, { status: 404 });
    },
  };
}
