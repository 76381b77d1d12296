// What the embedded Azure remembers of writes for its activity log: who, what, where, and how it went.

/** Who wrote: an application, or a user with a name. */
export interface Writer {
  readonly objectId: string;
  /** The application; for a user the one that the user signed in with. */
  readonly clientId: string;
  /** Users only. */
  readonly userName?: string;
}

/** How far a write had come. */
export type ActivityStatus = "Started" | "Accepted" | "Succeeded" | "Failed";

/** One event. */
export interface Activity {
  readonly eventDataId: string;
  /** The same for the events of one write. */
  readonly operationId: string;
  readonly correlationId: string;
  /** In milliseconds since the epoch, by the sandbox's clock. */
  readonly atInMs: number;
  readonly writer: Writer;
  /** "Microsoft.Compute/virtualMachines/write" */
  readonly action: string;
  readonly resourceId: string;
  readonly status: ActivityStatus;
}

/** Events in the order in which they came; the oldest go first. */
export interface Activities {
  add(activity: Activity): void;
  all(): readonly Activity[];
  clear(): void;
}

/** How many events are kept. */
const mostActivities = 10_000;

/** No events yet. */
export function createActivities(): Activities {
  let activities: Activity[] = [];
  return {
    add(activity) {
      activities.push(activity);
      if (activities.length > mostActivities + 1000) activities = activities.slice(-mostActivities);
    },
    all: () => activities,
    clear() {
      activities = [];
    },
  };
}
