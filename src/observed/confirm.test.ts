import { describe, expect, test } from "vitest";
import { idKey } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import { ownerTag } from "../model/identity.ts";
import type { ReadPorts } from "../model/ports.ts";
import { identityId, live, observed, subscription } from "../plan/fixtures.ts";
import { confirm } from "./confirm.ts";

const key = idKey(identityId);
const anothers = live({ tags: { [ownerTag]: "another" } });

const nothing: ReadPorts = {
  listSubscriptions: async () => ({ items: [], unknown: [] }),
  listIdentities: async () => ({ items: [], unknown: [] }),
  listTargets: async () => ({ items: [], unknown: [] }),
  listAssignments: async () => ({ items: [], unknown: [] }),
  listReferences: async () => ({ items: [], unknown: [] }),
  countAssignments: async () => new Map(),
  readIdentity: async () => undefined,
  readTarget: async () => undefined,
  readAssignment: async () => undefined,
  listInstances: async () => [],
  findAssignments: async () => [],
  listRoles: async () => [],
  listCredentials: async () => [],
  existingScopes: async (scopes) => scopes,
  locateDatabase: async () => "foreign",
  readDatabase: () => Promise.reject(new Error("There is no database here.")),
};

function confirmed(listed: readonly ReturnType<typeof live>[], readIdentity: ReadPorts["readIdentity"]) {
  const questions = {
    identityIds: [identityId],
    targetIds: [],
    assignmentIds: [],
    grants: [],
    deletions: [],
  };
  const seen = observed({ identities: listed });
  return confirm(seen, questions, { ...nothing, readIdentity }, new AbortController().signal);
}

describe("an identity is as a read of its own shows it", () => {
  test.each([
    ["listed as ours, now another's", [live()], anothers],
    ["listed as another's, now ours", [anothers], live()],
    ["listed, now gone", [live()], undefined],
    ["not listed, and not there", [], undefined],
  ])("%s", async (_, listed, now) => {
    const { identities, confirmed: read, unknown } = await confirmed(listed, async () => now);
    expect(identities.get(key)).toEqual(now);
    expect(read).toContain(key);
    expect(unknown.size).toBe(0);
  });

  test("not listed although it is there: the lists of its subscription are doubtful", async () => {
    const { identities, unknown } = await confirmed([], async () => live());
    expect(identities.get(key)).toEqual(live());
    expect([...unknown.keys()]).toEqual([subscription]);
  });

  test("not listed and not readable: it may be there", async () => {
    const refused = new Failure("terminal", "no", { code: "AuthorizationFailed", status: 403 });
    const seen = await confirmed([], () => Promise.reject(refused));
    expect(seen.confirmed).not.toContain(key);
    expect([...seen.unreadable.keys()]).toEqual([key]);
    expect([...seen.unknown.keys()]).toEqual([subscription]);
  });
});

describe("what refers to an identity", () => {
  const asking = (listReferences: ReadPorts["listReferences"], deletions: readonly string[]) =>
    confirm(
      observed({}, { references: new Map([["/known", { resourceIds: ["/a"] }]]) }),
      { identityIds: [], targetIds: [], assignmentIds: [], grants: [], deletions },
      { ...nothing, listReferences },
      new AbortController().signal,
    );
  const listed = async () => ({ items: ["/aks"], unknown: [] });

  test("is asked for what would be deleted, and once", async () => {
    const asked: string[] = [];
    const ports: ReadPorts["listReferences"] = async (id, subscriptions) => {
      asked.push(`${id} in ${subscriptions.join()}`);
      return await listed();
    };
    const { references } = await asking(ports, [identityId, identityId.toUpperCase(), "/KNOWN"]);
    expect(asked).toEqual([`${identityId.toUpperCase()} in ${subscription}`]);
    expect(references.get(key)).toEqual({ resourceIds: ["/aks"] });
    expect((await asking(listed, [])).references.size).toBe(1);
  });

  test("is unknown where a subscription cannot be searched, or nothing answers", async () => {
    const partly = await asking(
      async () => ({ items: ["/aks"], unknown: [{ subscriptionId: "s", reason: "403" }] }),
      [identityId],
    );
    expect(partly.references.get(key)).toEqual({ resourceIds: ["/aks"], unknown: "s: 403" });
    const failing = await asking(
      () => Promise.reject(new Failure("transient", "busy", { code: "ServerTimeout" })),
      [identityId],
    );
    expect(failing.references.get(key)?.unknown).toBe("the question could not be answered");
    expect([...failing.unreadable.values()]).toEqual(["ServerTimeout: busy"]);
  });
});
