import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepRevisions, type RevisionKeeper } from "../controller/revisions.ts";
import type { CliIo } from "./io.ts";
import { runMemoryFor, runSourceFor } from "./run-source.ts";
import type { SourceOptions } from "./source-options.ts";

const id = "00000000-0000-0000-0000-000000000001";
const go = new AbortController().signal;
let folder = "";

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bindery-run-source-")));
  mkdirSync(join(folder, "m"));
  manifest("one");
  policy();
  writeFileSync(join(folder, "bad.yaml"), "kind: Policy\n");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Complete from the first moment on, as whatever changes a folder of a daemon should do it. */
function put(path: string, text: string): void {
  writeFileSync(join(folder, "fresh"), text);
  renameSync(join(folder, "fresh"), join(folder, path));
}

function manifest(text: string): void {
  put(
    "m/a.yaml",
    text === "broken"
      ? "kind: Nonsense\n"
      : `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team }
spec: { subscriptionId: ${id}, resourceGroup: rg, prunePolicy: Additive, tags: { text: ${text} } }
`,
  );
}

function policy(more = "", owner = "prod"): void {
  put(
    "policy.yaml",
    `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: p }
spec:
  owner: ${owner}
  tenantId: ${id}
  estate: { subscriptions: [${id}] }
${more}`,
  );
}

function fakeIo(): CliIo {
  return {
    stdin: async function* () {
      // Nothing was piped in.
    },
    stdout: new PassThrough().resume(),
    stderr: new PassThrough().resume(),
    env: {},
    cwd: folder,
    onSignal: () => () => undefined,
    onHangUp: () => () => undefined,
    exit: () => undefined,
  };
}

/** Whatever has been written is a minute old. */
const later = {
  now: () => Date.now() + 60_000,
  sleep: () => Promise.reject(new Error("nothing is to be waited for")),
};

function sourceFor(paths: readonly string[], source: SourceOptions = {}, policyPath = "policy.yaml") {
  return runSourceFor({ paths, source, policy: policyPath, cloud: "public" }, fakeIo(), go, later);
}

async function shown(kept: RevisionKeeper): Promise<string> {
  await kept.look(go);
  const { state, inForce } = kept.current();
  return `${inForce?.desired.identities[0]?.tags.text ?? "none"} ${state.refusal?.reason ?? "-"}`;
}

describe("folders", () => {
  test.each<readonly [string, readonly string[], SourceOptions]>([
    ["a PATH", ["m"], {}],
    ["a --source", [], { source: "m" }],
    ["several PATHs", ["m/a.yaml", "m"], {}],
  ])(
    "%s is followed, and so is the policy",
    async (_, paths, options) => {
      const kept = keepRevisions({ ...(await sourceFor(paths, options)), clock: Date });
      expect(await shown(kept)).toBe("one -");
      manifest("broken");
      expect(await shown(kept)).toBe("one BrokenRevision");
      manifest("two");
      policy("  limits: { additions: { count: 3 } }\n");
      expect(await shown(kept)).toBe("two -");
      expect(kept.current().inForce?.policy.limits.additions.count).toBe(3);
      policy("", "other");
      expect(await shown(kept)).toBe("two PolicyNeedsRestart");
      rmSync(join(folder, "policy.yaml"));
      expect(await shown(kept)).toBe("two BrokenPolicy");
      expect(kept.current().state.refusal?.message).toContain(
        "The policy policy.yaml cannot be read: there is no such file or folder. Check the path.",
      );
      rmSync(join(folder, "m"), { recursive: true });
      policy();
      expect(await shown(kept)).toBe("two BrokenRevision");
    },
    60_000,
  );

  test("a policy that is moved among the manifests later is not in force", async () => {
    const kept = keepRevisions({ ...(await sourceFor(["m"])), clock: Date });
    expect(await shown(kept)).toBe("one -");
    renameSync(join(folder, "policy.yaml"), join(folder, "m/policy"));
    symlinkSync("m/policy", join(folder, "policy.yaml"));
    expect(await shown(kept)).toBe("one BrokenPolicy");
    expect(kept.current().state.refusal?.message).toContain(
      "The policy policy.yaml lies among the manifests",
    );
  });
});

describe("what cannot be right from the start", () => {
  test.each<readonly [string, readonly string[], SourceOptions, string, string]>([
    ["standard input", ["-"], {}, "policy.yaml", "Standard input can be read only once"],
    [
      "standard input by --source",
      [],
      { source: "-" },
      "policy.yaml",
      "Standard input can be read only once",
    ],
    ["nothing", [], {}, "policy.yaml", "No manifests were named."],
    ["two sources", ["m"], { source: "m" }, "policy.yaml", 'There is a PATH ("m") and a --source.'],
    [
      "an address of another kind",
      [],
      { source: "https://h/r" },
      "policy.yaml",
      "--source is no git+https://",
    ],
    ["no policy", ["m"], {}, "nope.yaml", "The policy nope.yaml cannot be read"],
    ["a policy with mistakes", ["m"], {}, "bad.yaml", "There are mistakes in the policy."],
    ["a policy among the manifests", ["."], {}, "policy.yaml", "lies among the manifests"],
  ])(
    "%s",
    async (_, paths, source, policyPath, message) => {
      await expect(sourceFor(paths, source, policyPath)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining(message),
      });
    },
    30_000,
  );
});

test("credentials that cannot be read are trouble with the source, which may pass", async () => {
  const options = { source: "git+https://127.0.0.1:1/r", gitTokenFile: "token" };
  const { source } = await sourceFor([], options);
  expect(source.name).toBe("git+https://127.0.0.1:1/r");
  expect(await source.head(go)).toMatchObject({
    reason: "SourceUnreadable",
    mayPass: true,
    message: expect.stringMatching(
      /^The token .*token cannot be read: there is no such file or folder\. Name another/,
    ),
  });
  const named = await sourceFor([], { ...options, ref: "main", path: ["a", "b"] });
  expect(named.source.name).toBe("git+https://127.0.0.1:1/r, ref main, path a, b");
});

describe("the memory", () => {
  const lease = { blobUrl: "https://store1.blob.core.windows.net/leases/a", durationInSeconds: 60 };
  const note = { name: "the blob", read: async () => undefined, write: async () => undefined };
  const azure: Parameters<typeof runMemoryFor>[1] = {
    leaseStore: async () => ({
      name: "the blob",
      durationInMs: 60_000,
      acquire: async () => true,
      renew: async () => true,
      release: async () => undefined,
      note,
    }),
  };

  test("is the blob of the lease, or a folder, or nowhere; two are refused", async () => {
    const io = fakeIo();
    expect(await runMemoryFor({}, azure, { lease }, io)).toBe(note);
    expect((await runMemoryFor({ stateDir: "state" }, azure, {}, io))?.name).toBe(
      join(folder, "state/last-good-revision.json"),
    );
    expect(await runMemoryFor({}, azure, {}, io)).toBeUndefined();
    await expect(runMemoryFor({ stateDir: "state" }, azure, { lease }, io)).rejects.toThrow(
      "There are a lease in the policy and a --state-dir.",
    );
  });
});
