// A branch of a real Git server, followed from commit to commit: what is taken, what is refused, and what stays in force.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { processIo } from "../src/cli/process-io.ts";
import { runSourceFor } from "../src/cli/run-source.ts";
import { keepRevisions, type RevisionKeeper } from "../src/controller/revisions.ts";
import { parsePolicy } from "../src/manifest/parse-policy.ts";
import type { RevisionMemory, RevisionNote } from "../src/model/revisions.ts";
import type { GitBounds } from "../src/source/git.ts";
import { parseGitLocation } from "../src/source/git-location.ts";
import { gitRevisions } from "../src/source/git-revisions.ts";
import type { GitAccess } from "../src/source/git-settings.ts";
import {
  commit,
  gitWith,
  type HttpsGit,
  httpsGit,
  newRepository,
  sshKey,
  treeOf,
} from "./support/git-server.ts";

const subscription = "00000000-0000-0000-0000-000000000001";
const go = new AbortController().signal;

/** One identity, with something by which revisions differ. */
const manifest = (text: string): string => `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec:
  subscriptionId: ${subscription}
  resourceGroup: rg
  prunePolicy: Additive
  tags: { text: "${text}" }
`;

let folder = "";
let temporary = "";
const usual = process.env.TMPDIR;
let server: HttpsGit;
let signers: { key: string; allowedSigners: string };
let repositories = 0;
let path = "";
let source = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "git-revisions-test-"));
  mkdirSync(join(folder, "served"));
  temporary = join(folder, "temporary");
  mkdirSync(temporary);
  process.env.TMPDIR = temporary;
  server = await httpsGit(join(folder, "served"), folder);
  const key = join(folder, "signing");
  signers = { key, allowedSigners: `a@example.com namespaces="git" ${sshKey(key)}\n` };
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  repositories += 1;
  path = newRepository(join(folder, "served"), `r${repositories}.git`);
  source = `git+https://127.0.0.1:${server.port}/r${repositories}.git`;
});

afterEach(() => {
  server.instead = undefined;
  server.isIgnored = undefined;
  server.authorization = undefined;
  server.isOld = false;
  server.requests.length = 0;
  expect(readdirSync(temporary)).toEqual([]);
});

interface Committing {
  readonly isSigned?: boolean;
  readonly branch?: string;
}

/** A commit at the tip of a branch. */
function push(text: string, parents: readonly string[], { isSigned, branch }: Committing = {}): string {
  const files = { "team/a.yaml": text === "broken" ? "kind: Nonsense\n" : manifest(text) };
  return commit(path, treeOf(path, files), {
    parents,
    ...(branch !== undefined && { branch }),
    ...(isSigned && { key: signers.key }),
  });
}

function setTo(id: string): void {
  gitWith({}, path, "update-ref", "refs/heads/main", id);
}

interface Following {
  readonly access?: () => GitAccess;
  readonly within?: Partial<GitBounds>;
  readonly paths?: readonly string[];
  readonly stored?: string;
}

interface Followed {
  readonly keeper: RevisionKeeper;
  readonly note: { current: RevisionNote | undefined };
  /** Looks, and tells what is in force (as the text of its tag) and the reason of a refusal. */
  look(): Promise<string>;
  message(): string;
  accept: string | undefined;
}

function follow({ access = () => ({}), within, paths = [], stored }: Following = {}): Followed {
  const note: Followed["note"] = {
    current: stored === undefined ? undefined : { revision: stored, at: "2026-01-01T00:00:00Z" },
  };
  const memory: RevisionMemory = {
    name: "memory",
    read: async () => note.current,
    async write(written) {
      note.current = written;
    },
  };
  const policy = (accept: string | undefined) => {
    const more = accept === undefined ? "" : `  source: { acceptRevision: "${accept}" }\n`;
    const text = `apiVersion: bindery.dev/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec:\n  owner: prod\n  tenantId: ${subscription}\n  estate: { subscriptions: [${subscription}] }\n${more}`;
    return parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(text) });
  };
  const opened = policy(undefined).policy;
  if (opened === undefined) throw new Error("the policy of the test has mistakes");
  const keeper = keepRevisions({
    source: gitRevisions({
      name: source,
      location: parseGitLocation(source, "main", paths),
      access: async () => ({ ca: readFileSync(server.caFile, "utf8"), ...access() }),
      handedOn: { path: process.env.PATH ?? "", proxies: {} },
      ...(within && { within }),
    }),
    policy: opened,
    readPolicy: async () => policy(followed.accept),
    memory,
    clock: { now: () => 0 },
  });
  const followed: Followed = {
    keeper,
    note,
    accept: undefined,
    async look() {
      await keeper.look(go);
      const { inForce, state } = keeper.current();
      return `${inForce?.desired.identities[0]?.tags.text ?? "none"} ${state.refusal?.reason ?? "-"}`;
    },
    message: () => keeper.current().state.refusal?.message ?? "",
  };
  return followed;
}

