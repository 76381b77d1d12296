// Decides whether an object is one that Kubernetes takes: by its own schemas, strictly, so that no field is one that nobody reads.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { CronJob } from "kubernetes-models/batch/v1/CronJob";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { PersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import { run } from "./helm.ts";

const root = join(import.meta.dirname, "../..");

/** An object as a chart renders it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

const models = {
  "apps/v1 Deployment": Deployment,
  "batch/v1 CronJob": CronJob,
  "networking.k8s.io/v1 NetworkPolicy": NetworkPolicy,
  "policy/v1 PodDisruptionBudget": PodDisruptionBudget,
  "v1 ConfigMap": ConfigMap,
  "v1 PersistentVolumeClaim": PersistentVolumeClaim,
  "v1 Service": Service,
  "v1 ServiceAccount": ServiceAccount,
} as const;

/** These belong to Prometheus' operator, not to Kubernetes. */
const foreign: readonly string[] = [
  "monitoring.coreos.com/v1 ServiceMonitor",
  "monitoring.coreos.com/v1 PrometheusRule",
];

type Known = keyof typeof models;

function kindOf({ apiVersion, kind }: KubernetesObject): Known | undefined {
  const name = `${apiVersion} ${kind}`;
  if (name in models) return name as Known;
  if (foreign.includes(name)) return;
  throw new Error(`${name} is a kind that nobody checks`);
}

/** What the schema of its kind has against it; empty for kinds of others. */
export function schemaMistakes(object: KubernetesObject): readonly string[] {
  const kind = kindOf(object);
  if (kind === undefined) return [];
  try {
    new models[kind](object as never).validate();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/**
 * Fields that no schema has. The package's validators let them pass, as Kubernetes does not by default; its types do
 * not, so the compiler is asked.
 */
export async function unknownFields(objects: readonly KubernetesObject[]): Promise<readonly string[]> {
  const parts = Object.keys(models).map((kind) => kind.split(" ") as [string, string]);
  const imports = parts.map(
    ([version, kind]) => `import type { I${kind} } from "kubernetes-models/${version}/${kind}";`,
  );
  const checks = objects
    .filter((object) => kindOf(object) !== undefined)
    .map((object, i) => `export const o${i}: I${object.kind} = ${JSON.stringify(object)};`);
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "bindery-chart-"));
  try {
    const file = join(folder, "objects.mts");
    writeFileSync(file, [...imports, ...checks, ""].join("\n"));
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { ok, stdout, stderr } = await run(process.execPath, [tsc, ...options, file]);
    if (ok) return [];
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("error"));
    return lines.length > 0 ? lines.map((line) => line.replace(/^.*?error /, "")) : [`${stdout}${stderr}`];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
