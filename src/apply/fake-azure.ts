// A small Azure in memory for the tests of applying: what is written can be refused, late, lost or done by others.
import { idKey, nameOf, sameId } from "../model/arm-id.ts";
import type { Failure } from "../model/failure.ts";
import { assignmentKey, type RoleAssignment } from "../model/grant.ts";
import type { FederatedCredential, Identity } from "../model/identity.ts";
import type {
  AssignmentWriter,
  AttachmentPatch,
  CredentialWriter,
  IdentityWriter,
  TargetWriter,
} from "../model/ports.ts";
import type { ScaleSetInstance } from "../model/scale-set.ts";
import { type AttachedIdentity, attachmentsAfter, isAttached, type Target } from "../model/target.ts";
import type { Plan } from "../plan/plan.ts";
import { applyPlan } from "./apply.ts";
import { failure, identity, identityId, jumpingClock } from "./fixtures.ts";
import type { ApplyPorts } from "./operation-run.ts";
import type { ApplyOptions } from "./options.ts";
import type { ApplyReport } from "./outcome.ts";

/** What goes wrong with the next calls of a kind. */
export interface Fault {
  /** "patchAttachments vm-1": the method and the name of its resource. */
  readonly on: string;
  /** Thrown; with `happened` after the call has taken effect. */
  readonly throws?: Failure;
  readonly happened?: boolean;
  /** What somebody else does just before. */
  readonly before?: () => void;
  /** How many calls go well before it strikes; 0 by default. */
  readonly skip?: number;
  /** How many calls it strikes; 1 by default. */
  readonly times?: number;
}

/** The small Azure: its state is there to be read and changed behind Bindery's back. */
export interface FakeAzure extends ApplyPorts, World {
  /** Every call in order: "readTarget vm-1", and what a PATCH said. */
  readonly log: string[];
  /** The most calls that were under way at one time. */
  readonly busiest: () => number;
}

/** Everything there is, by `idKey`. */
interface World {
  readonly identities: Map<string, Identity>;
  readonly targets: Map<string, Target>;
  readonly assignments: Map<string, RoleAssignment>;
  readonly credentials: Map<string, FederatedCredential[]>;
  readonly instances: Map<string, readonly ScaleSetInstance[]>;
}

/** What a fake starts with. */
export interface Seed {
  readonly identities?: readonly Identity[];
  readonly targets?: readonly Target[];
  readonly assignments?: readonly RoleAssignment[];
  readonly credentials?: Readonly<Record<string, FederatedCredential[]>>;
  /** By the id of the scale set. */
  readonly instances?: Readonly<Record<string, readonly ScaleSetInstance[]>>;
  readonly faults?: readonly Fault[];
}

/** Runs one call: notes it, lets a fault strike, else makes it take effect. */
type Call = <T>(method: string, id: string, signal: AbortSignal, effect: () => T) => Promise<T>;

interface Calls {
  readonly call: Call;
  readonly log: string[];
  readonly busiest: () => number;
}

export function fakeAzure(seed: Seed = {}): FakeAzure {
  const world = worldFrom(seed);
  const { call, log, busiest } = callsWith(seed.faults ?? []);
  return {
    ...world,
    log,
    busiest,
    ...identityWriter(world, call),
    ...credentialWriter(world, call),
    ...targetWriter(world, call, log),
    ...assignmentWriter(world, call),
    // Databases have tests of their own, on the embedded Azure.
    readDatabase: () => Promise.reject(new Error("There is no database here.")),
    changeDatabase: () => Promise.reject(new Error("There is no database here.")),
    readIdentity: (id, signal) => call("readIdentity", id, signal, () => world.identities.get(idKey(id))),
    readTarget: (id, signal) => call("readTarget", id, signal, () => world.targets.get(idKey(id))),
    readAssignment: (id, signal) =>
      call("readAssignment", id, signal, () => world.assignments.get(idKey(id))),
    findAssignments: (scope, principalId, signal) =>
      call("findAssignments", scope, signal, () =>
        [...world.assignments.values()].filter(
          (a) => sameId(a.scope, scope) && a.principalId === principalId,
        ),
      ),
    listInstances: (id, signal) =>
      call("listInstances", id, signal, () => world.instances.get(idKey(id)) ?? []),
    listCredentials: (id, signal) =>
      call("listCredentials", id, signal, () => world.credentials.get(idKey(id)) ?? []),
  };
}

function worldFrom(seed: Seed): World {
  const credentials = Object.entries(seed.credentials ?? {});
  return {
    identities: new Map((seed.identities ?? []).map((one) => [idKey(one.id), one])),
    targets: new Map((seed.targets ?? []).map((one) => [idKey(one.id), one])),
    assignments: new Map((seed.assignments ?? []).map((one) => [idKey(one.id), one])),
    credentials: new Map(credentials.map(([name, list]) => [idKey(identityId(name)), list])),
    instances: new Map(Object.entries(seed.instances ?? {}).map(([id, list]) => [idKey(id), list])),
  };
}

function callsWith(given: readonly Fault[]): Calls {
  const faults = given.map((fault) => ({ ...fault, skip: fault.skip ?? 0, times: fault.times ?? 1 }));
  const log: string[] = [];
  let active = 0;
  let most = 0;

  function strikes(on: string): Fault | undefined {
    const open = faults.filter((one) => one.on === on && one.times > 0);
    const ready = open.find((one) => one.skip === 0);
    for (const fault of open.filter((one) => one.skip > 0)) fault.skip -= 1;
    if (ready) ready.times -= 1;
    return ready;
  }

  async function call<T>(method: string, id: string, signal: AbortSignal, effect: () => T): Promise<T> {
    const on = `${method} ${nameOf(id)}`;
    log.push(on);
    active += 1;
    most = Math.max(most, active);
    await new Promise((resolve) => setImmediate(resolve));
    active -= 1;
    signal.throwIfAborted();
    const fault = strikes(on);
    fault?.before?.();
    if (fault?.throws && !fault.happened) throw fault.throws;
    const result = effect();
    if (fault?.throws) throw fault.throws;
    return result;
  }

  return { call, log, busiest: () => most };
}

