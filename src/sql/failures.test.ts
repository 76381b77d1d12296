import { expect, test } from "vitest";
import { Failure } from "../model/failure.ts";
import { type ServerMessage, sqlFailureFrom } from "./failures.ts";

const saying = (number: number, message: string) =>
  Object.assign(new Error(message), { code: "EREQUEST", number });
const requestError = (number: number) => saying(number, "said");
const connectionError = (code: string) => Object.assign(new Error("said"), { code });

test.each<readonly [string, unknown, readonly ServerMessage[], string, string]>([
  ["40613: the database moves", requestError(40613), [], "transient", "DatabaseUnavailable"],
  ["40501: the service is busy", requestError(40501), [], "transient", "DatabaseBusy"],
  ["49918: no resources", requestError(49918), [], "transient", "DatabaseBusy"],
  ["1205: chosen as the victim of a deadlock", requestError(1205), [], "transient", "Deadlock"],
  ["3906: read-only", requestError(3906), [], "terminal", "DatabaseReadOnly"],
  ["229: permission denied", requestError(229), [], "terminal", "DatabasePermissionDenied"],
  ["15247: no permission for the action", requestError(15247), [], "terminal", "DatabasePermissionDenied"],
  ["15151: not there, or not to be seen", requestError(15151), [], "terminal", "DatabasePermissionDenied"],
  ["15023: the name is taken", requestError(15023), [], "terminal", "DatabaseUserExists"],
  ["15138: it owns a schema", requestError(15138), [], "terminal", "UserNotDroppable"],
  [
    "33134: the server may not read the directory",
    saying(
      33134,
      "Principal 'x' could not be resolved. Error message: 'Server identity is not configured. Please follow the steps in …'",
    ),
    [],
    "terminal",
    "ExternalProviderFailed",
  ],
  [
    "33134: the same in newer words",
    saying(
      33134,
      "Principal 'x' could not be resolved. Error message: 'Server identity does not have the Microsoft Entra Directory Readers permission. For more information, see https://go.microsoft.com/fwlink/?linkid=2323204.'",
    ),
    [],
    "terminal",
    "ExternalProviderFailed",
  ],
  [
    "33134: Entra does not know it yet",
    saying(33134, "Principal 'x' could not be resolved. Error message: 'Resource 'y' does not exist'"),
    [],
    "propagating",
    "ExternalProviderFailed",
  ],
  ["37545: nor the object id", requestError(37545), [], "propagating", "ExternalProviderFailed"],
  ["4613: nothing to grant on", requestError(4613), [], "terminal", "DatabasePermissionDenied"],
  ["33130: Entra does not know it yet", requestError(33130), [], "propagating", "ExternalProviderFailed"],
  ["an unknown number", requestError(547), [], "terminal", "Sql547"],
  [
    "a login that failed: its number stands beside it",
    connectionError("ELOGIN"),
    [{ number: 18456, message: "Login failed" }],
    "terminal",
    "DatabaseLoginFailed",
  ],
  [
    "a login while the database moves",
    connectionError("ELOGIN"),
    [{ number: 40613, message: "not currently available" }],
    "transient",
    "DatabaseUnavailable",
  ],
  [
    "a firewall",
    connectionError("ELOGIN"),
    [{ number: 40615, message: "Cannot open server" }],
    "terminal",
    "DatabaseFirewall",
  ],
  ["no way there", connectionError("ESOCKET"), [], "transient", "DatabaseUnreachable"],
  ["no answer", connectionError("ETIMEOUT"), [], "transient", "DatabaseTimeout"],
  ["no encryption", connectionError("EENCRYPT"), [], "terminal", "DatabaseTlsRefused"],
  [
    "several at once: the first is the cause",
    new AggregateError([requestError(229), requestError(3609)]),
    [],
    "terminal",
    "DatabasePermissionDenied",
  ],
])("%s", (_, error, messages, failureClass, code) => {
  const failure = sqlFailureFrom(error, messages, false);
  expect({ class: failure.class, code: failure.details.code }).toEqual({ class: failureClass, code });
});

test.each([
  ["a cut connection leaves a write open", connectionError("ESOCKET"), true, true],
  ["a refused one does not", requestError(1205), true, undefined],
  ["nor does a cut read", connectionError("ESOCKET"), false, undefined],
])("%s", (_, error, isWrite, mayHaveHappened) => {
  expect(sqlFailureFrom(error, [], isWrite).details.mayHaveHappened).toBe(mayHaveHappened);
});

test("a failure of ours stays what it is", () => {
  const failure = new Failure("terminal", "no", { code: "HostRefused" });
  expect(sqlFailureFrom(failure, [], true)).toBe(failure);
});
