// The story that the demo tells, scene by scene: what happens behind Bindery's back, what is run, and what must come of it.
import { addMachine, attach, deleteAssignmentsAt, detach } from "./somebody-else.ts";
import type { Stage } from "./stage.ts";

/** One scene. */
export interface Scene {
  readonly title: string;
  /** What the viewer should know, in a sentence or two. */
  readonly prose: string;
  /** What happens before the command is run. */
  readonly before?: (stage: Stage) => Promise<void>;
  readonly command: readonly string[];
  /** What a program on vm-orders-1 must be able to say of the database after the command, if it is asked. */
  readonly program?: RegExp;
  /** The exit code without which the story has failed. */
  readonly exitCode: number;
  /** For the table at the end. */
  readonly moral: string;
}

const teams = "manifests/teams";
const validate = ["validate", teams];
const plan = ["plan", teams, "--detailed-exitcode"];
const apply = ["apply", teams, "--audit", "audit.jsonl"];
const orders = "rg-orders";
const databaseLines = `
    - sqlDatabase: { server: sql-orders.database.windows.net, database: orders, roles: [db_datareader] }`;

/** All scenes, in order. */
export const story: readonly Scene[] = [
  {
    title: "A mistake is found before anything is touched",
    prose:
      "Somebody has mistyped a word in a document. Validation needs no Azure, and says where and how to mend it.",
    before: ({ edit }) =>
      edit("billing/billing.yaml", "prunePolicy: Authoritative", "prunePolicy: Authorative"),
    command: validate,
    exitCode: 3,
    moral: "one mistake, with its line and its cure",
  },
  {
    title: "The plan",
    prose:
      "The word is mended. Nothing of this exists yet, and the machines carry identities of other people.",
    before: ({ edit }) =>
      edit("billing/billing.yaml", "prunePolicy: Authorative", "prunePolicy: Authoritative"),
    command: plan,
    exitCode: 2,
    moral: "every change with its reason; nothing written",
  },
  {
    title: "Apply",
    prose:
      "Create, grant, attach: one PATCH per machine, whatever it has of others stays. id-orders gets a user in a SQL database.",
    command: apply,
    program: /^sees Contoso 120, /,
    exitCode: 0,
    moral: "3 identities on 10 machines, 2 scale sets, in 1 database",
  },
  {
    title: "Nothing to do",
    prose: "The second plan over unchanged documents is empty.",
    command: plan,
    exitCode: 0,
    moral: "agreed",
  },
  {
    title: "Drift",
    prose:
      "Behind Bindery's back somebody detaches the identity from vm-orders-2, attaches it to vm-build-1, and deletes its role on the key vault.",
    before: async ({ sandbox }) => {
      await detach(sandbox, orders, "vm-orders-2", "id-orders");
      await attach(sandbox, "rg-shared", "vm-build-1", "id-orders");
      await deleteAssignmentsAt(sandbox, orders, "kv-orders");
    },
    command: plan,
    exitCode: 2,
    moral: "all three found",
  },
  {
    title: "Healed",
    prose: "What was taken comes back, what was added goes.",
    command: apply,
    exitCode: 0,
    moral: "healed",
  },
  {
    title: "A new machine",
    prose:
      "vm-orders-7 appears, tagged app=orders: the selector of team-orders/orders picks it up. No document changes.",
    before: ({ sandbox }) => addMachine(sandbox, orders, "vm-orders-1", "vm-orders-7"),
    command: apply,
    exitCode: 0,
    moral: "picked up by its tag",
  },
  {
    title: "A line goes",
    prose:
      "The document does not list the database any more: the user goes, and so does what programs with this identity could read.",
    before: ({ edit }) => edit("orders/orders.yaml", databaseLines, ""),
    command: apply,
    program: /^is refused: .*18456/,
    exitCode: 0,
    moral: "what is not listed goes",
  },
  {
    title: "The end of two identities",
    prose:
      "reporting is Released: Bindery takes its tags off and touches nothing else. billing is Absent: detached, revoked, and then deleted.",
    before: async ({ edit }) => {
      const spec = "prunePolicy: Authoritative";
      await edit("orders/reporting.yaml", spec, `${spec}\n  lifecycle: Released`);
      await edit("billing/billing.yaml", spec, `${spec}\n  lifecycle: Absent`);
    },
    command: apply,
    exitCode: 0,
    moral: "one released, one deleted",
  },
  {
    title: "Nothing to do",
    prose: "And Azure is as the documents say.",
    command: plan,
    exitCode: 0,
    moral: "agreed",
  },
];
