// Bindery's image without a container engine: Debian's buildah makes it on a base of mmdebstrap, runc runs it.
import { execFile, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import {
  type Container,
  type ContainerOptions,
  type ImageConfig,
  spawnContainer,
} from "./image-container.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const machineCertificates = "/etc/ssl/certs/ca-certificates.crt";
/** Where the base has the certificates of the machine: a build may go through a proxy that signs for the registry. */
const buildCertificates = "/etc/build-ca.crt";

/** With vfs, which works everywhere, every step copies all files. */
function storageDriver(): string {
  return readFileSync("/proc/filesystems", "utf8").includes("overlay") ? "overlay" : "vfs";
}

/** npm's own folder on this machine; the package `node` does not bring it. */
function npmFolder(): string | undefined {
  const places = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "npm"));
  const found = places.find((path) => existsSync(path));
  return found === undefined ? undefined : join(dirname(realpathSync(found)), "..");
}

function npmCache(): string {
  return spawnSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).stdout.trim();
}

/** What is missing on this machine for making and running the image; undefined: nothing. */
export function missingForImage(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "root on Linux";
  const tools = ["buildah", "mmdebstrap", "runc"];
  const missing = tools.find((tool) => spawnSync(tool, ["--version"]).status !== 0);
  if (missing !== undefined) return `${missing} (Debian: ${tools.join(", ")})`;
  return npmFolder() === undefined ? "npm" : undefined;
}

export interface Image extends AsyncDisposable {
  /** Its files, as a folder. */
  readonly files: string;
  readonly config: ImageConfig;
  /** Starts its entrypoint as its own user on a read-only root, in the network of this machine. */
  start(args: readonly string[], options?: ContainerOptions): Container;
}

/** Makes base and image, as the Dockerfile says; some minutes on a busy machine. */
export async function buildImage(args: Readonly<Record<string, string>>): Promise<Image> {
  const folder = mkdtempSync(join(tmpdir(), "bindery-image-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const places = ["--root", join(folder, "store"), "--runroot", join(folder, "run")];
  const buildah: Buildah = async (...words) => {
    const all = [...places, "--storage-driver", storageDriver(), ...words];
    return (await run("buildah", all, { cwd: root, maxBuffer: 2 ** 26 })).stdout.trim();
  };
  try {
    await makeBase(buildah);
    await makeImage(buildah, args);
    const config = await configOf(buildah);
    const files = await buildah("mount", await buildah("from", "localhost/bindery"));
    return {
      files,
      config,
      start: (words, options = {}) => spawnContainer({ files, config, folder }, words, options),
      async [Symbol.asyncDispose]() {
        await buildah("umount", "--all");
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

async function makeImage(buildah: Buildah, args: Readonly<Record<string, string>>): Promise<void> {
  // What npm has got for this checkout already, it need not get again.
  const cache = "/var/cache/npm";
  const given = {
    ...args,
    BASE: "localhost/base",
    NODE_EXTRA_CA_CERTS: buildCertificates,
    NPM_CONFIG_CACHE: cache,
  };
  const buildArgs = Object.entries(given).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  const how = ["--isolation", "chroot", "--layers=false", "--disable-compression=true"];
  const volume = ["--volume", `${npmCache()}:${cache}`];
  await buildah("bud", ...how, ...volume, ...buildArgs, "--tag", "localhost/bindery", root);
}

async function configOf(buildah: Buildah): Promise<ImageConfig> {
  const inspected = await buildah("inspect", "--type", "image", "localhost/bindery");
  return (JSON.parse(inspected) as { OCIv1: { config: ImageConfig } }).OCIv1.config;
}

type Buildah = (...words: readonly string[]) => Promise<string>;

/** Debian's smallest system with apt, Node and npm where the official image has them, and no Git. */
async function makeBase(buildah: Buildah): Promise<void> {
  const container = await buildah("from", "scratch");
  const files = await buildah("mount", container);
  const left = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*"];
  await run("mmdebstrap", [
    ...["--quiet", "--mode=root", "--variant=minbase", "--include=ca-certificates"],
    ...[...left.map((path) => `path-exclude=${path}`), "force-unsafe-io"].map((o) => `--dpkgopt=${o}`),
    ...['Acquire::Languages "none"', 'Acquire::Check-Valid-Until "false"'].map((o) => `--aptopt=${o}`),
    ...["bookworm", files],
  ]);
  const local = join(files, "usr/local");
  cpSync(join(root, "node_modules/node/bin/node"), join(local, "bin/node"));
  cpSync(npmFolder() ?? "", join(local, "lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"));
  symlinkSync("../lib/node_modules/npm/bin/npx-cli.js", join(local, "bin/npx"));
  cpSync(machineCertificates, join(files, buildCertificates));
  const path = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":");
  await buildah("config", "--env", `PATH=${path}`, container);
  await buildah("commit", "--quiet", "--rm", "--disable-compression=true", container, "localhost/base");
}
