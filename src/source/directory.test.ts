import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bounds } from "../model/source.ts";
import { readManifests } from "./directory.ts";
import { liesUnder } from "./lies-under.ts";

let folder = "";

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bindery-source-")));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text = `${path}\n`): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  symlinkSync(target, join(folder, path));
}

async function* noStdin(): AsyncGenerator<Uint8Array> {
  // Nothing was piped in.
}

async function* bytesOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    yield new TextEncoder().encode(text);
  }
}

async function read(...paths: string[]) {
  const reading = await readManifests(
    paths.map((path) => (path === "-" ? path : join(folder, path))),
    noStdin,
  );
  return {
    ...reading,
    names: reading.files.map((file) => file.path.slice(folder.length + 1)),
    problems: reading.diagnostics.map(
      (d) => `${d.severity} ${d.file.slice(folder.length + 1)}: ${d.message}`,
    ),
  };
}

describe("what is read", () => {
  test("folders are walked, and only what can be a manifest is taken, in order", async () => {
    for (const path of ["m/b.yaml", "m/a.yml", "m/z/c.YAML", "m/README.md", "m/kustomization.yaml"]) {
      write(path);
    }
    write("m/.git/config.yaml");
    write("m/.hidden.yaml");
    const reading = await read("m");
    expect(reading.names).toEqual(["m/a.yml", "m/b.yaml", "m/z/c.YAML"]);
    expect(reading.problems).toEqual([]);
    expect(new TextDecoder().decode(reading.files[0]?.bytes)).toBe("m/a.yml\n");
  });

  test("a file that is named is taken whatever its name", async () => {
    write("orders.txt");
    expect((await read("orders.txt")).names).toEqual(["orders.txt"]);
  });

  test("each file is taken once, although PATHs overlap and links lead to it", async () => {
    write("m/team/a.yaml");
    link("team", "m/again");
    link("..", "m/team/loop");
    expect((await read("m", "m/team", "m/team/a.yaml")).files).toHaveLength(1);
  });

  test("the links of a mounted ConfigMap are followed inside the root", async () => {
    write("m/..2026/a.yaml");
    link("..2026", "m/..data");
    link("..data/a.yaml", "m/a.yaml");
    const reading = await read("m");
    expect(reading.names).toEqual(["m/a.yaml"]);
    expect(reading.problems).toEqual([]);
  });

  test("standard input is read to its end", async () => {
    const reading = await readManifests(["-"], () => bytesOf("kind: ", "x\n"));
    expect(reading.files.map((file) => [file.path, new TextDecoder().decode(file.bytes)])).toEqual([
      ["<stdin>", "kind: x\n"],
    ]);
  });
});

describe("what is refused", () => {
  test.each([
    ["a path that is not there", "gone", () => {}, ["error gone: there is no such file or folder"]],
    [
      "a folder without manifests",
      "m",
      () => write("m/sub/README.md"),
      ["warning m: there is no manifest in this folder"],
    ],
    [
      "a link out of the root",
      "m",
      () => {
        write("secret.yaml");
        link("../secret.yaml", "m/a.yaml");
      },
      ['error m/a.yaml: a symbolic link that leads out of the folder that was named, to "../secret.yaml"'],
    ],
    [
      "a link to a folder out of the root",
      "m",
      () => {
        write("other/secret.yaml");
        link("../other", "m/team");
      },
      ['error m/team: a symbolic link that leads out of the folder that was named, to "../other"'],
    ],
    [
      "a link whose target only begins like the root",
      "m",
      () => {
        write("m-other/secret.yaml");
        link("../m-other/secret.yaml", "m/a.yaml");
      },
      [
        'error m/a.yaml: a symbolic link that leads out of the folder that was named, to "../m-other/secret.yaml"',
      ],
    ],
    [
      "a link that leads nowhere",
      "m",
      () => link("nothing.yaml", "m/a.yaml"),
      ["error m/a.yaml: a symbolic link that leads nowhere: there is no such file or folder"],
    ],
    [
      "a link to itself",
      "m",
      () => link("a.yaml", "m/a.yaml"),
      ["error m/a.yaml: a symbolic link that leads nowhere: a symbolic link that leads to itself"],
    ],
    [
      "a file above the bound",
      "m",
      () => truncateSync(write("m/a.yaml"), bounds.fileBytes + 1),
      [`error m/a.yaml: larger than ${bounds.fileBytes} bytes, the bound for one file`],
    ],
    [
      "folders too deep inside each other",
      "m",
      () => write(`m/${"d/".repeat(bounds.folderDepth + 1)}a.yaml`),
      [
        `error m${"/d".repeat(bounds.folderDepth + 1)}: more than ${bounds.folderDepth} folders inside each other`,
      ],
    ],
  ])("%s", async (_, path, prepare, problems) => {
    prepare();
    const reading = await read(path);
    expect(reading.problems).toEqual(problems);
    expect(reading.files).toEqual([]);
  });

  test("a link out of the root that is no manifest is nothing to us", async () => {
    write("LICENSE");
    write("m/a.yaml");
    link("../LICENSE", "m/LICENSE");
    expect((await read("m")).problems).toEqual([]);
  });

  test("a device, without reading it for ever", async () => {
    const reading = await readManifests(["/dev/zero"], noStdin);
    expect(reading.diagnostics.map((d) => d.message)).toEqual(["not a regular file"]);
    expect(reading.files).toEqual([]);
  });

  test("a file of exactly the bound is read", async () => {
    truncateSync(write("m/a.yaml"), bounds.fileBytes);
    expect((await read("m")).files[0]?.bytes).toHaveLength(bounds.fileBytes);
  });

  test.each([
    ["files", { files: 2 }, "more than 2 files"],
    ["bytes", { totalBytes: 2 }, "more than 2 bytes in all files together"],
    ["folder entries", { folderEntries: 2 }, "more than 2 folder entries"],
  ])("too many %s are one error", async (_, lowered, what) => {
    for (const name of ["a", "b", "c", "d", "e"]) {
      write(`m/${name}.yaml`, "x");
    }
    const reading = await readManifests([join(folder, "m")], noStdin, { ...bounds, ...lowered });
    expect(reading.files).toHaveLength(2);
    expect(reading.diagnostics.map((d) => d.message)).toEqual([`${what}; nothing after this was read`]);
  });

  test("too much standard input", async () => {
    const reading = await readManifests(["-"], () => bytesOf("x".repeat(bounds.fileBytes), "x"));
    expect(reading.files).toEqual([]);
    expect(reading.diagnostics[0]).toMatchObject({ file: "<stdin>", severity: "error" });
  });
});

