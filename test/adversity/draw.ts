// How adverse cases are drawn: by chance, and the same ones for the same seed.
import fc from "fast-check";
import { deedKinds as otherDeedKinds } from "../../src/sandbox/second-client/deed.ts";
import { type Switches, switchTable } from "../../src/sandbox/switches.ts";
import {
  type Case,
  type Deed,
  deedKinds,
  denialKinds,
  foreignNames,
  type Grant,
  groupScope,
  identityNames,
  type Obstacle,
  type OtherClient,
  obstaclePlaces,
  policyKinds,
  roleNames,
  type SeedIdentity,
  type SeedMachine,
  scopeNames,
  targetNames,
  type Wanted,
} from "./case.ts";
import { coveringRows } from "./pairwise.ts";
import { modes, type Trouble, troubleShapes } from "./troubles.ts";

const valuesOf = Object.fromEntries(Object.entries(switchTable).map(([name, { values }]) => [name, values]));

/** States of all switches of which any two values of two switches stand together in one. */
export const switchRows: readonly Readonly<Record<string, string>>[] = coveringRows(valuesOf);

const isNarrow = fc.constantFrom(false, false, false, true);
const grant: fc.Arbitrary<Grant> = fc.record({
  role: fc.constantFrom(...roleNames),
  scope: fc.constantFrom(...scopeNames),
  isNarrow,
});
const groupGrant: fc.Arbitrary<Grant> = grant.map((g) => ({ ...g, scope: groupScope }));
const anyGrant = fc.oneof({ weight: 5, arbitrary: grant }, { weight: 1, arbitrary: groupGrant });
const distinct = { maxLength: 2, selector: (g: Grant) => `${g.role}@${g.scope}` };
const grants = fc.uniqueArray(grant, distinct);
const anyGrants = fc.uniqueArray(anyGrant, distinct);

const seedIdentity: fc.Arbitrary<SeedIdentity> = fc.record({
  state: fc.constantFrom(
    "absent",
    "absent",
    "unowned",
    "another",
    "ours",
    "ours",
    "ours",
    "ours",
    "unfinished",
  ),
  attachedTo: fc.subarray([...targetNames], { maxLength: 2 }),
  grants: anyGrants,
});

const seedMachine: fc.Arbitrary<SeedMachine> = fc.record({
  app: fc.constantFrom("a", "b"),
  system: fc.boolean(),
  foreign: fc.subarray([...foreignNames]),
});

const wanted = (name: Wanted["name"]): fc.Arbitrary<Wanted> =>
  fc.record({
    name: fc.constant(name),
    lifecycle: fc.constantFrom("Present", "Present", "Present", "Present", "Released", "Absent"),
    adoption: fc.constantFrom("Never", "Additive"),
    prune: fc.constantFrom("Additive", "Authoritative", "Authoritative"),
    tags: fc.constantFrom({}, { team: "x" }, { team: "y", Cost: "1" }),
    credentials: fc.constantFrom(null, null, [], ["main"] as const, ["main", "dev"] as const),
    ignoresMachine1: fc.boolean(),
    suspend: fc.constantFrom(false, false, false, true),
    targets: fc.subarray([...targetNames], { maxLength: 3 }),
    selector: fc.constantFrom(null, "a", "b"),
    grants,
  });

const revision = fc
  .subarray([...identityNames], { minLength: 1 })
  .chain((names) => fc.tuple(...names.map((name) => wanted(name))));

const deed: fc.Arbitrary<Deed> = fc.record({
  at: fc.nat({ max: 120 }),
  kind: fc.constantFrom(...deedKinds),
  identity: fc.constantFrom(...identityNames),
  foreign: fc.constantFrom(...foreignNames),
  target: fc.constantFrom(...targetNames),
  grant: anyGrant,
});

const trouble: fc.Arbitrary<Trouble> = fc.record({
  after: fc.nat({ max: 40 }),
  times: fc.integer({ min: 1, max: 4 }),
  method: fc.constantFrom("*", "GET", "PATCH", "PUT", "DELETE", "POST"),
  shape: fc.constantFrom(...(Object.keys(troubleShapes) as (keyof typeof troubleShapes)[])),
});

const obstacle: fc.Arbitrary<Obstacle> = fc.oneof(
  fc.record({
    kind: fc.constant("lock" as const),
    level: fc.constantFrom("CanNotDelete", "ReadOnly"),
    at: fc.constantFrom(...obstaclePlaces),
  }),
  fc.record({ kind: fc.constant("denial" as const), what: fc.constantFrom(...denialKinds) }),
  fc.record({ kind: fc.constant("policy" as const), what: fc.constantFrom(...policyKinds) }),
);

const otherClient: fc.Arbitrary<OtherClient> = fc.record({
  seed: fc.nat({ max: 2 ** 31 }),
  rate: fc.constantFrom(0, 0, 0.02, 0.1),
  most: fc.integer({ min: 1, max: 3 }),
  afterRead: fc.option(
    fc.record({
      target: fc.constantFrom(...targetNames),
      nth: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom(...otherDeedKinds),
    }),
    { freq: 2 },
  ),
});

/** Half of the cases take a row of the pairwise covering, the others any combination. */
const switches: fc.Arbitrary<Switches> = fc.oneof(
  fc.constantFrom(...(switchRows as readonly Switches[])),
  fc.record(
    Object.fromEntries(
      Object.entries(switchTable).map(([name, { values }]) => [name, fc.constantFrom(...values)]),
    ),
  ) as unknown as fc.Arbitrary<Switches>,
);

/** Any case. */
export const anyCase: fc.Arbitrary<Case> = fc.record({
  identities: fc.tuple(seedIdentity, seedIdentity, seedIdentity),
  machines: fc.tuple(seedMachine, seedMachine, seedMachine, seedMachine),
  foreignGrants: anyGrants,
  revisions: fc.array(revision, { minLength: 1, maxLength: 2 }),
  instanceUpgrade: fc.constantFrom("Never", "Automatic"),
  obstacles: fc.oneof(fc.constant([]), fc.array(obstacle, { minLength: 1, maxLength: 2 })),
  deeds: fc.array(deed, { maxLength: 4 }),
  otherClient,
  troubles: fc.array(trouble, { maxLength: 2 }),
  modes: fc.array(
    fc.record({
      mode: fc.constantFrom(...modes),
      after: fc.nat({ max: 2 }),
      times: fc.integer({ min: 1, max: 2 }),
    }),
    { maxLength: 1 },
  ),
  lags: fc.record({
    list: fc.constantFrom(0, 500, 10_000),
    graph: fc.constantFrom(0, 2_000, 60_000),
    role: fc.constantFrom(0, 1_000, 20_000),
    principal: fc.constantFrom(0, 2_000, 30_000),
  }),
  operationInMs: fc.constantFrom(0, 1_500, 20_000),
  pageSize: fc.constantFrom(3, 7, 1_000),
  switches,
});
