import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RevisionSource } from "../model/revisions.ts";
import { folderRevisions } from "./directory-revisions.ts";

const go = new AbortController().signal;
let folder = "";
/** How far the clock is ahead: files are as old as that. */
let aheadInMs = 0;
let slept: number[] = [];
let whileAsleep: () => void = () => undefined;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bindery-follow-")));
  aheadInMs = 60_000;
  slept = [];
  whileAsleep = () => undefined;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text = path): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Points a link to another place at once, as git-sync and the kubelet do. */
function swap(target: string, path: string): void {
  symlinkSync(target, join(folder, `${path}.tmp`));
  renameSync(join(folder, `${path}.tmp`), join(folder, path));
}

function following(...paths: string[]): RevisionSource {
  return folderRevisions({
    paths: paths.map((path) => join(folder, path)),
    clock: {
      now: () => Date.now() + aheadInMs,
      async sleep(ms) {
        slept.push(ms);
        aheadInMs += ms;
        whileAsleep();
      },
    },
  });
}

async function headOf(source: RevisionSource): Promise<string> {
  const head = await source.head(go);
  if (head.kind === "trouble") throw new Error(head.message);
  return head.id;
}

async function textsOf(source: RevisionSource): Promise<readonly string[]> {
  const answer = await source.read({}, go);
  if (answer.kind === "trouble") throw new Error(answer.message);
  expect(answer.reading.diagnostics).toEqual([]);
  return answer.reading.files.map(({ bytes }) => new TextDecoder().decode(bytes));
}

