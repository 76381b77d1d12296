// The lease of a blob: the real SDK, a real Azurite, tokens of the sandbox's Entra.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { ClientSecretCredential } from "@azure/identity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BlobLease, blobLease } from "../src/azure/blob-lease.ts";
import { type AzureCloud, wellKnownClouds } from "../src/azure/cloud.ts";
import type { RequestEvent } from "../src/azure/policies.ts";
import { Failure } from "../src/model/failure.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { type Azurite, startAzurite, wireTo } from "./support/azurite.ts";

let azurite: Azurite;
let sandbox: Sandbox;
let events: RequestEvent[] = [];
const soon = (): AbortSignal => AbortSignal.timeout(30_000);

beforeAll(async () => {
  [azurite, sandbox] = await Promise.all([startAzurite(), startSandbox()]);
  expect(await azurite.send("PUT", "/leases?restype=container", sandbox.ready)).toBe(201);
});
afterAll(() => Promise.all([azurite.close(), sandbox.close()]));

/** A holder of its own for each call. */
function holder(path: string, address = azurite.address): BlobLease {
  const { authority, tenantId, clientId, clientSecret, caFile } = sandbox.ready;
  const cloud: AzureCloud = {
    ...wellKnownClouds.public,
    sandbox: true,
    authorityHost: authority,
    blobAddresses: { [azurite.host]: address },
  };
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
    authorityHost: authority,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: readFileSync(caFile, "utf8") },
  });
  return blobLease({
    cloud,
    credential,
    tenantId,
    blobUrl: `https://${azurite.host}/${path}`,
    durationInSeconds: 15,
    version: "test",
    onRequest: (event) => void events.push(event),
    ca: azurite.pki.caPem,
  });
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof Failure) return error;
  throw new Error("there was no failure", { cause: error });
}

test("a lease has one holder; a missing blob is made, once", async () => {
  const [first, second] = [holder("leases/one"), holder("leases/one")];
  const taken = await Promise.all([first.acquire(soon()), second.acquire(soon())]);
  expect(taken.toSorted()).toEqual([false, true]);
  const [winner, loser] = taken[0] ? [first, second] : [second, first];
  expect(await winner.acquire(soon())).toBe(true);
  expect(await winner.renew(soon())).toBe(true);
  expect(await loser.acquire(soon())).toBe(false);
  expect(await loser.renew(soon())).toBe(false);
  await winner.release();
  expect(await winner.renew(soon())).toBe(false);
  expect(await loser.acquire(soon())).toBe(true);
  await winner.release();
  expect(await loser.renew(soon())).toBe(true);
});

test("who breaks the lease, or deletes its blob, ends it for the holder", async () => {
  const broken = holder("leases/broken");
  await broken.acquire(soon());
  const breaking = { "x-ms-lease-action": "break", "x-ms-lease-break-period": "0" };
  expect(await azurite.send("PUT", "/leases/broken?comp=lease", sandbox.ready, breaking)).toBe(202);
  expect(await broken.renew(soon())).toBe(false);
  const deleted = holder("leases/deleted");
  await deleted.acquire(soon());
  expect(await azurite.send("PUT", "/leases/deleted?comp=lease", sandbox.ready, breaking)).toBe(202);
  expect(await azurite.send("DELETE", "/leases/deleted", sandbox.ready)).toBe(202);
  expect(await deleted.renew(soon())).toBe(false);
  await deleted.release();
});

test("a missing container is told, and not made", async () => {
  const failure = await failureOf(holder("nowhere/one").acquire(soon()));
  expect(failure.details).toMatchObject({ code: "ContainerNotFound", status: 404 });
  expect(failure.class).toBe("terminal");
  expect(failure.message).toBe("The specified container does not exist.");
});

test("a token that storage does not take is a refusal, and no answer leads it elsewhere", async () => {
  const wrong = blobLease({
    cloud: { ...wellKnownClouds.public, sandbox: true, blobAddresses: { [azurite.host]: azurite.address } },
    credential: {
      getToken: async () => ({
        token: `e30.${Buffer.from(JSON.stringify({ oid: "o", tid: sandbox.ready.tenantId })).toString("base64url")}.x`,
        expiresOnTimestamp: Date.now() + 3_600_000,
      }),
    },
    blobUrl: `https://${azurite.host}/leases/one`,
    durationInSeconds: 15,
    version: "test",
    onRequest: () => undefined,
    ca: azurite.pki.caPem,
  });
  const failure = await failureOf(wrong.acquire(soon()));
  expect([failure.class, failure.details.status]).toEqual(["terminal", 403]);
});

