import { expect, test } from "vitest";
import { oneAtATime } from "./one-at-a-time.ts";

test("a work begins when the one before it has ended, even if that failed, and each gets its own end", async () => {
  const inTurn = oneAtATime();
  const gate = Promise.withResolvers<string>();
  const begun: string[] = [];
  const works = [
    inTurn(() => {
      begun.push("first");
      return gate.promise;
    }),
    inTurn(async () => {
      begun.push("second");
      throw new Error("second");
    }),
    inTurn(async () => begun.push("third")),
  ];
  const ends = Promise.allSettled(works);
  await new Promise(setImmediate);
  expect(begun).toEqual(["first"]);
  gate.resolve("done");
  expect(await ends).toEqual([
    { status: "fulfilled", value: "done" },
    { status: "rejected", reason: new Error("second") },
    { status: "fulfilled", value: 3 },
  ]);
});
