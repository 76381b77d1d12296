// Catches the raw answer behind an SDK call: status and headers, which the typed result does not show.
import { Failure } from "../model/failure.ts";
import type { Accepted } from "./polling.ts";

/** An `onResponse` for the SDK, and the answer that it was given. */
export interface AnswerCatcher {
  readonly onResponse: (answer: Accepted) => void;
  /** The first answer of the call: later ones are the SDK's own polls. */
  answer(): Accepted;
}

/** A new catcher for one call. */
export function answerCatcher(): AnswerCatcher {
  let first: Accepted | undefined;
  return {
    onResponse: (answer) => {
      first ??= answer;
    },
    answer(): Accepted {
      if (first) return first;
      const text = "The SDK did not show Azure's answer.";
      throw new Failure("terminal", text, { code: "UnexpectedAnswer", mayHaveHappened: true });
    },
  };
}