function identityWriter({ identities }: World, call: Call): IdentityWriter {
  function retag(
    id: string,
    change: (tags: Readonly<Record<string, string>>) => Record<string, string>,
  ): void {
    const live = identities.get(idKey(id));
    if (!live) throw failure("terminal", "ResourceNotFound", { status: 404 });
    identities.set(idKey(id), { ...live, tags: change(live.tags) });
  }
  return {
    createIdentity: ({ id, location, tags }, signal) =>
      call("createIdentity", id, signal, () => {
        const there = identities.get(idKey(id));
        const made = { ...(there ?? identity(nameOf(id))), location, tags };
        identities.set(idKey(id), made);
        return { identity: made, created: there === undefined };
      }),
    mergeTags: (id, tags, signal) =>
      call("mergeTags", id, signal, () => retag(id, (old) => ({ ...old, ...tags }))),
    deleteTags: (id, tags, signal) =>
      call("deleteTags", id, signal, () =>
        retag(id, (old) => Object.fromEntries(Object.entries(old).filter(([k, v]) => tags[k] !== v))),
      ),
    deleteIdentity: (id, signal) =>
      call("deleteIdentity", id, signal, () => void identities.delete(idKey(id))),
  };
}

function credentialWriter({ credentials }: World, call: Call): CredentialWriter {
  const others = (id: string, name: string): FederatedCredential[] =>
    (credentials.get(idKey(id)) ?? []).filter((one) => one.name !== name);
  return {
    putCredential: (id, credential, signal) =>
      call("putCredential", id, signal, () => {
        credentials.set(idKey(id), [...others(id, credential.name), credential]);
      }),
    deleteCredential: (id, name, signal) =>
      call("deleteCredential", id, signal, () => void credentials.set(idKey(id), others(id, name))),
  };
}

function targetWriter({ targets, instances, identities }: World, call: Call, log: string[]): TargetWriter {
  function upgraded(id: string, instanceIds: readonly string[]): void {
    const before = instances.get(idKey(id)) ?? [];
    const latest = (one: ScaleSetInstance): ScaleSetInstance =>
      instanceIds.includes(one.instanceId) ? { ...one, hasLatestModel: true } : one;
    log.push(["=", ...instanceIds].join(" "));
    instances.set(idKey(id), before.map(latest));
  }
  function patched(patch: AttachmentPatch): void {
    const target = targets.get(idKey(patch.targetId));
    if (!target) throw failure("terminal", "ResourceNotFound", { status: 404 });
    if (patch.ifMatch !== undefined && patch.ifMatch !== target.etag) {
      throw failure("transient", "PreconditionFailed", { status: 412 });
    }
    const keys = [
      ...patch.attach.map((id) => `+${nameOf(id)}`),
      ...patch.detach.map((id) => `-${nameOf(id)}`),
    ];
    log.push(["=", patch.type, ...keys].join(" "));
    const after = attachmentsAfter(target.attachments, patch.attach, patch.detach).userAssigned;
    const userAssigned = after.map((one) => (isAttached(target.attachments, one.id) ? one : filled(one.id)));
    targets.set(idKey(target.id), {
      ...target,
      ...(target.etag === undefined ? {} : { etag: String(Number(target.etag) + 1) }),
      attachments: {
        systemAssigned: patch.type.includes("SystemAssigned"),
        userAssigned: patch.type.includes("UserAssigned") ? userAssigned : [],
      },
    });
  }
  function filled(id: string): AttachedIdentity {
    const live = identities.get(idKey(id));
    return live ? { id, principalId: live.principalId, clientId: live.clientId } : { id };
  }
  const running = (id: string) => ({
    ended: (signal: AbortSignal) => call("ended", id, signal, () => undefined),
  });
  return {
    patchAttachments: (patch, signal) =>
      call("patchAttachments", patch.targetId, signal, () => {
        patched(patch);
        return running(patch.targetId);
      }),
    upgradeInstances: (id, instanceIds, signal) =>
      call("upgradeInstances", id, signal, () => {
        upgraded(id, instanceIds);
        return running(id);
      }),
  };
}

function assignmentWriter({ assignments }: World, call: Call): AssignmentWriter {
  return {
    putAssignment: (wanted, signal) =>
      call("putAssignment", wanted.scope, signal, () => {
        const key = assignmentKey(wanted.scope, wanted.principalId, wanted.roleGuid);
        const there = assignments
          .values()
          .find((a) => assignmentKey(a.scope, a.principalId, a.roleGuid) === key);
        if (there && wanted.id === undefined) return there;
        const id = wanted.id ?? `${wanted.scope}/providers/Microsoft.Authorization/roleAssignments/new`;
        assignments.set(idKey(id), { ...wanted, id });
        return { ...wanted, id };
      }),
    deleteAssignment: (id, signal) =>
      call("deleteAssignment", id, signal, () => void assignments.delete(idKey(id))),
  };
}

/** Applies a plan to a fake with a jumping clock and without an audit trail, unless told otherwise. */
export async function applyTo(
  azure: FakeAzure,
  plan: Plan,
  options: Partial<ApplyOptions> = {},
): Promise<ApplyReport> {
  const audit = (): Promise<void> => Promise.resolve();
  return await applyPlan(plan, azure, { clock: jumpingClock(), random: () => 1, audit, ...options });
}
