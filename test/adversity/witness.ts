// Stands between Bindery and Azure: lets others act between two requests, and compares every write with the plan.
import type { HttpClient, PipelineRequest } from "@azure/core-rest-pipeline";
import { ownerTag, tagOf } from "../../src/model/identity.ts";
import type { Change, Operation, Plan } from "../../src/plan/plan.ts";
import type { World } from "../../src/sandbox/world.ts";
import type { Deed, Wanted } from "./case.ts";
import type { Facts } from "./facts.ts";
import { blockDeeds, commit } from "./somebody-else.ts";
import { identityId, targetId } from "./texts.ts";

/** What the witness is told and what it has seen. */
export interface Witness {
  readonly client: HttpClient;
  /** From now on these documents are applied. */
  expect(revision: readonly Wanted[]): void;
  onPlan(plan: Plan): void;
  /** Others stop. */
  endDeeds(): void;
  /** Writes that were not in the plan, and changes that no document allows. */
  readonly problems: string[];
  writes(): number;
}

/** A witness over a client. */
export function witnessOf(world: World, send: HttpClient, facts: Facts, deeds: readonly Deed[]): Witness {
  const problems: string[] = [];
  let [waiting, requests, writes] = [deeds.toSorted((a, b) => a.at - b.at), 0, 0];
  let plan: Plan | undefined;
  let revision: readonly Wanted[] = [];
  let isWriting = false;
  /** Identities that somebody else has dealt with since Bindery last read them: it cannot know. */
  let touched = new Set<string>();
  /** Identities that have been read since the last plan. */
  let read = new Set<string>();

  function actBefore(): void {
    const isGuarded = world.switches.ifMatch === "honoured" && world.switches.computeEtag === "present";
    const isDue = (deed: Deed): boolean =>
      deed.at <= requests && (isGuarded || !isWriting || !blockDeeds.has(deed.kind));
    for (const deed of waiting.filter(isDue)) {
      facts.whileOthersAct(() => commit(world, deed));
      touched.add(identityId(deed.identity).toLowerCase());
    }
    waiting = waiting.filter((deed) => !isDue(deed));
  }

  function judge(request: PipelineRequest): void {
    const path = decodeURIComponent(new URL(request.url).pathname);
    const isQuery = /\/providers\/microsoft\.resourcegraph\/resources$/i.test(path);
    if (isQuery) isWriting = false;
    if (request.method === "GET" && !isWriting) {
      touched.delete(path.toLowerCase());
      read.add(path.toLowerCase());
    }
    if (isQuery || ["GET", "HEAD"].includes(request.method)) return;
    isWriting = true;
    writes += 1;
    const body: unknown =
      typeof request.body === "string" && request.body !== "" ? JSON.parse(request.body) : {};
    const sent = { method: request.method, path: path.toLowerCase(), body: body as Body };
    const operation = plan?.operations.find((one) => isOf(one, sent));
    if (!operation) problems.push(`not in the plan: ${sent.method} ${sent.path} ${JSON.stringify(body)}`);
    else problems.push(...foreignWrites(operation, world, touched));
  }

  return {
    problems,
    writes: () => writes,
    expect: (wanted) => {
      revision = wanted;
    },
    onPlan(made) {
      plan = made;
      touched = touched.intersection(read);
      read = new Set();
      problems.push(...undeclared(made, revision));
    },
    endDeeds: () => {
      waiting = [];
    },
    client: {
      async sendRequest(request) {
        requests += 1;
        facts.learn();
        actBefore();
        judge(request);
        return await send.sendRequest(request);
      },
    },
  };
}

interface Body {
  readonly operation?: string;
  readonly identity?: { readonly userAssignedIdentities?: Readonly<Record<string, unknown>> };
  readonly properties?: {
    readonly tags?: object;
    readonly principalId?: string;
    readonly roleDefinitionId?: string;
  };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: Body;
}

/** True if this request is what the operation is about, and says nothing more. */
function isOf({ action }: Operation, { method, path, body }: Sent): boolean {
  switch (action.kind) {
    case "createIdentity":
      return (
        (method === "PUT" && path === action.identityId.toLowerCase()) ||
        isTags(action.identityId, [ownerTag], "Delete", { method, path, body })
      );
    case "mergeTags":
      return isTags(action.identityId, [...Object.keys(action.tags), "bindery-principal"], "Merge", {
        method,
        path,
        body,
      });
    case "deleteTags":
      return isTags(action.identityId, Object.keys(action.tags), "Delete", { method, path, body });
    case "putCredential":
    case "deleteCredential": {
      const verb = action.kind === "putCredential" ? "PUT" : "DELETE";
      const at = `${action.identityId}/federatedIdentityCredentials/${action.credential.name}`.toLowerCase();
      return method === verb && path === at;
    }
    case "patchTarget":
      return method === "PATCH" && path === action.target.id.toLowerCase() && isPatchOf(action, body);
    case "upgradeInstances":
      return method === "POST" && path === `${action.targetId}/manualupgrade`.toLowerCase();
    case "putAssignment": {
      const below = `${action.scope}/providers/Microsoft.Authorization/roleAssignments/`.toLowerCase();
      return method === "PUT" && path.startsWith(below) && isAssignmentOf(action, body);
    }
    case "deleteAssignment":
      return method === "DELETE" && path === action.assignmentId.toLowerCase();
    // Databases are written over TDS, not by requests.
    case "changeDatabase":
      return false;
    case "deleteIdentity":
      return method === "DELETE" && path === action.identityId.toLowerCase();
  }
}

