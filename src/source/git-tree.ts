// Reads what a tree object of a repository says: raw names, which may be anything that somebody has made git store.

/** What a tree may hold. `link` is a symbolic link, `submodule` a commit of another repository. */
export type EntryKind = "file" | "folder" | "link" | "submodule" | "unknown";

/** One entry of a tree. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: EntryKind;
  /** The id of its object, 40 hexadecimal digits. */
  readonly id: string;
}

/** What keeps an entry from being a file that a checkout could have. */
export type NameTrouble = "notUtf8" | "notAName" | "twice";

/** An entry, or what is wrong with its name; `shown` is for people and not yet safe to print. */
export type ParsedEntry =
  | (TreeEntry & { readonly trouble?: never })
  | { readonly trouble: NameTrouble; readonly shown: string };

const kinds: Readonly<Record<string, EntryKind>> = {
  "40000": "folder",
  "040000": "folder",
  "100644": "file",
  "100755": "file",
  "100664": "file",
  "120000": "link",
  "160000": "submodule",
};

/** The bytes of an id, in a repository of SHA-1. */
const idBytes = 20;

/** The entries of a tree object (gitformat-pack: "mode SP name NUL id"), sorted by name; undefined if it is no tree. */
export function parseTree(bytes: Uint8Array): readonly ParsedEntry[] | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: ParsedEntry[] = [];
  const seen = new Set<string>();
  for (let at = 0; at < all.length; ) {
    const space = all.indexOf(0x20, at);
    const end = all.indexOf(0, space);
    if (space < 0 || end < 0 || end + 1 + idBytes > all.length) return undefined;
    const mode = all.toString("latin1", at, space);
    const name = nameFrom(all.subarray(space + 1, end), seen);
    const id = all.toString("hex", end + 1, end + 1 + idBytes);
    entries.push(typeof name === "string" ? { name, kind: kinds[mode] ?? "unknown", id } : name);
    at = end + 1 + idBytes;
  }
  return entries.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf(entry: ParsedEntry): string {
  return entry.trouble === undefined ? entry.name : entry.shown;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function nameFrom(
  bytes: Uint8Array,
  seen: Set<string>,
): string | { readonly trouble: NameTrouble; readonly shown: string } {
  let name: string;
  try {
    name = utf8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { trouble: "notUtf8", shown: Buffer.from(bytes).toString("latin1") };
  }
  if (["", ".", ".."].includes(name) || name.includes("/")) return { trouble: "notAName", shown: name };
  if (seen.has(name)) return { trouble: "twice", shown: name };
  seen.add(name);
  return name;
}
