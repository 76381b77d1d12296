// Decides what a whole apply came to: what was applied, what failed, what was not done, and the exit code.
import type { Outcome, OutcomeState } from "../apply/outcome.ts";
import type { Convergence } from "../controller/converge.ts";
import type { DocumentRef } from "../model/document.ts";
import { safeText } from "../model/text.ts";
import type { Held, Plan, Warning } from "../plan/plan.ts";
import { countWords, namesOf } from "../plan/render/change-words.ts";
import { type ChangeOutput, type HeldOutput, type PlanContext, planOutputFrom } from "../plan/render/json.ts";
import type { Names } from "../plan/render/names.ts";
import { jsonText } from "../plan/render/safe-json.ts";
import type { Paint } from "../plan/render/style.ts";
import type { LeftOut, SavedPlan } from "../plan/saved-plan.ts";
import { exitCodes } from "./errors.ts";
import { changeWords, whyWords } from "./operation-words.ts";

/** What all passes of an apply came to. */
export interface ApplyResult {
  readonly end: Convergence["end"];
  readonly passes: number;
  /** What some pass applied. */
  readonly applied: readonly Outcome[];
  /** How the last pass left things; failures for good of all passes. */
  readonly propagating: readonly Outcome[];
  readonly skipped: readonly Outcome[];
  readonly failed: readonly Outcome[];
  readonly held: readonly Held[];
  /** What a saved plan does not cover, or lists in vain; empty without one. */
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly Warning[];
  /** The plan of the last pass; undefined if none got so far. */
  readonly plan?: Plan;
}

/** Brings the passes together: a failure that a later pass has mended is none. */
export function applyResultFrom({ passes, end }: Convergence): ApplyResult {
  const last = passes.at(-1);
  const applied = new Map(
    passes.flatMap(({ report }) =>
      report.outcomes.filter((o) => o.state === "applied").map((o) => [o.change.id, o] as const),
    ),
  );
  const inLast = (state: OutcomeState): readonly Outcome[] =>
    (last?.report.outcomes ?? []).filter((o) => o.state === state);
  const failed = new Map([...finalFailures(passes), ...inLast("failed")].map((o) => [o.change.id, o]));
  const warnings = passes.flatMap(({ report }) => report.warnings);
  return {
    end,
    passes: passes.length,
    applied: [...applied.values()],
    propagating: inLast("propagating"),
    skipped: inLast("skipped"),
    failed: [...failed.values()].filter((o) => !applied.has(o.change.id)),
    held: last?.plan.held ?? [],
    leftOut: leftOutOf(passes),
    warnings: [...new Map(warnings.map((w) => [`${w.code} ${w.message}`, w])).values()],
    ...(last && { plan: last.plan }),
  };
}

/** True for what the saved plan lists and nobody has to do any more. */
function needsNothing({ reason }: LeftOut): boolean {
  return reason === "AlreadySo" || reason === "TargetGone";
}

/** That nothing is left to do, as the first pass saw it (later ones see our own work); everything else as the last one did. */
function leftOutOf(passes: Convergence["passes"]): readonly LeftOut[] {
  const [first, last] = [passes.at(0)?.leftOut ?? [], passes.at(-1)?.leftOut ?? []];
  return [...first.filter(needsNothing), ...last.filter((one) => !needsNothing(one))];
}

/** What failed for good in any pass, although a later plan may see it as something else (CreateRaced). */
function finalFailures(passes: Convergence["passes"]): readonly Outcome[] {
  return passes.flatMap(({ report }) =>
    report.outcomes.filter((o) => o.state === "failed" && o.transient !== true),
  );
}

/** 1 if something failed or was not done, 2 (where asked for) if something is held or not visible yet, else 0. */
export function applyExitCode(result: ApplyResult, isDetailed: boolean): number {
  const { end, failed, skipped, held, propagating, leftOut } = result;
  const notDone = failed.length + skipped.length + leftOut.filter(({ missed }) => missed).length;
  if (end !== "converged" || notDone > 0) return exitCodes.failed;
  const remains = held.length + propagating.length + leftOut.filter((one) => !needsNothing(one)).length;
  return isDetailed && remains > 0 ? exitCodes.changesRemain : exitCodes.done;
}

