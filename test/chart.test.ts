// The Helm chart: what the real helm renders of every mode and option, and what it refuses to.
//
//   UPDATE_CHART=1   writes test/chart/golden, and what in charts/bindery is made of something else
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { readRunSettings } from "../src/cli/run-settings.ts";
import { type Setting, type SettingName, settingNames, settings } from "../src/cli/settings-table.ts";
import { parsePolicy } from "../src/manifest/parse-policy.ts";
import { chart, generatedFiles, valueRows } from "./chart/generated.ts";
import { findHelm, type HelmRun, run } from "./chart/helm.ts";
import { type KubernetesObject, schemaMistakes, unknownFields } from "./chart/kubernetes.ts";
import { restrictedViolations } from "./chart/pod-security.ts";
import { cli } from "./cli-run.ts";

const root = join(import.meta.dirname, "..");
const valuesFolder = join(import.meta.dirname, "chart/values");
const goldenFolder = join(import.meta.dirname, "chart/golden");
const isUpdate = process.env.UPDATE_CHART === "1";
const found = await findHelm();
if ("missing" in found) process.stdout.write(`chart: helm's part is skipped, ${found.missing}\n`);

if (isUpdate) for (const [path, content] of Object.entries(generatedFiles())) writeFileSync(path, content);

const cases = readdirSync(valuesFolder).map((name) => basename(name, ".yaml"));
const temporary = mkdtempSync(join(tmpdir(), "bindery-chart-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

function helm(...args: readonly string[]): Promise<HelmRun> {
  if ("missing" in found) throw new Error(found.missing);
  return run(found.helm, args);
}

describe("what is made of something else", () => {
  test.each(Object.entries(generatedFiles()))("%s is up to date", (path, content) => {
    expect(readFileSync(path, "utf8"), "UPDATE_CHART=1 npx vitest run test/chart.test.ts writes it").toBe(
      content,
    );
  });

  test("the chart installs this version", () => {
    const { version, appVersion } = parse(readFileSync(join(chart, "Chart.yaml"), "utf8"));
    const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect([version, appVersion]).toEqual([own.version, own.version]);
  });

  test("the dashboard asks for metrics that there are, and for no other labels", () => {
    const page = readFileSync(join(root, "docs/metrics.md"), "utf8");
    const metrics = new Set([...page.matchAll(/^\| `([a-z_0-9]+)` \|/gm)].map(([, name]) => name));
    const text = readFileSync(join(chart, "files/dashboard.json"), "utf8");
    const used = [...text.matchAll(/\b(bindery|process|nodejs)_[a-z_0-9]+/g)].map(([name]) => name);
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((name) => !metrics.has(name.replace(/_bucket$/, "")))).toEqual([]);
    const ids = JSON.parse(text).panels.map(({ id }: { id: number }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("values", () => {
  const standard = parse(readFileSync(join(chart, "values.yaml"), "utf8"));
  const schema = JSON.parse(readFileSync(join(chart, "values.schema.json"), "utf8"));

  test("every value has a schema, and the schema knows no others", () => {
    const paths = valueRows(readFileSync(join(chart, "values.yaml"), "utf8")).map(({ path }) => path);
    for (const path of paths) {
      let at = schema;
      for (const key of path) {
        expect(at.additionalProperties, path.join(".")).toBe(false);
        // Helm takes a value that is set to null for one that is not there.
        expect(at.required, path.join(".")).toContain(key);
        at = at.properties[key];
        expect(at, path.join(".")).toBeDefined();
      }
    }
    const keysOf = (at: typeof schema, above: string): readonly string[] =>
      Object.entries<typeof schema>(at.properties ?? {}).flatMap(([key, one]) =>
        standardAt(`${above}${key}`) === undefined ? [`${above}${key}`] : keysOf(one, `${above}${key}.`),
      );
    // Helm itself hands on what is global; how much of what is asked for is Kubernetes' own.
    expect(keysOf(schema, "").filter((path) => !/^(global$|resources\.)/.test(path))).toEqual([]);
  });

  function standardAt(path: string): unknown {
    return path.split(".").reduce((at, key) => at?.[key], standard);
  }

  test("each setting of `bindery run` is a value or the chart's own, with the same default", () => {
    const own =
      "paths source ref path gitTokenFile gitEntra gitCaFile sshKey sshKnownHosts verifyCommits policy";
    const listening = "probesAddress webhookAddress webhookSecretFile apiAddress apiTokenFile";
    // Audit lines go to stderr, which is no terminal in a container.
    const covered = [
      ...`${own} ${listening} once stateDir audit`.split(" "),
      ...Object.keys(standard.settings),
    ];
    expect(new Set(covered)).toEqual(new Set(settingNames));
    expect(covered.length).toBe(settingNames.length);
    for (const [name, value] of Object.entries(standard.settings)) {
      const setting: Setting = settings[name as SettingName];
      expect(String(value), name).toBe(setting.default ?? "");
    }
  });
});

describe.skipIf("missing" in found)("rendered", () => {
  const rendered = new Map<string, readonly KubernetesObject[]>();
  const texts = new Map<string, string>();

  beforeAll(async () => {
    await Promise.all(
      cases.map(async (name) => {
        const { ok, stdout, stderr } = await helm(...templateOf(join(valuesFolder, `${name}.yaml`)));
        if (!ok) throw new Error(`${name}: ${stderr}`);
        texts.set(name, stdout);
        rendered.set(name, objectsIn(stdout));
      }),
    );
  });

  function objectsOf(name: string): readonly KubernetesObject[] {
    return rendered.get(name) ?? [];
  }

  test("every set of values has a golden file", () => {
    if (isUpdate) {
      rmSync(goldenFolder, { recursive: true, force: true });
      mkdirSync(goldenFolder);
      for (const [name, text] of texts) writeFileSync(join(goldenFolder, `${name}.yaml`), text);
    }
    expect(readdirSync(goldenFolder).map((name) => basename(name, ".yaml"))).toEqual(cases);
  });

  test.each(cases)("%s is as its golden file says", (name) => {
    expect(texts.get(name)).toBe(readFileSync(join(goldenFolder, `${name}.yaml`), "utf8"));
  });

  test.each(cases)("%s: helm lint has nothing against it", async (name) => {
    const { ok, stdout } = await helm(
      "lint",
      "--strict",
      chart,
      "--values",
      join(valuesFolder, `${name}.yaml`),
    );
    expect(stdout).toContain("0 chart(s) failed");
    expect(ok).toBe(true);
  });

  test.each(cases)("%s: each object is one of Kubernetes", (name) => {
    const objects = objectsOf(name);
    expect(objects.length).toBeGreaterThan(2);
    expect(objects.flatMap(schemaMistakes)).toEqual([]);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of objects) expect(metadata.labels["app.kubernetes.io/instance"]).toBe("prod");
  });

  test("no object has a field that Kubernetes does not read", async () => {
    expect(await unknownFields(cases.flatMap(objectsOf))).toEqual([]);
  });

  test.each(cases)("%s: the pod keeps to the restricted profile, and more", (name) => {
    const { spec } = podOf(objectsOf(name));
    expect(restrictedViolations(spec)).toEqual([]);
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0);
    for (const { securityContext, resources } of spec.containers) {
      expect(securityContext.readOnlyRootFilesystem).toBe(true);
      expect(resources.limits.memory).toBeDefined();
      expect(resources.requests.memory).toBeDefined();
    }
  });

  test.each(cases)("%s: selectors find the pod, and ports are the container's", (name) => {
    const objects = objectsOf(name);
    const { metadata, spec } = podOf(objects);
    for (const selector of selectorsOf(objects)) expect(metadata.labels).toMatchObject(selector);
    const ports = (spec.containers[0]?.ports ?? []).map(({ name: port }) => port);
    const targets = objects
      .filter(({ kind }) => kind === "Service")
      .flatMap(({ spec: of }) => (of as { ports: { targetPort: string }[] }).ports)
      .map(({ targetPort }) => targetPort);
    expect(targets).toEqual(ports);
  });

  test.each(cases)(
    "%s: Bindery takes the settings, and each file that they name is mounted",
    async (name) => {
      const { root: mounted, settingsFile } = mountedPod(name, objectsOf(name));
      const text = readFileSync(settingsFile, "utf8");
      const named = [...text.matchAll(/(?:\/etc\/bindery|\/srv|\/var\/lib)\/[\w./-]+/g)].map(
        ([path]) => path,
      );
      expect(named.length).toBeGreaterThan(0);
      for (const path of named) expect(existing(join(mounted, path)), path).toBe(true);
      const env = Object.fromEntries(
        podOf(objectsOf(name)).spec.containers[0]?.env.map((one) => [one.name, "x"]) ?? [],
      );
      const { once, probes } = await readRunSettings(
        { paths: [], flags: {}, config: settingsFile },
        { env, cwd: "/" },
      );
      expect({ once, probes }).toEqual(
        name.startsWith("job") ? { once: true } : { once: false, probes: { host: "0.0.0.0", port: 8080 } },
      );
    },
  );

  test.each(cases.filter((name) => name !== "daemon-existing"))("%s: Bindery takes the policy", (name) => {
    const path = join(mountedPod(name, objectsOf(name)).root, "etc/bindery/policy/policy.yaml");
    const { policy, diagnostics } = parsePolicy({ path, bytes: readFileSync(path) });
    expect(diagnostics).toEqual([]);
    expect(policy?.spec.owner).toBe("prod");
  });

  test("manifests lie in the folders of their teams, behind the links of a ConfigMap", async () => {
    const { root: mounted } = mountedPod("daemon-configmap", objectsOf("daemon-configmap"));
    const policy = join(mounted, "etc/bindery/policy/policy.yaml");
    const { code, stderr } = await cli([
      "validate",
      join(mounted, "srv/bindery/manifests/..data"),
      "--policy",
      policy,
    ]);
    expect(stderr).toContain("Valid: 1 document in 1 file.");
    expect(code).toBe(0);
  });

  test("the pod lives longer than the grace period", () => {
    const { spec } = podOf(objectsOf("daemon-two-replicas"));
    expect(spec.terminationGracePeriodSeconds).toBe(65);
  });

  test("two writers are never started side by side without a lease", () => {
    const strategies = [
      "daemon",
      "daemon-ssh",
      "daemon-configmap",
      "daemon-two-replicas",
      "daemon-existing",
    ].map((name) =>
      objectsOf(name)
        .map(({ spec }) => (spec as Spec | undefined)?.strategy?.type)
        .find(Boolean),
    );
    expect(strategies).toEqual(["Recreate", "Recreate", "Recreate", "RollingUpdate", "RollingUpdate"]);
  });

  test("the pod is made anew for settings, and for what of a policy a running Bindery does not take over", async () => {
    const sumsWith = async (...more: readonly string[]): Promise<unknown> => {
      const { stdout } = await helm(...templateOf(join(valuesFolder, "daemon.yaml")), ...more);
      return podOf(objectsIn(stdout)).metadata.annotations;
    };
    const before = await sumsWith();
    expect(await sumsWith("--set-json", "policy.spec.limits.additions.count=7")).toEqual(before);
    expect(await sumsWith("--set", "settings.interval=7m")).not.toEqual(before);
    expect(await sumsWith("--set", "policy.spec.owner=other")).not.toEqual(before);
  });

  test.each(cases)("%s: the notes say how to look at it", async (name) => {
    const { ok, stdout, stderr } = await helm(
      ...["install", "prod", chart, "--namespace", "identities", "--dry-run=client"],
      ...["--values", join(valuesFolder, `${name}.yaml`)],
    );
    expect(ok, stderr).toBe(true);
    const [, notes = ""] = stdout.split("\nNOTES:\n");
    expect(notes).toContain("kubectl -n identities");
    expect(notes.includes("does not know which revision")).toBe(name === "daemon");
  });
});

/** Values on top of those of daemon.yaml, or of another one, and what the refusal says. */
const refusals: readonly (readonly [values: string, says: string, base?: string])[] = [
  ['mode="cron"', "/mode"],
  ["mode=null", "missing property 'mode'"],
  ["replicas=3", "/replicas"],
  ["replicas=0", "/replicas"],
  ["replicas=2", "Two replicas need a lease"],
  ["replica=2", "'replica' not allowed"],
  ['image.repository="ghcr.io/Bindery"', "/image/repository"],
  ['image.tag="a b"', "/image/tag"],
  ['image.digest="sha256:12"', "/image/digest"],
  ['image.pullPolicy="Sometimes"', "/image/pullPolicy"],
  ['fullnameOverride="Bindery_1"', "/fullnameOverride"],
  ['source.git.url=""', "There is no source"],
  ['source.git.url="https://github.com/contoso/identities"', "/source/git/url"],
  ['source.git.url="git+https://token@github.com/contoso/identities"', "/source/git/url"],
  ['source.git.url="git+ssh://git@github.com/contoso/identities"', "git+ssh:// needs source.git.ssh.secret"],
  ['source.git.ssh.secret="key"', "source.git.ssh.secret is not for git+https://"],
  ['source.git.tokenSecret.name="git"', "source.git.tokenSecret.name is not for git+ssh://", "daemon-ssh"],
  ["source.git.entra=true", "source.git.entra is not for git+ssh://", "daemon-ssh"],
  ["source.git.entra=true", "source.git.entra is for Azure DevOps only"],
  ['source.git.tokenSecret.name="git"', "keep one", "job"],
  ['source.git.user="bindery"', "source.git.user stands beside a token"],
  ['source.git.ref="main"', "source.git.ref is for a repository", "daemon-configmap"],
  ['source.manifests.existingConfigMap="identities"', "There is one source"],
  ['source.manifests.existingConfigMap="identities"', "There is one source", "daemon-configmap"],
  ['source.manifests.files={"../up.yaml":""}', "invalid propertyName"],
  ['source.manifests.files={"notes.txt":""}', "invalid propertyName"],
  ["policy.spec=null", "missing property 'spec'"],
  ['policy.existingConfigMap.name="policy"', "There is one policy"],
  ["policy.existingConfigMap.hasLease=true", "hasLease is for a policy of yours"],
  ['policy.spec.owner="Prod"', "/policy/spec/owner"],
  ['policy={"spec":{"tenantId":""}}', "/policy/spec/tenantId"],
  ['policy.spec.estates={"subscriptions":[]}', "'estates' not allowed"],
  ['policy.spec.releases=["123"]', "/policy/spec/releases/0"],
  ['policy.spec.lease={"blobUrl":"http://x"}', "/policy/spec/lease/blobUrl"],
  ['identity.kind="password"', "/identity/kind"],
  ['identity.clientId="prod"', "/identity/clientId"],
  ['identity.clientId=""', "Workload identity needs identity.clientId"],
  ['identity.secret.name="azure"', "not for identity.kind workload"],
  ['identity.secret.name=""', "A client secret needs identity.secret.name", "daemon-ssh"],
  [
    'identity.tenantId="00000000-0000-0000-0000-00000000000a"',
    "not for a managed identity",
    "daemon-configmap",
  ],
  ["serviceAccount.create=false", "serviceAccount.name is needed"],
  ["serviceAccount.create=false", "which the chart does not make"],
  ['settings.interval="soon"', "/settings/interval"],
  ['settings.cloud="azure"', "/settings/cloud"],
  ["settings.concurrency=65", "/settings/concurrency"],
  ['settings.intervall="5m"', "'intervall' not allowed"],
  ['settings.tracesUrl="http://user:pw@otel"', "/settings/tracesUrl"],
  ['env=[{"name":"BINDERY_DRY_RUN","value":"false"}]', "/env/0/name"],
  ['env=[{"name":"AZURE_CLIENT_ID","value":"x"}]', "/env/0/name"],
  ["state.persistence.enabled=true", "no effect with a lease", "daemon-two-replicas"],
  ["state.persistence.enabled=true", "no effect without a repository", "daemon-configmap"],
  ['state.persistence.existingClaim="mine"', "no effect without state.persistence.enabled"],
  ['state.persistence.size="much"', "/state/persistence/size"],
  ["webhook.enabled=true", "The webhook needs webhook.secret.name"],
  ["api.enabled=true", "The API needs api.tokenSecret.name"],
  ["networkPolicy.metricsFrom=[{}]", "/networkPolicy/metricsFrom/0"],
  ["networkPolicy.extraEgress=[{}]", "/networkPolicy/extraEgress/0"],
  ["security.runAsUser=0", "/security/runAsUser"],
  ["security.privileged=true", "'privileged' not allowed"],
  ['resources.limits={"memory":"lots"}', "/resources/limits/memory"],
  ["replicas=2", "replicas above 1 is for mode daemon", "job"],
  ["webhook.enabled=true", "webhook.enabled is for mode daemon", "job"],
  ["serviceMonitor.enabled=true", "serviceMonitor.enabled is for mode daemon", "job"],
  ['job.schedule="hourly"', "/job/schedule", "job"],
  ["job.deadlineInSeconds=900", "more than settings.passDeadline (900 s)", "job"],
];

describe.skipIf("missing" in found)("refused", () => {
  for (const [values, says, base = "daemon"] of refusals) {
    test.concurrent(`${base} with ${values}: ${says}`, async () => {
      const file = join(valuesFolder, `${base}.yaml`);
      const { ok, stderr } = await helm(...templateOf(file), "--set-json", values);
      expect(stderr).toContain(says);
      expect(ok).toBe(false);
    });
  }

  test("without any values: every mistake at once", async () => {
    const { ok, stderr } = await helm("template", "prod", chart);
    expect(ok).toBe(false);
    expect(stderr).toContain("There is no source");
    expect(stderr).toContain("There is no policy");
    expect(stderr).toContain("Workload identity needs identity.clientId");
  });
});

describe("the checks themselves", () => {
  const pod = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      { name: "c", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } },
    ],
  };
  const [container] = pod.containers;
  const inContainer = (more: object): object => ({
    ...pod,
    containers: [{ ...container, securityContext: { ...container?.securityContext, ...more } }],
  });

  test("a pod that keeps to the restricted profile", () => {
    expect(restrictedViolations(pod)).toEqual([]);
  });

  test.each<readonly [string, object]>([
    ["spec.hostNetwork", { ...pod, hostNetwork: true }],
    ["spec.hostPID", { ...pod, hostPID: true }],
    ["spec.hostIPC", { ...pod, hostIPC: true }],
    ["volume v: hostPath", { ...pod, volumes: [{ name: "v", hostPath: { path: "/" } }] }],
    ["container c.hostPort", { ...pod, containers: [{ ...container, ports: [{ hostPort: 80 }] }] }],
    [
      "container c.probes' host",
      { ...pod, containers: [{ ...container, livenessProbe: { httpGet: { host: "h" } } }] },
    ],
    ["container c.privileged", inContainer({ privileged: true })],
    ["container c.allowPrivilegeEscalation", inContainer({ allowPrivilegeEscalation: undefined })],
    ["container c.capabilities.drop", inContainer({ capabilities: { drop: ["NET_RAW"] } })],
    ["container c.capabilities.add", inContainer({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } })],
    ["container c.procMount", inContainer({ procMount: "Unmasked" })],
    ["container c.runAsUser", inContainer({ runAsUser: 0 })],
    ["container c.seccompProfile", inContainer({ seccompProfile: { type: "Unconfined" } })],
    ["container c.seLinuxOptions.type", inContainer({ seLinuxOptions: { type: "spc_t" } })],
    ["container c.appArmorProfile.type", inContainer({ appArmorProfile: { type: "Unconfined" } })],
    ["container c.windowsOptions.hostProcess", inContainer({ windowsOptions: { hostProcess: true } })],
    ["container c.runAsNonRoot", { ...pod, securityContext: { seccompProfile: { type: "RuntimeDefault" } } }],
    ["container c.seccompProfile", { ...pod, securityContext: { runAsNonRoot: true } }],
    [
      "spec.securityContext.sysctls",
      { ...pod, securityContext: { ...pod.securityContext, sysctls: [{ name: "kernel.msgmax" }] } },
    ],
  ])("%s is found", (violation, spec) => {
    expect(restrictedViolations({ ...spec })).toContain(violation);
  });

  test("the schemas find a wrong type and a field that there is not", async () => {
    const metadata = { name: "x", labels: {} };
    const wrong = { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: "http" }] } };
    expect(schemaMistakes(wrong)).not.toEqual([]);
    const misspelt = { apiVersion: "v1", kind: "Service", metadata, spec: { selectors: {} } };
    expect((await unknownFields([misspelt])).join("\n")).toContain("selectors");
    expect(() => schemaMistakes({ apiVersion: "v2", kind: "Pod", metadata })).toThrow("nobody checks");
  });
});

