// What a source of manifests gives, and how much of it is read at most.

/** A file as it was read, before anything is understood of it. */
export interface SourceFile {
  /** How the user would name it: the PATH as given, joined with what lies below it; `<stdin>` for `-`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /**
   * Where it really lies (links resolved), below the outermost PATH around it, with "/" between names; empty at the
   * PATH itself. Undefined for what lies in no folder of a PATH: standard input, and a file that is itself a PATH.
   */
  readonly folder?: string;
}

/** One state of all the files that a source gives; equal ids mean equal files. */
export interface Revision {
  /**
   * Of files and folders: `sha256:` and the digest over sorted relative paths and contents. Of a Git repository: the
   * commit's full id, and after a colon the paths in it, where it is not read from its root.
   */
  readonly id: string;
}

/**
 * Every bound on what is read, in one table. They are far above what a large organisation needs and far below
 * what could stall a run: what exceeds one is an error that names it, never cut off silently.
 */
export const bounds = {
  /** Bytes of one file. */
  fileBytes: 1024 * 1024,
  /** Files of one run. */
  files: 5_000,
  /** Bytes of all files together. */
  totalBytes: 64 * 1024 * 1024,
  /** Folders inside each other, counted from a PATH. */
  folderDepth: 16,
  /** Entries of all folders together, files that are no manifests included. */
  folderEntries: 100_000,
  /** Bytes of what a Git server sends for one commit, compressed. */
  packBytes: 256 * 1024 * 1024,
  /** Seconds that reading a Git repository may take. */
  gitSeconds: 300,
  /** Lists and mappings inside each other, counted from the document. */
  yamlDepth: 32,
  /** Values in one file after every alias has been written out. */
  yamlValues: 100_000,
  /** Documents of one file, the items of a List included. */
  documentsInFile: 1_000,
  /** Diagnostics that are listed for one file; one more says how many there are. */
  diagnosticsInFile: 100,
} as const;
