// Decides which settings `bindery run` has: for each its meaning, what it may be, and what it is by default.
import type { z } from "zod";
import { address, choice, count, duration, text, texts, url, yesOrNo } from "./settings-kinds.ts";

/** One setting. Its flag, its variable and its key in a file are made of its name, by one rule. */
export interface Setting {
  /** For --help, and the same in docs/configuration.md. */
  readonly means: string;
  /** What stands for the value in --help; without it the flag alone means true. */
  readonly value?: string;
  /** Reads one text; with `isList` several. */
  readonly schema: z.ZodType<unknown, string> | z.ZodType<unknown, string[]>;
  readonly isList?: true;
  /** True for what names a file: in a settings file it is relative to the folder of that file. */
  readonly isFile?: true;
  /** As it would be written; undefined: there is none. */
  readonly default?: string;
  /** Variables of other tools that say the same, asked after ours. */
  readonly alsoFrom?: readonly OtherVariable[];
}

/** A variable that the standard of another tool names. */
export interface OtherVariable {
  readonly variable: string;
  /** What is meant stands below the URL that the variable holds. */
  readonly below?: string;
}

/** Where manifests come from. */
const sources = {
  source: {
    means: "git+https://host/repository or git+ssh://git@host/repository; or a folder",
    value: "<url>",
    schema: text,
  },
  ref: {
    means: "a branch, a tag or the full id of a commit (default: the repository's HEAD)",
    value: "<ref>",
    schema: text,
  },
  path: {
    means: "a folder or file in the repository; can be repeated (default: its root)",
    value: "<path>",
    schema: texts,
    isList: true,
  },
  pollInterval: {
    means: "how often the source is looked at (default: 30s for Git, 5s for a folder)",
    value: "<duration>",
    schema: duration("1s", "24h"),
  },
  gitTokenFile: {
    means: "an access token for HTTPS (default: BINDERY_GIT_TOKEN, if it is set)",
    value: "<file>",
    schema: text,
    isFile: true,
  },
  gitEntra: {
    means: "sign in to Azure DevOps with the credential for Azure",
    schema: yesOrNo,
    default: "false",
  },
  gitCaFile: {
    means: "certificate authorities (PEM) to trust instead of the system's",
    value: "<file>",
    schema: text,
    isFile: true,
  },
  sshKey: { means: "a private key without a passphrase", value: "<file>", schema: text, isFile: true },
  sshKnownHosts: {
    means: "the host keys that are known to be right",
    value: "<file>",
    schema: text,
    isFile: true,
  },
  verifyCommits: {
    means: "allowed signers: each new commit must carry the SSH signature of one of them",
    value: "<file>",
    schema: text,
    isFile: true,
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** For whom, where and how often. */
const loop = {
  policy: { means: "the operator's policy", value: "<file>", schema: text, isFile: true },
  cloud: {
    means: "public, usgovernment, china, or a cloud file",
    value: "<cloud>",
    schema: text,
    isFile: true,
    default: "public",
  },
  sqlEncrypt: {
    means: "the way to databases: strict is TDS 8.0 (TLS first), tds7 is TLS within TDS 7.4",
    value: "<mode>",
    schema: choice("strict", "tds7"),
    default: "strict",
  },
  interval: {
    means: "the time from the end of a turn to the next one, give or take a tenth",
    value: "<duration>",
    schema: duration("1s", "24h"),
    default: "5m",
  },
  databasesInterval: {
    means: "how often databases are read in which nothing is to be changed",
    value: "<duration>",
    schema: duration("1s", "168h"),
    default: "6h",
  },
  passDeadline: {
    means: "a turn begins nothing new after this time; what still runs is left to the next one",
    value: "<duration>",
    schema: duration("1s", "24h"),
    default: "15m",
  },
  gracePeriod: {
    means: "how long running operations are waited for after SIGTERM",
    value: "<duration>",
    schema: duration("1s", "1h"),
    default: "25s",
  },
  requestTimeout: {
    means: "how long Azure may take to answer one request",
    value: "<duration>",
    schema: duration("1s", "10m"),
    default: "60s",
  },
  sqlTimeout: {
    means: "how long a database may take to answer one batch",
    value: "<duration>",
    schema: duration("1s", "10m"),
    default: "30s",
  },
  concurrency: {
    means: "operations at the same time",
    value: "<number>",
    schema: count(1, 64),
    default: "8",
  },
  once: { means: "one turn, then end: the container job", schema: yesOrNo, default: "false" },
  dryRun: { means: "report only; nothing is written to Azure", schema: yesOrNo, default: "false" },
} as const satisfies Readonly<Record<string, Setting>>;

/** What it keeps and tells. */
const telling = {
  stateDir: {
    means: "a folder that keeps the id of the last good revision, where the policy has no lease",
    value: "<folder>",
    schema: text,
    isFile: true,
  },
  audit: {
    means: "append audit lines to a file; - is stderr (default: stderr, unless it is a terminal)",
    value: "<file>",
    schema: text,
    isFile: true,
  },
  logLevel: {
    means: "debug, info, warn, error or silent",
    value: "<level>",
    schema: choice("debug", "info", "warn", "error", "silent"),
    default: "info",
  },
  probesAddress: {
    means: "where /healthz, /readyz and /metrics are answered; off for nowhere",
    value: "<host:port>",
    schema: address,
    default: "127.0.0.1:8080",
  },
  webhookAddress: {
    means: "where webhooks are taken that wake the daemon; off for nowhere",
    value: "<host:port>",
    schema: address,
    default: "off",
  },
  webhookSecretFile: {
    means: "the secret that webhooks are signed with, or carry; needed for --webhook-address",
    value: "<file>",
    schema: text,
    isFile: true,
  },
  apiAddress: {
    means: "where the status API is answered; off for nowhere",
    value: "<host:port>",
    schema: address,
    default: "127.0.0.1:8082",
  },
  apiTokenFile: {
    means: "the bearer token that the API asks for; needed unless --api-address is a loopback address",
    value: "<file>",
    schema: text,
    isFile: true,
  },
  tracesUrl: {
    means:
      "where spans are sent, by OTLP over HTTP (default: the OTEL_EXPORTER_OTLP_… variables, else nowhere)",
    value: "<url>",
    schema: url,
    alsoFrom: [
      { variable: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" },
      { variable: "OTEL_EXPORTER_OTLP_ENDPOINT", below: "v1/traces" },
    ],
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** All settings but the PATHs, in the order in which they are shown. */
export const flagged = { ...sources, ...loop, ...telling } as const;

/** All settings. */
export const settings = {
  paths: {
    means: "manifest files and folders",
    schema: texts,
    isList: true,
    isFile: true,
  },
  ...flagged,
} as const satisfies Readonly<Record<string, Setting>>;

/** The name of a setting, which is its key in a file too. */
export type SettingName = keyof typeof settings;

/** All names, in the order in which they are shown. */
export const settingNames = Object.keys(settings) as readonly SettingName[];

/** What a setting is once it has been read; undefined where it was not given and has no default. */
export type SettingValues = {
  readonly [N in SettingName]:
    | z.infer<(typeof settings)[N]["schema"]>
    | ((typeof settings)[N] extends { readonly default: string } ? never : undefined);
};

/** "pollInterval" → "--poll-interval". */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** "pollInterval" → "BINDERY_POLL_INTERVAL". */
export function variableOf(name: string): string {
  return `BINDERY_${flagOf(name).slice(2).replaceAll("-", "_").toUpperCase()}`;
}
