// Decides how times are written for programs.

/** ISO 8601 in UTC, with milliseconds: "2026-11-22T12:00:00.000Z". */
export type Time = string;

/** The furthest from the epoch that a date can be. */
const furthestInMs = 8.64e15;

/** The time; what lies beyond all dates ("never") is the last one. */
export function timeFrom(inMs: number): Time {
  const bounded = Math.min(Math.max(inMs, -furthestInMs), furthestInMs);
  // biome-ignore lint/style/noRestrictedGlobals: it writes the time that it is given, and asks for none
  return new Date(bounded).toISOString();
}