/** The end of an apply as text: what failed and what was not done first, one summary line last. */
export function renderApplyText(result: ApplyResult, paint: Paint): string {
  const names: Names = result.plan ? namesOf(result.plan) : (id) => id;
  const sections = [
    outcomeSection(paint("go", "Failed"), result.failed, names),
    outcomeSection(paint("warning", "Not done"), result.skipped, names),
    outcomeSection("Written, not visible everywhere yet", result.propagating, names),
    leftOutSection(
      paint("warning", "Not done, because of the saved plan"),
      result.leftOut.filter((one) => !needsNothing(one)),
    ),
    unneededSection(result.leftOut.filter(needsNothing)),
    result.warnings.length === 0
      ? []
      : [
          paint("warning", "Warnings"),
          ...result.warnings.map((w) => `  ${safeText(w.code)}  ${safeText(w.message)}`),
        ],
    [paint("heading", summaryOf(result))],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function outcomeSection(title: string, outcomes: readonly Outcome[], names: Names): readonly string[] {
  if (outcomes.length === 0) return [];
  const lines = outcomes.flatMap((outcome) => [
    `  ${changeWords(outcome.change, names)}`,
    `    ${whyWords(outcome)}`,
  ]);
  return [`${title} (${outcomes.length})`, ...lines];
}

function leftOutSection(title: string, leftOut: readonly LeftOut[]): readonly string[] {
  if (leftOut.length === 0) return [];
  const lines = leftOut.flatMap(({ words, reason, message }) => [
    `  ${safeText(words)}`,
    `    ${safeText(`${reason}: ${message}`)}`,
  ]);
  return [`${title} (${leftOut.length})`, ...lines];
}

/** More of what nobody has to do any more are counted, not listed. */
const mostUnneeded = 20;

function unneededSection(unneeded: readonly LeftOut[]): readonly string[] {
  if (unneeded.length === 0) return [];
  const lines = unneeded
    .slice(0, mostUnneeded)
    .map(({ words, reason }) => `  ${safeText(`${words} (${reason})`)}`);
  const more = unneeded.length - lines.length;
  const rest = more > 0 ? [`  … and ${more} more, which --output json lists`] : [];
  return [`In the saved plan, and not needed any more (${unneeded.length})`, ...lines, ...rest];
}

function summaryOf({
  end,
  passes,
  applied,
  failed,
  skipped,
  propagating,
  held,
  leftOut,
}: ApplyResult): string {
  const left = leftOut.filter((one) => !needsNothing(one)).length;
  const done = countWords(applied.map(({ change }) => change)).replaceAll(" to ", " ");
  const rest = [
    failed.length > 0 ? `${failed.length} failed` : "",
    skipped.length > 0 ? `${skipped.length} not done` : "",
    propagating.length > 0 ? `${propagating.length} not visible yet` : "",
    held.length > 0 ? `${held.length} held` : "",
    left > 0 ? `${left} left out` : "",
  ].filter((word) => word !== "");
  const what = applied.length > 0 ? `Applied: ${done}` : "Nothing was applied";
  const tail = rest.length > 0 ? `; ${rest.join(", ")}` : "";
  return `${what}${tail}${endings[end](passes)}`;
}

const endings: Readonly<Record<ApplyResult["end"], (passes: number) => string>> = {
  converged: () => ".",
  unfinished: (passes) => `. After ${passes} passes something is still left to do: apply again.`,
  stopped: () => ". Stopped before it was finished: apply again to go on.",
};

/** The version of the JSON shape of an apply. */
export const applyApiVersion = "bindery.dev/apply/v1";

/** One change and what became of it. */
interface OutcomeOutput {
  readonly state: OutcomeState;
  readonly code: string | null;
  readonly message: string;
  readonly correlationId: string | null;
  readonly change: Pick<ChangeOutput, "id" | "kind" | "identityId" | "reason"> & {
    readonly document: DocumentRef;
  };
}

/** The end of an apply as JSON, ending in a line break; the shape is in docs/plan-output.md. */
export function renderApplyJson(
  result: ApplyResult,
  context: PlanContext & { readonly owner: string; readonly revision: string; readonly saved?: SavedPlan },
): string {
  const { end, passes, applied, propagating, skipped, failed, leftOut, plan, warnings } = result;
  const { saved } = context;
  const held: readonly HeldOutput[] = plan ? planOutputFrom(plan, context).held : [];
  return jsonText({
    apiVersion: applyApiVersion,
    revision: context.revision,
    owner: context.owner,
    cloud: context.cloud,
    tenantId: context.tenantId,
    end,
    passes,
    outcomes: [...applied, ...propagating, ...skipped, ...failed].map(outcomeOutput),
    held,
    savedPlan: saved ? { savedAt: saved.savedAt, digest: saved.digest } : null,
    leftOut: leftOut.map(leftOutOutput),
    warnings: warnings.map(({ code, message, document }) => ({ code, message, document: document ?? null })),
    summary: {
      applied: applied.length,
      propagating: propagating.length,
      skipped: skipped.length,
      failed: failed.length,
      held: held.length,
      leftOut: leftOut.length,
    },
  });
}

function leftOutOutput({ reason, message, missed, id, kind, identityId }: LeftOut) {
  return { reason, message, missed, change: { id, kind, identityId } };
}

function outcomeOutput({ state, code, message, correlationId, change }: Outcome): OutcomeOutput {
  const { id, kind, identityId, reason, document } = change;
  return {
    state,
    code: code ?? null,
    message,
    correlationId: correlationId ?? null,
    change: { id, kind, identityId, reason, document },
  };
}
