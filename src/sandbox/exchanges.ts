// What an observer in the same process sees of ARM: every request with its answer, as text, on a diagnostics channel.
import { channel } from "node:diagnostics_channel";

/** One request and its answer; bodies are text, "" when there is none. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly userAgent: string;
  readonly requestBody: string;
  /** Absent: nobody answered, a fault was struck before. */
  readonly answer?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** The name of the diagnostics channel on which each Exchange is published. */
export const exchangeChannel = "bindery.sandbox.exchange";

const seen = channel(exchangeChannel);

/** The same function, each of whose answers is published before it is given. Costs nothing while nobody listens. */
export function observed<A extends { readonly response: Response; readonly text?: string }>(
  answerTo: (request: Request) => Promise<A>,
): (request: Request) => Promise<A> {
  return async (request) => {
    if (!seen.hasSubscribers) return await answerTo(request);
    const sent = await sentFrom(request);
    const answer = await answerTo(request);
    const { status, headers } = answer.response;
    const body = answer.text ?? (await answer.response.clone().text());
    seen.publish({ ...sent, answer: { status, headers: Object.fromEntries(headers), body } });
    return answer;
  };
}

/** Publishes a request that nobody is going to answer. */
export async function observeUnanswered(request: Request): Promise<void> {
  if (seen.hasSubscribers) seen.publish(await sentFrom(request));
}

async function sentFrom(request: Request): Promise<Exchange> {
  return {
    method: request.method,
    url: request.url,
    userAgent: request.headers.get("user-agent") ?? "",
    requestBody: request.body === null ? "" : await request.clone().text(),
  };
}
