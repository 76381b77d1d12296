import { beforeEach, describe, expect, test } from "vitest";
import { parsePolicy } from "../manifest/parse-policy.ts";
import { Failure } from "../model/failure.ts";
import { abortOf } from "../model/linked-signal.ts";
import type {
  RevisionMemory,
  RevisionNote,
  RevisionSource,
  SourceFound,
  SourceTrouble,
} from "../model/revisions.ts";
import type { PolicyReading } from "./revision-decision.ts";
import { type Judged, keepRevisions, type RevisionKeeper, type RevisionParts } from "./revisions.ts";

const id = "00000000-0000-0000-0000-000000000001";
const go = new AbortController().signal;
const [c1, c2, c3, c4] = ["1", "2", "3", "4"].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];

function policy(more = ""): PolicyReading {
  const text = `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: p }
spec:
  owner: prod
  tenantId: ${id}
  estate: { subscriptions: [${id}] }
${more}`;
  return parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(text) });
}

const good = (subscription = id): string => `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team }
spec: { subscriptionId: ${subscription}, resourceGroup: rg, prunePolicy: Additive }
`;

interface Commit {
  readonly text: string;
  readonly descendsFrom: readonly string[];
  readonly suffix?: string;
}

/** A repository in memory: the port's own words, without Git. */
let world: {
  head: string | SourceTrouble;
  commits: Map<string, Commit>;
  gone: Set<string>;
  policy: PolicyReading;
  stored: RevisionNote | undefined;
  memoryTrouble: Failure | undefined;
  reads: string[];
  judged: Judged[];
};

beforeEach(() => {
  world = {
    head: c1,
    commits: new Map([
      [c1, { text: good(), descendsFrom: [] }],
      [c2, { text: good(), descendsFrom: [c1] }],
      [c3, { text: "kind: Nonsense\n", descendsFrom: [c1, c2] }],
      [c4, { text: good(), descendsFrom: [c1, c2, c3] }],
    ]),
    gone: new Set(),
    policy: policy(),
    stored: undefined,
    memoryTrouble: undefined,
    reads: [],
    judged: [],
  };
});

function trouble(reason: SourceTrouble["reason"], more: Partial<SourceTrouble> = {}): SourceTrouble {
  return { kind: "trouble", reason, message: `${reason}!`, mayPass: false, hasAnswered: true, ...more };
}

const unreachable = trouble("SourceUnreadable", { mayPass: true, hasAnswered: false });

function found(commit: string): SourceFound {
  const { text = "", suffix = "" } = world.commits.get(commit) ?? {};
  const files = [{ path: "a.yaml", bytes: new TextEncoder().encode(text), folder: "" }];
  return { kind: "found", reading: { files, revision: { id: `${commit}${suffix}` }, diagnostics: [] } };
}

const source: RevisionSource = {
  name: "the test's",
  hasHistory: true,
  head: async () => (typeof world.head === "string" ? { kind: "head", id: world.head } : world.head),
  async read({ since, accepted }) {
    const commit = String(world.head);
    world.reads.push(`${commit[0]} since ${since?.[0] ?? "ever"}`);
    const { descendsFrom = [] } = world.commits.get(commit) ?? {};
    const isFine =
      since === undefined || since === commit || accepted === commit || descendsFrom.includes(since);
    return isFine ? found(commit) : trouble("NonFastForward", { revision: commit });
  },
  async readAgain(commit) {
    world.reads.push(`${commit[0]} again`);
    return world.gone.has(commit) ? trouble("SourceUnreadable", { message: "It is gone." }) : found(commit);
  },
};

const memory: RevisionMemory = {
  name: "the test's memory",
  async read() {
    if (world.memoryTrouble) throw world.memoryTrouble;
    return world.stored;
  },
  async write(note) {
    world.stored = note;
  },
};

