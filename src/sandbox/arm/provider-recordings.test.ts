// Replays recorded exchanges of real Azure, identities, machines and scale sets, and compares status, headers and body.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { ArmResource, World } from "../world.ts";
import { isRecord } from "./body.ts";
import { parseArmPath } from "./path.ts";
import { type Answered, at, putGroup, type Stage, stage } from "./provider-world.ts";

interface Exchange {
  readonly from?: string;
  readonly note?: string;
  readonly method: string;
  readonly url: string;
  readonly requestBody: unknown;
  readonly status: number;
  readonly responseHeaders: Readonly<Partial<Record<string, string>>>;
  readonly responseBody: unknown;
}

const folder = resolve(process.env.BINDERY_AZURE_DATA ?? "../shared", "azure-recordings");
const isThere = existsSync(folder);
if (!isThere) process.stdout.write(`skipped: no recordings of real Azure in ${folder}\n`);

function exchangesIn(file: string): Exchange[] {
  if (!isThere) return [];
  return (JSON.parse(readFileSync(resolve(folder, file), "utf8")) as { exchanges: Exchange[] }).exchanges;
}

const pathOf = (url: string) => new URL(`https://${url}`).pathname;

/** The world that a recording needs: its subscription, and its group unless the group is gone there. */
function staged(exchange: Exchange, s: Stage): Stage {
  const { subscriptionId, resourceGroup } = parseArmPath(pathOf(exchange.url));
  if (subscriptionId !== undefined) {
    const { tenantId } = s.world;
    s.world.subscriptions.set(subscriptionId, {
      subscriptionId,
      displayName: "S",
      tenantId,
      state: "Enabled",
    });
    const isGone = at(exchange.responseBody, "error", "code") === "ResourceGroupNotFound";
    if (resourceGroup !== undefined && !isGone) {
      putGroup(s.world, `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`);
    }
  }
  return s;
}

const replay = (s: Stage, { method, url, requestBody }: Exchange): Promise<Answered> =>
  s.call(method, `https://${url.replace("management.azure.com", "management.localhost")}`, {
    ...(requestBody !== null && { body: requestBody }),
  });

/** What differs from run to run, and in no other way: the GUIDs that are made, under these keys. */
const madeKeys = /^(principalId|clientId|tenantId)$/;

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, madeKeys.test(key) ? "<guid>" : masked(member)]),
  );
}

/** Keys in order, at all depths: real clients see the order. */
const textOf = (value: unknown) => JSON.stringify(value, null, 1);

describe.skipIf(!isThere)(
  "identities and federated credentials, each recording from its first request on",
  () => {
    const replayable = [
      ...exchangesIn("uami.json"),
      ...exchangesIn("federated-identity-credentials.json"),
    ].filter(
      ({ status, method, note }) =>
        status !== 429 && method !== "POST" && !note?.includes("LIST by subscription"),
    );
    const byRecording = Map.groupBy(
      replayable.filter((e) => /Microsoft\.ManagedIdentity/i.test(e.url)),
      (e) => `${e.from?.split("#")[0]} ${/federated/i.test(e.url) ? "credentials" : "identities"}`,
    );

    test.each([...byRecording])("%s", async (_, exchanges) => {
      const s = stage({ credentialWriteInMs: 0 });
      for (const exchange of exchanges) {
        prepare(staged(exchange, s), exchange);
        const answer = await replay(s, exchange);
        const what = `${exchange.from} ${exchange.method}`;
        expect([what, answer.status]).toEqual([what, exchange.status]);
        expect(sameOrder(answer.body, exchange)).toBe(textOf(masked(expectedBody(exchange))));
        expect(answer.headers.get("location")).toBe(exchange.responseHeaders.location ?? null);
        expect(answer.headers.get("x-ms-failure-cause")).toBe(
          exchange.responseHeaders["x-ms-failure-cause"] ?? null,
        );
      }
    });

    /** Recordings from before 2024 differ in the order of fields for one api-version: the set of fields is compared. */
    function sameOrder(body: unknown, exchange: Exchange): string {
      const recorded = expectedBody(exchange);
      const ordered = isRecord(body) && isRecord(recorded) ? reordered(body, recorded) : body;
      return textOf(masked(ordered));
    }

    function reordered(body: unknown, like: unknown): unknown {
      if (Array.isArray(body) && Array.isArray(like)) return body.map((item, i) => reordered(item, like[i]));
      if (!isRecord(body) || !isRecord(like)) return body;
      const keys = [
        ...Object.keys(like).filter((k) => k in body),
        ...Object.keys(body).filter((k) => !(k in like)),
      ];
      return Object.fromEntries(keys.map((key) => [key, reordered(body[key], like[key])]));
    }

    function expectedBody({ responseBody }: Exchange): unknown {
      return responseBody === null ? undefined : responseBody;
    }

    /** What a recording's cut beginning left there: the identity above a credential, or the one that is read. */
    function prepare({ world }: Stage, { method, url, status, responseBody }: Exchange): void {
      const path = parseArmPath(pathOf(url));
      const identityId = path.path.replace(/\/federatedIdentityCredentials.*$/i, "");
      const isCredential = identityId !== path.path;
      const code = at(responseBody, "error", "code");
      if (isCredential && code !== "ParentResourceNotFound" && !world.resources.has(identityId)) {
        putIdentity(world, identityId, path.names[0] ?? "");
      }
      const isRead = status === 200 && !path.isCollection && method !== "PUT" && isRecord(responseBody);
      if (isRead && !world.resources.has(path.path))
        world.resources.set(path.path, responseBody as unknown as ArmResource);
    }

    function putIdentity(world: World, id: string, name: string): void {
      world.resources.set(id, {
        id: id.replace("resourceGroups", "resourcegroups"),
        name,
        type: "Microsoft.ManagedIdentity/userAssignedIdentities",
        properties: {},
      });
    }
  },
);

