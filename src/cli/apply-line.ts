// Decides which command line a plan names when it says how to release something: one that can be pasted into a shell.

import { type SourceOptions, sourceWords } from "./source-options.ts";

/** What a command was run with that an apply of the same must have too. */
export interface ApplyLineOptions extends SourceOptions {
  readonly policy?: string;
  readonly cloud?: string;
  readonly sqlEncrypt?: "strict" | "tds7";
}

/** "bindery apply manifests --policy policy.yaml"; what a shell would take apart is quoted. Not yet safe to print. */
export function applyLine(paths: readonly string[], options: ApplyLineOptions): string {
  const { policy, cloud, sqlEncrypt } = options;
  const words = [
    ...paths,
    ...sourceWords(options),
    ...(policy === undefined ? [] : ["--policy", policy]),
    ...(cloud === undefined ? [] : ["--cloud", cloud]),
    ...(sqlEncrypt === "tds7" ? ["--sql-encrypt", sqlEncrypt] : []),
  ];
  return `bindery apply ${words.map(shellWord).join(" ")}`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
