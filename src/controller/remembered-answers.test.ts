import { describe, expect, test } from "vitest";
import { rememberedAnswers } from "./remembered-answers.ts";

const limit = 1_000;
const by = (now: number, observation = 1) => ({ observation, now: () => now });
const value = (text: string) => (): Promise<string> => Promise.resolve(text);

describe("an answer", () => {
  test("stands for the same question, with the observation that read it", async () => {
    const answers = rememberedAnswers<string>(limit);
    expect(await answers.read("a", "q", by(0, 7), value("x"))).toBe("x");
    expect(answers.find("a", "q", 1)).toMatchObject({ value: "x", observation: 7 });
    expect(answers.find("a", "another", 1)).toBeUndefined();
    expect(answers.find("b", "q", 1)).toBeUndefined();
  });

  test("is never older than the limit; the first ones are due at different times", async () => {
    const answers = rememberedAnswers<string>(limit);
    const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
    for (const key of keys) await answers.read(key, "q", by(0), value("x"));
    const left = (at: number): number => keys.filter((key) => answers.find(key, "q", at)).length;
    expect([left(limit / 12), left(limit)]).toEqual([200, 0]);
    expect(left(limit / 2)).toBeGreaterThan(80);
    expect(left(limit / 2)).toBeLessThan(140);
    for (const key of keys) await answers.read(key, "q", by(limit), value("y"));
    expect([left(2 * limit - 1), left(2 * limit)]).toEqual([200, 0]);
  });

  test("counts from the beginning of its read", async () => {
    const answers = rememberedAnswers<string>(limit);
    let now = 0;
    const slow = { observation: 1, now: () => now };
    await answers.read("a", "q", slow, value("first"));
    now = limit;
    await answers.read("a", "q", slow, async () => {
      now = 2 * limit;
      return "late";
    });
    expect(answers.find("a", "q", 2 * limit - 1)?.value).toBe("late");
    expect(answers.find("a", "q", 2 * limit)).toBeUndefined();
  });
});

test("what was read before the clock was set back stands for nothing", async () => {
  const answers = rememberedAnswers<string>(limit);
  await answers.read("a", "q", by(10 * limit), value("x"));
  expect(answers.find("a", "q", 10 * limit)?.value).toBe("x");
  expect(answers.find("a", "q", 9 * limit)).toBeUndefined();
});

describe("nothing is kept", () => {
  test("of a read that fails, nor what was there before", async () => {
    const answers = rememberedAnswers<string>(limit);
    await answers.read("a", "q", by(0), value("x"));
    const failing = answers.read("a", "q", by(1), () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(answers.find("a", "q", 1)).toBeUndefined();
  });

  test.each<[string, (answers: ReturnType<typeof rememberedAnswers<string>>) => void]>([
    ["dropped", (answers) => answers.drop("a")],
    ["dropped elsewhere", (answers) => answers.drop("b")],
    ["cleared", (answers) => answers.clear()],
  ])("of a read during which something was %s", async (_, change) => {
    const answers = rememberedAnswers<string>(limit);
    const read = answers.read("a", "q", by(0), async () => {
      change(answers);
      return "x";
    });
    expect(await read).toBe("x");
    expect(answers.size()).toBe(0);
  });

  test("of what nobody asks for any more", async () => {
    const answers = rememberedAnswers<string>(limit);
    await answers.read("a", "q", by(0), value("x"));
    answers.prune(limit / 12);
    expect(answers.size()).toBe(1);
    answers.prune(2 * limit);
    expect(answers.size()).toBe(0);
  });
});