/** Commits one after the other, without a process for each. */
function history(count: number, bytesOfEach: number): { first: string; last: string } {
  const lines: (string | Buffer)[] = [];
  for (let i = 1; i <= count; i += 1) {
    const noise = randomBytes(bytesOfEach / 2).toString("hex");
    const text = manifest(String(i));
    lines.push(
      `commit refs/heads/main\nmark :${i}\ncommitter A <a@example.com> ${1_700_000_000 + i} +0000\ndata 1\nc`,
    );
    if (i > 1) lines.push(`from :${i - 1}`);
    lines.push(`M 100644 inline team/a.yaml\ndata ${Buffer.byteLength(text)}\n${text}`);
    lines.push(`M 100644 inline noise\ndata ${noise.length}\n${noise}`);
  }
  gitWith({ input: `${lines.join("\n")}\ndone\n` }, path, "fast-import", "--quiet", "--done");
  const [last = "", ...rest] = gitWith({}, path, "rev-list", "main").split("\n");
  return { last, first: rest.at(-1) ?? "" };
}

describe("what descends", () => {
  test("is taken, by whatever way; nothing is fetched while nothing has changed", async () => {
    const one = push("one", []);
    const followed = follow();
    expect(await followed.look()).toBe("one -");
    await followed.keeper.remember(one, go);
    expect(followed.note.current?.revision).toBe(one);
    server.requests.length = 0;
    expect(await followed.keeper.look(go)).toBe(false);
    expect(server.requests).toHaveLength(2);
    const [two, side] = [push("two", [one]), push("side", [one], { branch: "side" })];
    push("merged", [two, side]);
    expect(await followed.look()).toBe("merged -");
  });

  test("at a distance, with as much history as that takes", async () => {
    const { first } = history(700, 10);
    const followed = follow({ stored: first });
    expect(await followed.look()).toBe("700 -");
    expect(server.requests.filter(({ url }) => url.endsWith("git-upload-pack")).length).toBeGreaterThan(3);
  });

  test("what does not is refused: set back, and rewritten sideways, until the policy names it", async () => {
    const one = push("one", []);
    const two = push("two", [one]);
    const followed = follow();
    expect(await followed.look()).toBe("two -");
    setTo(one);
    expect(await followed.look()).toBe("two NonFastForward");
    expect(followed.message()).toBe(
      `Commit ${one} does not descend from ${two}, which was applied last: the history was rewritten, or set back. If it is right, name it as source.acceptRevision in the policy. Revision ${two} stays in force.`,
    );
    server.requests.length = 0;
    expect(await followed.keeper.look(go)).toBe(false);
    expect(server.requests).toHaveLength(2);
    const sideways = push("sideways", [one]);
    expect(await followed.look()).toBe("two NonFastForward");
    followed.accept = two;
    expect(await followed.look()).toBe("two NonFastForward");
    followed.accept = sideways;
    expect(await followed.look()).toBe("sideways -");
    followed.accept = undefined;
    setTo(two);
    expect(await followed.look()).toBe("sideways NonFastForward");
    push("after", [sideways]);
    expect(await followed.look()).toBe("after -");
    push("unrelated", []);
    expect(await followed.look()).toBe("after NonFastForward");
  });

  test("what cannot be shown within the bound is refused, and not tried again", async () => {
    history(300, 8_000);
    const followed = follow({ stored: "1".repeat(40), within: { packBytes: 200_000 } });
    expect(await followed.look()).toBe("none NonFastForward");
    expect(followed.message()).toContain("It cannot be shown within the bound on size that commit");
    server.requests.length = 0;
    expect(await followed.look()).toBe("none NonFastForward");
    expect(server.requests).toHaveLength(2);
  });

  test("nor within the bound on time, but then it is tried again", async () => {
    const one = push("one", []);
    const two = push("two", [one]);
    const followed = follow({ stored: one, within: { totalInMs: 5_000 } });
    // The refs, and the one commit; what deepens the history is never answered.
    let fetches = 0;
    server.isIgnored = ({ url }) => {
      if (url?.includes("info/refs")) fetches += 1;
      return fetches > 3;
    };
    expect(await followed.look()).toBe("none NonFastForward");
    expect(followed.message()).toContain(`within the bound on time that commit ${two} descends from ${one}`);
    server.isIgnored = undefined;
    expect(await followed.look()).toBe("two -");
  });
});

