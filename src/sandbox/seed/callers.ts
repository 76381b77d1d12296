// Who may call the embedded Azure: Bindery's own client, the operator, and others that a seed names.
import { randomBytes } from "node:crypto";
import { guidFrom } from "./guid-from.ts";
import type { Loading } from "./loading.ts";

/** A caller with what it authenticates with. */
export interface SeededCaller {
  readonly name: string;
  readonly objectId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly roles: readonly { readonly role: string; readonly scope: string }[];
  /** True if the seed stated its roles: then their mistakes are the seed's. */
  readonly isStated: boolean;
}

/** The roles that Bindery needs, and no more, at each subscription. */
export const binderyRoles: readonly string[] = [
  "Reader",
  "Managed Identity Contributor",
  "Managed Identity Operator",
  "Virtual Machine Contributor",
  "Tag Contributor",
  "Role Based Access Control Administrator",
];

/** Puts the callers into the directory. `bindery` and `operator` are always there. */
export function loadCallers({ world, seed }: Loading): readonly SeededCaller[] {
  const names = new Set(["bindery", "operator", ...Object.keys(seed.callers)]);
  return [...names].map((name) => {
    const stated = seed.callers[name];
    const caller: SeededCaller = {
      name,
      objectId: stated?.objectId ?? guidFrom(`${world.tenantId}/callers/${name}/object`),
      clientId: stated?.clientId ?? guidFrom(`${world.tenantId}/callers/${name}/client`),
      clientSecret: stated?.clientSecret ?? newSecret(),
      roles: stated?.roles ?? defaultRoles(name, seed.subscriptions),
      isStated: stated?.roles !== undefined,
    };
    world.principals.set(caller.objectId, {
      objectId: caller.objectId,
      clientId: caller.clientId,
      displayName: name,
      kind: "Application",
      secret: caller.clientSecret,
      ...(stated?.federated !== undefined && { federated: stated.federated }),
    });
    return caller;
  });
}

/** Begins with a letter: `az login -p SECRET` takes a secret with a dash in front for an option. */
function newSecret(): string {
  return `s${randomBytes(24).toString("base64url")}`;
}

function defaultRoles(
  name: string,
  subscriptions: readonly { subscriptionId: string }[],
): SeededCaller["roles"] {
  if (name === "operator") return [{ role: "Owner", scope: "/" }];
  if (name !== "bindery") return [];
  return subscriptions.flatMap(({ subscriptionId }) =>
    binderyRoles.map((role) => ({ role, scope: `/subscriptions/${subscriptionId}` })),
  );
}