describe("revision", () => {
  async function idOf(...paths: string[]): Promise<string> {
    return (await read(...paths)).revision.id;
  }

  test("it depends on relative paths and contents and on nothing else", async () => {
    write("one/a.yaml", "x");
    write("one/t/b.yaml", "y");
    write("two/t/b.yaml", "y");
    write("two/a.yaml", "x");
    const id = await idOf("one");
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await idOf("two")).toBe(id);
    write("two/a.yaml", "z");
    expect(await idOf("two")).not.toBe(id);
  });

  test("a renamed file and a moved boundary between two files are other revisions", async () => {
    write("one/a.yaml", "xy");
    write("one/b.yaml", "");
    write("two/a.yaml", "x");
    write("two/b.yaml", "y");
    write("three/a.yaml", "xy");
    write("three/c.yaml", "");
    expect(new Set([await idOf("one"), await idOf("two"), await idOf("three")]).size).toBe(3);
  });
});

describe("a policy lies under a manifest path", () => {
  beforeEach(() => {
    write("m/policy.yaml");
    write("m/sub/other.yaml");
    write("elsewhere/policy.yaml");
    write("elsewhere/real/policy.yaml");
  });

  test.each<readonly [name: string, make: () => void, policy: string, expected: boolean]>([
    ["as it stands", () => {}, "m/policy.yaml", true],
    ["not if it lies elsewhere", () => {}, "elsewhere/policy.yaml", false],
    ["not if only its name begins so", () => void write("m-not/policy.yaml"), "m-not/policy.yaml", false],
    ["by a link into it", () => link("../m/policy.yaml", "elsewhere/l.yaml"), "elsewhere/l.yaml", true],
    ["by a link that lies in it", () => link("../elsewhere/policy.yaml", "m/l.yaml"), "m/l.yaml", true],
    ["by a folder link that lies in it", () => link("../elsewhere", "m/f"), "m/f/policy.yaml", true],
    [
      "by a link to a link that lies in it",
      () => {
        link("../elsewhere/policy.yaml", "m/inner.yaml");
        link("../m/inner.yaml", "elsewhere/outer.yaml");
      },
      "elsewhere/outer.yaml",
      true,
    ],
    [
      "not by links elsewhere",
      () => {
        link("real", "elsewhere/current");
        link("current/policy.yaml", "elsewhere/l.yaml");
      },
      "elsewhere/l.yaml",
      false,
    ],
    [
      "although .. seems to lead past it",
      () => link("../m/sub", "elsewhere/s"),
      "elsewhere/s/other.yaml",
      true,
    ],
  ])("%s", async (_, make, policy, expected) => {
    make();
    expect(await liesUnder(join(folder, policy), ["-", join(folder, "m")])).toBe(expected);
  });

  test("although the manifest path is itself a link", async () => {
    link("m", "linked");
    expect(await liesUnder(join(folder, "m/policy.yaml"), [join(folder, "linked")])).toBe(true);
  });
});

describe("the folder that a file is in", () => {
  async function foldersOf(...paths: string[]) {
    return (await read(...paths)).files.map((file) => [file.path.slice(folder.length + 1), file.folder]);
  }

  test("is relative to the PATH; a file that is named is in none", async () => {
    write("m/a.yaml");
    write("m/team/sub/b.yaml");
    write("c.yaml");
    expect(await foldersOf("m", "c.yaml")).toEqual([
      ["c.yaml", undefined],
      ["m/a.yaml", ""],
      ["m/team/sub/b.yaml", "team/sub"],
    ]);
  });

  test("is that of the outermost PATH, whatever their order", async () => {
    write("m/a/b/x.yaml");
    const expected = [["m/a/b/x.yaml", "a/b"]];
    expect(await foldersOf("m/a", "m")).toEqual(expected);
    expect(await foldersOf("m", "m/a")).toEqual(expected);
  });

  test("is the one where it really lies, not the one of a link to it", async () => {
    write("m/orders/x.yaml");
    link("../orders", "m/billing/stolen");
    write("m/common/y.yaml");
    link("../common/y.yaml", "m/orders/y.yaml");
    const folders = (await read("m")).files.map((file) => file.folder);
    expect(folders.toSorted()).toEqual(["common", "orders"]);
  });

  test("is not known of standard input", async () => {
    const reading = await readManifests(["-"], () => bytesOf("x"));
    expect(reading.files[0]).not.toHaveProperty("folder");
  });
});
