// Decides how objects come out of the repository: by id, size first, from one git process, never through a checkout.
import { type Git, type RunningGit, startGit } from "./git-process.ts";
import { GitTrouble, gitTroubleFrom } from "./git-trouble.ts";

/** What git says about an object before anything of it is read. */
export interface ObjectInfo {
  readonly type: string;
  readonly bytes: number;
}

/** An open repository; close it before its folder goes. */
export interface ObjectReader {
  /** One answer for each id, in order; undefined for an object that is not there. */
  info(names: readonly string[]): Promise<readonly (ObjectInfo | undefined)[]>;
  /** The whole contents of an object. Ask for its size first. */
  contents(id: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens the repository of `git` for reading. */
export function openObjects(git: Git): ObjectReader {
  const running = startGit(git, ["cat-file", "--batch-command"]);
  const output = bytesOf(running.child.stdout, () => whyEnded(running, git));
  const ask = (lines: readonly string[]): void => {
    running.child.stdin.write(lines.map((line) => `${line}\n`).join(""));
  };
  return {
    async info(names) {
      ask(names.map((name) => `info ${name}`));
      const answers: (ObjectInfo | undefined)[] = [];
      for (const _ of names) answers.push(infoFrom(await output.line()));
      return answers;
    },
    async contents(id) {
      ask([`contents ${id}`]);
      const info = infoFrom(await output.line());
      if (!info) throw damaged();
      const bytes = await output.bytes(info.bytes);
      await output.bytes(1);
      return bytes;
    },
    async close() {
      running.child.stdin.end();
      running.kill();
      await running.ended.catch(() => undefined);
    },
  };
}

function infoFrom(line: string): ObjectInfo | undefined {
  const [, type, bytes] = /^[0-9a-f]{40} ([a-z]+) (\d+)$/.exec(line) ?? [];
  return type === undefined ? undefined : { type, bytes: Number(bytes) };
}

/** The repository lacks something that it names itself. */
export function damaged(): GitTrouble {
  return new GitTrouble(
    "GitFailed",
    "The repository is damaged: it lacks an object that it names.",
    "Run `git fsck` on the server's side.",
  );
}

async function whyEnded({ ended, stderr }: RunningGit, { secrets }: Git): Promise<Error> {
  await ended;
  return gitTroubleFrom(stderr(), secrets);
}

interface ByteReader {
  /** Up to the next line break, without it. */
  line(): Promise<string>;
  bytes(count: number): Promise<Uint8Array>;
}

/** Longer than any line of git's about an object that we name. */
const mostLineBytes = 16 * 1024;

function bytesOf(stream: AsyncIterable<Buffer>, why: () => Promise<Error>): ByteReader {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const next = async (): Promise<Buffer> => {
    const { done, value } = await chunks.next();
    if (done === true) throw await why();
    return value;
  };
  return {
    async line() {
      let end = rest.indexOf(10);
      while (end < 0) {
        if (rest.length > mostLineBytes) throw damaged();
        rest = Buffer.concat([rest, await next()]);
        end = rest.indexOf(10);
      }
      const line = rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
      return line;
    },
    async bytes(count) {
      const parts = [rest];
      let length = rest.length;
      while (length < count) {
        const chunk = await next();
        parts.push(chunk);
        length += chunk.length;
      }
      const all = Buffer.concat(parts, length);
      rest = all.subarray(count);
      return all.subarray(0, count);
    },
  };
}
