// The container image, made by its Dockerfile and run as a cluster would: not root, on a read-only root file system.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byText } from "../src/model/order.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { exportsOf } from "./cli-run.ts";
import { daemonStage, manifest, until } from "./support/daemon-stage.ts";
import { buildImage, type Image, missingForImage } from "./support/image.ts";
import type { ContainerOptions } from "./support/image-container.ts";

const root = join(import.meta.dirname, "..");
const manifests = join(root, "manifests");
const packageJson = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

const missing = missingForImage();
if (missing !== undefined) process.stderr.write(`skipped: the image needs ${missing}\n`);

describe.skipIf(missing !== undefined)("the image", () => {
  let image: Image;
  beforeAll(async () => {
    image = await buildImage({ VERSION: packageJson.version, REVISION: "0123abc" });
  }, 1_200_000);
  afterAll(() => image[Symbol.asyncDispose]());

  const inImage = (...names: readonly string[]): string => join(image.files, ...names);
  const app = (...names: readonly string[]): string => inImage("opt/bindery", ...names);

  async function run(args: readonly string[], options: ContainerOptions = {}) {
    const { stdout, stderr, closed } = piped(image.start(args, options).child);
    const [[code], out, err] = await Promise.all([closed, text(stdout), text(stderr)]);
    return { code, stdout: out, stderr: err };
  }
  const shell = (script: string) => run(["-c", script], { entrypoint: ["sh"] });

  describe("what it says of itself", () => {
    test("user, entrypoint and labels", () => {
      const { User, Entrypoint, WorkingDir, Labels } = image.config;
      expect({ User, Entrypoint, WorkingDir }).toEqual({
        User: "10001:10001",
        Entrypoint: ["bindery"],
        WorkingDir: "/work",
      });
      expect(Labels).toMatchObject({
        "org.opencontainers.image.title": "Bindery",
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.source": "https://github.com/bindery-dev/bindery",
        "org.opencontainers.image.version": packageJson.version,
        "org.opencontainers.image.revision": "0123abc",
      });
    });

    test("nothing of the build is in its environment", () => {
      expect(image.config.Env.filter((one) => /NODE_EXTRA|NPM|PROXY/i.test(one))).toEqual([]);
    });
  });

  describe("what is in it", () => {
    test("neither sources, types, maps, browser builds, the embedded Azure nor package managers", () => {
      const paths = globSync("**/*", { cwd: app() });
      expect(paths.length).toBeGreaterThan(1000);
      const left =
        /\.map$|\.d\.[cm]?ts$|\/dist\/(browser|react-native|workerd)\/|^src|^dist\/sandbox|\.test\.js$/;
      expect(paths.filter((path) => left.test(path))).toEqual([]);
      for (const one of ["npm", "npx", "corepack", "yarn"])
        expect(existsSync(inImage("usr/local/bin", one))).toBe(false);
      expect(existsSync(inImage("usr/local/lib/node_modules"))).toBe(false);
      expect(existsSync(inImage("src/package.json"))).toBe(false);
    });

    test("an SBOM of just the packages that are installed: npm's, Debian's, and Node", () => {
      const sbom = sbomOf(inImage("usr/share/doc/bindery/sbom.spdx.json"));
      const node = readFileSync(join(root, "node_modules/node/package.json"), "utf8");
      expect(sbom("generic")).toEqual([`node@${(JSON.parse(node) as { version: string }).version}`]);
      expect(sbom("npm")).toEqual(
        [...installedIn(app("node_modules")), `bindery@${packageJson.version}`].toSorted(byText),
      );
      expect(sbom("deb")).toEqual(debianPackagesIn(inImage("var/lib/dpkg/status")));
    });
  });

  describe("as a container", () => {
    test("it is nobody else, may write to /tmp only, and has what Git needs", async () => {
      const { code, stdout, stderr } = await shell(
        "id -un; id -u; touch /opt/bindery/x || touch /x || touch /tmp/x && ls /tmp; git --version; ssh -V",
      );
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^bindery\n10001\nx\ngit version 2\./)]);
      expect(stderr).toMatch(/OpenSSH_/);
      expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
    });

    test("no file of it is writable by its user", async () => {
      const { stdout } = await shell("find / -xdev -writable -type f -print 2>/dev/null; id -u");
      expect(stdout).toBe("10001\n");
    });

    test("it validates, out of code that was compiled beforehand", async () => {
      const folders = [manifests];
      const env = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
      const { code, stdout, stderr } = await run(["validate", join(manifests, "teams")], { folders, env });
      expect([code, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("Valid: ")]);
      const said = `${stdout}${stderr}`;
      expect(said.match(/was accepted/g)?.length).toBeGreaterThan(100);
      expect(said).not.toContain("was rejected");
    });

    test("`sandbox` and `demo` say that they are not in it", async () => {
      for (const command of ["sandbox", "demo"])
        expect(await run([command])).toMatchObject({
          code: 1,
          stderr: expect.stringContaining("The embedded Azure is not in this image."),
        });
    });

    test("it plans and brings about the sample repository", async () => {
      const settings = {
        listLagInMs: 0,
        graphLagInMs: 0,
        roleLagInMs: 0,
        principalLagInMs: 0,
        operationInMs: 50,
      };
      await using sandbox = closing(await startSandbox({ settings }));
      const ofSandbox = dirname(sandbox.ready.envFile);
      makeReadable(ofSandbox);
      const files = [join(manifests, "teams"), "--policy", join(manifests, "policy.yaml")];
      const options = { env: exportsOf(sandbox.ready.envFile), folders: [manifests, ofSandbox] };
      const plan = () => run(["plan", ...files, "--detailed-exitcode"], options);
      const before = await plan();
      expect([before.code, before.stdout]).toEqual([2, expect.stringContaining("+ create  id-orders")]);
      const applied = await run(["run", "--once", ...files, "--state-dir", "/tmp"], options);
      expect([applied.code, applied.stderr]).toEqual([0, expect.stringContaining('"msg":')]);
      const after = await plan();
      expect([after.code, after.stdout]).toEqual([0, expect.not.stringContaining("+ create")]);
    }, 300_000);

    test("its daemon follows a repository, and ends in order by SIGTERM to its process 1", async () => {
      await using stage = await daemonStage();
      const folders = [dirname(stage.sandbox.ready.envFile), stage.folder];
      for (const folder of folders) makeReadable(folder);
      stage.push({ "a.yaml": manifest("id-a", ["vm-1"]) });
      const args = ["--source", stage.source, "--git-ca-file", stage.git.caFile, "--state-dir", "/tmp"];
      const listeners = ["--probes-address", "127.0.0.1:0", "--api-address", "127.0.0.1:0"];
      const { child, kill } = image.start(
        ["run", ...args, "--policy", join(stage.folder, "policy.yaml"), ...listeners],
        { env: exportsOf(stage.sandbox.ready.envFile), folders },
      );
      const { stdout, stderr, closed } = piped(child);
      stdout.resume();
      const said = text(stderr);
      try {
        const isThere = () => stage.machinesOf("id-a").includes("vm-1") || undefined;
        await until(isThere, "the attachment", undefined, 120_000);
        const begun = performance.now();
        await kill("TERM");
        expect(await closed).toEqual([0, null]);
        expect(performance.now() - begun).toBeLessThan(25_000);
        expect(await said).toContain('"msg":"stopping"');
      } finally {
        if (child.exitCode === null) await kill("KILL").catch(() => child.kill("SIGKILL"));
      }
    }, 300_000);
  });
});