function parts(): Omit<RevisionParts, "source"> {
  const opened = policy();
  if ("trouble" in opened || opened.policy === undefined)
    throw new Error("the policy of the test has mistakes");
  return {
    policy: opened.policy,
    readPolicy: async () => world.policy,
    clock: { now: () => 0 },
    onJudged: (judged) => world.judged.push(judged),
  };
}

function keeper({ remembers = true } = {}): RevisionKeeper {
  return keepRevisions({ ...parts(), source, ...(remembers && { memory }) });
}

/** As a turn does that began under what is in force now. */
async function remembered(kept: RevisionKeeper, signal = go): Promise<void> {
  await kept.remember(kept.current().state.inForce ?? "", signal);
}

const note = (revision: string): RevisionNote => ({ revision, at: "1970-01-01T00:00:00.000Z" });

/** "1" or "none" for what is in force, and the refusal's reason. */
function shown(kept: RevisionKeeper): string {
  const { state, inForce } = kept.current();
  expect(inForce?.desired.revision).toBe(state.inForce);
  return `${state.inForce?.[0] ?? "none"} ${state.refusal?.reason ?? "-"}`;
}

async function lookedAt(kept: RevisionKeeper, head: string | SourceTrouble): Promise<string> {
  world.head = head;
  await kept.look(go);
  return shown(kept);
}

describe("a revision is taken whole or not at all", () => {
  test("good ones one after the other, a broken one in between; each is read once", async () => {
    const kept = keeper();
    expect(shown(kept)).toBe("none -");
    expect(await kept.look(go)).toBe(true);
    expect(await kept.look(go)).toBe(false);
    expect(await lookedAt(kept, c2)).toBe("2 -");
    expect(await lookedAt(kept, c3)).toBe("2 BrokenRevision");
    const { inForce, state } = kept.current();
    expect(await kept.look(go)).toBe(false);
    expect(kept.current().inForce).toBe(inForce);
    expect(state.refusal).toEqual({
      reason: "BrokenRevision",
      revision: c3,
      message: expect.stringMatching(
        /^Revision 3+ has 2 mistakes: a\.yaml:1:1: apiVersion is missing .*; a\.yaml:1:7: .*\. A revision is applied whole or not at all: mend it\. Revision 2+ stays in force\.$/,
      ),
    });
    expect(await lookedAt(kept, c4)).toBe("4 -");
    expect(world.reads).toEqual(["1 since ever", "2 since 1", "3 since 2", "4 since 2"]);
    expect(world.judged.map(({ revision }) => revision)).toEqual([c1, c2, c3, c4]);
  });

  test("the first few of many mistakes are quoted", async () => {
    const text = Array.from({ length: 9 }, () => "kind: Nonsense\napiVersion: bindery.dev/v1alpha1\n").join(
      "---\n",
    );
    world.commits.set(c1, { text, descendsFrom: [] });
    const kept = keeper();
    await kept.look(go);
    const message = kept.current().state.refusal?.message ?? "";
    expect(message.match(/a\.yaml:\d+:\d+/g)).toHaveLength(3);
    expect(message).toContain("; and 6 more.");
    expect(message).toContain("Nothing is known to be good, so nothing is written.");
  });

  test("what does not descend is refused until the policy accepts that very commit", async () => {
    const kept = keeper();
    await lookedAt(kept, c2);
    expect(await lookedAt(kept, c1)).toBe("2 NonFastForward");
    world.policy = policy(`  source: { acceptRevision: "${c4}" }\n`);
    expect(await lookedAt(kept, c1)).toBe("2 NonFastForward");
    world.policy = policy(`  source: { acceptRevision: "${c1}" }\n`);
    expect(await lookedAt(kept, c1)).toBe("1 -");
    world.policy = policy();
    expect(await lookedAt(kept, c2)).toBe("2 -");
    expect(await lookedAt(kept, c1)).toBe("2 NonFastForward");
  });

  test("a server that is away changes nothing; what was refused before is still refused when it is back", async () => {
    const kept = keeper();
    await kept.look(go);
    expect(await lookedAt(kept, unreachable)).toBe("1 SourceUnreadable");
    expect(await lookedAt(kept, c1)).toBe("1 -");
    expect(await lookedAt(kept, c3)).toBe("1 BrokenRevision");
    expect(await lookedAt(kept, unreachable)).toBe("1 SourceUnreadable");
    expect(await lookedAt(kept, c3)).toBe("1 BrokenRevision");
    expect(world.reads).toEqual(["1 since ever", "3 since 1"]);
  });

  test("trouble that may pass is asked about again, other trouble is not", async () => {
    const answers = [unreachable, trouble("CommitNotSigned", { revision: c2 }), found(c2)];
    const read = async () => answers.shift() ?? unreachable;
    const other = keepRevisions({ ...parts(), source: { ...source, read } });
    expect(await lookedAt(other, c2)).toBe("none SourceUnreadable");
    expect(await lookedAt(other, c2)).toBe("none CommitNotSigned");
    expect(await lookedAt(other, c2)).toBe("none CommitNotSigned");
    expect(answers).toHaveLength(1);
  });
});

