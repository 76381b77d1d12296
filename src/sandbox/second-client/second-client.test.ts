import { beforeEach, describe, expect, test } from "vitest";
import { loadSeed } from "../seed/load.ts";
import { readSeed } from "../seed/read.ts";
import { defaultSettings } from "../settings.ts";
import { emptyWorld, type World } from "../world.ts";
import { type DeedKind, deedKinds } from "./deed.ts";
import { createSecondClient, type SecondClient } from "./second-client.ts";

const sub = "00000000-0000-4000-8000-000000000001";
const group = (name = "rg") => `/subscriptions/${sub}/resourceGroups/${name}`;
const vm = (name: string, inGroup = "rg") =>
  `${group(inGroup)}/providers/Microsoft.Compute/virtualMachines/${name}`;
const id = `${group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-ours`;
const set = (name: string) => `${group()}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`;
const own = id.replace("id-ours", "id-somebody-else");

const seed = `
subscriptions: [{ subscriptionId: ${sub} }]
resourceGroups: [{ name: rg, location: westeurope }, { name: rg-2, location: westeurope }]
identities: [{ resourceGroup: rg, name: id-ours, tags: { bindery-owner: test } }]
virtualMachines:
  - { resourceGroup: rg, name: vm-1, tags: { app: a }, identities: [id-ours] }
  - { resourceGroup: rg, name: vm-2 }
virtualMachineScaleSets:
  - { resourceGroup: rg, name: uniform, mode: Uniform, instances: 2, identities: [id-ours] }
  - { resourceGroup: rg, name: flexible, mode: Flexible, instances: 1 }
`;

function newWorld(): World {
  const world = emptyWorld("tenant", () => 1_000_000_000_000, { ...defaultSettings });
  loadSeed(world, readSeed(seed, "seed.yaml"), "seed.yaml");
  return world;
}

let world: World;
let client: SecondClient;
beforeEach(() => {
  world = newWorld();
  client = createSecondClient(world);
});

const blockOf = (target: string) => world.resources.get(target)?.identity;
const keysOf = (target: string) =>
  Object.keys(blockOf(target)?.userAssignedIdentities ?? {}).map((key) => key.split("/").at(-1));

describe("deeds on demand", () => {
  test("stripTags takes all tags and tells which", () => {
    expect(client.act({ kind: "stripTags", resourceId: id })?.tags).toEqual({ "bindery-owner": "test" });
    expect(world.resources.get(id)?.tags).toEqual({});
    expect(client.act({ kind: "stripTags", resourceId: id })).toBeUndefined();
  });

  test("enableSystemIdentity keeps what is attached and counts as a write", () => {
    const etag = world.resources.get(vm("vm-1"))?.etag;
    const deed = client.act({ kind: "enableSystemIdentity", resourceId: vm("vm-1") });
    expect(blockOf(vm("vm-1"))).toMatchObject({
      type: "SystemAssigned, UserAssigned",
      principalId: deed?.principalId,
    });
    expect(keysOf(vm("vm-1"))).toEqual(["id-ours"]);
    expect(world.principals.has(deed?.principalId ?? "")).toBe(true);
    expect(world.resources.get(vm("vm-1"))?.etag).not.toBe(etag);
  });

  test("a foreign identity comes and goes; the type follows", () => {
    client.act({ kind: "attachForeign", resourceId: vm("vm-2") });
    expect(blockOf(vm("vm-2"))?.type).toBe("UserAssigned");
    expect(keysOf(vm("vm-2"))).toEqual(["id-somebody-else"]);
    client.act({ kind: "detachForeign", resourceId: vm("vm-2") });
    expect(blockOf(vm("vm-2"))).toBeUndefined();
  });

  test("an identity that is named is detached although it is not its own", () => {
    client.act({ kind: "detachForeign", resourceId: vm("vm-1"), identityId: id });
    expect(keysOf(vm("vm-1"))).toEqual([]);
  });

  test("grantRole gives its own identity Reader, once", () => {
    const deed = client.act({ kind: "grantRole", resourceId: vm("vm-1") });
    expect(world.roleAssignments.get(deed?.assignmentId ?? "")?.principalId).toBe(
      world.resources.get(own)?.properties?.principalId,
    );
    expect(client.act({ kind: "grantRole", resourceId: vm("vm-1") })).toBeUndefined();
  });

  test("recreateIdentity makes another principal without tags; attachments dangle", () => {
    const before = world.resources.get(id)?.properties?.principalId;
    client.act({ kind: "recreateIdentity", resourceId: id });
    expect(world.resources.get(id)?.properties?.principalId).not.toBe(before);
    expect(world.resources.get(id)?.tags).toEqual({});
    expect(Object.values(blockOf(vm("vm-1"))?.userAssignedIdentities ?? {})).toEqual([{}]);
  });

  test("moveMachine gives the machine another id", () => {
    const deed = client.act({ kind: "moveMachine", resourceId: vm("vm-1") });
    expect(deed?.newId).toBe(vm("vm-1", "rg-2"));
    expect([world.resources.has(vm("vm-1")), keysOf(vm("vm-1", "rg-2"))]).toEqual([false, ["id-ours"]]);
  });

  test.each(["uniform", "flexible"])("scaleSet changes the number of instances of a %s set", (name) => {
    const before = world.resources.values().length;
    const deed = client.act({ kind: "scaleSet", resourceId: set(name) });
    const change = deed?.removedId === undefined ? 1 : -1;
    expect(world.resources.values().length).toBe(before + change);
  });

  test.each(["attachForeign", "detachForeign"] as const)(
    "%s leaves the instances of a set behind",
    (kind) => {
      const wish = kind === "attachForeign" ? {} : { identityId: id };
      client.act({ kind, resourceId: set("uniform"), ...wish });
      const instance = world.resources.get(`${set("uniform")}/virtualMachines/0`);
      expect(instance?.properties?.latestModelApplied).toBe(false);
    },
  );

  test("addLock locks", () => {
    const deed = client.act({ kind: "addLock", resourceId: vm("vm-1"), level: "ReadOnly" });
    expect(world.resources.get(deed?.lockId ?? "")?.properties?.level).toBe("ReadOnly");
  });

  test("a resource with an operation in flight is left alone", () => {
    world.operations.set("o", {
      id: "o",
      subscriptionId: sub,
      location: "westeurope",
      resourceId: vm("vm-1"),
      startedAt: 0,
      endsAt: 0,
      effect: { kind: "delete" },
    });
    expect(client.act({ kind: "enableSystemIdentity", resourceId: vm("vm-1") })).toBeUndefined();
  });
});

