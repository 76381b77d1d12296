// A branch and a policy file that somebody keeps editing: good commits, broken ones, rewound and unsigned ones, and times when nobody answers.
import fc from "fast-check";
import { parsePolicy } from "../../src/manifest/parse-policy.ts";
import { Failure } from "../../src/model/failure.ts";
import type {
  RevisionMemory,
  RevisionNote,
  RevisionSource,
  SourceTrouble,
} from "../../src/model/revisions.ts";
import type { Random } from "../../src/sandbox/second-client/random.ts";
import { sandboxTenantId } from "../../src/sandbox/tenant.ts";
import { subscriptionId, type Wanted } from "../adversity/case.ts";
import { anyCase } from "../adversity/draw.ts";
import { manifestsOf } from "../adversity/texts.ts";

type PolicyFile = ReturnType<typeof parsePolicy>;

interface Commit {
  readonly id: string;
  readonly parent: string | undefined;
  readonly wanted: readonly Wanted[];
  readonly isBroken: boolean;
  readonly isSigned: boolean;
}

/** What a daemon follows, and who edits it. */
export interface History {
  readonly source: RevisionSource;
  readonly memory: RevisionMemory;
  readonly readPolicy: () => Promise<PolicyFile | { readonly trouble: string }>;
  /** The policy at first. */
  readonly policy: NonNullable<PolicyFile["policy"]>;
  /** Somebody commits, rewinds, edits the policy, or a server goes away. */
  edit(): EditKind;
  /** Everything is in order: what is at the tip now is a good commit after all that was applied. */
  settle(): void;
  /** What the good commit at the tip wants. */
  wanted(): readonly Wanted[];
}

export const editKinds = [
  "good",
  "good",
  "broken",
  "rewound",
  "unsigned",
  "unreachable",
  "policyLimits",
  "policyBroken",
  "policyOfAnother",
  "policyUnreadable",
  "noteUnwritable",
] as const;
export type EditKind = (typeof editKinds)[number];

/** Commits that are remembered: more than can lie between what is applied and the tip. */
const mostCommits = 200;

/** A history of this chance; its first commit is broken, so that nothing is known to be good yet. */
export function historyOf(random: Random): History {
  const drawn = drawnRevisions(random);
  const commits = new Map<string, Commit>();
  let [tip, applied] = [commit(undefined, { isBroken: true }), undefined as string | undefined];
  let [isReachable, isWritable] = [true, true];
  let note: RevisionNote | undefined;
  let policyText: string | undefined = policyOf({});

  function commit(parent: string | undefined, more: Partial<Commit> = {}): string {
    const id = random.guid().replaceAll("-", "").padEnd(40, "0");
    const wanted = random.pick(drawn) ?? [];
    commits.set(id, { id, parent, wanted, isBroken: false, isSigned: true, ...more });
    for (const old of [...commits.keys()].slice(0, -mostCommits)) commits.delete(old);
    return id;
  }

  function descends(id: string | undefined, from: string): boolean {
    for (let one = id; one !== undefined; one = commits.get(one)?.parent) if (one === from) return true;
    return false;
  }

  function found(id: string) {
    const { wanted = [], isBroken = true } = commits.get(id) ?? {};
    if (!isBroken) applied = id;
    const text = manifestsOf(wanted, "Never");
    const bytes = new TextEncoder().encode(isBroken ? text.replace("IdentityBinding", "Identity") : text);
    const files = [{ path: "team.yaml", bytes }];
    return { kind: "found", reading: { files, revision: { id }, diagnostics: [] } } as const;
  }

  function trouble(reason: SourceTrouble["reason"], message: string): SourceTrouble {
    const isSilent = reason === "SourceUnreadable";
    return {
      kind: "trouble",
      reason,
      message,
      mayPass: isSilent,
      hasAnswered: !isSilent,
      ...(!isSilent && { revision: tip }),
    };
  }

  const away = (): SourceTrouble => trouble("SourceUnreadable", "Nobody answers. See to the server.");
  const edits: Readonly<Record<EditKind, () => void>> = {
    good: () => {
      tip = commit(applied ?? tip);
    },
    broken: () => {
      tip = commit(tip, { isBroken: true });
    },
    rewound: () => {
      tip = commit(commits.get(applied ?? tip)?.parent);
    },
    unsigned: () => {
      tip = commit(tip, { isSigned: false });
    },
    unreachable: () => {
      isReachable = false;
    },
    policyLimits: () => {
      policyText = policyOf({ limits: { removals: { count: 1, percent: 100 } } });
    },
    policyBroken: () => {
      policyText = "kind: Policy\n";
    },
    policyOfAnother: () => {
      policyText = policyOf({ owner: "another" });
    },
    policyUnreadable: () => {
      policyText = undefined;
    },
    noteUnwritable: () => {
      isWritable = false;
    },
  };

  return {
    policy: policyFrom(policyOf({})),
    source: {
      name: "a branch",
      hasHistory: true,
      head: async () => (isReachable ? { kind: "head", id: tip } : away()),
      async read({ since, accepted }) {
        if (!isReachable) return away();
        if (commits.get(tip)?.isSigned === false) return trouble("CommitNotSigned", "Nobody has signed it.");
        const follows = since === undefined || accepted === tip || descends(tip, since);
        return follows ? found(tip) : trouble("NonFastForward", "It does not descend from what was applied.");
      },
      readAgain: async (id) => (isReachable ? found(id) : away()),
    },
    memory: {
      name: "a note",
      read: async () => note,
      async write(written) {
        if (!isWritable) {
          const message = "The note cannot be written.";
          throw new Failure("transient", message, { code: "NoteUnwritable" });
        }
        note = written;
      },
    },
    async readPolicy() {
      if (policyText === undefined) return { trouble: "The policy cannot be read." };
      return parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(policyText) });
    },
    edit() {
      const kind = random.pick(editKinds) ?? "good";
      edits[kind]();
      return kind;
    },
    settle() {
      [isReachable, isWritable] = [true, true];
      policyText = policyOf({});
      if (random.next() < 0.5 || tip !== applied) tip = commit(applied);
    },
    wanted: () => commits.get(tip)?.wanted ?? [],
  };
}

/** Revisions as those of adverse cases. */
function drawnRevisions(random: Random): readonly (readonly Wanted[])[] {
  const seed = Math.floor(random.next() * 2 ** 31);
  return fc.sample(anyCase, { seed, numRuns: 40 }).flatMap(({ revisions }) => revisions);
}

function policyOf(more: object): string {
  const spec = {
    owner: "test",
    tenantId: sandboxTenantId,
    estate: { subscriptions: [subscriptionId] },
    limits: { removals: { count: 100, percent: 100 } },
    federatedCredentials: {
      allow: [
        {
          issuer: "https://token.actions.githubusercontent.com",
          subject: "repo:c/o:ref:refs/heads/*",
        },
      ],
    },
    ...more,
  };
  return JSON.stringify({
    apiVersion: "bindery.dev/v1alpha1",
    kind: "Policy",
    metadata: { name: "soak" },
    spec,
  });
}

function policyFrom(text: string): NonNullable<PolicyFile["policy"]> {
  const { policy, diagnostics } = parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(text) });
  if (!policy) throw new Error(JSON.stringify(diagnostics));
  return policy;
}