describe("--verify-commits", () => {
  test("every new first-parent commit is signed, what was merged need not be", async () => {
    const one = push("one", [], { isSigned: true });
    const followed = follow({ access: () => signers });
    expect(await followed.look()).toBe("one -");
    const feature = push("feature", [one], { branch: "feature" });
    const merged = push("merged", [one, feature], { isSigned: true });
    expect(await followed.look()).toBe("merged -");
    const unsigned = push("unsigned", [merged]);
    const after = push("after", [unsigned], { isSigned: true });
    expect(await followed.look()).toBe("merged CommitNotSigned");
    expect(followed.message()).toContain(`Commit ${unsigned} carries no SSH signature.`);
    expect(followed.keeper.current().state.refusal?.revision).toBe(after);
    setTo(push("good", [merged], { isSigned: true }));
    expect(await followed.look()).toBe("good -");
  });

  test("also those of a merge the other way round, beyond where the last one stands", async () => {
    const one = push("one", [], { isSigned: true });
    let feature = one;
    for (const text of ["f1", "f2", "f3"])
      feature = push(text, [feature], { isSigned: true, branch: "feature" });
    const two = push("two", [one], { isSigned: true });
    const followed = follow({ access: () => signers });
    expect(await followed.look()).toBe("two -");
    const foxtrot = push("foxtrot", [feature, two], { isSigned: true });
    expect(await followed.look()).toBe("foxtrot -");
    const unsigned = push("f4", [feature], { branch: "feature" });
    const top = push("f5", [unsigned], { isSigned: true, branch: "feature" });
    push("again", [top, foxtrot], { isSigned: true });
    expect(await followed.look()).toBe("foxtrot CommitNotSigned");
    expect(followed.message()).toContain(`Commit ${unsigned} `);
  });

  test("a long way round is not cut off where the history that was fetched ends", async () => {
    const root = push("root", [], { isSigned: true });
    let side = push("unsigned", [root], { branch: "side" });
    for (let i = 0; i < 40; i += 1) side = push(`s${i}`, [side], { isSigned: true, branch: "side" });
    const two = push("two", [root], { isSigned: true });
    const followed = follow({ access: () => signers });
    expect(await followed.look()).toBe("two -");
    push("foxtrot", [side, two], { isSigned: true });
    expect(await followed.look()).toBe("two CommitNotSigned");
  });

  test("a signer who is added counts at the next look; one who is taken away too", async () => {
    push("one", [], { isSigned: true });
    let allowedSigners = "# nobody yet\n";
    const followed = follow({ access: () => ({ allowedSigners }) });
    expect(await followed.look()).toBe("none CommitNotSigned");
    expect(await followed.keeper.look(go)).toBe(false);
    allowedSigners = signers.allowedSigners;
    expect(await followed.look()).toBe("one -");
    allowedSigners = "# nobody any more\n";
    expect(await followed.look()).toBe("one CommitNotSigned");
  });

  test("what the policy accepts must be signed itself", async () => {
    const one = push("one", [], { isSigned: true });
    const followed = follow({ access: () => signers, stored: one });
    expect(await followed.look()).toBe("one -");
    followed.accept = push("unsigned", []);
    expect(await followed.look()).toBe("one CommitNotSigned");
    followed.accept = push("signed", [followed.accept], { isSigned: true });
    expect(await followed.look()).toBe("signed -");
  });

  test("more new commits than are verified one by one are refused", async () => {
    const { first } = history(1_002, 2);
    const followed = follow({ access: () => signers, stored: first });
    push("top", [gitWith({}, path, "rev-parse", "main")], { isSigned: true });
    expect(await followed.look()).toBe("none CommitNotSigned");
    expect(followed.message()).toContain("More than 1000 commits below commit");
  });
});

