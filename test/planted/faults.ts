// The faults that are planted in Bindery to see whether the tests catch them: exact replacements in its source.

/** One fault; every text must stand in its file exactly once, or planting fails. */
export interface PlantedFault {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly text: string; readonly instead: string }[];
}

const update = "compute.virtualMachines.update(resourceGroup, name, { identity }, withMatch).submitted()";

export const plantedFaults: readonly PlantedFault[] = [
  {
    name: "prunes in a subscription that is not fully known",
    edits: [{ file: "src/plan/guards/guards.ts", text: "  holdUnknownSubscription,\n", instead: "" }],
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
  },
  {
    name: "takes absence from a list for a 404",
    edits: [
      {
        file: "src/observed/confirm.ts",
        text: "    ask(questions.identityIds, fresh.identities, (id) => ports.readIdentity(id, signal)),\n",
        instead: "",
      },
    ],
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
  },
  {
    name: "tries again after a terminal failure",
    edits: [
      { file: "src/apply/retry.ts", text: '  if (failure.class === "terminal") return;\n', instead: "" },
    ],
  },
  {
    name: "takes a lock for something that passes",
    edits: [{ file: "src/azure/failure-rules.ts", text: '      "scopelocked",\n', instead: "" }],
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
  },
];