function templateOf(values: string): readonly string[] {
  return ["template", "prod", chart, "--namespace", "identities", "--values", values];
}

function objectsIn(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((one): one is KubernetesObject => one !== null);
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string; readonly items?: readonly Item[] };
  readonly secret?: { readonly items: readonly Item[] };
}

interface Item {
  readonly key: string;
  readonly path: string;
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly ports?: readonly { readonly name: string }[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
  readonly resources: Readonly<Record<"limits" | "requests", { readonly memory?: string }>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Pod {
  readonly metadata: Readonly<Record<"labels" | "annotations", Readonly<Record<string, string>>>>;
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly securityContext: { readonly runAsUser: number };
    readonly containers: readonly Container[];
    readonly volumes: readonly Volume[];
    readonly [field: string]: unknown;
  };
}

interface Spec {
  readonly template: Pod;
  readonly strategy?: { readonly type: string };
  readonly jobTemplate: { readonly spec: { readonly template: Pod } };
  readonly selector?: { readonly matchLabels?: object };
  readonly podSelector?: { readonly matchLabels: object };
}

function podOf(objects: readonly KubernetesObject[]): Pod {
  const workload = objects.find(({ kind }) => kind === "Deployment" || kind === "CronJob");
  if (!workload) throw new Error("there is no workload");
  const spec = workload.spec as Spec;
  return workload.kind === "Deployment" ? spec.template : spec.jobTemplate.spec.template;
}

/** What Deployment, Service, budget, network policy and monitor look for; the last one looks for the Service. */
function selectorsOf(objects: readonly KubernetesObject[]): readonly object[] {
  return objects.flatMap(({ spec }) => {
    const { selector, podSelector } = (spec ?? {}) as Spec;
    const one = podSelector?.matchLabels ?? selector?.matchLabels ?? selector;
    return one ? [one] : [];
  });
}

/** Lays out the pod's volumes below a folder as the kubelet does; Secrets and others' ConfigMaps get empty files. */
function mountedPod(
  name: string,
  objects: readonly KubernetesObject[],
): { root: string; settingsFile: string } {
  const folder = mkdtempSync(join(temporary, `${name}-`));
  const { spec } = podOf(objects);
  const [container] = spec.containers;
  if (!container) throw new Error("there is no container");
  for (const { name: mount, mountPath } of container.volumeMounts) {
    const volume = spec.volumes.find((one) => one.name === mount);
    if (!volume) throw new Error(`nothing is mounted as ${mount}`);
    const files = Object.entries(filesOf(volume, objects));
    const place = join(folder, mountPath);
    mkdirSync(join(place, "..2026"), { recursive: true });
    symlinkSync("..2026", join(place, "..data"));
    for (const [path, text] of files) {
      mkdirSync(join(place, "..2026", dirname(path)), { recursive: true });
      writeFileSync(join(place, "..2026", path), text);
    }
    for (const top of new Set(files.map(([path]) => path.split("/")[0] ?? ""))) {
      symlinkSync(join("..data", top), join(place, top));
    }
  }
  return { root: folder, settingsFile: join(folder, container.args.at(-1) ?? "") };
}

function filesOf(
  { configMap, secret }: Volume,
  objects: readonly KubernetesObject[],
): Readonly<Record<string, string>> {
  const made = objects.find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMap?.name,
  );
  const data = made?.data as Readonly<Record<string, string>> | undefined;
  const items =
    configMap?.items ?? secret?.items ?? Object.keys(data ?? {}).map((key) => ({ key, path: key }));
  return Object.fromEntries(
    items.map(({ key, path }) => {
      const text = data ? data[key] : "";
      if (text === undefined) throw new Error(`${configMap?.name} has no ${key}`);
      return [path, text];
    }),
  );
}

function existing(path: string): boolean {
  try {
    return readdirSync(dirname(path)).includes(basename(path));
  } catch {
    return false;
  }
}