describe("the head", () => {
  test.each<readonly [string, () => void]>([
    ["a file is written in place, as long as before", () => write("m/a.yaml", "2")],
    [
      "a file is written in place, and says that it is as old as before",
      () => {
        write("m/a.yaml", "2");
        utimesSync(join(folder, "m/a.yaml"), 1, 1);
      },
    ],
    ["a file is appended to", () => appendFileSync(join(folder, "m/t/b.yaml"), "x")],
    ["a file comes", () => write("m/t/c.yaml")],
    ["a file goes", () => rmSync(join(folder, "m/a.yaml"))],
    ["a file gets another name", () => renameSync(join(folder, "m/a.yaml"), join(folder, "m/z.yaml"))],
    [
      "a folder is put in the place of another one",
      () => {
        write("new/b.yaml", "m/t/b.yaml");
        renameSync(join(folder, "m/t"), join(folder, "old"));
        renameSync(join(folder, "new"), join(folder, "m/t"));
      },
    ],
    ["the file behind a link is written", () => write("m/.real/l.yaml", "2")],
    ["a link leads elsewhere", () => swap(".other/l.yaml", "m/l.yaml")],
    ["the folder goes", () => rmSync(join(folder, "m"), { recursive: true })],
  ])("changes when %s", async (_, change) => {
    write("m/a.yaml", "1");
    write("m/t/b.yaml");
    write("m/.real/l.yaml", "1");
    write("m/.other/l.yaml", "1");
    symlinkSync(".real/l.yaml", join(folder, "m/l.yaml"));
    utimesSync(join(folder, "m/a.yaml"), 1, 1);
    const source = following("m");
    const before = await headOf(source);
    expect(await headOf(source)).toBe(before);
    change();
    expect(await headOf(source)).not.toBe(before);
  });

  test("does not change by being read, nor by what lies elsewhere", async () => {
    write("m/a.yaml");
    write("n.yaml");
    const source = following("m", "n.yaml");
    const before = await headOf(source);
    await textsOf(source);
    write("elsewhere/a.yaml");
    write("m/.hidden/a.yaml");
    rmSync(join(folder, "m/.hidden"), { recursive: true });
    write("o.yaml");
    const changed = await headOf(source);
    // The folder itself has changed: that costs a reading, which finds the same.
    expect(changed).not.toBe(before);
    expect(await headOf(source)).toBe(changed);
  });

  test("links in a circle have an end", async () => {
    write("m/a.yaml");
    symlinkSync("..", join(folder, "m/up"));
    symlinkSync("loop", join(folder, "m/loop"));
    expect(await headOf(following("m"))).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("a reading", () => {
  test("a mounted ConfigMap, swapped", async () => {
    write("m/..1/a.yaml", "one");
    write("m/..2/a.yaml", "two");
    symlinkSync("..1", join(folder, "m/..data"));
    symlinkSync("..data/a.yaml", join(folder, "m/a.yaml"));
    const source = following("m");
    const before = await headOf(source);
    expect(await textsOf(source)).toEqual(["one"]);
    swap("..2", "m/..data");
    expect(await headOf(source)).not.toBe(before);
    expect(await textsOf(source)).toEqual(["two"]);
  });

  test("a git-sync link that is the PATH itself, swapped", async () => {
    write("trees/1/a.yaml", "one");
    write("trees/2/a.yaml", "two");
    symlinkSync("trees/1", join(folder, "current"));
    const source = following("current");
    const before = await headOf(source);
    expect(await textsOf(source)).toEqual(["one"]);
    swap("trees/2", "current");
    expect(await headOf(source)).not.toBe(before);
    expect(await textsOf(source)).toEqual(["two"]);
  });

  test("swapped again and again while it is read: never a part of one and a part of another", async () => {
    const count = 40;
    for (const tree of ["one", "two"]) {
      for (let i = 0; i < count; i += 1) write(`trees/${tree}/${i}.yaml`, tree);
    }
    symlinkSync("trees/one", join(folder, "current"));
    const source = following("current");
    const over = new AbortController();
    let swaps = 0;
    const swapping = (async () => {
      while (!over.signal.aborted) {
        swap(swaps % 2 === 0 ? "trees/two" : "trees/one", "current");
        swaps += 1;
        await new Promise((resolve) => setTimeout(resolve, swaps % 3));
      }
    })();
    const kinds = new Set<string>();
    for (let i = 0; i < 10; i += 1) {
      const answer = await source.read({}, go);
      if (answer.kind === "trouble") {
        kinds.add(answer.reason);
        continue;
      }
      const texts = new Set(answer.reading.files.map(({ bytes }) => new TextDecoder().decode(bytes)));
      expect(answer.reading.files).toHaveLength(count);
      expect(texts.size).toBe(1);
      kinds.add("read");
    }
    over.abort();
    await swapping;
    expect(swaps).toBeGreaterThan(5);
    expect(await textsOf(source)).toHaveLength(count);
  });

  test("what has just been written may not be done: it is waited for", async () => {
    aheadInMs = 0;
    write("m/a.yaml", "half");
    whileAsleep = () => {
      if (slept.length === 1) write("m/a.yaml", "whole");
    };
    expect(await textsOf(following("m"))).toEqual(["whole"]);
    expect(slept.length).toBeGreaterThanOrEqual(1);
  });

  test("what never keeps still is trouble that may pass", async () => {
    aheadInMs = 0;
    write("m/a.yaml");
    whileAsleep = () => {
      aheadInMs = 0;
      write("m/a.yaml", `${slept.length}`);
    };
    expect(await following("m").read({}, go)).toMatchObject({
      kind: "trouble",
      reason: "SourceUnreadable",
      mayPass: true,
    });
    expect(slept).toHaveLength(6);
  });

  test("clocks that differ keep nobody waiting", async () => {
    aheadInMs = -3_600_000;
    write("m/a.yaml", "one");
    expect(await textsOf(following("m"))).toEqual(["one"]);
    expect(slept).toEqual([]);
  });

  test("what cannot be read is told as a mistake of the revision", async () => {
    const answer = await following("gone").read({}, go);
    if (answer.kind === "trouble") throw new Error(answer.message);
    expect(answer.reading.diagnostics.map(({ message }) => message)).toEqual([
      "there is no such file or folder",
    ]);
  });
});
