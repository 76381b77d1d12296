import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RevisionMemory } from "../model/revisions.ts";
import { noteInFolder } from "./state-dir.ts";

const go = new AbortController().signal;
const note = { revision: `${"a1".repeat(20)}:team,other`, at: "2026-01-02T03:04:05.678Z" };
const name = "last-good-revision.json";

let folder = "";
let memory: RevisionMemory;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bindery-state-"));
  memory = noteInFolder(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what is written is read again, by another process too, and by nobody else's", async () => {
  expect(await memory.read(go)).toBeUndefined();
  await memory.write(note, go);
  expect(await noteInFolder(folder).read(go)).toEqual(note);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  const later = { ...note, revision: "b".repeat(40) };
  await memory.write(later, go);
  expect(await memory.read(go)).toEqual(later);
  expect(readdirSync(folder)).toEqual([name]);
});

test("what a crash left half written is no note, and in nobody's way", async () => {
  await memory.write(note, go);
  writeFileSync(join(folder, `${name}.new`), '{"revision":');
  expect(await memory.read(go)).toEqual(note);
  await memory.write({ ...note, revision: "b".repeat(40) }, go);
  expect(readdirSync(folder)).toEqual([name]);
});

test.each([
  ["nothing", ""],
  ["half of it", JSON.stringify(note).slice(0, 30)],
  ["something else", "[]"],
  ["null", "null"],
  ["no commit", JSON.stringify({ ...note, revision: "sha256:00" })],
  ["part of a commit's id", JSON.stringify({ ...note, revision: "a1a1a1" })],
  ["no time", JSON.stringify({ ...note, at: "yesterday" })],
  ["no text", JSON.stringify({ ...note, at: 5 })],
])("a file that holds %s is told, not ignored", async (_, text) => {
  writeFileSync(join(folder, name), text);
  await expect(memory.read(go)).rejects.toMatchObject({
    class: "terminal",
    details: { code: "StateBroken" },
    message: `${join(folder, name)} does not name a revision. Restore the file, or delete it if the source is to be trusted as it is now.`,
  });
});

test.each<readonly [string, () => void]>([
  ["a file that is too large", () => writeFileSync(join(folder, name), " ".repeat(5_000))],
  ["a link", () => symlinkSync("/etc/hostname", join(folder, name))],
  ["a link that leads nowhere", () => symlinkSync("nowhere", join(folder, name))],
  ["a folder", () => mkdirSync(join(folder, name))],
  ["no folder at all", () => rmSync(folder, { recursive: true })],
])("%s is no empty memory", async (_, prepare) => {
  prepare();
  await expect(memory.read(go)).rejects.toMatchObject({ details: { code: "StateUnreadable" } });
});

test("a folder that cannot be written to is told, and keeps what it had", async () => {
  await memory.write(note, go);
  const text = readFileSync(join(folder, name), "utf8");
  // Where everything may be written, as by root, a folder in the way does the same.
  mkdirSync(join(folder, `${name}.new`, "full"), { recursive: true });
  chmodSync(folder, 0o500);
  await expect(memory.write({ ...note, at: "2027-01-01T00:00:00Z" }, go)).rejects.toMatchObject({
    class: "transient",
    details: { code: "StateNotWritten" },
  });
  chmodSync(folder, 0o700);
  expect(readFileSync(join(folder, name), "utf8")).toBe(text);
});