describe("a start", () => {
  test.each<
    readonly [string, { head: string | SourceTrouble; stored?: string; expected: string; reads: string[] }]
  >([
    ["a good head, nothing noted", { head: c2, expected: "2 -", reads: ["2 since ever"] }],
    ["a good head that descends", { head: c2, stored: c1, expected: "2 -", reads: ["2 since 1"] }],
    ["the noted head", { head: c2, stored: c2, expected: "2 -", reads: ["2 since 2"] }],
    ["a broken head, nothing noted", { head: c3, expected: "none BrokenRevision", reads: ["3 since ever"] }],
    [
      "a broken head",
      { head: c3, stored: c2, expected: "2 BrokenRevision", reads: ["3 since 2", "2 again"] },
    ],
    [
      "a head that goes back",
      { head: c1, stored: c2, expected: "2 NonFastForward", reads: ["1 since 2", "2 again"] },
    ],
    [
      "a ref that is gone",
      {
        head: trouble("SourceUnreadable", { mayPass: true }),
        stored: c2,
        expected: "2 SourceUnreadable",
        reads: ["2 again"],
      },
    ],
    [
      "a server that is away",
      { head: unreachable, stored: c2, expected: "none SourceUnreadable", reads: [] },
    ],
    [
      "a broken head, and a noted one that is broken too",
      { head: c3, stored: c3, expected: "none BrokenRevision", reads: ["3 since 3", "3 again"] },
    ],
  ])("%s", async (_, { head, stored, expected, reads }) => {
    if (stored !== undefined) world.stored = note(stored);
    const kept = keeper();
    expect(await lookedAt(kept, head)).toBe(expected);
    expect(await lookedAt(kept, head)).toBe(expected);
    expect(world.reads).toEqual(reads);
  });

  test("a noted revision that cannot be fetched is told, and not asked for again and again", async () => {
    world.stored = note(c2);
    world.gone.add(c2);
    const kept = keeper();
    for (const _ of [1, 2]) {
      expect(await lookedAt(kept, c3)).toBe("none BrokenRevision");
      expect(kept.current().state.refusal?.message).toMatch(
        /The last good revision 2+ is not in force either: It is gone\. Nothing is known to be good, so nothing is written\.$/,
      );
    }
    expect(world.reads).toEqual(["3 since 2", "2 again"]);
    expect(await lookedAt(kept, c4)).toBe("4 -");
  });

  test("a noted revision of other paths is not known to be good under these", async () => {
    world.stored = note(`${c2}:team`);
    const kept = keeper();
    expect(await lookedAt(kept, c3)).toBe("none BrokenRevision");
    expect(kept.current().state.refusal?.message).toContain(
      "it was read from other paths of the repository.",
    );
    expect(await lookedAt(kept, c4)).toBe("4 -");
  });

  test("nothing is taken before the memory can be read", async () => {
    const kept = keeper();
    world.memoryTrouble = new Failure("transient", "The store is away.", { code: "ServerBusy" });
    expect(await lookedAt(kept, c1)).toBe("none SourceUnreadable");
    expect(kept.current().state.refusal?.message).toBe(
      "It cannot be read which revision was applied last, out of the test's memory: ServerBusy: The store is away. Nothing is taken before. Nothing is known to be good, so nothing is written.",
    );
    expect(world.reads).toEqual([]);
    world.memoryTrouble = undefined;
    world.stored = note(c2);
    expect(await lookedAt(kept, c1)).toBe("2 NonFastForward");
  });

  test("a source without a history has no use for a memory", async () => {
    world.memoryTrouble = new Failure("transient", "The store is away.", { code: "ServerBusy" });
    const kept = keepRevisions({ ...parts(), source: { ...source, hasHistory: false }, memory });
    expect(await lookedAt(kept, c1)).toBe("1 -");
    await remembered(kept);
    expect(await lookedAt(kept, c3)).toBe("1 BrokenRevision");
    const next = keepRevisions({ ...parts(), source: { ...source, hasHistory: false }, memory });
    expect(await lookedAt(next, c3)).toBe("none BrokenRevision");
  });
});