function isTags(
  id: string,
  keys: readonly string[],
  operation: string,
  { method, path, body }: Sent,
): boolean {
  const known = new Set(keys.map((key) => key.toLowerCase()));
  return (
    method === "PATCH" &&
    path === `${id}/providers/Microsoft.Resources/tags/default`.toLowerCase() &&
    body.operation === operation &&
    Object.keys(body.properties?.tags ?? {}).every((key) => known.has(key.toLowerCase()))
  );
}

type PatchTarget = Extract<Operation["action"], { kind: "patchTarget" }>;

/** Nothing but the identity, and of it only keys that the operation attaches or (null) detaches. */
function isPatchOf({ attach, detach }: PatchTarget, body: Body): boolean {
  const [coming, going] = [attach, detach].map(
    (keys) => new Set(keys.map((k) => k.identityId.toLowerCase())),
  );
  const map = body.identity?.userAssignedIdentities ?? {};
  return (
    Object.keys(body).every((key) => key === "identity") &&
    Object.entries(map).every(([id, value]) => (value === null ? going : coming)?.has(id.toLowerCase()))
  );
}

type PutAssignment = Extract<Operation["action"], { kind: "putAssignment" }>;

function isAssignmentOf(action: PutAssignment, { properties }: Body): boolean {
  const isRole = properties?.roleDefinitionId?.toLowerCase().endsWith(action.roleGuid.toLowerCase()) === true;
  return isRole && (action.principalId === undefined || action.principalId === properties?.principalId);
}

/** Writes for an identity that does not carry our tag at this moment, although nobody has touched it since the plan. */
function foreignWrites({ action }: Operation, world: World, touched: ReadonlySet<string>): readonly string[] {
  if (action.kind === "createIdentity" || action.kind === "upgradeInstances") return [];
  if (action.kind === "mergeTags" && tagOf(action.tags, ownerTag) !== undefined) return [];
  return identitiesOf(action, world).flatMap((id) => {
    const identity = world.resources.get(id);
    const owner = tagOf(identity?.tags ?? {}, ownerTag);
    if (!identity) return []; // A reference to what is no more can only be taken away.
    return owner === "test" || touched.has(id.toLowerCase())
      ? []
      : [`${action.kind} for ${id}, owned by ${owner}`];
  });
}

function identitiesOf(action: Operation["action"], world: World): readonly string[] {
  if (action.kind === "patchTarget") return [...action.attach, ...action.detach].map((k) => k.identityId);
  if ("identityId" in action) return [action.identityId];
  if (!("principalId" in action)) return [];
  const { resourceId } = world.principals.get(action.principalId) ?? {};
  return resourceId === undefined ? [] : [resourceId];
}

/** Changes that the documents, read by themselves, do not allow. */
function undeclared({ changes }: Plan, revision: readonly Wanted[]): readonly string[] {
  return changes.flatMap((change) => {
    const id = change.identityId.toLowerCase();
    const wanted = revision.find((one) => identityId(one.name).toLowerCase() === id);
    if (wanted && isAllowed(change, wanted)) return [];
    const why = wanted ? `${wanted.lifecycle}, ${wanted.adoption}, ${wanted.prune}` : "in no document";
    return [`not declared: ${change.id} (${why})`];
  });
}

function isAllowed(change: Change, wanted: Wanted): boolean {
  const { kind, subject } = change;
  switch (kind) {
    case "delete":
      return wanted.lifecycle === "Absent";
    case "release":
      return wanted.lifecycle === "Released";
    case "adopt":
      return wanted.lifecycle === "Present" && wanted.adoption === "Additive";
    case "detach":
      return mayRemove(wanted) && !(wanted.lifecycle === "Present" && isIgnored(change, wanted));
    case "revoke":
      return mayRemove(wanted);
    default:
      return wanted.lifecycle === "Present" && (!isRemoval(subject) || mayRemove(wanted));
  }
}

function isRemoval(subject: Change["subject"]): boolean {
  return subject.kind === "credential" && subject.remove;
}

function mayRemove({ lifecycle, prune }: Wanted): boolean {
  return lifecycle === "Absent" || (lifecycle === "Present" && prune === "Authoritative");
}

function isIgnored({ subject }: Change, { ignoresMachine1 }: Wanted): boolean {
  const ignored = targetId("vm-1").toLowerCase();
  return ignoresMachine1 && subject.kind === "target" && subject.targetId.toLowerCase() === ignored;
}
