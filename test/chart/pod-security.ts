// Decides whether a pod keeps to Kubernetes' restricted profile, field by field as its page "Pod Security Standards" lists them.

type Fields = Readonly<Record<string, unknown>>;

/** What the restricted profile has against a pod's spec; each line names the field. */
export function restrictedViolations(spec: Fields): readonly string[] {
  const containers = ["containers", "initContainers", "ephemeralContainers"].flatMap((list) =>
    listIn(spec, list),
  );
  return [
    ...hostViolations(spec),
    ...contextViolations("spec.securityContext", mapIn(spec, "securityContext")),
    ...listIn(spec, "volumes").flatMap(volumeViolations),
    ...containers.flatMap((container) => containerViolations(container, mapIn(spec, "securityContext"))),
  ];
}

function hostViolations(spec: Fields): readonly string[] {
  return ["hostNetwork", "hostPID", "hostIPC"]
    .filter((field) => spec[field] !== undefined && spec[field] !== false)
    .map((field) => `spec.${field}`);
}

const seccompTypes: readonly unknown[] = ["RuntimeDefault", "Localhost"];
const appArmorTypes: readonly unknown[] = ["RuntimeDefault", "Localhost"];
const seLinuxTypes: readonly unknown[] = [
  "",
  "container_t",
  "container_init_t",
  "container_kvm_t",
  "container_engine_t",
];
const safeSysctls: readonly unknown[] = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
];

/** What a pod and a container may both say. */
function contextViolations(at: string, context: Fields): readonly string[] {
  const seLinux = mapIn(context, "seLinuxOptions");
  const appArmor = mapIn(context, "appArmorProfile").type;
  const seccomp = mapIn(context, "seccompProfile").type;
  const found: readonly (readonly [string, boolean])[] = [
    ["runAsNonRoot", context.runAsNonRoot === false],
    ["runAsUser", context.runAsUser === 0],
    ["seccompProfile.type", seccomp !== undefined && !seccompTypes.includes(seccomp)],
    ["appArmorProfile.type", appArmor !== undefined && !appArmorTypes.includes(appArmor)],
    ["seLinuxOptions.type", seLinux.type !== undefined && !seLinuxTypes.includes(seLinux.type)],
    ["seLinuxOptions.user", (seLinux.user ?? "") !== ""],
    ["seLinuxOptions.role", (seLinux.role ?? "") !== ""],
    ["windowsOptions.hostProcess", mapIn(context, "windowsOptions").hostProcess === true],
    ["sysctls", listIn(context, "sysctls").some(({ name }) => !safeSysctls.includes(name))],
  ];
  return found.filter(([, isBad]) => isBad).map(([field]) => `${at}.${field}`);
}

const volumeKinds: readonly string[] = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

function volumeViolations(volume: Fields): readonly string[] {
  return Object.keys(volume)
    .filter((key) => key !== "name" && !volumeKinds.includes(key))
    .map((key) => `volume ${String(volume.name)}: ${key}`);
}

function containerViolations(container: Fields, pod: Fields): readonly string[] {
  const at = `container ${String(container.name)}`;
  const own = mapIn(container, "securityContext");
  const { drop = [], add = [] } = mapIn(own, "capabilities") as { drop?: string[]; add?: string[] };
  const seccomp = mapIn(own, "seccompProfile").type ?? mapIn(pod, "seccompProfile").type;
  const found: readonly (readonly [string, boolean])[] = [
    ["privileged", own.privileged !== undefined && own.privileged !== false],
    ["allowPrivilegeEscalation", own.allowPrivilegeEscalation !== false],
    ["capabilities.drop", !drop.includes("ALL")],
    ["capabilities.add", add.some((name) => name !== "NET_BIND_SERVICE")],
    ["procMount", own.procMount !== undefined && own.procMount !== "Default"],
    ["runAsNonRoot", (own.runAsNonRoot ?? pod.runAsNonRoot) !== true],
    ["seccompProfile", !seccompTypes.includes(seccomp)],
    ["hostPort", listIn(container, "ports").some(({ hostPort }) => (hostPort ?? 0) !== 0)],
    ["probes' host", hostsOf(container).some((host) => (host ?? "") !== "")],
  ];
  return [
    ...contextViolations(at, own),
    ...found.filter(([, isBad]) => isBad).map(([field]) => `${at}.${field}`),
  ];
}

/** The hosts that probes and hooks are sent to. */
function hostsOf(container: Fields): readonly unknown[] {
  const { postStart, preStop } = mapIn(container, "lifecycle");
  return [container.livenessProbe, container.readinessProbe, container.startupProbe, postStart, preStop]
    .filter((one): one is Fields => typeof one === "object" && one !== null)
    .flatMap((one) => [mapIn(one, "httpGet").host, mapIn(one, "tcpSocket").host]);
}

function mapIn(fields: Fields, key: string): Fields {
  const value = fields[key];
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listIn(fields: Fields, key: string): readonly Fields[] {
  const value = fields[key];
  return Array.isArray(value) ? value : [];
}
