// Decides what is told of a request to a database: what kind it was, how long it took, and how it failed.
import type { DatabaseRef } from "../model/database.ts";
import { Failure } from "../model/failure.ts";

/** One answer of a database, for traces. Never what was sent. */
export interface SqlRequestEvent {
  readonly kind: "connect" | "read" | "write";
  readonly server: string;
  readonly database: string;
  readonly durationInMs: number;
  /** The code of its failure, if it failed. */
  readonly code?: string;
}

/** Runs requests to one database and tells each when it has ended. */
export type ToldRequests = <T>(kind: SqlRequestEvent["kind"], request: () => Promise<T>) => Promise<T>;

/** Tells the requests to a database to whoever listens. */
export function toldRequests(
  { server, database }: DatabaseRef,
  onRequest: ((event: SqlRequestEvent) => void) | undefined,
): ToldRequests {
  return async (kind, request) => {
    const startedAtInMs = performance.now();
    const tell = (failed: Pick<SqlRequestEvent, "code">): void =>
      onRequest?.({
        kind,
        server,
        database,
        durationInMs: Math.round(performance.now() - startedAtInMs),
        ...failed,
      });
    try {
      const answer = await request();
      tell({});
      return answer;
    } catch (error) {
      tell({ code: error instanceof Failure ? error.details.code : "Cut" });
      throw error;
    }
  };
}
