// What the core needs of a log of who wrote what: only ever to name somebody, never to decide.

/** A write that a log shows. */
export interface LoggedWrite {
  /** Who it was, in the log's own words: a user's name, or the id of an application. */
  readonly caller: string;
  /** "Microsoft.Compute/virtualMachines/write" */
  readonly operation: string;
  /** In milliseconds since the epoch. */
  readonly atInMs: number;
}

/** Tells who wrote to a resource. */
export interface ActivityLog {
  /**
   * The writes of others to this very resource since then, the latest first; there may be more that the log does not
   * show yet. Undefined where it may not or cannot be read: that is no failure of anything else.
   */
  whoChanged(
    resourceId: string,
    sinceInMs: number,
    signal: AbortSignal,
  ): Promise<readonly LoggedWrite[] | undefined>;
}