describe("what stays in force", () => {
  test("a broken revision between good ones", async () => {
    const one = push("one", []);
    const followed = follow();
    expect(await followed.look()).toBe("one -");
    const broken = push("broken", [one]);
    expect(await followed.look()).toBe("one BrokenRevision");
    push("two", [broken]);
    expect(await followed.look()).toBe("two -");
  });

  test("a server that cannot be reached, and is back", async () => {
    const one = push("one", []);
    const followed = follow();
    expect(await followed.look()).toBe("one -");
    server.instead = (_, response) => void response.writeHead(503).end();
    expect(await followed.look()).toBe("one SourceUnreadable");
    expect(followed.message()).toMatch(/^The server cannot be reached, or broke off\. .*stays in force\.$/);
    push("two", [one]);
    server.instead = undefined;
    expect(await followed.look()).toBe("two -");
  });

  test("a branch that is deleted, and is back", async () => {
    const one = push("one", []);
    const followed = follow();
    expect(await followed.look()).toBe("one -");
    gitWith({}, path, "update-ref", "-d", "refs/heads/main");
    expect(await followed.look()).toBe("one SourceUnreadable");
    expect(followed.message()).toContain('The ref "main" does not exist.');
    setTo(one);
    expect(await followed.look()).toBe("one -");
  });
});

test("credentials are read again at each look", async () => {
  const place = mkdtempSync(join(folder, "rotating-"));
  const file = (name: string, text: string): void => writeFileSync(join(place, name), text);
  file(
    "policy.yaml",
    `apiVersion: bindery.dev/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec: { owner: prod, tenantId: ${subscription}, estate: { subscriptions: [${subscription}] } }\n`,
  );
  file("token", "first\n");
  const basic = (token: string): string =>
    `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  server.authorization = basic("first");
  push("one", []);
  const io = { ...processIo(), cwd: place, env: { PATH: process.env.PATH } };
  const options = { source, ref: "main", gitTokenFile: "token", gitCaFile: server.caFile };
  const parts = await runSourceFor(
    { paths: [], source: options, policy: "policy.yaml", cloud: "public" },
    io,
    go,
  );
  const keeper = keepRevisions({ ...parts, clock: Date });
  await keeper.look(go);
  expect(keeper.current().state).toEqual({ inForce: expect.any(String) });
  server.authorization = basic("second");
  await keeper.look(go);
  const { refusal } = keeper.current().state;
  expect(refusal?.reason).toBe("SourceUnreadable");
  expect(refusal?.message).toContain("The server does not let Bindery read the repository.");
  file("token", "second\n");
  expect(await keeper.look(go)).toBe(true);
  expect(keeper.current().state.refusal).toBeUndefined();
});

describe("a start with a note", () => {
  test("a broken head: the noted commit is fetched again by its id", async () => {
    const one = push("one", []);
    push("broken", [one]);
    expect(await follow().look()).toBe("none BrokenRevision");
    const followed = follow({ stored: one });
    expect(await followed.look()).toBe("one BrokenRevision");
    expect(followed.keeper.current().state.inForce).toBe(one);
    const inFolder = follow({ stored: `${one}:team`, paths: ["team"] });
    expect(await inFolder.look()).toBe("one BrokenRevision");
    expect(await follow({ stored: one, paths: ["team"] }).look()).toBe("none BrokenRevision");
  });

  test("a server that gives nothing by its id: the history of the branch has it", async () => {
    const one = push("one", []);
    push("broken", [push("two", [one])]);
    server.isOld = true;
    expect(await follow({ stored: one }).look()).toBe("one BrokenRevision");
    const followed = follow({ stored: one });
    setTo(push("unrelated", []));
    expect(await followed.look()).toBe("none NonFastForward");
    expect(followed.message()).toContain(
      `The last good revision ${one} is not in force either: The server does not give commit ${one} by its id, and it is not in the history of refs/heads/main any more.`,
    );
  });

  test("a branch that was set back: the noted commit stays in force, although no branch has it any more", async () => {
    const one = push("one", []);
    const two = push("two", [one]);
    setTo(one);
    expect(await follow({ stored: two }).look()).toBe("two NonFastForward");
  });

  test("a branch that is gone", async () => {
    const one = push("one", [], { branch: "other" });
    const followed = follow({ stored: one });
    expect(await followed.look()).toBe("one SourceUnreadable");
  });

  test("the noted commit must be signed too", async () => {
    const one = push("one", []);
    push("broken", [one], { isSigned: true });
    expect(await follow({ stored: one, access: () => signers }).look()).toBe("none BrokenRevision");
  });
});
