// How long Azure asks to wait, out of the several places where it says so.

/** The headers of an answer, as the SDKs hand them over. */
export interface AnswerHeaders {
  get(name: string): string | undefined;
}

/**
 * The wait that headers or text ask for, in milliseconds; undefined if they ask for none. Headers win over text:
 * the text is Azure's only word where an identity operation hides the throttling of another provider.
 */
export function delayAskedFor(headers: AnswerHeaders | undefined, text: string): number | undefined {
  return (headers && delayInHeaders(headers)) ?? delayInText(text);
}

function delayInHeaders(headers: AnswerHeaders): number | undefined {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    const inMs = Number(headers.get(name) || Number.NaN);
    if (inMs >= 0) return inMs;
  }
  const retryAfter = headers.get("retry-after");
  return retryAfter ? delayInRetryAfter(retryAfter, headers.get("date")) : delayInQuota(headers);
}

/** Seconds, or a date, which is measured against the answer's own date so that a wrong clock does no harm. */
function delayInRetryAfter(text: string, date: string | undefined): number | undefined {
  const seconds = Number(text);
  if (seconds >= 0) return seconds * 1000;
  const [until, now] = [Date.parse(text), date ? Date.parse(date) : Date.now()];
  return Number.isNaN(until) || Number.isNaN(now) ? undefined : Math.max(0, until - now);
}

/** Resource Graph's quota: "00:00:05". It stands in every answer and asks for a wait only when nothing is left. */
function delayInQuota(headers: AnswerHeaders): number | undefined {
  const [, hours, minutes, seconds] =
    /^(\d+):(\d+):(\d+)/.exec(headers.get("x-ms-user-quota-resets-after") ?? "") ?? [];
  if (hours === undefined) return;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}

function delayInText(text: string): number | undefined {
  const seconds = /(?:after|in) '?(\d+)'? seconds?/i.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
