// How the admin endpoint sets somebody else to work, and revokes tokens.
import { z } from "zod";
import { AdminRefusal, parsed } from "./admin-refusal.ts";
import { DeedWish, deedKinds } from "./second-client/deed.ts";
import type { SecondClient } from "./second-client/second-client.ts";
import type { TokenRevocation } from "./token-revocation.ts";

interface Call {
  readonly body: unknown;
  readonly ports: { readonly secondClient: SecondClient; readonly tokens: TokenRevocation };
}

const Hook = z.strictObject({
  path: z.string().min(1),
  nth: z.int().positive().exactOptional(),
  deed: DeedWish,
});

const Chance = z.strictObject({
  rate: z.number().min(0).max(1).exactOptional(),
  most: z.int().nonnegative().exactOptional(),
  kinds: z.array(z.enum(deedKinds)).min(1).exactOptional(),
  targets: z.string().min(1).exactOptional(),
});

const Revocation = z.strictObject({
  kind: z.enum(["revoked", "expired"]).default("revoked"),
  objectId: z.guid().exactOptional(),
});

/** `second-client`, `second-client/hooks` and `revoke-tokens`, by "METHOD name". */
export const adminSecondClient = {
  "GET second-client": ({ ports: { secondClient } }: Call) => stateOf(secondClient),
  "POST second-client": ({ body, ports }: Call) => act(ports.secondClient, parsed(DeedWish, body)),
  "PATCH second-client": ({ body, ports: { secondClient } }: Call) => {
    refusingPatterns(() => secondClient.configure(parsed(Chance, body)));
    return stateOf(secondClient);
  },
  "DELETE second-client": ({ ports }: Call) => ports.secondClient.stop(),
  "POST second-client/hooks": ({ body, ports: { secondClient } }: Call) => {
    const hook = parsed(Hook, body);
    refusingPatterns(() => secondClient.afterGet(hook));
    return hook;
  },
  "POST revoke-tokens": ({ body, ports }: Call) => {
    const { kind, objectId } = parsed(Revocation, body ?? {});
    ports.tokens.revoke(kind, objectId);
  },
} as const;

function stateOf(client: SecondClient): unknown {
  return { deeds: client.deeds(), claims: client.claims(), lost: client.lost() };
}

function act(client: SecondClient, wish: DeedWish): unknown {
  const deed = client.act(wish);
  if (deed === undefined) throw new AdminRefusal(409, `There is nothing to do ${wish.kind} to.`);
  return deed;
}

function refusingPatterns(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AdminRefusal(400, `The pattern is no regular expression: ${error.message}`);
  }
}
