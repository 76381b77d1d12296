// Decides which lines of the documents Azure is as: those for which the plan has nothing to do and holds nothing.
//
//   a line that wants            | is not so while the plan has, for the same identity
//   -----------------------------+----------------------------------------------------
//   a named target               | any change of that target
//   machines, by a selector      | a change of a target for the selector's line
//   a role                       | a change of that role at that scope
//   a user in a database         | any change in that database
import type { Desired, DesiredDatabase, DesiredGrant, DesiredTarget } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import { databaseKey } from "../model/database.ts";
import { type DocumentRef, documentKey } from "../model/document.ts";
import type { Change, Plan, Subject } from "../plan/plan.ts";

/** A line of a binding that wants an attachment or a grant. */
export type DesiredLine = DesiredTarget | DesiredGrant | DesiredDatabase;

/** The lines of each binding for which the plan finds no difference, by the key of the document, in their order. */
export function upToDateLinesFrom(desired: Desired, plan: Plan): ReadonlyMap<string, readonly DesiredLine[]> {
  const open = new Set([...plan.changes, ...plan.held.map(({ change }) => change)].flatMap(keysOfChange));
  const lines = desired.identities.flatMap(({ id, bindings }) =>
    bindings.flatMap(({ document, targets, grants, databases }) =>
      [...targets, ...grants, ...databases]
        .filter((line) => !keysOfLine(line).some((key) => open.has(`${idKey(id)} ${key}`)))
        .map((line) => ({ key: documentKey(document), line })),
    ),
  );
  return new Map(
    [...Map.groupBy(lines, ({ key }) => key)].map(([key, group]) => [key, group.map(({ line }) => line)]),
  );
}

function keysOfChange({ identityId, document, subject }: Change): readonly string[] {
  return keysOfSubject(subject, document).map((key) => `${idKey(identityId)} ${key}`);
}

function keysOfSubject(subject: Subject, document: DocumentRef): readonly string[] {
  switch (subject.kind) {
    case "target":
    case "instances":
      return [`target ${idKey(subject.targetId)}`, `selector ${placeKey(document)}`];
    case "role": {
      const at = `role ${idKey(subject.scope)}`;
      return [`${at} ${subject.roleGuid.toLowerCase()}`, `${at} ${subject.roleName.toLowerCase()}`];
    }
    case "databaseUser":
    case "databaseRole":
    case "databasePermission":
      return [`database ${databaseKey(subject.database)}`];
    case "identity":
    case "tags":
    case "credential":
      return [];
  }
}

function keysOfLine(line: DesiredLine): readonly string[] {
  if ("ref" in line) return [`database ${databaseKey(line.ref)}`];
  switch (line.kind) {
    case "virtualMachine":
    case "virtualMachineScaleSet":
      return [`target ${idKey(line.id)}`];
    case "virtualMachines":
      return [`selector ${placeKey(line.document)}`];
    case "azureRole": {
      const role = "guid" in line.role ? line.role.guid : line.role.name;
      return [`role ${idKey(line.scope)} ${role.toLowerCase()}`];
    }
  }
}

/** A line of a document, by where it stands. */
function placeKey({ file, line }: DocumentRef): string {
  return `${line} ${file}`;
}
