// How the databases of adverse cases are drawn.
import fc from "fast-check";
import { type Case, identityNames } from "./case.ts";
import {
  customRoles,
  type DatabaseCase,
  type DatabaseDeed,
  type DatabaseTrouble,
  databaseDeedKinds,
  databaseTroubleShapes,
  fixedRoles,
  others,
  permissionNames,
  places,
  type SeedDatabase,
  type SeedUser,
  type WantedDatabase,
  type WantedDatabases,
  wantedPlaces,
  wantedRoles,
} from "./database-case.ts";
import { anyCase } from "./draw.ts";

const some = fc.subarray([...permissionNames], { maxLength: 2 });
const none = fc.constant<WantedDatabase["permissions"]>([]);

const seedUser: fc.Arbitrary<SeedUser> = fc.record({
  of: fc.constantFrom(...identityNames),
  whose: fc.constantFrom("living", "living", "living", "dead", "login", "stranger"),
  mark: fc.constantFrom("ours", "ours", "ours", "another", "none"),
  name: fc.constantFrom("plain", "plain", "user", "odd"),
  roles: fc.subarray(
    wantedRoles.filter((role) => role !== "helpers"),
    { maxLength: 2 },
  ),
  granted: some,
  denied: fc.oneof({ weight: 4, arbitrary: none }, { weight: 1, arbitrary: some }),
  isGrantable: fc.constantFrom(false, false, true),
  owns: fc.constantFrom("nothing", "nothing", "nothing", "schema", "role", "object"),
});

const seedDatabase: fc.Arbitrary<SeedDatabase> = fc.record({
  login: fc.constantFrom(
    ...(["owner", "owner", "owner", "owner", "owner", "owner", "owner", "owner"] as const),
    ...(["manager", "viewer", "blind", "nobody"] as const),
  ),
  isPaused: fc.constantFrom(false, false, false, false, true),
  // A name and a SID are one user's.
  users: fc.uniqueArray(seedUser, {
    maxLength: 3,
    comparator: (a, b) =>
      (a.of === b.of && a.name === b.name) ||
      (a.whose === b.whose && (a.of === b.of || a.whose === "stranger")),
  }),
});

const wantedDatabase: fc.Arbitrary<WantedDatabase> = fc
  .record({
    place: fc.constantFrom(...places, ...places, ...wantedPlaces),
    isNamed: fc.constantFrom(false, false, true),
    from: fc.constantFrom("Sid", "Sid", "ExternalProvider"),
    roles: fc.oneof(
      { weight: 5, arbitrary: fc.subarray<(typeof wantedRoles)[number]>([...fixedRoles, ...customRoles]) },
      { weight: 1, arbitrary: fc.subarray([...wantedRoles], { maxLength: 3 }) },
    ),
    permissions: some,
    replaces: fc.constantFrom(false, false, false, true),
  })
  .map((one) => (one.roles.length + one.permissions.length > 0 ? one : { ...one, roles: ["clerks"] }));

const ofEach = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.record({ "id-1": arbitrary, "id-2": arbitrary, "id-3": arbitrary });

const wanted: fc.Arbitrary<WantedDatabases> = ofEach(
  fc.oneof(
    fc.uniqueArray(wantedDatabase, { minLength: 1, maxLength: 2, selector: ({ place }) => place }),
    fc.uniqueArray(wantedDatabase, { maxLength: 2, selector: ({ place }) => place }),
  ),
);

const deed: fc.Arbitrary<DatabaseDeed> = fc.record({
  at: fc.nat({ max: 14 }),
  kind: fc.constantFrom(...databaseDeedKinds),
  place: fc.constantFrom(...places),
  identity: fc.constantFrom(...identityNames),
  other: fc.constantFrom(...others),
  role: fc.constantFrom(...wantedRoles),
  permission: fc.constantFrom(...permissionNames),
});

const trouble: fc.Arbitrary<DatabaseTrouble> = fc.record({
  after: fc.nat({ max: 12 }),
  times: fc.integer({ min: 1, max: 3 }),
  shape: fc.constantFrom(...(Object.keys(databaseTroubleShapes) as (keyof typeof databaseTroubleShapes)[])),
});

const anyDatabases: fc.Arbitrary<DatabaseCase> = fc.record({
  seeds: fc.tuple(...places.map(() => seedDatabase)),
  remembered: ofEach(fc.subarray([...wantedPlaces])),
  wanted: fc.array(wanted, { minLength: 1, maxLength: 2 }),
  deeds: fc.array(deed, { maxLength: 5 }),
  troubles: fc.array(trouble, { maxLength: 2 }),
  releases: fc.boolean(),
});

/** Of an identity: whether it is as nothing much happens in databases without: ours, wanted, at work. */
const isPlain = ofEach(fc.constantFrom(true, true, false));

/** Any case, with databases; most of its identities may have something there. */
export const anyCaseWithDatabases: fc.Arbitrary<Case> = fc
  .tuple(anyCase, anyDatabases, isPlain)
  .map(([one, databases, plain]) => ({
    ...one,
    databases,
    identities: one.identities.map((seed, i) => {
      const isMade = plain[identityNames[i] ?? "id-1"] && seed.state !== "absent";
      return isMade ? { ...seed, state: "ours" } : seed;
    }),
    revisions: one.revisions.map((revision) =>
      revision.map((wish) => (plain[wish.name] ? { ...wish, lifecycle: "Present", suspend: false } : wish)),
    ),
  }));
