// The channel on which a harness hands over what a command line would have printed or logged.
import { channel } from "node:diagnostics_channel";

/** The name of the diagnostics channel; each message is a text. */
export const printedChannel = "bindery.test.printed";

const printed = channel(printedChannel);

/** Hands over an event that a command line would have logged. Costs nothing while nobody watches. */
export function wouldPrint(event: object): void {
  if (printed.hasSubscribers) printed.publish(JSON.stringify(event));
}
