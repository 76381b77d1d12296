// Decides whether a file is in the hands of those who may change the manifests: because it lies there, or by a link that does.
import { lstat, readlink, realpath } from "node:fs/promises";
import { dirname, join, parse, resolve, sep } from "node:path";
import { isInside } from "./directory.ts";

/** As many links as Linux follows before it calls them a loop. */
const mostLinks = 40;

/**
 * True if a file lies under one of the PATHs, or if the way to it leads through one: where the policy must not be,
 * because who may change manifests must not be able to change it, nor which file it is. Throws the operating system's
 * error if a path is missing.
 */
export async function liesUnder(file: string, paths: readonly string[]): Promise<boolean> {
  const roots = await Promise.all(paths.filter((path) => path !== "-").map((path) => realpath(path)));
  const way = [await realpath(file), ...(await wayTo(resolve(file)))];
  return way.some((place) => roots.some((root) => isInside(root, place)));
}

/** Every place that is looked at on the way to a file, each in its real folder; links are followed one by one. */
async function wayTo(file: string): Promise<readonly string[]> {
  const places: string[] = [];
  let { root: here } = parse(file);
  let names = namesIn(file);
  for (let links = 0; names.length > 0; ) {
    const [name = "", ...rest] = names;
    const place = join(here, name);
    places.push(place);
    names = rest;
    if (!(await lstat(place)).isSymbolicLink()) {
      here = place;
      continue;
    }
    links += 1;
    if (links > mostLinks) return places;
    const target = resolve(dirname(place), await readlink(place));
    ({ root: here } = parse(target));
    names = [...namesIn(target), ...rest];
  }
  return places;
}

function namesIn(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((name) => name !== "");
}
