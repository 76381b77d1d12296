// Decides the words that all views of a daemon's status share: states, durations, counts.
import { safeText } from "../model/text.ts";
import type { Paint, Style } from "../plan/render/style.ts";
import type { DocumentHead, PassRow } from "./status-answer.ts";

/** What a view is drawn with. */
export interface StatusView {
  readonly paint: Paint;
  readonly nowInMs: number;
}

/** How a document stands, in one word: the condition that holds, or (suspended) the reason why none does. */
export function stateWord({ conditions }: Pick<DocumentHead, "conditions">): string {
  const holding = conditions.find(({ status }) => status === "True");
  return safeText(holding?.type ?? conditions[0]?.reason ?? "Unknown", { max: 40 });
}

/** Reason and message that all conditions share, and since when it stands like this. */
export function leadingOf({ conditions }: Pick<DocumentHead, "conditions">) {
  const leading = conditions.find(({ status }) => status === "True") ?? conditions[0];
  const reason = safeText(leading?.reason ?? "", { max: 80 });
  return { reason, message: safeText(leading?.message ?? ""), since: leading?.lastTransitionTime };
}

const styles = new Map<string, Style>([
  ["Ready", "come"],
  ["Reconciling", "become"],
  ["Stalled", "go"],
]);

/** The colour of a state. */
export function styleOfState(state: string): Style {
  return styles.get(state) ?? "quiet";
}

/** "IdentityBinding team-orders/orders", safe to print. */
export function documentWords({ kind, namespace, name }: DocumentHead): string {
  return safeText(`${kind} ${namespace}/${name}`);
}

/** "5 s", "3 min", "2 h", "4 days" from one time to another; never less than nothing. */
export function durationWords(fromInMs: number, toInMs: number): string {
  const seconds = Math.max(0, Math.round((toInMs - fromInMs) / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** How long ago a time of an answer was. */
export function agoWords(time: string, nowInMs: number): string {
  return `${durationWords(Date.parse(time), nowInMs)} ago`;
}

/** For how long something has been so. */
export function forWords(time: string | null | undefined, nowInMs: number): string {
  return time ? `for ${durationWords(Date.parse(time), nowInMs)}` : "";
}

/** "3 Ready, 1 Stalled" out of counts by name, those that are zero left out; safe to print. */
export function countsWords(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return safeText(some.map(([name, count]) => `${count} ${name}`).join(", "));
}

/** "2 attach applied, 1 grant failed; 3 held", or that nothing was to be done; safe to print. */
export function passWords({ changes, held }: Pick<PassRow, "changes" | "held">): string {
  const made = Object.entries(changes).flatMap(([kind, states]) =>
    Object.entries(states).map(([state, count]) => `${count} ${kind} ${state}`),
  );
  const waiting = Object.values(held).reduce((sum, count) => sum + count, 0);
  const what = made.length > 0 ? made.join(", ") : "nothing to do";
  return safeText(waiting > 0 ? `${what}; ${waiting} held` : what);
}

/** Text of several sentences as lines that begin alike; safe to print. */
export function indented(indent: string, text: string): readonly string[] {
  return text === "" ? [] : [`${indent}${safeText(text)}`];
}
