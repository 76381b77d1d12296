// Decides how an operation and an outcome are told in one line while an apply runs.
import type { Outcome } from "../apply/outcome.ts";
import { documentName } from "../model/document.ts";
import { safeText } from "../model/text.ts";
import type { Change, Operation } from "../plan/plan.ts";
import { countWords, subjectWords } from "../plan/render/change-words.ts";
import type { Names } from "../plan/render/names.ts";

/** "attach vm-orders-1 (team-orders/orders)", safe to print. */
export function changeWords(change: Change, names: Names): string {
  const whose = change.identityDocument ? ` (${documentName(change.identityDocument)})` : "";
  return safeText(`${change.kind} ${subjectWords(change, names)}${whose}`);
}

/** One change in full, several as counts: "2 to attach, 1 to detach: vm-orders-1". */
export function operationWords({ action }: Operation, changes: readonly Change[], names: Names): string {
  const [first, ...more] = changes;
  if (!first) return safeText(action.kind);
  if (more.length === 0) return changeWords(first, names);
  return safeText(`${countWords(changes)}: ${subjectWords(first, names)}`);
}

/** "failed       attach vm-1 (team/orders): AuthorizationFailed: …", safe to print. */
export function outcomeLine(outcome: Outcome, names: Names): string {
  const { change, state } = outcome;
  const words = changeWords(change, names);
  const why = state === "applied" ? "" : `: ${whyWords(outcome)}`;
  return `${state.padEnd("propagating".length)}  ${words}${why}`;
}

/** Code, message and correlation id of an outcome, safe to print. */
export function whyWords({ code, message, correlationId }: Outcome): string {
  const coded = code === undefined ? message : `${code}: ${message}`;
  return safeText(correlationId === undefined ? coded : `${coded} (correlation id ${correlationId})`);
}