describe("what is foreign", () => {
  test.each<[DeedKind, (lost: World) => void]>([
    ["attachForeign", (w) => w.resources.set(vm("vm-1"), { ...newBody(), identity: { type: "None" } })],
    ["enableSystemIdentity", (w) => w.resources.set(vm("vm-1"), newBody())],
    ["grantRole", (w) => w.roleAssignments.delete(w.roleAssignments.values().at(-1)?.id ?? "")],
    [
      "addLock",
      (w) => w.resources.delete(`${vm("vm-1")}/providers/Microsoft.Authorization/locks/somebody-else`),
    ],
  ])("%s is claimed, and missed when it is gone", (kind, lose) => {
    client.act({ kind, resourceId: vm("vm-1") });
    expect([client.claims().length, client.lost()]).toEqual([1, []]);
    lose(world);
    expect(client.lost()).toEqual(client.claims());
  });

  const newBody = () => {
    const { identity: _, ...body } = newWorld().resources.get(vm("vm-1")) ?? { id: "", name: "", type: "" };
    return body;
  };

  test("what it took away itself is not missed", () => {
    client.act({ kind: "attachForeign", resourceId: vm("vm-1") });
    client.act({ kind: "detachForeign", resourceId: vm("vm-1") });
    expect(client.claims()).toEqual([]);
  });

  test("claims move with the machine, but for its role assignments", () => {
    client.act({ kind: "attachForeign", resourceId: vm("vm-1") });
    client.act({ kind: "enableSystemIdentity", resourceId: vm("vm-1") });
    client.act({ kind: "addLock", resourceId: vm("vm-1") });
    client.act({ kind: "grantRole", resourceId: vm("vm-1") });
    client.act({ kind: "moveMachine", resourceId: vm("vm-1") });
    expect(client.lost()).toEqual([]);
    expect(client.claims().map((c) => c.resourceId)).toEqual([
      ...Array(3).fill(vm("vm-1", "rg-2")),
      vm("vm-1"),
    ]);
  });

  test("what it does with others' identities is no claim", () => {
    client.act({ kind: "attachForeign", resourceId: vm("vm-2"), identityId: id });
    client.act({ kind: "grantRole", resourceId: vm("vm-2"), identityId: id });
    expect([client.deeds().length, client.claims()]).toEqual([2, []]);
  });
});

describe("by chance", () => {
  test("the same seed does the same, another one something else, and nothing of its own is lost", () => {
    const run = (seedOf: number) => {
      const other = newWorld();
      const somebody = createSecondClient(other, { seed: seedOf });
      for (let i = 0; i < 30; i++) somebody.actAtRandom();
      expect(somebody.lost()).toEqual([]);
      return somebody.deeds();
    };
    const first = run(7);
    expect(first.length).toBeGreaterThan(15);
    expect(new Set(first.map((d) => d.kind)).size).toBeGreaterThan(6);
    expect(run(7)).toEqual(first);
    expect(run(8)).not.toEqual(first);
  });

  test("it acts after requests to ARM as often as its rate says, at most so often, only as allowed", () => {
    client.configure({ rate: 1, most: 2, kinds: ["addLock"], targets: "**/virtualMachines/*" });
    client.observe("POST", "/tenant/oauth2/v2.0/token");
    expect(client.deeds()).toEqual([]);
    for (let i = 0; i < 5; i++) client.observe("GET", `${group()}/resources`);
    expect(client.deeds().map((d) => d.kind)).toEqual(["addLock", "addLock"]);
    expect(client.deeds().every((d) => d.resourceId.includes("/virtualMachines/"))).toBe(true);
  });

  test("a hook strikes after the n-th read of what it names, once", () => {
    const deed = { kind: "enableSystemIdentity", resourceId: vm("vm-1") } as const;
    client.afterGet({ path: "**/virtualMachines/vm-1", nth: 2, deed });
    client.observe("GET", vm("vm-1"));
    client.observe("PATCH", vm("vm-1"));
    client.observe("GET", vm("vm-2"));
    expect(client.deeds()).toEqual([]);
    client.observe("GET", vm("vm-1"));
    client.observe("GET", vm("vm-1"));
    expect(client.deeds().map((d) => [d.sequence, d.kind])).toEqual([[1, "enableSystemIdentity"]]);
  });

  test("after stop nothing happens by itself", () => {
    client.configure({ rate: 1 });
    client.afterGet({ path: "**", deed: { kind: "stripTags" } });
    client.stop();
    client.observe("GET", vm("vm-1"));
    expect(client.deeds()).toEqual([]);
  });

  test("every kind can be done in this world", () => {
    const done = deedKinds.filter((kind) => kind !== "detachForeign" && client.act({ kind }) === undefined);
    expect(done).toEqual([]);
  });
});
