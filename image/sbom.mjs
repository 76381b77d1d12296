// Decides what the image's SBOM lists: npm's packages as npm tells them, Debian's as dpkg does, and Node itself.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [npmFile] = process.argv.slice(2);
const sbom = JSON.parse(readFileSync(npmFile, "utf8"));
const root = sbom.documentDescribes[0];
const added = [...debianPackages(), node()];
const contains = added.map(({ SPDXID }) => ({
  spdxElementId: root,
  relatedSpdxElement: SPDXID,
  relationshipType: "CONTAINS",
}));
process.stdout.write(
  JSON.stringify({
    ...sbom,
    packages: [...sbom.packages, ...added],
    relationships: [...sbom.relationships, ...contains],
  }),
);

function debianPackages() {
  const fields = ["db:Status-Abbrev", "Package", "Version", "Architecture"];
  const format = `${fields.map((field) => `\${${field}}`).join("\t")}\n`;
  const { ID, VERSION_ID } = osRelease();
  return execFileSync("dpkg-query", ["--show", `--showformat=${format}`], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.startsWith("ii"))
    .map((line) => {
      const [, name, version, architecture] = line.split("\t");
      const about = `arch=${architecture}&distro=${ID}-${VERSION_ID}`;
      const purl = `pkg:deb/${ID}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${about}`;
      return spdxPackage({ id: `deb-${name}`, name, version, purl });
    });
}

function node() {
  const { node: version } = process.versions;
  return spdxPackage({ id: "node", name: "node", version, purl: `pkg:generic/node@${version}` });
}

function osRelease() {
  const lines = readFileSync("/etc/os-release", "utf8").matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries([...lines].map(([, key, value]) => [key, value]));
}

function spdxPackage({ id, name, version, purl }) {
  return {
    name,
    SPDXID: `SPDXRef-${id.replaceAll(/[^\w.-]/g, "-")}`,
    versionInfo: version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl }],
  };
}
