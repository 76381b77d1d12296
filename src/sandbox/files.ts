// The files that a start leaves for its clients, in a directory that only its user can read.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { armAudience } from "./cloud-metadata.ts";

/** What the files say. */
export interface FileContents {
  readonly caPem: string;
  readonly origin: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** "127.0.0.1:PORT" by the names of SQL servers. */
  readonly sqlAddresses: Readonly<Record<string, string>>;
  /** Where else to write the shell exports to. */
  readonly envFile?: string | undefined;
}

/** Where the files are. */
export interface SandboxFiles {
  readonly caFile: string;
  readonly cloudFile: string;
  readonly envFile: string;
  /** Removes the directory, and the env file that was asked for. */
  remove(): Promise<void>;
}

/** Writes certificate, cloud and env file; all are readable by the user only. */
export async function writeFiles(contents: FileContents): Promise<SandboxFiles> {
  const directory = await mkdtemp(join(tmpdir(), "bindery-sandbox-"));
  const [caFile, cloudFile] = [join(directory, "ca.pem"), join(directory, "cloud.json")];
  const envFile = contents.envFile ?? join(directory, "env.sh");
  const secret = { mode: 0o600 };
  await writeFile(caFile, contents.caPem, secret);
  await writeFile(cloudFile, `${JSON.stringify(cloudFrom(contents, caFile), null, 2)}\n`, secret);
  await writeFile(envFile, envText(contents, caFile, cloudFile), secret);
  return {
    caFile,
    cloudFile,
    envFile,
    async remove() {
      await rm(directory, { recursive: true, force: true });
      await rm(envFile, { force: true });
    },
  };
}

/** The custom cloud file, by which Bindery is pointed at a cloud that it does not know. */
function cloudFrom(
  { origin, tenantId, sqlAddresses }: FileContents,
  caFile: string,
): Record<string, unknown> {
  return {
    name: "sandbox",
    authorityHost: `${origin}/`,
    resourceManager: origin,
    resourceManagerAudience: armAudience,
    caFile,
    tenantId,
    sandbox: true,
    sqlServerSuffix: ".database.windows.net",
    sqlAudience: "https://database.windows.net/",
    sqlAddresses,
  };
}

function envText(
  { origin, tenantId, clientId, clientSecret }: FileContents,
  caFile: string,
  cloudFile: string,
): string {
  const exports = {
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    AZURE_AUTHORITY_HOST: `${origin}/`,
    NODE_EXTRA_CA_CERTS: caFile,
    REQUESTS_CA_BUNDLE: caFile,
    BINDERY_CLOUD: cloudFile,
  };
  const lines = Object.entries(exports).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [
    "# Points Bindery, and other Azure clients, at a sandbox. None of this works once the sandbox has ended.",
    ...lines,
    "# For clients in Go; it makes them trust the sandbox only:",
    `# export SSL_CERT_FILE=${quoted(caFile)}`,
    "",
  ].join("\n");
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
