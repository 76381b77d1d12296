import { describe, expect, test } from "vitest";
import {
  blobMismatch,
  cloudMismatch,
  parseCloudFile,
  sandboxTenantId,
  wellKnownCloud,
  wellKnownClouds,
} from "./cloud.ts";

const file = {
  name: "sandbox",
  authorityHost: "https://127.0.0.1:8443/",
  resourceManager: "https://127.0.0.1:8443/",
  resourceManagerAudience: "https://management.azure.com/",
  caFile: "ca.pem",
  tenantId: sandboxTenantId,
  sandbox: true,
  sqlServerSuffix: ".database.windows.net",
  sqlAudience: "https://database.windows.net/",
};
const { sandbox: _, tenantId: __, ...privateCloud } = file;
const tenant = "11111111-1111-1111-1111-111111111111";

test("a cloud file gives endpoints without slashes at the end", () => {
  const { cloud } = parseCloudFile(JSON.stringify(file));
  expect(cloud).toEqual({
    ...file,
    authorityHost: "https://127.0.0.1:8443",
    resourceManager: "https://127.0.0.1:8443",
    resourceManagerAudience: "https://management.azure.com",
    wellKnown: false,
  });
  expect(parseCloudFile(JSON.stringify(privateCloud)).cloud).toMatchObject({
    sandbox: false,
    wellKnown: false,
  });
});

test.each([
  ["not JSON", "{", /^The cloud file is not JSON: /],
  ["not an object", "[]", /is wrong/],
  ["http", { ...file, resourceManager: "http://127.0.0.1" }, /"resourceManager" is wrong: must be an https/],
  ["a URL with a user", { ...file, authorityHost: "https://u:p@host" }, /"authorityHost" is wrong/],
  ["a URL with a query", { ...file, authorityHost: "https://host?x=1" }, /"authorityHost" is wrong/],
  ["an unknown key", { ...file, endpoint: "x" }, /unknown keys: endpoint/],
  ["a tenant that is none", { ...file, tenantId: "x" }, /"tenantId" is wrong: must be a GUID/],
  ["sandbox: false", { ...file, sandbox: false }, /"sandbox" is wrong: must be true, or left out/],
  ["a suffix without a dot", { ...file, sqlServerSuffix: "database" }, /must begin with a dot/],
  ["a blob suffix without a dot", { ...file, blobSuffix: "blob" }, /"blobSuffix" is wrong: must begin/],
  ["an address without a port", { ...file, blobAddresses: { a: "b" } }, /"blobAddresses.a" is wrong/],
  ["a sandbox without tenant", { ...privateCloud, sandbox: true }, /must state "tenantId"/],
  ["a sandbox with a real tenant", { ...file, tenantId: tenant }, /takes only its reserved tenant/],
  [
    "a real cloud with the sandbox's tenant",
    { ...privateCloud, tenantId: sandboxTenantId },
    /reserved for the sandbox/,
  ],
])("%s is a problem", (_what, content, problem) => {
  const { cloud, problems } = parseCloudFile(typeof content === "string" ? content : JSON.stringify(content));
  expect(cloud).toBeUndefined();
  expect(problems?.join("\n")).toMatch(problem);
});

test("all problems are told at once", () => {
  expect(parseCloudFile("{}").problems?.length).toBe(6);
});

test("well-known clouds are found in any case, and nothing else is", () => {
  expect(wellKnownCloud("USGovernment")).toBe(wellKnownClouds.usgovernment);
  expect(wellKnownCloud("./cloud.json")).toBeUndefined();
});

describe("a tenant and a cloud", () => {
  const sandbox = parseCloudFile(JSON.stringify(file)).cloud ?? wellKnownClouds.public;
  const fixed = { ...wellKnownClouds.public, tenantId: tenant };
  test.each([
    ["the sandbox and its own", sandbox, sandboxTenantId.toUpperCase(), undefined],
    ["the sandbox and a real one", sandbox, tenant, /takes only its reserved tenant/],
    ["Azure and a real one", wellKnownClouds.public, tenant, undefined],
    ["Azure and the sandbox's", wellKnownClouds.public, sandboxTenantId, /reserved for the sandbox/],
    ["a cloud of one tenant and that one", fixed, tenant, undefined],
    [
      "a cloud of one tenant and another",
      fixed,
      "22222222-1111-1111-1111-111111111111",
      /is for tenant 11111111/,
    ],
  ])("%s", (_what, cloud, tenantId, expected) => {
    const mismatch = cloudMismatch(cloud, tenantId);
    if (expected) expect(mismatch).toMatch(expected);
    else expect(mismatch).toBeUndefined();
  });
});

describe("a blob and a cloud", () => {
  const own = { ...wellKnownClouds.public, name: "own", blobSuffix: ".Blob.Example" };
  const { blobSuffix: ___, ...none } = wellKnownClouds.public;
  test.each([
    [
      "an account of the public cloud",
      wellKnownClouds.public,
      "https://st1.blob.core.windows.net/c/b",
      undefined,
    ],
    [
      "one of another cloud",
      wellKnownClouds.public,
      "https://st1.blob.core.chinacloudapi.cn/c/b",
      /is not in/,
    ],
    ["one of its own cloud", wellKnownClouds.china, "https://st1.blob.core.chinacloudapi.cn/c/b", undefined],
    ["a suffix in any case", own, "https://st1.blob.example/c/b", undefined],
    ["a longer name", wellKnownClouds.public, "https://a.st1.blob.core.windows.net/c/b", /is not in/],
    ["no account", wellKnownClouds.public, "https://blob.core.windows.net/c/b", /is not in/],
    ["a port", wellKnownClouds.public, "https://st1.blob.core.windows.net:8443/c/b", /is not in/],
    ["http", wellKnownClouds.public, "http://st1.blob.core.windows.net/c/b", /is not in/],
    ["a cloud without storage", none, "https://st1.blob.core.windows.net/c/b", /has no blob storage/],
  ])("%s", (_what, cloud, blobUrl, expected) => {
    const mismatch = blobMismatch(cloud, blobUrl);
    if (expected) expect(mismatch).toMatch(expected);
    else expect(mismatch).toBeUndefined();
  });
});
