// Whether a role permits an action, or one of a family of actions, where both may be written with wildcards.
//
// Azure matches actions without case; `*` stands for any text. Whether `/*/` may also stand for `/` is not written
// anywhere (Managed Identity Operator permits `userAssignedIdentities/*/assign/action`, and what it is checked for is
// `userAssignedIdentities/assign/action`), so what is permitted is read generously, and what is taken back strictly.
import type { RoleDefinition } from "../../model/grant.ts";

/**
 * True if a role permits at least one action of a family, by an action of which `counts` says so. What `notActions`
 * take back counts only where it takes back all of the family, or all of the wildcard that reaches into it: in doubt
 * a role permits more than it says.
 */
export function permitsAny(
  { permissions }: Pick<RoleDefinition, "permissions">,
  family: string,
  counts: (action: string) => boolean = () => true,
): boolean {
  const wanted = family.toLowerCase();
  return permissions.some(({ actions, notActions }) => {
    const taken = notActions.map((one) => one.toLowerCase());
    const isTaken = (text: string): boolean => taken.some((pattern) => covers(pattern, text));
    const reaches = (action: string): boolean => meets(action, wanted) && !isTaken(action) && counts(action);
    return !isTaken(wanted) && actions.some((one) => reaches(one.toLowerCase()));
  });
}

/** True if some text fits both patterns. */
function meets(a: string, b: string): boolean {
  const start = commonStart(a, b);
  return start !== undefined && restsMeet(generous(a).slice(start), generous(b).slice(start));
}

function generous(pattern: string): string {
  return pattern.replace(/\*+/g, "*").replace(/\/(?:\*\/)+/g, "/*");
}

/** Up to where two patterns say the same before either has a wildcard; undefined where they contradict. */
function commonStart(a: string, b: string): number | undefined {
  let at = 0;
  while (at < a.length && a[at] !== "*" && b[at] !== "*") {
    if (a[at] !== b[at]) return undefined;
    at += 1;
  }
  return at;
}

/** Goes through both from behind: `row[j]` says whether the rest of `a` and the rest of `b` from `j` meet. */
function restsMeet(a: string, b: string): boolean {
  let row: boolean[] = [];
  for (let i = a.length; i >= 0; i -= 1) {
    const below = row;
    row = [];
    for (let j = b.length; j >= 0; j -= 1) {
      row[j] =
        (i === a.length && j === b.length) ||
        (a[i] === "*" && Boolean(below[j] || row[j + 1])) ||
        (b[j] === "*" && Boolean(row[j + 1] || below[j])) ||
        (a[i] === b[j] && Boolean(below[j + 1]));
    }
  }
  return row[0] === true;
}

/** True if whatever fits `text` (which may hold wildcards itself) fits `pattern` too. */
function covers(pattern: string, text: string): boolean {
  const [head = "", ...parts] = pattern.split("*");
  const tail = parts.pop();
  if (tail === undefined) return pattern === text;
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + tail.length <= text.length;
}
