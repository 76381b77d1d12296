// Decides which packages package.json asks for while the image is made: the compiler's, and then only what runs.
import { globSync, readFileSync, writeFileSync } from "node:fs";

/** What `npm run build` needs beside the dependencies themselves. */
const compiler = new Set(["typescript", "@types/node"]);

const { dependencies, devDependencies, ...rest } = JSON.parse(readFileSync("package.json", "utf8"));
const [stage] = process.argv.slice(2);
const asked =
  stage === "compiling"
    ? { dependencies, devDependencies: only(devDependencies, compiler) }
    : { dependencies: only(dependencies, importedBy("dist/**/*.js")) };
writeFileSync("package.json", JSON.stringify({ ...rest, ...asked }, undefined, 2));

function only(packages, names) {
  return Object.fromEntries(Object.entries(packages).filter(([name]) => names.has(name)));
}

/** The packages that these files name in imports, as the compiler writes them. */
function importedBy(pattern) {
  const named = globSync(pattern).flatMap((file) => [
    ...readFileSync(file, "utf8").matchAll(/(?:\bfrom |\bimport |\bimport\()"((?:@[\w.-]+\/)?[\w-][\w.-]*)/g),
  ]);
  return new Set(named.map(([, name]) => name));
}
