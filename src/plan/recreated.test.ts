import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../desired/desired.ts";
import { assignmentNameFor } from "../model/assignment-name.ts";
import { sidFrom } from "../model/database.ts";
import { assignmentMarker, type RoleAssignment, type RoleDefinition } from "../model/grant.ts";
import { type Identity, ownerTag, principalMark, principalTag } from "../model/identity.ts";
import { defaultLimits } from "../model/policy.ts";
import type { AttachedIdentity, Target } from "../model/target.ts";
import type { Observed } from "../observed/observed.ts";
import type { Releases } from "./draft.ts";
import {
  assignment,
  binding,
  desired,
  grantOf,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  owner,
  policy,
  principal,
  reader,
  type Seen,
  secretsUser,
  vaultScope,
  vm,
  wanted,
} from "./fixtures.ts";
import type { Plan } from "./plan.ts";
import { planFor } from "./plan-for.ts";

const dead = {
  principalId: "dddddddd-0000-4000-8000-000000000001",
  clientId: "eeeeeeee-0000-4000-8000-000000000001",
};
const ownTags = { [ownerTag]: "prod", [principalTag]: principalMark(dead) };
const withTags = live({ tags: ownTags });
const withoutTags = live({ tags: {} });
const withOwnerOnly = live({ tags: { [ownerTag]: "prod" } });
const additive = { adoptionPolicy: "Additive" } as const;
const adopt = "adopt tags bindery-owner,bindery-prune,principal";

