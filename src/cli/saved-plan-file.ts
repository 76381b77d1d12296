// Decides how a plan is saved in a file, and what of such a file is believed: it comes from outside.
import { resolve } from "node:path";
import { z } from "zod";
import type { Plan } from "../plan/plan.ts";
import { type PlanContext, planApiVersion, planOutputFrom } from "../plan/render/json.ts";
import { jsonText } from "../plan/render/safe-json.ts";
import type { SavedChange, SavedPlan } from "../plan/saved-plan.ts";
import { CliError, exitCodes } from "./errors.ts";
import { readNamedFile } from "./files.ts";
import type { CliIo } from "./io.ts";

/** What a saved plan knows besides the plan. */
export interface SavedContext extends PlanContext {
  readonly policyDigest: string;
  readonly nowInMs: number;
}

/** Far more than the plan of a large estate takes, far less than could stall a run. */
const mostBytes = 64 * 1024 * 1024;
const mostChanges = 100_000;

/** The plan as JSON with what it takes to compare it later; the shape is in docs/plan-output.md. */
export function savedPlanText(plan: Plan, context: SavedContext): string {
  const saved = { at: new Date(context.nowInMs).toISOString(), policyDigest: context.policyDigest };
  return jsonText({ ...planOutputFrom(plan, context), saved });
}

const text = (most: number) => z.string().min(1).max(most);

/** Ids are as long as Azure's are, names included; what else a change has is not looked at. */
const ChangeInFile = z.looseObject({
  id: text(8_192),
  kind: text(64),
  identityId: text(2_048),
  subject: z.looseObject({ kind: text(64) }),
});

const PlanInFile = z.looseObject({
  apiVersion: z.literal(planApiVersion),
  revision: text(256),
  owner: text(256),
  cloud: text(256),
  tenantId: text(256),
  digest: text(256),
  saved: z.looseObject({ at: z.iso.datetime(), policyDigest: text(256) }),
  changes: z.array(ChangeInFile).max(mostChanges),
  held: z.array(z.looseObject({ reason: text(64), change: ChangeInFile })).max(mostChanges),
});

const howToSave = "Save a plan with `bindery plan PATH --out FILE`, and apply that file as it is.";

/** Reads the plan that an option names; throws for everything that is no saved plan. */
export async function readSavedPlan(path: string, io: Pick<CliIo, "cwd">): Promise<SavedPlan> {
  const bytes = await readNamedFile(resolve(io.cwd, path), mostBytes);
  if (bytes instanceof Uint8Array) return parseSavedPlan(bytes, path);
  throw new CliError(
    exitCodes.badInput,
    `The plan ${path} cannot be read: ${bytes.message}.`,
    `${bytes.cure}. ${howToSave}`,
  );
}

/** What the bytes of a file say, if they are a saved plan; `path` is for messages. */
export function parseSavedPlan(bytes: Uint8Array, path: string): SavedPlan {
  const { success, data, error } = PlanInFile.safeParse(jsonFrom(bytes, path));
  if (!success) {
    const [issue] = error.issues;
    const place = (issue?.path ?? []).map(String).join(".");
    return refuse(path, `${place === "" ? "the file" : place}: ${issue?.message}`);
  }
  const changes = [
    ...data.changes.map((change) => changeFrom(change)),
    ...data.held.map(({ reason, change }) => ({ ...changeFrom(change), heldAs: reason })),
  ];
  if (new Set(changes.map(({ id }) => id)).size < changes.length) {
    return refuse(path, "the same change stands in it twice");
  }
  const { revision, owner, cloud, tenantId, digest, saved } = data;
  const { policyDigest, at } = saved;
  return {
    revision,
    owner,
    cloud,
    tenantId,
    policyDigest,
    digest,
    savedAt: at,
    savedAtInMs: Date.parse(at),
    changes,
  };
}

function changeFrom({ id, kind, identityId, subject }: z.output<typeof ChangeInFile>): SavedChange {
  return { id, kind, identityId, subject };
}

function jsonFrom(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return refuse(path, "it is not JSON");
    throw error;
  }
}

function refuse(path: string, why: string): never {
  throw new CliError(
    exitCodes.badInput,
    `${path} is no saved plan of this version of Bindery: ${why}.`,
    howToSave,
  );
}
