// What a pattern over paths matches: globs, and regular expressions between slashes.

/** The regular expression of a path pattern: a glob, or an expression between slashes; throws a SyntaxError for one that is none. Case never matters. */
export function patternOf(path: string): RegExp {
  const literal = /^\/(.+)\/[a-z]*$/.exec(path);
  if (literal !== null && /[\\^$()[\]|+?]/.test(path)) return new RegExp(literal[1] ?? "", "i");
  const source = path
    .split("**")
    .map((part) =>
      part
        .split("*")
        .map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"))
        .join("[^/]*"),
    )
    .join(".*");
  return new RegExp(`^${source}$`, "i");
}
