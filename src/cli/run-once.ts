// Decides what `bindery run --once` prints and which exit code it ends with.
import type { TurnResult } from "../controller/loop-parts.ts";
import { renderText } from "../plan/render/text.ts";
import type { RefusalReason, SourceState } from "../status/daemon-event.ts";
import { applyExitCode, applyResultFrom, renderApplyText } from "./apply-result.ts";
import { exitCodes } from "./errors.ts";
import type { CliIo } from "./io.ts";
import { paintFor } from "./terminal.ts";

/** A refused revision is no success, though the last good one was kept: somebody has to look. */
const exitCodeOf: Readonly<Record<RefusalReason, number>> = {
  BrokenRevision: exitCodes.badInput,
  BrokenPolicy: exitCodes.badInput,
  NonFastForward: exitCodes.refused,
  CommitNotSigned: exitCodes.refused,
  PolicyNeedsRestart: exitCodes.refused,
  SourceUnreadable: exitCodes.failed,
};

/** Prints what the turn came to; why it could do less stands in the log. */
export function finishOnce(
  result: TurnResult,
  source: SourceState,
  io: Pick<CliIo, "stdout" | "env">,
): number {
  const { convergence, reported, reportsBecause, end } = result;
  const paint = paintFor(io.stdout, io.env);
  if (convergence) io.stdout.write(renderApplyText(applyResultFrom(convergence), paint));
  if (reported) io.stdout.write(`${renderText(reported.plan, { paint, releasedByPolicy: true })}\n`);
  if (source.refusal) return exitCodeOf[source.refusal.reason];
  if (reportsBecause === "Standby") return exitCodes.refused;
  if (convergence) return applyExitCode(applyResultFrom(convergence), false);
  return end === "reported" ? exitCodes.done : exitCodes.failed;
}
