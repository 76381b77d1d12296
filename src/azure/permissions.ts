// Reads what the caller may do at a scope, whatever kind of scope it is.
import { Failure } from "../model/failure.ts";
import type { RolePermission } from "../model/grant.ts";
import type { CallerRights, Clock } from "../model/ports.ts";
import { patiently, saysGone } from "./call.ts";
import type { Line } from "./pipeline.ts";

/** Of the REST reference "Permissions"; the SDK knows only its forms for groups and resources. */
const apiVersion = "2022-04-01";

/** More pages than any caller's permissions have: a link that leads in a circle ends here. */
const mostPages = 100;

/** The port on a line. Conditions on role assignments are not part of the answer: what they confine seems permitted. */
export function callerRightsOn(line: Pick<Line, "get">, clock: Clock): CallerRights {
  return {
    async readPermissions(scope, signal): Promise<readonly RolePermission[] | undefined> {
      try {
        return await patiently(clock, signal, () => allPages(line, urlFor(scope), signal));
      } catch (error) {
        if (saysGone(error)) return undefined;
        throw error;
      }
    },
  };
}

function urlFor(scope: string): string {
  const path = scope.split("/").map(encodeURIComponent).join("/").replace(/\/+$/, "");
  return `${path}/providers/Microsoft.Authorization/permissions?api-version=${apiVersion}`;
}

async function allPages(
  line: Pick<Line, "get">,
  first: string,
  signal: AbortSignal,
): Promise<RolePermission[]> {
  const found: RolePermission[] = [];
  let url: string | undefined = first;
  for (let pages = 0; url !== undefined; pages += 1) {
    if (pages === mostPages) throw unreadable();
    const { bodyAsText } = await line.get(url, signal);
    const page = pageFrom(bodyAsText ?? "");
    found.push(...page.permissions);
    url = page.next;
  }
  return found;
}

function pageFrom(text: string): { permissions: readonly RolePermission[]; next: string | undefined } {
  const { value, nextLink } = recordFrom(text);
  if (!Array.isArray(value)) throw unreadable();
  const next = typeof nextLink === "string" && nextLink !== "" ? nextLink : undefined;
  return { permissions: value.map(permissionFrom), next };
}

function recordFrom(text: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === "object" && read !== null) return { ...read };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unreadable();
}

function permissionFrom(raw: unknown): RolePermission {
  if (typeof raw !== "object" || raw === null) throw unreadable();
  const texts = (key: string): readonly string[] => {
    const list: unknown = Reflect.get(raw, key);
    return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
  };
  return {
    actions: texts("actions"),
    notActions: texts("notActions"),
    dataActions: texts("dataActions"),
    notDataActions: texts("notDataActions"),
  };
}

function unreadable(): Failure {
  return new Failure("terminal", "Azure's answer about permissions cannot be read.", {
    code: "UnreadableAnswer",
  });
}
