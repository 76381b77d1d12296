// Decides which repository, ref and folders are meant, and refuses what git or ssh could take for something else.
import { quoted } from "../model/text.ts";
import { GitTrouble } from "./git-trouble.ts";

/** Where manifests lie in a Git repository. Nothing in it is secret. */
export interface GitLocation {
  readonly transport: "https" | "ssh";
  /** As git is given it. */
  readonly url: string;
  /** In lower case, without the port. */
  readonly host: string;
  /** A branch, a tag, a full `refs/…` name, or the full id of a commit; undefined: the remote's HEAD. */
  readonly ref?: string;
  /** Folders and files, with `/` between names; empty for the whole repository. */
  readonly paths: readonly string[];
}

/** The names in a revision must fit where a saved plan keeps it. */
const mostPathLength = 200;
const mostRefLength = 200;

const example = "Write git+https://HOST/PATH or git+ssh://git@HOST/PATH.";

/** Reads what the options --source, --ref and --path say; a GitTrouble "BadSource" if one cannot be used. */
export function parseGitLocation(
  source: string,
  ref: string | undefined,
  paths: readonly string[],
): GitLocation {
  const address = parseAddress(source);
  if (ref !== undefined && ref !== "HEAD" && !isRef(ref)) {
    throw bad(
      `--ref ${quoted(ref)} is no name of a branch or tag and no full id of a commit.`,
      "Write main, v1.2.0, refs/heads/main, or 40 hexadecimal digits.",
    );
  }
  return {
    ...address,
    ...(ref !== undefined && ref !== "HEAD" && { ref }),
    paths: pathsFrom(paths),
  };
}

function bad(message: string, cure: string): GitTrouble {
  return new GitTrouble("BadSource", message, cure);
}

function parseAddress(source: string): Pick<GitLocation, "transport" | "url" | "host"> {
  if (!/^git\+(?:https|ssh):\/\//.test(source)) {
    // Whatever it is, it may hold a credential: it is not repeated.
    throw bad(
      "--source is no git+https:// or git+ssh:// address.",
      `${example} A folder is a PATH, without --source.`,
    );
  }
  const url = source.slice("git+".length);
  const [, transport, user, host, port, path] =
    /^(https|ssh):\/\/(?:([^@/]*)@)?(\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?(\/[^?#]*)$/i.exec(
      url,
    ) ?? [];
  if (host === undefined || path === undefined || (transport !== "https" && transport !== "ssh")) {
    throw bad("--source is no address of a repository: HOST, perhaps a port, and PATH.", example);
  }
  if (user !== undefined && !(transport === "ssh" && /^\w[\w.-]*$/.test(user))) {
    throw bad(
      "--source holds a user name or password. Addresses end up in process lists, logs and histories.",
      "Take it out of the address, and give the credential with --git-token-file, BINDERY_GIT_TOKEN and BINDERY_GIT_USER, or --ssh-key.",
    );
  }
  if (!/^(?:\/[\w.~@+%,:=-]+)+\/?$/.test(path) || path.split("/").some((name) => /^\.{1,2}$/.test(name))) {
    throw bad("--source has a path that no repository has.", "Percent-encode what is no letter or digit.");
  }
  if (port !== undefined && Number(port.slice(1)) > 65_535) throw bad("--source has no valid port.", example);
  return { transport, url, host: host.toLowerCase() };
}

/** A subset of what git-check-ref-format(1) allows. */
function isRef(ref: string): boolean {
  return (
    ref.length <= mostRefLength &&
    /^[\p{L}\p{N}_][\p{L}\p{N}_./+@=#%,-]*$/u.test(ref) &&
    !/\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(ref)
  );
}

function pathsFrom(paths: readonly string[]): readonly string[] {
  const wanted = [...new Set((paths.length === 0 ? ["."] : paths).map(pathFrom))];
  if (wanted.join().length > mostPathLength) {
    throw bad(`--path is longer than ${mostPathLength} characters.`, "Name a folder further up.");
  }
  return wanted.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

function pathFrom(path: string): string {
  const names = path
    .replace(/^(?:\.\/)+/, "")
    .replace(/\/+$/, "")
    .split("/");
  if (path === "." || path === "./") return "";
  if (/\p{Cc}/u.test(path) || path.startsWith("-") || names.some((name) => ["", ".", ".."].includes(name))) {
    throw bad(
      `--path ${quoted(path)} is no path inside a repository.`,
      "Write it from the repository's root, like clusters/prod, without .. and without a / before it.",
    );
  }
  return names.join("/");
}