/** A role that we gave to the dead principal, under the name that we give. */
function stale(role: RoleDefinition, change: Partial<RoleAssignment> = {}): RoleAssignment {
  const name = assignmentNameFor(vaultScope, dead.principalId, role.guid);
  const id = `${vaultScope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  return assignment(role, { id, principalId: dead.principalId, ...change });
}

function attached(name: string, reference: Partial<AttachedIdentity>, change: Partial<Target> = {}): Target {
  const userAssigned = [{ id: identityId.toUpperCase(), ...reference }];
  return vm(name, [], {
    attachments: { systemAssigned: false, userAssigned },
    provisioningState: "Succeeded",
    ...change,
  });
}

function planOf(want: Partial<DesiredIdentity>, see: Seen, releases?: Releases, allowed = policy): Plan {
  return planFor(desired(wanted(want)), observed(see), allowed, releases);
}

function releaseOf(...digests: readonly string[]): Releases {
  return { digests: new Set(digests), changes: new Set() };
}

interface Row {
  readonly name: string;
  readonly want: Partial<DesiredIdentity>;
  readonly see: Seen;
  readonly plan: readonly string[];
}

const onVm = { bindings: [binding([namedVm("vm-1")])] };
const onVmWithRole = { bindings: [binding([namedVm("vm-1")], [grantOf("Key Vault Secrets User")])] };

const ownership: readonly Row[] = [
  {
    name: "an owner tag with a dead principal shows it",
    want: {},
    see: { identities: [withTags] },
    plan: [`Recreated: ${adopt}`],
  },
  {
    name: "so does an assignment of ours for another principal, without any tag",
    want: { prunePolicy: "Additive" },
    see: { identities: [withoutTags], assignments: [stale(reader)] },
    plan: ["Recreated: adopt tags bindery-owner,principal"],
  },
  {
    name: "so does one beside the owner tag alone",
    want: { prunePolicy: "Additive" },
    see: { identities: [withOwnerOnly], assignments: [stale(reader)] },
    plan: ["Recreated: adopt tags bindery-owner,principal"],
  },
  {
    name: "and a dead principal tag beside a stripped owner tag",
    want: {},
    see: { identities: [live({ tags: { [principalTag]: principalMark(dead) } })] },
    plan: [`Recreated: ${adopt}`],
  },
  {
    name: "a marker of the present principal says that the tag was stripped",
    want: additive,
    see: { identities: [withoutTags], assignments: [stale(reader), assignment(secretsUser)] },
    plan: [`OwnershipLost: ${adopt}`],
  },
  {
    name: "rule 1: a copied description under another name proves nothing, and nothing of it is revoked",
    want: additive,
    see: { identities: [withoutTags], assignments: [stale(reader, { id: `${vaultScope}/copied` })] },
    plan: [`OwnershipLost: ${adopt}`],
  },
  {
    name: "a principal that is alive elsewhere is not a dead one",
    want: {},
    see: {
      identities: [withoutTags, live({ id: `${identityId}-2`, ...dead, tags: {} })],
      assignments: [stale(reader)],
    },
    plan: [`OwnershipLost: ${adopt}`],
  },
  {
    name: "another instance's markers are not ours",
    want: {},
    see: {
      identities: [withoutTags],
      assignments: [stale(reader, { description: assignmentMarker("test", identityId) })],
    },
    plan: [`NotOwned: ${adopt}`],
  },
];

const repair: readonly Row[] = [
  {
    name: "everything is one held set",
    want: onVmWithRole,
    see: {
      identities: [withTags],
      targets: [attached("vm-1", {})],
      assignments: [stale(secretsUser)],
    },
    plan: [
      `Recreated: ${adopt}`,
      "Recreated: attach vm-1",
      "Recreated: grant Key Vault Secrets User",
      "Recreated: revoke Key Vault Secrets User",
    ],
  },
  {
    name: "with adoptionPolicy Additive it is done at once",
    want: { ...additive, ...onVmWithRole },
    see: {
      identities: [withTags],
      targets: [attached("vm-1", dead)],
      assignments: [stale(secretsUser)],
    },
    plan: [adopt, "attach vm-1", "grant Key Vault Secrets User", "revoke Key Vault Secrets User"],
  },
  {
    name: "but for its privileged grants",
    want: { ...additive, bindings: [binding([], [grantOf("Owner")])] },
    see: { identities: [withTags], assignments: [stale(owner)] },
    plan: [adopt, "revoke Owner", "Privileged: grant Owner"],
  },
  {
    name: "and for what whoever made it again has given it",
    want: additive,
    see: {
      identities: [withTags],
      targets: [vm("vm-2", [identityId])],
      assignments: [assignment(reader, { description: "theirs" })],
    },
    plan: [adopt, "AdoptionPending: detach vm-2", "AdoptionPending: revoke Reader"],
  },
  {
    name: "under prunePolicy Additive nothing is taken away, not even from the dead",
    want: { ...additive, prunePolicy: "Additive" },
    see: { identities: [withTags], assignments: [stale(reader)] },
    plan: ["adopt tags bindery-owner,principal"],
  },
  {
    name: "what is ignored stays",
    want: { ...additive, ignore: { roleAssignments: [vaultScope], targets: [] } },
    see: { identities: [withTags], assignments: [stale(reader)] },
    plan: [adopt],
  },
  {
    name: "what was left after the takeover goes without another word",
    want: {},
    see: { identities: [live()], assignments: [stale(reader)] },
    plan: ["revoke Reader"],
  },
  {
    name: "what was deleted and is made again by us is repaired in the same plan",
    want: onVmWithRole,
    see: { targets: [attached("vm-1", dead)], assignments: [stale(secretsUser)] },
    plan: [
      "create id-orders",
      "update tags principal",
      "attach vm-1",
      "grant Key Vault Secrets User",
      "revoke Key Vault Secrets User",
    ],
  },
  {
    name: "Absent takes away what the dead principal had, before the deletion",
    want: { lifecycle: "Absent" },
    see: { identities: [live()], assignments: [stale(reader)] },
    plan: ["revoke Reader", "NotEmpty: delete id-orders"],
  },
  {
    name: "and also when somebody else has deleted the identity",
    want: { lifecycle: "Absent" },
    see: { assignments: [stale(reader)] },
    plan: ["revoke Reader"],
  },
  {
    name: "Released touches none of it",
    want: { lifecycle: "Released" },
    see: { identities: [live()], assignments: [stale(reader)], targets: [attached("vm-1", {})] },
    plan: ["release tags -bindery-owner,-bindery-principal"],
  },
];

const references: readonly Row[] = [
  {
    name: "no ids at all",
    want: onVm,
    see: { identities: [live()], targets: [attached("vm-1", {})] },
    plan: ["attach vm-1"],
  },
  {
    name: "the ids of another principal",
    want: onVm,
    see: { identities: [live()], targets: [attached("vm-1", dead)] },
    plan: ["attach vm-1"],
  },
  {
    name: "no ids yet, while Azure is at work",
    want: onVm,
    see: { identities: [live()], targets: [attached("vm-1", {}, { provisioningState: "Updating" })] },
    plan: [],
  },
  {
    name: "the ids of the present principal, in capitals",
    want: onVm,
    see: {
      identities: [live()],
      targets: [attached("vm-1", { principalId: principal.principalId.toUpperCase() })],
    },
    plan: [],
  },
  {
    name: "an identity that is not ours is not attached again",
    want: onVm,
    see: { identities: [withoutTags], targets: [attached("vm-1", {})] },
    plan: [`NotOwned: ${adopt}`, "NotOwned: attach vm-1"],
  },
  {
    name: "a dead reference that nobody wants just goes",
    want: {},
    see: { identities: [live()], targets: [attached("vm-1", dead)] },
    plan: ["detach vm-1"],
  },
];

describe.each([
  ["whose it is", ownership],
  ["what is repaired", repair],
  ["what a target shows", references],
])("%s", (_, rows) => {
  test.each(rows)("$name", ({ want, see, plan }) => {
    expect(linesOf(planOf(want, see))).toEqual(plan);
  });
});

test.each([
  ["nothing, where Azure shows none", {}, {}],
  ["the dead principal, where it shows that", dead, { principalId: dead.principalId }],
])("an attach says what is to be taken off before: %s", (_, shown, stale) => {
  const { changes } = planOf(onVm, { identities: [live()], targets: [attached("vm-1", shown)] });
  expect(changes.map(({ subject }) => subject)).toMatchObject([{ kind: "target", stale }]);
});

describe("the release of a recreated identity", () => {
  const want = { bindings: [binding([namedVm("vm-1")], [grantOf("Owner"), grantOf("Reader")])] };
  const see = (had: RoleDefinition, identity: Identity = withTags): Seen => ({
    identities: [identity],
    targets: [attached("vm-1", {})],
    assignments: [stale(had)],
  });
  const digestIn = (plan: Plan): string => {
    const digests = [...new Set(plan.held.map((h) => h.digest))];
    expect(digests).toHaveLength(1);
    expect(plan.held.every((h) => h.releasable && h.reason === "Recreated")).toBe(true);
    return digests[0] ?? "";
  };

  test("one digest lets the whole repair go, and a privileged grant that it had from us is not held again", () => {
    const digest = digestIn(planOf(want, see(owner)));
    expect(linesOf(planOf(want, see(owner), releaseOf(digest)))).toEqual([
      adopt,
      "attach vm-1",
      "grant Owner",
      "grant Reader",
      "revoke Owner",
    ]);
  });

  test.each([
    ["a privileged grant that it did not have is held by itself", see(reader), "Privileged: grant Owner"],
    [
      "nor is one with another condition covered",
      { ...see(owner), assignments: [stale(owner, { condition: "true" })] },
      "Privileged: grant Owner",
    ],
  ])("%s", (_, seen, line) => {
    const digest = digestIn(planOf(want, seen));
    expect(linesOf(planOf(want, seen, releaseOf(digest))).filter((l) => l.includes(":"))).toEqual([line]);
  });

  test("it means this principal and no other", () => {
    const digest = digestIn(planOf(want, see(owner)));
    const again = planOf(want, see(owner, { ...withTags, principalId: "another" }), releaseOf(digest));
    expect(again.changes).toEqual([]);
    expect(again.held.map((h) => h.digest)).not.toContain(digest);
  });

  test.each(["Absent", "Released"] as const)("does not exist for lifecycle: %s", (lifecycle) => {
    const { held, changes } = planOf({ lifecycle }, see(owner));
    expect(changes).toEqual([]);
    expect(held.map((h) => [h.reason, h.releasable])).toEqual([["Recreated", false]]);
    expect(planOf({ lifecycle }, see(owner), releaseOf(held[0]?.digest ?? "")).changes).toEqual([]);
  });
});

test("under prunePolicy Additive what the dead had is named in a warning", () => {
  const see = { identities: [live()], assignments: [stale(reader)] };
  const codes = (prunePolicy: "Additive" | "Authoritative") =>
    planOf({ prunePolicy }, see).warnings.map((w) => w.code);
  expect(codes("Additive")).toEqual(["DeadAssignments"]);
  expect(codes("Authoritative")).toEqual([]);
});

test("what the dead had counts towards no limit", () => {
  const none = { ...policy, limits: { ...defaultLimits, removals: { count: 0, percent: 0 } } };
  const see = { identities: [live()], assignments: [stale(reader), assignment(secretsUser)] };
  expect(linesOf(planOf({}, see, undefined, none))).toEqual([
    "revoke Reader",
    "TooManyRemovals: revoke Key Vault Secrets User",
  ]);
});

test("what keeps Terraform from stripping tags comes with the hold, one line each, and names the tags that are there", () => {
  const tags = { [principalTag]: principalMark(principal), "bindery-sql-1": "s/d" };
  const { held } = planOf({}, { identities: [live({ tags })] });
  expect(held[0]?.reason).toBe("OwnershipLost");
  expect(held[0]?.snippet).toEqual([
    "lifecycle {",
    "  ignore_changes = [",
    '    tags["bindery-owner"],',
    '    tags["bindery-principal"],',
    '    tags["bindery-prune"],',
    '    tags["bindery-sql-1"],',
    "  ]",
    "}",
  ]);
});

describe("in databases", () => {
  const ref = { server: "sql.database.windows.net", database: "orders" };
  const key = `${ref.server}/${ref.database}`;
  const user = {
    type: "E",
    permissions: [],
    ownedSchemas: [],
    ownedRoles: [],
    ownedObjects: [],
    granteesOf: [],
  };
  const marker = assignmentMarker("prod", identityId);
  const left = { ...user, name: "id-orders", sid: sidFrom(dead.clientId), marker, roles: ["db_datareader"] };
  const rights = {
    user: "bindery",
    seesAll: true,
    isOwner: true,
    altersUsers: true,
    altersRoles: true,
    controls: true,
  };
  const roles = [{ name: "db_datareader", isFixed: true }];
  const contents = { rights, isReadOnly: false, users: [left], roles, schemas: ["dbo"] };
  const databases = new Map([
    [key, { kind: "read" as const, resource: { id: "/d", ref, status: "Online" }, contents }],
  ]);
  const reads = {
    ref,
    userName: "id-orders",
    userFrom: "Sid" as const,
    permissions: [],
    document: wanted().document,
  };
  const want = { ...additive, bindings: [binding([], [], false, [{ ...reads, roles: ["db_datareader"] }])] };
  const planWith = (
    tags: Record<string, string>,
    adoptionPolicy = want.adoptionPolicy,
    releases?: Releases,
  ) =>
    planFor(
      desired(wanted({ ...want, adoptionPolicy })),
      observed({ identities: [live({ tags: { ...tags, "bindery-sql-1": key } })] }, { databases }),
      policy,
      releases,
    );
  const pending = {
    [ownerTag]: "prod",
    [principalTag]: principalMark(principal),
    "bindery-prune": "recreated",
  };

  test("Additive takes it over, and what it is to get there waits in one set, in later passes too", () => {
    for (const tags of [ownTags, pending]) {
      const held = planWith(tags).held;
      expect(held.map((h) => [h.reason, h.releasable, h.change.subject.kind])).toEqual([
        ["Recreated", true, "databaseUser"],
      ]);
    }
    expect(linesOf(planWith(ownTags))[0]).toBe("adopt tags bindery-owner,bindery-prune,principal");
    expect(planWith(ownTags).changes[0]?.subject).toMatchObject({ set: { "bindery-prune": "recreated" } });
  });

  test("once released it is done, and the waiting ends with it", () => {
    const digest = planWith(pending).held[0]?.digest ?? "";
    const { changes, held } = planWith(pending, "Additive", releaseOf(digest));
    expect(held).toEqual([]);
    const [replaced, end] = changes;
    expect(replaced?.subject).toMatchObject({ kind: "databaseUser", replaces: { name: "id-orders" } });
    expect(end).toMatchObject({
      subject: { remove: { "bindery-prune": "recreated" } },
      needs: [replaced?.id],
    });
  });

  test("without Additive it belongs to the one set of the repair", () => {
    const { held } = planWith(ownTags, "Never" as "Additive");
    expect(new Set(held.map((h) => `${h.reason} ${h.digest}`)).size).toBe(1);
    expect(held.map((h) => h.change.subject.kind)).toContain("databaseUser");
  });
});

describe("rule 4: Absent", () => {
  const want = { lifecycle: "Absent" } as const;
  const key = identityId.toLowerCase();
  const heldBy = (references: Observed["references"], see: Seen = { identities: [live()] }) =>
    planFor(desired(wanted(want)), observed(see, { references }), policy).held;

  test.each([
    ["nobody has asked yet", new Map(), "ObservationIncomplete"],
    ["nobody can tell", new Map([[key, { resourceIds: [], unknown: "s: 403" }]]), "ObservationIncomplete"],
    ["something names it", new Map([[key, { resourceIds: ["/aks"] }]]), "InUse"],
    [
      "something names it, and there may be more",
      new Map([[key, { resourceIds: ["/a"], unknown: "s" }]]),
      "InUse",
    ],
    ["nothing names it", new Map([[key, { resourceIds: [] }]]), undefined],
  ])("%s", (_, references, reason) => {
    expect(heldBy(references)[0]?.reason).toBe(reason);
  });

  test("the first three are named, each once", () => {
    const site = vm("site", [identityId], { kind: "other", type: "Microsoft.Web/sites" });
    const resourceIds = ["/b", site.id.toUpperCase(), "/c", "/d"];
    const [held] = heldBy(new Map([[key, { resourceIds }]]), { identities: [live()], targets: [site] });
    expect(held?.message).toContain("/b, /c and 1 more");
  });
});
