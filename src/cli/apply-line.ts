// Decides which command line a plan names when it says how to release something: one that can be pasted into a shell.

/** What a command was run with that an apply of the same must have too. */
export interface ApplyLineOptions {
  readonly policy?: string;
  readonly cloud?: string;
}

/** "bindery apply manifests --policy policy.yaml"; what a shell would take apart is quoted. Not yet safe to print. */
export function applyLine(paths: readonly string[], { policy, cloud }: ApplyLineOptions): string {
  const words = [
    ...paths,
    ...(policy === undefined ? [] : ["--policy", policy]),
    ...(cloud === undefined ? [] : ["--cloud", cloud]),
  ];
  return `bindery apply ${words.map(shellWord).join(" ")}`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
