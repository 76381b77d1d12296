// What the command line may touch of the process: passed in, so that tests can run it without one.

/** A place to write to; the terminal's facts are there only if it is one. */
export interface CliStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Streams, environment, folder and signals of one run. */
export interface CliIo {
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** Results only. */
  readonly stdout: CliStream;
  /** Everything else: header, progress, diagnostics of what keeps a command from its work, logs, audit. */
  readonly stderr: CliStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls the listener for each SIGINT and SIGTERM until the returned function is called. */
  readonly onSignal: (listener: (signal: string) => void) => () => void;
  /** Calls the listener for each SIGHUP until the returned function is called; without a listener it ends the process. */
  readonly onHangUp: (listener: () => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/** Takes what a command came to. */
export type OnExit = (code: number) => void;
