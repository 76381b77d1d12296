// How users, roles and permissions in a database are changed: one fresh read, the statements one by one, one read of what they did.
import type { DatabaseContents } from "../../model/database.ts";
import { Failure } from "../../model/failure.ts";
import type { DatabaseStep, OperationAction } from "../../plan/plan.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import { applied, propagating, type Verdict, verdictFrom } from "../outcome.ts";
import { changeFor, isAsWanted, type Person } from "./database-steps.ts";

type ChangeDatabase = Extract<OperationAction, { kind: "changeDatabase" }>;

/**
 * Makes the changes of one identity in one database. A statement that fails does not keep the others back; each is
 * judged by a read of the database after the last, those that were refused too: somebody else may have done the same.
 */
export const changeDatabase: Runner<"changeDatabase"> = async (action, run) => {
  const person = personOf(action, run);
  const ids = new Set(run.changes.map((change) => change.id));
  const steps = action.steps.filter(({ changeId }) => ids.has(changeId));
  const read = () => run.ports.readDatabase(action.database, run.signal);
  let contents = await run.retried(read);
  const verdicts = new Map<string, Verdict>();
  for (const step of steps) {
    const verdict = await orVerdict(() =>
      performed(action, step, person, run, async (number) => {
        if (number > 1) contents = await read();
        return contents;
      }),
    );
    if (verdict) verdicts.set(step.changeId, verdict);
  }
  const open = steps.filter(({ changeId }) => !verdicts.has(changeId));
  const refused = steps.filter(({ changeId }) => isRefusal(verdicts.get(changeId)));
  if (open.length + refused.length === 0) return verdicts;
  let after: DatabaseContents | undefined;
  const trouble = await orVerdict(async () => {
    after = await run.retried(read);
    return undefined;
  });
  for (const step of open) verdicts.set(step.changeId, trouble ?? judged(step, person, after));
  for (const step of refused) {
    if (after && isAsWanted(step, person, after)) verdicts.set(step.changeId, alreadySo());
  }
  return verdicts;
};

/** A verdict where it is known at once; an attempt after the first one begins with a fresh read, which holds for later steps too; undefined if the statement was sent and a read has to show what it did. */
function performed(
  { database }: ChangeDatabase,
  step: DatabaseStep,
  person: Person,
  run: OperationRun,
  contentsFor: (attempt: number) => Promise<DatabaseContents>,
): Promise<Verdict | undefined> {
  return run.retried(async (number) => {
    const contents = await contentsFor(number);
    if (isAsWanted(step, person, contents)) return alreadySo();
    const change = changeFor(step, person, contents, run.owner);
    if ("state" in change) return change;
    await run.ports.changeDatabase(database, change, run.signal);
    return undefined;
  });
}

function alreadySo(): Verdict {
  return applied("The database is already so.");
}

/** These are said of what is there already, or already gone. */
function isRefusal(verdict: Verdict | undefined): boolean {
  return verdict?.code === "DatabaseUserExists" || verdict?.code === "DatabasePermissionDenied";
}

function judged(step: DatabaseStep, person: Person, after: DatabaseContents | undefined): Verdict {
  return after && isAsWanted(step, person, after)
    ? applied("The database shows it.")
    : propagating("The statement was accepted and the database does not show what it did.");
}

async function orVerdict(work: () => Promise<Verdict | undefined>): Promise<Verdict | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) return verdictFrom(error);
    throw error;
  }
}

function personOf({ identityId, steps }: ChangeDatabase, { principals }: OperationRun): Person {
  const known = steps.map(({ subject }) => subject).find((subject) => subject.clientId !== undefined);
  const clientId = known?.clientId ?? principals.clientIdOf(identityId);
  const principalId = known?.principalId ?? principals.principalIdOf(identityId);
  return {
    identityId,
    ...(clientId !== undefined && { clientId }),
    ...(principalId !== undefined && { principalId }),
  };
}