function piped(child: ChildProcess) {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("A pipe is missing.");
  return { stdout, stderr, closed: once(child, "close") };
}

/** "name@version" of all packages in an SBOM, by the type of their purl. */
function sbomOf(file: string): (type: string) => readonly string[] {
  const { spdxVersion, packages } = JSON.parse(readFileSync(file, "utf8")) as {
    spdxVersion: string;
    packages: readonly { externalRefs: readonly { referenceType: string; referenceLocator: string }[] }[];
  };
  expect(spdxVersion).toMatch(/^SPDX-2/);
  const purls = packages.flatMap(({ externalRefs }) => externalRefs.map((ref) => ref.referenceLocator));
  return (type) => {
    const ofType = purls.flatMap((purl) => purl.match(`^pkg:${type}/(?:debian/)?([^?]*)`)?.[1] ?? []);
    return [...new Set(ofType.map(decodeURIComponent))].toSorted(byText);
  };
}

/** The packages in a node_modules and in those within, as their own package.json says. */
function installedIn(folder: string): readonly string[] {
  const files = ["*", "@*/*", "**/node_modules/*", "**/node_modules/@*/*"].map(
    (path) => `${path}/package.json`,
  );
  const found = globSync(files, { cwd: folder }).map((file) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, string>;
    return `${name}@${version}`;
  });
  return [...new Set(found)];
}

function debianPackagesIn(statusFile: string): readonly string[] {
  const installed = readFileSync(statusFile, "utf8")
    .split("\n\n")
    .filter((entry) => entry.includes("Status: install ok installed"));
  const field = (entry: string, name: string) => entry.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
  return installed.map((entry) => `${field(entry, "Package")}@${field(entry, "Version")}`).toSorted(byText);
}

/** Lets the container's user read the files that this test has put there; a repository beside them stays as it is. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile()))
    chmodSync(join(folder, entry.name), 0o644);
}

function closing(sandbox: Sandbox): Sandbox & AsyncDisposable {
  return { ...sandbox, [Symbol.asyncDispose]: () => sandbox.close() };
}
