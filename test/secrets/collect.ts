// Holds everything that a test run has printed and logged against the secrets that it has made up.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaksAmong } from "./leaks.ts";

interface Line {
  readonly secret?: string;
  readonly where?: string;
  readonly command?: string;
  readonly suspects?: readonly string[];
}

/** Begins to watch; what is returned prints one line, and throws if anything has leaked. */
export function watchForLeaks(): (() => void) | undefined {
  if (process.env.BINDERY_PRINTED !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "bindery-printed-"));
  process.env.BINDERY_PRINTED = folder;
  return () => {
    const { leaks, secrets, suspects } = leaksIn(folder);
    rmSync(folder, { recursive: true });
    process.stdout.write(
      `secrets: ${suspects} long words in what was printed and logged, held against ${secrets} secrets\n`,
    );
    if (leaks.length > 0) throw new Error(`Secrets were printed:\n${leaks.join("\n")}`);
  };
}

/** What the processes that were watched have leaked, and how much there was to look at. */
export function leaksIn(folder: string): {
  readonly leaks: readonly string[];
  readonly secrets: number;
  readonly suspects: number;
} {
  const lines = readdirSync(folder)
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  const secrets = new Set(lines.flatMap(({ secret }) => secret ?? []));
  const leaks = lines.flatMap(({ where, command, suspects = [] }) =>
    leaksAmong(suspects, secrets).map((leak) => `  ${leak} on ${where} of: ${command}`),
  );
  const suspects = lines.reduce((sum, line) => sum + (line.suspects?.length ?? 0), 0);
  return { leaks: [...new Set(leaks)], secrets: secrets.size, suspects };
}