test("a store that does not answer is given up in a sixth of the lease; the requests are counted without names", async () => {
  const wire = await wireTo(azurite.address);
  const store = holder("leases/wired", wire.address);
  events = [];
  expect(await store.acquire(soon())).toBe(true);
  wire.cut();
  const since = performance.now();
  const failure = await failureOf(store.renew(soon()));
  expect(performance.now() - since).toBeLessThan(6_000);
  expect(failure.class).toBe("transient");
  expect(failure.details).toMatchObject({ code: "RequestTimedOut", mayHaveHappened: true });
  expect(new Set(events.map(({ operation }) => operation))).toEqual(new Set(["Microsoft.Storage/blobs"]));
  expect(events.map(({ status }) => status)).toEqual([404, 201, 201, 0]);
  await wire.close();
});

describe("the note in the blob", () => {
  const note = (digit: string) => ({ revision: digit.repeat(40), at: "2026-01-01T00:00:00.000Z" });

  test("everybody reads it, only the holder writes it, and it outlives the lease", async () => {
    const [first, second] = [holder("leases/noted"), holder("leases/noted")];
    expect(await first.note.read(soon())).toBeUndefined();
    const lost = { class: "transient", details: { code: "LeaseLost" } };
    await expect(first.note.write(note("0"), soon())).rejects.toMatchObject(lost);
    expect(await first.acquire(soon())).toBe(true);
    expect(await second.note.read(soon())).toBeUndefined();
    await first.note.write(note("1"), soon());
    await expect(second.note.write(note("2"), soon())).rejects.toMatchObject(lost);
    expect(await second.note.read(soon())).toEqual(note("1"));
    expect(await first.renew(soon())).toBe(true);
    await first.release();
    await expect(first.note.write(note("3"), soon())).rejects.toMatchObject(lost);
    expect(await second.acquire(soon())).toBe(true);
    expect(await second.note.read(soon())).toEqual(note("1"));
    await second.note.write({ ...note("4"), revision: `${"4".repeat(40)}:team` }, soon());
    expect((await first.note.read(soon()))?.revision).toBe(`${"4".repeat(40)}:team`);
    await second.release();
  });

  test.each([
    ["something else", "{}"],
    ["more than a note", JSON.stringify({ ...note("1"), more: "x".repeat(10_000) })],
    ["a revision that is no commit", JSON.stringify({ ...note("1"), revision: "main" })],
  ])("a blob with %s is told", async (_, text) => {
    const headers = { "x-ms-blob-type": "BlockBlob" };
    expect(await azurite.send("PUT", "/leases/other", sandbox.ready, headers, text)).toBe(201);
    const failure = await failureOf(holder("leases/other").note.read(soon()));
    expect([failure.class, failure.details.code]).toEqual(["terminal", "BrokenNote"]);
  });

  test("a store that does not answer, and a container that is missing, are no empty note", async () => {
    const failure = await failureOf(holder("nowhere/one").note.read(soon()));
    expect(failure.details.code).toBe("ContainerNotFound");
    const wire = await wireTo(azurite.address);
    const store = holder("leases/noted", wire.address);
    wire.cut();
    expect(await failureOf(store.note.read(soon()))).toMatchObject({
      class: "transient",
      details: { code: "RequestTimedOut" },
    });
    await wire.close();
  });
});

/** The command lines that take over from each other show that the lease ends; that it does so in time is for the soak. */
test.runIf(process.env.SOAK === "1")(
  "a lease that nobody renews ends by itself, and not earlier",
  async () => {
    const [gone, next] = [holder("leases/left"), holder("leases/left")];
    expect(await gone.acquire(soon())).toBe(true);
    const since = performance.now();
    while (!(await next.acquire(soon()))) await setTimeout(250);
    const tookInMs = performance.now() - since;
    // Azurite keeps whole seconds.
    expect(tookInMs).toBeGreaterThan(13_000);
    expect(tookInMs).toBeLessThan(20_000);
    expect(await gone.renew(soon())).toBe(false);
  },
);

test("a blob elsewhere is refused before anything is sent", () => {
  expect(() => holder("leases/one")).not.toThrow();
  const options = { credential: { getToken: async () => null }, durationInSeconds: 15, version: "test" };
  const at = (blobUrl: string) =>
    blobLease({ ...options, cloud: wellKnownClouds.public, blobUrl, onRequest: () => undefined });
  for (const url of [
    "https://evil.example/leases/one",
    "https://evil.example/x.blob.core.windows.net/one",
    "https://a.b.blob.core.windows.net/leases/one",
    "http://store1.blob.core.windows.net/leases/one",
    "https://store1.blob.core.windows.net:444/leases/one",
    "https://store1.blob.core.windows.net.evil.example/leases/one",
  ]) {
    expect(() => at(url), url).toThrow(/is not in the blob storage of cloud "public"/);
  }
});
