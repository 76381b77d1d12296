// How trouble with Azure reaches the core: thrown at the edge as a Failure, which says what is to be done about it.

/**
 * `transient`: try again after a delay. `propagating`: what was written is not visible everywhere yet; wait.
 * `terminal`: trying again changes nothing until manifest, access or resource changes.
 */
export type FailureClass = "transient" | "propagating" | "terminal";

/** What is known about a failure besides its class. */
export interface FailureDetails {
  /** Azure's error code ("AuthorizationFailed"), or a code of ours in the same style. */
  readonly code: string;
  readonly status?: number;
  /** How long Azure asks to wait, in milliseconds. */
  readonly retryAfterInMs?: number;
  /** ARM ids of identities that Azure named as the cause: the rest of the request may go without them. */
  readonly culprits?: readonly string[];
  /** Azure's correlation id, for its support and activity log. */
  readonly correlationId?: string;
  /** True if the request may have taken effect although it failed (timeout, cut connection, 5xx). */
  readonly mayHaveHappened?: boolean;
}

/** Azure (or the way to it) refused or failed. The message is Azure's own, for people. */
export class Failure extends Error {
  readonly class: FailureClass;
  readonly details: FailureDetails;

  constructor(failureClass: FailureClass, message: string, details: FailureDetails, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.class = failureClass;
    this.details = details;
  }
}