describe("remembering", () => {
  test("what is in force is noted, once", async () => {
    const kept = keeper();
    await kept.look(go);
    await remembered(kept);
    expect(world.stored).toEqual(note(c1));
    const first = world.stored;
    await remembered(kept);
    expect(world.stored).toBe(first);
    await lookedAt(kept, c3);
    await remembered(kept);
    expect(world.stored).toBe(first);
  });

  test("a memory that fails is told", async () => {
    const kept = keeper();
    await kept.look(go);
    world.memoryTrouble = new Failure("transient", "The store is away.", { code: "ServerBusy" });
    await expect(remembered(kept)).rejects.toThrow("The store is away.");
  });

  test("what a turn has begun under is noted, though a look has found something newer since", async () => {
    const kept = keeper();
    await kept.look(go);
    expect(await lookedAt(kept, c2)).toBe("2 -");
    await kept.remember(c1, go);
    expect(world.stored).toEqual(note(c1));
    await remembered(kept);
    expect(world.stored).toEqual(note(c2));
  });

  test("without a memory there is nothing to do", async () => {
    const kept = keeper({ remembers: false });
    await kept.look(go);
    await remembered(kept);
    expect(world.stored).toBeUndefined();
  });

  test("what another one has applied since is no step back: the source decides anew", async () => {
    const kept = keeper();
    expect(await lookedAt(kept, c1)).toBe("1 -");
    world.stored = note(c4);
    await expect(remembered(kept)).rejects.toMatchObject({ details: { code: "RevisionMovedOn" } });
    expect(shown(kept)).toBe("4 NonFastForward");
    expect(world.stored).toEqual(note(c4));
  });

  test("nor in the way of what descends from it, or is it", async () => {
    const kept = keeper();
    await lookedAt(kept, c4);
    world.stored = note(c2);
    await remembered(kept);
    expect([shown(kept), world.stored]).toEqual(["4 -", note(c4)]);
    const same = keeper();
    await lookedAt(same, c4);
    world.stored = note(c4);
    await remembered(same);
    expect(world.reads).toEqual(["4 since ever", "4 since 2", "4 since 4"]);
  });
});

