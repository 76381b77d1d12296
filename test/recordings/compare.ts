// In what an answer of the embedded Azure differs from the recorded one: status, headers that steer a client, and body.

/** An answer, its body parsed; undefined: empty. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Each difference as one line that begins with `status`, `header` or `body`; none: alike. */
export function differencesBetween(recorded: Answer, here: Answer): readonly string[] {
  const status = recorded.status ?? here.status;
  return [
    ...(here.status === status ? [] : [`status ${here.status}, recorded ${status}`]),
    ...(Object.keys(recorded.headers).length === 0
      ? []
      : headerNames.flatMap((name) => headerDifference(name, recorded, here))),
    ...bodyDifferences("", recorded.body, here.body),
  ];
}

const headerNames = [
  "azure-asyncnotification",
  "azure-asyncoperation",
  "etag",
  "location",
  "retry-after",
  "x-ms-failure-cause",
  "x-ms-ratelimit-remaining-resource",
  "x-ms-user-quota-remaining",
  "x-ms-user-quota-resets-after",
];

function headerDifference(name: string, recorded: Answer, here: Answer): readonly string[] {
  const [was, is] = [comparable(name, recorded.headers[name]), comparable(name, here.headers[name])];
  return was === is ? [] : [`header ${name} ${is ?? "absent"}, recorded ${was ?? "absent"}`];
}

/** What of a header is the same from one run to the next. */
function comparable(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (name === "etag" || name.startsWith("x-ms-user-quota")) return "there";
  if (name === "x-ms-ratelimit-remaining-resource") return policyNames(value);
  if (!/^https?:/.test(value)) return value;
  const { pathname, searchParams } = new URL(value);
  return `${pathname.replace(/[^/]{20,}$/, "ID").toLowerCase()} ${[...searchParams.keys()].join()}`;
}

/** The names of the policies, not what is left of them. */
function policyNames(value: string): string {
  const names = value.split(",").map((part) => part.split(";")[0] ?? "");
  // A count of the running operations of a set that comes and goes between two polls.
  return names.filter((name) => name !== "Microsoft.Compute/VmssQueuedVMOperations").join();
}

function bodyDifferences(path: string, recorded: unknown, here: unknown): readonly string[] {
  if (Array.isArray(recorded) && Array.isArray(here)) return itemDifferences(path, recorded, here);
  if (isRecord(recorded) && isRecord(here)) return memberDifferences(path, recorded, here);
  return isAlike(path, recorded, here)
    ? []
    : [`body ${path === "" ? "/" : path} ${excerpt(here)}, recorded ${excerpt(recorded)}`];
}

function memberDifferences(
  path: string,
  recorded: Record<string, unknown>,
  here: Record<string, unknown>,
): readonly string[] {
  const lost = Object.keys(recorded).filter((key) => !(key in here));
  const added = Object.keys(here).filter((key) => !(key in recorded));
  const common = Object.keys(recorded).filter((key) => key in here);
  return [
    ...lost.map((key) => `body ${path}/${key} absent, recorded ${excerpt(recorded[key])}`),
    ...added.map((key) => `body ${path}/${key} ${excerpt(here[key])}, recorded absent`),
    ...common.flatMap((key) => bodyDifferences(`${path}/${key}`, recorded[key], here[key])),
  ];
}

/** Items with ids are paired by them: the stage has a few more than the recording was cut down to. */
function itemDifferences(
  path: string,
  recorded: readonly unknown[],
  here: readonly unknown[],
): readonly string[] {
  if (recorded.some((item) => idOf(item) === undefined)) {
    const length = recorded.length === here.length ? [] : [`body ${path} has ${here.length} items`];
    return [...length, ...recorded.flatMap((item, at) => bodyDifferences(`${path}/${at}`, item, here[at]))];
  }
  return recorded.flatMap((item, at) => {
    const twin = here.find((other) => idOf(other)?.toLowerCase() === idOf(item)?.toLowerCase());
    return bodyDifferences(`${path}/${at}`, item, twin);
  });
}

function idOf(item: unknown): string | undefined {
  return isRecord(item) && typeof item.id === "string" ? item.id : undefined;
}

const kinds: readonly RegExp[] = [
  /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i,
  /^\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)$/,
  /^"?\d+"?$/,
  /^https:\/\//,
];

/** The same value, or two of one kind that each world makes for itself: GUIDs, instants, counters, links. */
function isAlike(path: string, recorded: unknown, here: unknown): boolean {
  if (recorded === here) return true;
  if (typeof recorded !== "string" || typeof here !== "string") return recorded === undefined && here === "";
  if (kinds.some((kind) => kind.test(recorded) && kind.test(here))) return true;
  return /\/message$/i.test(path) && wordsOf(recorded) === wordsOf(here);
}

/** A message without what is the caller's, the moment's or a list of versions, and without a later addition. */
function wordsOf(message: string): string {
  return message
    .replace(/ The ID of the existing role assignment is [\da-f]{32}\./, "")
    .replaceAll(/[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}/gi, "GUID")
    .replaceAll(/'[^']*'/g, "QUOTED")
    .replaceAll(/timestamp = \S+/g, "timestamp");
}

function excerpt(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value).slice(0, 120);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
