// What an adverse case is made of: any world, any documents, somebody else at work, faults and switches.
import fc from "fast-check";
import { type Switches, switchTable } from "../../src/sandbox/switches.ts";

export const subscriptionId = "0b1f6471-0000-4000-8000-00000000a001";
export const identityNames = ["id-1", "id-2", "id-3"] as const;
export const foreignNames = ["f-1", "f-2"] as const;
export const machineNames = ["vm-1", "vm-2", "vm-3", "vm-4"] as const;
/** Machines and scale sets that can be attached to by name; the last of them is somebody's managed machine. */
export const targetNames = [...machineNames, "vmss", "vm-managed"] as const;
export const scopeNames = ["kv", "st", "rg"] as const;
export const roleNames = ["Reader", "Key Vault Secrets User", "Contributor"] as const;

/** How an identity that documents name stands at first. */
export interface SeedIdentity {
  readonly state: "absent" | "unowned" | "another" | "ours" | "unfinished";
  readonly attachedTo: readonly (typeof targetNames)[number][];
  readonly grants: readonly Grant[];
}

/** A machine at first. */
export interface SeedMachine {
  readonly app: "a" | "b";
  readonly system: boolean;
  readonly foreign: readonly (typeof foreignNames)[number][];
}

export interface Grant {
  readonly role: (typeof roleNames)[number];
  readonly scope: (typeof scopeNames)[number];
}

/** One identity's documents in one revision. */
export interface Wanted {
  readonly name: (typeof identityNames)[number];
  readonly lifecycle: "Present" | "Released" | "Absent";
  readonly adoption: "Never" | "Additive";
  readonly prune: "Additive" | "Authoritative";
  readonly tags: Readonly<Record<string, string>>;
  readonly credentials: readonly ("main" | "dev")[] | null;
  readonly ignoresMachine1: boolean;
  readonly suspend: boolean;
  readonly targets: readonly (typeof targetNames)[number][];
  readonly selector: "a" | "b" | null;
  readonly grants: readonly Grant[];
}

/** What somebody else does, before the request of this number is sent. */
export interface Deed {
  readonly at: number;
  readonly kind: DeedKind;
  readonly identity: (typeof identityNames)[number];
  readonly foreign: (typeof foreignNames)[number];
  readonly target: (typeof targetNames)[number];
  readonly grant: Grant;
}

export const deedKinds = [
  "stripTags",
  "claimForAnother",
  "attachForeign",
  "detachForeign",
  "attachOurs",
  "detachOurs",
  "toggleSystem",
  "recreate",
  "recreateWithTags",
  "deleteIdentity",
  "deleteMachine",
  "grantOurs",
  "grantForeign",
  "revokeOurs",
  "retagMachine",
] as const;
export type DeedKind = (typeof deedKinds)[number];

/** A fault for the sandbox's admin endpoint. */
export interface Trouble {
  readonly after: number;
  readonly times: number;
  readonly method: "*" | "GET" | "PATCH" | "PUT" | "DELETE" | "POST";
  readonly shape: keyof typeof troubleShapes;
}

const limited = (code: string, message: string): object => ({ error: { code, message } });

/** Azure's ways of failing for a while. */
export const troubleShapes = {
  throttled: {
    status: 429,
    headers: { "retry-after": "2" },
    body: limited(
      "SubscriptionRequestsThrottled",
      "Number of requests exceeded. Please try again after '2' seconds.",
    ),
  },
  throttledSilently: { status: 429, body: limited("TooManyRequests", "Too many requests.") },
  throttledByCompute: {
    status: 429,
    headers: { "retry-after": "31" },
    body: limited(
      "OperationNotAllowed",
      "The server rejected the request because too many requests have been received.",
    ),
  },
  internal: { status: 500, body: limited("InternalServerError", "Something went wrong.") },
  gateway: { status: 502, body: "<html>Bad gateway</html>" },
  busy: { status: 503, headers: { "retry-after": "5" }, body: limited("ServerTimeout", "Busy.") },
  timeoutAfterDone: { status: 504, applied: true, body: limited("GatewayTimeout", "No answer in time.") },
  errorAfterDone: {
    status: 500,
    applied: true,
    body: limited("InternalServerError", "Something went wrong."),
  },
  cutBefore: { cut: "before" },
  cutAfter: { cut: "after" },
} as const;

const modes = [
  "late",
  "failed",
  "failedThoughApplied",
  "succeededBeforeVisible",
  "cancelled",
  "endless",
  "urlGone404",
  "urlGone410",
  "withoutHeader",
] as const;

/** An operation of a machine or scale set that goes another way than the usual. */
export interface ModeRule {
  readonly mode: (typeof modes)[number];
  readonly after: number;
  readonly times: number;
}

/** A whole case. */
export interface Case {
  readonly identities: readonly SeedIdentity[];
  readonly machines: readonly SeedMachine[];
  readonly foreignGrants: readonly Grant[];
  readonly revisions: readonly (readonly Wanted[])[];
  readonly deeds: readonly Deed[];
  readonly troubles: readonly Trouble[];
  readonly modes: readonly ModeRule[];
  readonly lags: {
    readonly list: number;
    readonly graph: number;
    readonly role: number;
    readonly principal: number;
  };
  readonly operationInMs: number;
  readonly pageSize: number;
  readonly switches: Switches;
}

const grant: fc.Arbitrary<Grant> = fc.record({
  role: fc.constantFrom(...roleNames),
  scope: fc.constantFrom(...scopeNames),
});
const grants = fc.uniqueArray(grant, { maxLength: 2, selector: (g) => `${g.role}@${g.scope}` });

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
  grants,
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
  grant,
});

const trouble: fc.Arbitrary<Trouble> = fc.record({
  after: fc.nat({ max: 40 }),
  times: fc.integer({ min: 1, max: 4 }),
  method: fc.constantFrom("*", "GET", "PATCH", "PUT", "DELETE", "POST"),
  shape: fc.constantFrom(...(Object.keys(troubleShapes) as (keyof typeof troubleShapes)[])),
});

const switches = fc.record(
  Object.fromEntries(
    Object.entries(switchTable).map(([name, { values }]) => [name, fc.constantFrom(...values)]),
  ),
) as unknown as fc.Arbitrary<Switches>;

/** Any case. */
export const anyCase: fc.Arbitrary<Case> = fc.record({
  identities: fc.tuple(seedIdentity, seedIdentity, seedIdentity),
  machines: fc.tuple(seedMachine, seedMachine, seedMachine, seedMachine),
  foreignGrants: grants,
  revisions: fc.array(revision, { minLength: 1, maxLength: 2 }),
  deeds: fc.array(deed, { maxLength: 4 }),
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
