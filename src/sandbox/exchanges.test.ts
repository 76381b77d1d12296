import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, test } from "vitest";
import { type Exchange, exchangeChannel, observed, observeUnanswered } from "./exchanges.ts";

const url = "https://management.localhost/subscriptions?api-version=2022-12-01";
/** What the run's own observer leaves out: nothing of this is Azure's. */
const userAgent = "recording";
const request = () =>
  new Request(url, { method: "PUT", body: '{"a":1}', headers: { "user-agent": userAgent } });

async function seenDuring(act: () => Promise<unknown>): Promise<readonly Exchange[]> {
  const seen: Exchange[] = [];
  const listen = (message: unknown) => seen.push(message as Exchange);
  subscribe(exchangeChannel, listen);
  await act();
  unsubscribe(exchangeChannel, listen);
  return seen;
}

test("an observer sees the request and the answer, and both can still be read by others", async () => {
  const answerTo = observed(async (sent: Request) => ({
    response: Response.json(await sent.json(), { status: 201, headers: { etag: '"1"' } }),
  }));
  const seen = await seenDuring(async () => {
    const { response } = await answerTo(request());
    expect(await response.json()).toEqual({ a: 1 });
  });
  const headers = { "content-type": "application/json", etag: '"1"' };
  const answer = { status: 201, headers, body: '{"a":1}' };
  expect(seen).toEqual([{ method: "PUT", url, userAgent, requestBody: '{"a":1}', answer }]);
});

test("a request that nobody answers is seen without an answer", async () => {
  const seen = await seenDuring(() => observeUnanswered(request()));
  expect(seen).toEqual([{ method: "PUT", url, userAgent, requestBody: '{"a":1}' }]);
});
