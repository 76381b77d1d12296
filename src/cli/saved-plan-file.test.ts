import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  binding,
  desired,
  grantOf,
  group,
  live,
  namedVm,
  observed,
  policy,
  vm,
  wanted,
} from "../plan/fixtures.ts";
import { planFor } from "../plan/plan-for.ts";
import { narrowed } from "../plan/saved-plan.ts";
import { policyDigestOf } from "../plan/saved-plan-fit.ts";
import { CliError } from "./errors.ts";
import { parseSavedPlan, savedPlanText } from "./saved-plan-file.ts";

const grants = [grantOf("Reader"), grantOf("Owner", group, "@Resource[a] StringEquals '\u202eb'")];
const document = wanted({ tags: { "a\u0000": "##[x" }, bindings: [binding([namedVm("vm-1")], grants)] });
const world = observed({ identities: [live()], targets: [vm("vm-1")] });
const plan = planFor(desired(document), world, policy);
const context = { cloud: "public", tenantId: "t", policyDigest: policyDigestOf(policy), nowInMs: 1_000 };
const saved = savedPlanText(plan, context);

function parse(text: string) {
  return parseSavedPlan(new TextEncoder().encode(text), "plan.json");
}

/** The saved plan with something else in it. */
function changed(change: (plan: Record<string, unknown>) => unknown): string {
  return JSON.stringify(change(JSON.parse(saved) as Record<string, unknown>));
}

test("what is saved is read back: the same plan then lets all of it go", () => {
  const read = parse(saved);
  expect(read).toMatchObject({
    revision: "r1",
    owner: "prod",
    cloud: "public",
    tenantId: "t",
    digest: plan.digest,
    policyDigest: context.policyDigest,
    savedAt: "1970-01-01T00:00:01.000Z",
    savedAtInMs: 1_000,
  });
  expect(plan.changes.length).toBeGreaterThan(2);
  expect(plan.held).toHaveLength(1);
  const result = narrowed(plan, world, { saved: read, created: new Set() });
  expect(result).toEqual({ plan, leftOut: [] });
});

test("fields of a later version do no harm", () => {
  const [first] = parse(saved).changes;
  const later = changed((file) => ({ ...file, later: [1], saved: { ...Object(file.saved), later: 1 } }));
  expect(parse(later).changes[0]).toEqual(first);
});

describe("what is no saved plan", () => {
  test.each([
    ["nothing", "", "it is not JSON"],
    ["no JSON", "{", "it is not JSON"],
    ["nested without end", "[".repeat(1_000_000), "it is not JSON"],
    ["no object", "[]", "the file: "],
    ["another version", changed((file) => ({ ...file, apiVersion: "bindery.dev/plan/v2" })), "apiVersion: "],
    ["a plan that was printed, not saved", changed(({ saved: _, ...file }) => file), "saved: "],
    [
      "no time",
      changed((file) => ({ ...file, saved: { at: "yesterday", policyDigest: "x" } })),
      "saved.at: ",
    ],
    ["a change that is none", changed((file) => ({ ...file, changes: [{}] })), "changes.0.id: "],
    [
      "a subject that is none",
      changed((f) => ({ ...f, changes: [{ ...first(f), subject: 1 }] })),
      "changes.0.subject: ",
    ],
    [
      "an id that is endless",
      changed((f) => ({ ...f, changes: [{ ...first(f), id: "x".repeat(9_000) }] })),
      "changes.0.id: ",
    ],
    [
      "one change twice",
      changed((f) => ({ ...f, changes: [first(f), first(f)] })),
      "the same change stands in it twice",
    ],
  ])("%s is refused with the place", (_, text, why) => {
    expect(() => parse(text)).toThrow(`plan.json is no saved plan of this version of Bindery: ${why}`);
  });

  test("nothing that a file may hold ends in anything but a plan or that refusal", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => changed((f) => ({ ...f, changes: value }))),
    );
    fc.assert(
      fc.property(anything, (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CliError);
        }
      }),
    );
  });

  function first({ changes }: Record<string, unknown>): object {
    return Array.isArray(changes) ? Object(changes[0]) : {};
  }
});
