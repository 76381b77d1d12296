import { describe, expect, test } from "vitest";
import { parseGitLocation } from "./git-location.ts";
import { GitTrouble } from "./git-trouble.ts";

function troubleOf(source: string, ref?: string, ...paths: readonly string[]): GitTrouble {
  try {
    parseGitLocation(source, ref, paths);
  } catch (error) {
    if (error instanceof GitTrouble) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const good = "git+https://git.example.com/team/repo.git";

describe("addresses", () => {
  test.each([
    [good, "https", "git.example.com"],
    ["git+https://Git.Example.com:8443/r", "https", "git.example.com"],
    ["git+https://dev.azure.com/org/my%20project/_git/repo", "https", "dev.azure.com"],
    ["git+https://[::1]:8443/r", "https", "[::1]"],
    ["git+ssh://git@git.example.com:2222/~team/repo.git", "ssh", "git.example.com"],
    ["git+ssh://git.example.com/repo", "ssh", "git.example.com"],
  ])("%s", (source, transport, host) => {
    expect(parseGitLocation(source, undefined, [])).toEqual({
      transport,
      host,
      url: source.slice(4),
      paths: [""],
    });
  });

  test.each([
    ["another transport", "git+http://h/r"],
    ["a file", "git+file:///srv/repo"],
    ["a helper of git's", "git+ext::sh -c id"],
    ["no transport", "https://h/r"],
    ["an option", "--upload-pack=id"],
    ["a host that is an option", "git+ssh://-oProxyCommand=id/r"],
    ["a host that is an option, after a user", "git+ssh://git@-oProxyCommand=id/r"],
    ["a user that is an option", "git+ssh://-oProxyCommand=id@h/r"],
    ["no path", "git+https://h"],
    ["the server's root", "git+https://h/"],
    ["a query", "git+https://h/r?token=x"],
    ["a fragment", "git+https://h/r#x"],
    ["a path that goes up", "git+ssh://h/a/../b"],
    ["a quote", "git+ssh://h/r'x"],
    ["a line break", "git+https://h/r\nx"],
    ["a port that is none", "git+https://h:99999/r"],
  ])("not %s", (_, source) => {
    expect(troubleOf(source).code).toBe("BadSource");
  });

  test.each([
    "git+https://s3cret@h/r",
    "git+https://user:s3cret@h/r",
    "git+ssh://git:s3cret@h/r",
    "https://s3cret@h/r",
    "git+https://h/r?s3cret",
  ])("what %s holds is refused and not repeated", (source) => {
    const { message, cure } = troubleOf(source);
    expect(message + cure).not.toContain("s3cret");
  });
});

describe("refs", () => {
  test.each(["main", "release/1.2", "v1.2.0", "refs/heads/main", "a".repeat(40), "größe", "user@feature"])(
    "%s",
    (ref) => {
      expect(parseGitLocation(good, ref, []).ref).toBe(ref);
    },
  );

  test("HEAD is the default", () => {
    expect(parseGitLocation(good, "HEAD", [])).not.toHaveProperty("ref");
  });

  test.each([
    "",
    "-x",
    "--upload-pack=id",
    "a..b",
    "a b",
    "a:b",
    "+a",
    "a^",
    "a~1",
    "a@{1}",
    "a.lock",
    "a/",
    "a*",
    "a\n",
  ])("not %j", (ref) => {
    expect(troubleOf(good, ref).code).toBe("BadSource");
  });
});

describe("paths", () => {
  test.each([
    [[], [""]],
    [["."], [""]],
    [["./a/b/"], ["a/b"]],
    [
      ["b", "a", "a/b", "b"],
      ["a", "b", "a/b"],
    ],
  ])("%j are %j", (paths, expected) => {
    expect(parseGitLocation(good, undefined, paths).paths).toEqual(expected);
  });

  test.each(["/a", "..", "a/../b", "a//b", "-x", "a\nb", "", "x".repeat(201)])("not %j", (path) => {
    expect(troubleOf(good, undefined, path).code).toBe("BadSource");
  });
});