/** A recorded machine or set: PATCHes and the reads around them, walked in order over the world that came before. */
interface Walk {
  readonly file: string;
  readonly name: string;
}

const walks: readonly Walk[] = [
  { file: "vm-identity.json", name: "clisqlvm000003" },
  { file: "vm-identity.json", name: "vm1" },
  { file: "vm-identity-2026.json", name: "vm1" },
  { file: "vmss-identity-uniform.json", name: "vmss1" },
];

describe.skipIf(!isThere)("machines and scale sets, walked from their first recorded state", () => {
  test.each(walks)("$file $name", async ({ file, name }) => {
    const { all, about, first } = recordingOf(file, name);
    const s = staged(first, stage());
    seed(s, about);
    const rest = all.slice(all.indexOf(first));
    const end = rest.findIndex((e) => !isPoll(e) && !about.includes(e));
    const walk = end === -1 ? rest : rest.slice(0, end);
    expect(walk.length).toBeGreaterThan(1);
    let operation = "";
    for (const exchange of walk) {
      if (isPoll(exchange)) await compareWithPoll(s, operation, exchange);
      else operation = operationOf(await replayed(s, exchange), exchange) ?? operation;
    }
  });

  const isPoll = ({ url }: Exchange) => /\/operations\//.test(url);

  function recordingOf(file: string, name: string) {
    const all = exchangesIn(file);
    const about = all.filter((e) => new RegExp(`/${name}(/|\\?|$)`).test(e.url));
    const [first] = about;
    if (first === undefined) throw new Error("nothing recorded");
    return { all, about, first };
  }

  /** The state before the first request, with the identities that the recording names and their recorded ids. */
  function seed({ world }: Stage, about: readonly Exchange[]): void {
    const maps = about.map((e) => at(e.responseBody, "identity", "userAssignedIdentities")).filter(isRecord);
    for (const [id, properties] of maps.flatMap((map) => Object.entries(map))) {
      if (!isRecord(properties) || properties.principalId === undefined) continue;
      const type = "Microsoft.ManagedIdentity/userAssignedIdentities";
      world.resources.set(id, { id, name: id.slice(id.lastIndexOf("/") + 1), type, properties });
    }
    const body = about[0]?.responseBody as ArmResource;
    const before = about[0]?.method === "GET" ? body : withoutNewKeys(body);
    world.resources.set(before.id, before);
  }

  /** The recording of 2026 begins with a PATCH: before it, the keys without ids were not there. */
  function withoutNewKeys(body: ArmResource): ArmResource {
    const map = Object.entries(body.identity?.userAssignedIdentities ?? {});
    const known = map.filter(([, value]) => value.principalId !== undefined);
    const identity = {
      ...body.identity,
      type: body.identity?.type ?? "",
      userAssignedIdentities: Object.fromEntries(known),
    };
    return {
      ...body,
      identity,
      etag: '"1"',
      properties: { ...body.properties, provisioningState: "Succeeded" },
    };
  }

  async function replayed(s: Stage, exchange: Exchange): Promise<Answered> {
    const isRead = exchange.method === "GET";
    if (isRead) s.advance(5000);
    const answer = await replay(s, exchange);
    expect(answer.status).toBe(exchange.status);
    const recorded = exchange.responseBody ?? undefined;
    expect(textOf(withoutSystem(answer.body))).toBe(textOf(withoutSystem(recorded)));
    for (const header of ["etag", "azure-asyncnotification", "retry-after"]) {
      expect([header, answer.headers.get(header)]).toEqual([
        header,
        exchange.responseHeaders[header] ?? null,
      ]);
    }
    expect(namesIn(answer.headers.get("x-ms-ratelimit-remaining-resource"))).toEqual(
      namesIn(exchange.responseHeaders["x-ms-ratelimit-remaining-resource"] ?? null),
    );
    return answer;
  }

  /** The ids of a system identity are made; those of user identities are as recorded. */
  function withoutSystem(body: unknown): unknown {
    if (!isRecord(body) || !isRecord(body.identity)) return body;
    const { identity } = body;
    const ids = { principalId: "<guid>", tenantId: "<guid>" };
    return { ...body, identity: { ...identity, ...(identity.principalId !== undefined && ids) } };
  }

  /** Header values count down; the names of the policies are what can be compared. */
  function namesIn(header: string | null): string[] {
    const names = (header ?? "").split(",").map((part) => part.split(";")[0] ?? "");
    return names.filter((n) => n !== "Microsoft.Compute/VmssQueuedVMOperations");
  }

  /** The URL with the same path and the same names of query members as recorded; its own id and signature. */
  function operationOf(answer: Answered, { responseHeaders }: Exchange): string | undefined {
    const url = answer.headers.get("azure-asyncoperation");
    const recorded = responseHeaders["azure-asyncoperation"];
    expect(url === null).toBe(recorded === undefined);
    if (url === null || recorded === undefined) return undefined;
    const shapeOf = (u: URL) => [u.pathname.replace(/[^/]+$/, ""), [...u.searchParams.keys()]];
    expect(shapeOf(new URL(url))).toEqual(shapeOf(new URL(recorded)));
    return url;
  }

  async function compareWithPoll(s: Stage, operation: string, exchange: Exchange): Promise<void> {
    const hasEnded = at(exchange.responseBody, "status") === "Succeeded" || exchange.responseBody === null;
    if (hasEnded) s.advance(5000);
    const isMonitor = exchange.url.includes("monitor=true");
    const answer = await s.call(
      "GET",
      isMonitor ? operation.replace("&api-version", "&monitor=true&api-version") : operation,
    );
    expect(answer.status).toBe(exchange.status);
    const times = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?\+00:00$/;
    for (const body of [answer.body, exchange.responseBody ?? undefined]) {
      if (isRecord(body)) expect(String(body.startTime)).toMatch(times);
    }
    const shapeOf = (body: unknown) => (isRecord(body) ? [Object.keys(body), body.status] : body);
    expect(shapeOf(answer.body)).toEqual(shapeOf(exchange.responseBody ?? undefined));
    expect(namesIn(answer.headers.get("x-ms-ratelimit-remaining-resource"))).toEqual(
      namesIn(exchange.responseHeaders["x-ms-ratelimit-remaining-resource"] ?? null),
    );
  }
});

describe.skipIf(!isThere)("lists give recorded bodies back", () => {
  test.each(["vm-list.json", "vmss-list.json"])("%s", async (file) => {
    // The filtered list cannot be replayed: its recorder replaced the group's name in the URL, but not in the body.
    const exchanges = exchangesIn(file).filter((e) => !e.url.includes("$filter"));
    expect(exchanges.length).toBeGreaterThan(0);
    for (const exchange of exchanges) {
      const s = staged(exchange, stage());
      const items = at(exchange.responseBody, "value") as ArmResource[];
      for (const item of items) s.world.resources.set(item.id, item);
      const answer = await replay(s, exchange);
      expect([exchange.from, answer.status]).toEqual([exchange.from, 200]);
      expect(answer.body).toEqual(exchange.responseBody);
    }
  });
});