describe("while another one goes on", () => {
  /** A keeper of `c1`, whose next answer from the source comes when the test lets it. */
  async function held() {
    const gate = Promise.withResolvers<void>();
    let passed = Promise.resolve();
    const read: RevisionSource["read"] = async (lineage, signal) => {
      const answer = await source.read(lineage, signal);
      await Promise.race([passed, abortOf(signal)]);
      signal.throwIfAborted();
      return answer;
    };
    const kept = keepRevisions({ ...parts(), source: { ...source, read }, memory });
    await lookedAt(kept, c1);
    await remembered(kept);
    passed = gate.promise;
    return { kept, open: () => gate.resolve() };
  }

  test("a look that began before does not bring back what came before it", async () => {
    const { kept, open } = await held();
    world.head = c2;
    const looking = kept.look(go);
    await new Promise(setImmediate);
    world.stored = note(c4);
    const remembering = remembered(kept).catch((error: unknown) => error);
    await new Promise(setImmediate);
    open();
    await looking;
    expect(await remembering).toMatchObject({ details: { code: "RevisionMovedOn" } });
    expect(shown(kept)).toBe("4 NonFastForward");
    await remembered(kept);
    expect(world.stored).toEqual(note(c4));
  });

  test("nothing is in force any more if it was cut before it knew what is", async () => {
    const { kept } = await held();
    world.stored = note(c4);
    const stop = new AbortController();
    const remembering = remembered(kept, stop.signal);
    await new Promise(setImmediate);
    stop.abort(new Error("stop"));
    await expect(remembering).rejects.toThrow("stop");
    expect(shown(kept)).toBe("none -");
  });
});

describe("the policy is read again", () => {
  test("what it changes takes effect, what is broken or needs a start anew does not", async () => {
    const kept = keeper();
    await kept.look(go);
    world.policy = policy("  limits: { additions: { count: 7 } }\n");
    expect(await kept.look(go)).toBe(true);
    expect(kept.current().inForce?.policy.limits.additions.count).toBe(7);
    world.policy = policy("  limits: { additions: { count: nine } }\n");
    expect(await lookedAt(kept, c2)).toBe("2 BrokenPolicy");
    world.policy = { trouble: "The policy p cannot be read: it is gone." };
    expect(await lookedAt(kept, c2)).toBe("2 BrokenPolicy");
    world.policy = policy("  lease: { blobUrl: https://store1.blob.core.windows.net/leases/a }\n");
    expect(await lookedAt(kept, c3)).toBe("2 PolicyNeedsRestart");
    expect(kept.current().state.refusal?.message).toMatch(
      /^The policy has another spec\.lease.*Revision 3+ has/,
    );
    expect(kept.current().inForce?.policy.limits.additions.count).toBe(7);
  });

  test("what is in force is judged again: with a mistake under the new policy nothing is, until that is undone", async () => {
    world.commits.set(c2, { text: good("00000000-0000-0000-0000-000000000002"), descendsFrom: [c1] });
    world.policy = policy(`  protected: []\n`);
    const both = `estate: { subscriptions: [${id}, 00000000-0000-0000-0000-000000000002] }`;
    const wide = (): PolicyReading => {
      const text = `apiVersion: bindery.dev/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec:\n  owner: prod\n  tenantId: ${id}\n  ${both}\n`;
      return parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(text) });
    };
    world.policy = wide();
    const kept = keeper();
    expect(await lookedAt(kept, c2)).toBe("2 -");
    world.policy = policy();
    expect(await lookedAt(kept, c2)).toBe("none BrokenRevision");
    expect(await lookedAt(kept, unreachable)).toBe("none SourceUnreadable");
    expect(kept.current().state.refusal?.message).toMatch(
      /Under the policy as it is now, revision 2+ has 1 mistake: .*Nothing is known to be good/,
    );
    world.policy = wide();
    expect(await lookedAt(kept, unreachable)).toBe("2 SourceUnreadable");
    expect(await lookedAt(kept, c2)).toBe("2 -");
  });
});

test("an interruption is thrown on, and leaves what is in force", async () => {
  const stop = new AbortController();
  const head: RevisionSource["head"] = async (signal) => {
    stop.signal.throwIfAborted();
    return await source.head(signal);
  };
  const kept = keepRevisions({ ...parts(), source: { ...source, head } });
  expect(await lookedAt(kept, c1)).toBe("1 -");
  stop.abort(new DOMException("stop", "AbortError"));
  await expect(kept.look(go)).rejects.toThrow("stop");
  expect(shown(kept)).toBe("1 -");
});
