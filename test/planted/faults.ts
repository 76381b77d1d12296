// The faults that are planted in Bindery to see whether its tests catch them: exact replacements in its source.

/** One fault, and the tests of which at least one must fail with it. */
export interface PlantedFault {
  readonly name: string;
  /** Every text stands in its file exactly once. */
  readonly edits: readonly { readonly file: string; readonly text: string; readonly instead: string }[];
  readonly judges: readonly string[];
}

/** The fault of this name; throws if there is none. */
export function faultNamed(name: string): PlantedFault {
  const fault = plantedFaults.find((f) => f.name === name);
  if (!fault) throw new Error(`No fault is named "${name}".`);
  return fault;
}

/** The source of a file with the fault in it; undefined: the fault is not in this file. Throws if it no longer fits. */
export function plantedIn(file: string, source: string, { name, edits }: PlantedFault): string | undefined {
  const here = edits.filter((edit) => edit.file === file);
  if (here.length === 0) return undefined;
  return here.reduce((text, edit) => {
    const found = text.split(edit.text).length - 1;
    if (found !== 1) throw new Error(`"${name}": the text to replace stands ${found} times in ${file}.`);
    return text.replace(edit.text, () => edit.instead);
  }, source);
}

const update = "compute.virtualMachines.update(resourceGroup, name, { identity }, withMatch).submitted()";

export const plantedFaults: readonly PlantedFault[] = [
  {
    name: "prunes in a subscription that is not fully known",
    edits: [{ file: "src/plan/guards/guards.ts", text: "  holdUnknownSubscription,\n", instead: "" }],
    judges: ["src/plan/plan-for.test.ts"],
  },
  {
    name: "writes a machine by PUT instead of PATCH",
    edits: [
      {
        file: "src/azure/target-writer.ts",
        text: update,
        instead: update
          .replace("update(", "createOrUpdate(")
          .replace("{ identity }", '{ location: "westeurope", identity }'),
      },
    ],
    judges: ["test/azure-line.test.ts"],
  },
  {
    name: "compares ids with case",
    edits: [
      {
        file: "src/model/arm-id.ts",
        text: "  return idKey(a) === idKey(b);",
        instead: "  return a === b;",
      },
    ],
    judges: ["src/plan/plan-for.test.ts"],
  },
  {
    name: "computes the identity type from a list, without If-Match",
    edits: [
      {
        file: "src/apply/operations/target.ts",
        text: "  const known = target.etag === undefined ? undefined : target;",
        instead: "  const known = target;",
      },
      {
        file: "src/apply/operations/target-patch.ts",
        text: "    ...(before.etag === undefined ? {} : { ifMatch: before.etag }),",
        instead: "",
      },
      {
        file: "src/apply/operations/target-patch.ts",
        text: "  if (patch.ifMatch === undefined && couldDrop(patch.type)) await requireAgreement(before, run);\n",
        instead: "",
      },
    ],
    judges: ["src/apply/operations/target.test.ts"],
  },
  {
    name: "takes absence from a list for a 404",
    edits: [
      {
        file: "src/observed/observe.ts",
        text: "ports.readIdentity(i.id, signal)",
        instead: "Promise.resolve(undefined)",
      },
    ],
    judges: ["src/observed/observe.test.ts"],
  },
  {
    name: "plans from what the lists say of an identity, and not from a read of its own",
    edits: [
      {
        file: "src/observed/confirm.ts",
        text: "    ask(questions.identityIds, fresh.identities, (id) => ports.readIdentity(id, signal)),\n",
        instead: "",
      },
    ],
    judges: ["src/observed/confirm.test.ts"],
  },
  {
    name: "matches identities by name instead of id",
    edits: [
      {
        file: "src/model/target.ts",
        text: "(a) => idKey(a.id) === idKey(identityId)",
        instead: '(a) => idKey(a.id).split("/").at(-1) === idKey(identityId).split("/").at(-1)',
      },
    ],
    judges: ["src/model/target.test.ts"],
  },
  {
    name: "tries again after a terminal failure",
    edits: [
      { file: "src/apply/retry.ts", text: '  if (failure.class === "terminal") return;\n', instead: "" },
    ],
    judges: ["src/apply/retry.test.ts"],
  },
  {
    name: "takes a lock for something that passes",
    edits: [
      {
        file: "src/azure/failure-rules.ts",
        text: '  { codes: ["scopelocked"], class: "terminal", namesCulprits: true },\n',
        instead: "",
      },
    ],
    judges: ["src/azure/failures.test.ts"],
  },
  {
    name: "decides by an owner tag out of a list",
    edits: [
      {
        file: "src/plan/questions.ts",
        text: "    identityIds: changes.map((c) => c.identityId),",
        instead:
          '    identityIds: changes.filter((c) => c.subject.kind === "tags").map((c) => c.identityId),',
      },
    ],
    judges: ["src/plan/questions.test.ts"],
  },
  {
    name: "measures a limit on what this pass can do, not on the whole difference",
    edits: [
      {
        file: "src/plan/guards/limits.ts",
        text: "if (hold && !passing.has(hold.reason)) return false;",
        instead: "if (hold) return false;",
      },
    ],
    judges: ["src/plan/guards/limits.test.ts"],
  },
  {
    name: "holds only what is too much, and lets the rest of it go",
    edits: [
      {
        file: "src/plan/guards/limits.ts",
        text: "for (const { draft } of hold ? group.removals : [])",
        instead: "for (const { draft } of hold ? group.removals.slice(10) : [])",
      },
    ],
    judges: ["src/plan/guards/limits.test.ts"],
  },
];
