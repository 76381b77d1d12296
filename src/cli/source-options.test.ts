import { describe, expect, test } from "vitest";
import { CliError } from "./errors.ts";
import { refuseMixedSources, type SourceOptions, sourceWords, withFolder } from "./source-options.ts";

const https = "git+https://h/r";
const ssh = "git+ssh://git@h/r";

describe("what goes together", () => {
  test.each<readonly [readonly string[], SourceOptions]>([
    [["manifests"], {}],
    [[], { source: "manifests" }],
    [[], { source: https, ref: "main", path: ["a"], gitTokenFile: "t", gitCaFile: "c", verifyCommits: "s" }],
    [[], { source: https, gitEntra: true }],
    [[], { source: ssh, sshKey: "k", sshKnownHosts: "h", verifyCommits: "s" }],
  ])("%j and %j", (paths, options) => {
    expect(() => refuseMixedSources(paths, options)).not.toThrow();
  });

  test.each<readonly [readonly string[], SourceOptions, string]>([
    [[], {}, "No manifests were named."],
    [["m"], { source: https }, 'There is a PATH ("m") and a --source.'],
    [["m"], { source: "n" }, 'There is a PATH ("m") and a --source.'],
    [[], { source: "n", ref: "main" }, "--ref is for a Git repository, and none is named."],
    [["m"], { ref: "main" }, "--ref is for a Git repository, and none is named."],
    [["m"], { path: ["a"] }, "--path is for a Git repository, and none is named."],
    [["m"], { verifyCommits: "s" }, "--verify-commits is for a Git repository, and none is named."],
    [[], { source: https, sshKey: "k" }, "--ssh-key is not for git+https://."],
    [[], { source: ssh, gitTokenFile: "t" }, "--git-token-file is not for git+ssh://."],
    [[], { source: ssh, gitEntra: true }, "--git-entra is not for git+ssh://."],
    [[], { source: https, gitEntra: true, gitTokenFile: "t" }, "There are --git-entra and --git-token-file."],
  ])("not %j and %j", (paths, options, message) => {
    expect(() => refuseMixedSources(paths, options)).toThrow(expect.objectContaining({ message }));
    expect(() => refuseMixedSources(paths, options)).toThrow(CliError);
  });
});

describe("a --source that is a folder", () => {
  test.each(["manifests", "./m", "/srv/manifests", "..", "-"])("%s is the PATH that it is", (source) => {
    expect(withFolder([], { source })).toEqual({ paths: [source] });
  });

  test.each([
    https,
    ssh,
    "https://h/r",
    "git@h:o/r",
    "https://u:token@h/r",
    "u:token@h",
    "file:///r",
    "ext::sh",
  ])("%s is none", (source) => {
    expect(withFolder([], { source })).toEqual({ paths: [], source });
  });
});

test("a command line that names the same source again", () => {
  const options = { source: https, ref: "main", path: ["a", "b c"], gitEntra: true, verifyCommits: "s" };
  expect(sourceWords({ ...options, ...{ output: "text" } })).toEqual([
    ...["--source", https, "--ref", "main", "--path", "a", "--path", "b c", "--git-entra"],
    ...["--verify-commits", "s"],
  ]);
});
