// Reads the $filter of the activity log, which takes a time range and at most one thing besides; everything else is refused.
import type { Activity } from "../../activities.ts";
import type { World } from "../../world.ts";
import { ArmError } from "../provider.ts";

/** Which events are asked for. */
export interface ActivityFilter {
  readonly fromInMs: number;
  readonly toInMs: number;
  readonly matches: (activity: Activity) => boolean;
}

const dayInMs = 24 * 60 * 60_000;
const part = /^\s*(\w+)\s+(ge|le|eq)\s+(?:'((?:[^']|'')*)'|(\S+))\s*/i;

/** The other field that a filter may have ("No other syntax is allowed": REST reference, Activity Logs - List). */
const fields: Readonly<Record<string, (activity: Activity, value: string, world: World) => boolean>> = {
  resourcegroupname: ({ resourceId }, value) => resourceId.split("/")[4]?.toLowerCase() === value,
  resourceuri: ({ resourceId }, value, { switches }) =>
    resourceId.toLowerCase() === value ||
    (switches.activityResourceUri === "andBelow" && resourceId.toLowerCase().startsWith(`${value}/`)),
  resourceprovider: ({ action }, value) => action.split("/")[0]?.toLowerCase() === value,
  correlationid: ({ correlationId }, value) => correlationId.toLowerCase() === value,
};

/** Reads a filter; throws Azure's refusal for one that it does not take. */
export function parseActivityFilter(text: string | undefined, world: World): ActivityFilter {
  const parts = partsOf(text ?? "");
  const from = timeOf(parts, "ge");
  if (from === undefined) throw invalid();
  // "The start time cannot be more than 90 days in the past." (recorded by azure-cli, Jun 2019)
  if (from < world.now() - 90 * dayInMs) {
    throw refusal("The start time cannot be more than 90 days in the past.");
  }
  const others = parts.filter(({ field }) => field !== "eventtimestamp" && field !== "eventchannels");
  const [other, ...more] = others;
  if (more.length > 0 || (other && other.operator !== "eq")) throw invalid();
  const test = other && fields[other.field];
  if (other && !test) throw invalid();
  return {
    fromInMs: from,
    toInMs: timeOf(parts, "le") ?? world.now(),
    matches: (activity) => !other || test?.(activity, other.value.toLowerCase(), world) === true,
  };
}

interface Part {
  readonly field: string;
  readonly operator: string;
  readonly value: string;
}

function partsOf(text: string): readonly Part[] {
  const found: Part[] = [];
  let rest = text;
  while (rest.trim() !== "") {
    const next = part.exec(rest);
    if (!next) throw invalid();
    const [whole, field = "", operator = "", quoted, plain = ""] = next;
    found.push({
      field: field.toLowerCase(),
      operator: operator.toLowerCase(),
      value: quoted?.replaceAll("''", "'") ?? plain,
    });
    rest = rest.slice(whole.length);
    if (rest === "") break;
    const and = /^and\s+/i.exec(rest);
    if (!and) throw invalid();
    rest = rest.slice(and[0].length);
    if (rest.trim() === "") throw invalid();
  }
  return found;
}

function timeOf(parts: readonly Part[], operator: string): number | undefined {
  const times = parts.filter((p) => p.field === "eventtimestamp");
  if (times.some((t) => t.operator === "eq")) throw invalid();
  const wanted = times.filter((t) => t.operator === operator);
  if (wanted.length > 1) throw invalid();
  if (!wanted[0]) return undefined;
  const at = Date.parse(wanted[0].value);
  if (Number.isNaN(at)) throw invalid();
  return at;
}

/** Quoted in MicrosoftDocs/feedback#319, Apr 2018, of a request without a filter; taken for every bad one. */
function invalid(): ArmError {
  return refusal("$filter searching parameters invalid.");
}

/** Errors of this provider have no envelope, and capitals (recorded by azure-cli, Jun 2019). */
export function refusal(message: string): ArmError {
  return new ArmError(400, "BadRequest", message, { body: { Code: "BadRequest", Message: message } });
}
