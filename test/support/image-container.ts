// How a container of the image runs: not root, read-only root file system, no capabilities, its own process tree.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** What the image says of itself. */
export interface ImageConfig {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Container {
  readonly child: ChildProcess;
  /** Sends a signal to its process 1. */
  kill(signal: "TERM" | "KILL"): Promise<void>;
}

export interface ContainerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Folders of this machine, at the same path in the container, read-only. */
  readonly folders?: readonly string[];
  /** Instead of the image's. */
  readonly entrypoint?: readonly string[];
}

interface Unpacked {
  readonly files: string;
  readonly config: ImageConfig;
  /** For what runc keeps. */
  readonly folder: string;
}

let count = 0;

/** Starts it with runc. */
export function spawnContainer(
  image: Unpacked,
  args: readonly string[],
  options: ContainerOptions,
): Container {
  count += 1;
  const id = `bindery-test-${process.pid}-${count}`;
  const bundle = join(image.folder, id);
  mkdirSync(bundle);
  writeFileSync(join(bundle, "config.json"), JSON.stringify(runtimeSpec(image, args, options)));
  const state = ["--root", join(image.folder, "runc")];
  const child = spawn("runc", [...state, "run", "--bundle", bundle, id], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return {
    child,
    async kill(signal) {
      await promisify(execFile)("runc", [...state, "kill", id, signal]);
    },
  };
}

function runtimeSpec({ files, config }: Unpacked, args: readonly string[], options: ContainerOptions) {
  const [uid, gid] = config.User.split(":").map(Number);
  const env = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid, gid },
      args: [...(options.entrypoint ?? config.Entrypoint), ...args],
      env: [...config.Env, ...env],
      cwd: config.WorkingDir,
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: files, readonly: true },
    mounts: [...systemMounts, ...(options.folders ?? []).map(readOnly)],
    // No network of its own: the embedded Azure listens on this machine's loopback.
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: "rwm" }] },
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

const systemMounts = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
  { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"] },
  readOnly("/etc/resolv.conf"),
  readOnly("/etc/hosts"),
];

function readOnly(path: string) {
  return { destination: path, type: "bind", source: path, options: ["bind", "ro", "nosuid", "nodev"] };
}
