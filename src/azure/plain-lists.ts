// Lists of one subscription without Resource Graph: the fallback where it is refused, slower and as complete.
import type { VirtualMachine, VirtualMachineScaleSet } from "@azure/arm-compute";
import { idKey } from "../model/arm-id.ts";
import { parseAssignmentMarker, type RoleAssignment } from "../model/grant.ts";
import type { Identity } from "../model/identity.ts";
import type { Clock, Listed } from "../model/ports.ts";
import { type Target, targetKindOf } from "../model/target.ts";
import { all, patiently } from "./call.ts";
import type { Clients } from "./clients.ts";
import { readRows, withGroupManagers } from "./graph-lists.ts";
import { assignmentFrom, identityFrom, type RawTarget, targetFrom } from "./rows.ts";

/** Lists single subscriptions by the lists of their providers. */
export interface PlainLists {
  identities(subscriptionId: string, signal: AbortSignal): Promise<Listed<Identity>>;
  targets(subscriptionId: string, signal: AbortSignal): Promise<Listed<Target>>;
  /** Those of these principals (lower-case ids) and those with the owner's marker. */
  assignments(
    subscriptionId: string,
    principals: ReadonlySet<string>,
    owner: string,
    signal: AbortSignal,
  ): Promise<Listed<RoleAssignment>>;
}

/** The lists behind these clients. A list of a subscription that cannot be seen is a Failure, never empty. */
export function plainListsOf(clients: Clients, clock: Clock): PlainLists {
  const list = <T>(signal: AbortSignal, pages: () => AsyncIterable<T>): Promise<T[]> =>
    patiently(clock, signal, () => all(pages()));
  const seen = (id: string, signal: AbortSignal): Promise<unknown> =>
    patiently(clock, signal, () => clients.subscriptions.subscriptions.get(id, { abortSignal: signal }));
  return {
    async identities(id, signal): Promise<Listed<Identity>> {
      await seen(id, signal);
      const found = await list(signal, () =>
        clients.identities(id).userAssignedIdentities.listBySubscription({ abortSignal: signal }),
      );
      return readRows(
        found.map((i) => ({ ...i })),
        identityFrom,
        "the identity",
      );
    },
    async targets(id, signal): Promise<Listed<Target>> {
      await seen(id, signal);
      const { resources, resourceGroups } = clients.resources(id);
      const compute = clients.compute(id);
      const [generic, machines, scaleSets, groups] = await Promise.all([
        list(signal, () => resources.list({ expand: "provisioningState", abortSignal: signal })),
        list(signal, () => compute.virtualMachines.listAll({ abortSignal: signal })),
        list(signal, () => compute.virtualMachineScaleSets.listAll({ abortSignal: signal })),
        list(signal, () => resourceGroups.list({ abortSignal: signal })),
      ]);
      const raw = united([...machines.map(rawMachine), ...scaleSets.map(rawScaleSet)], generic);
      const read = readRows(raw, targetFrom, "the identity block");
      return { items: withGroupManagers(read.items, groups), unknown: read.unknown };
    },
    async assignments(id, principals, owner, signal): Promise<Listed<RoleAssignment>> {
      await seen(id, signal);
      const found = await list(signal, () =>
        clients.authorization(id).roleAssignments.listForSubscription({ abortSignal: signal }),
      );
      const read = readRows(
        found.map((a) => ({ ...a })),
        assignmentFrom,
        "the role assignment",
      );
      return { items: read.items.filter((a) => isWanted(a, principals, owner)), unknown: read.unknown };
    },
  };
}

function isWanted(assignment: RoleAssignment, principals: ReadonlySet<string>, owner: string): boolean {
  return (
    principals.has(idKey(assignment.principalId)) ||
    parseAssignmentMarker(assignment.description)?.owner === owner
  );
}

/** Machines and scale sets by their own lists, which say more; everything else with an identity by the generic one. */
function united(compute: readonly RawTarget[], generic: readonly RawTarget[]): Record<string, unknown>[] {
  const known = new Set(compute.map((r) => idKey(String(r.id))));
  const wanted = (r: RawTarget): boolean =>
    !known.has(idKey(String(r.id))) && (Boolean(r.identity) || targetKindOf(String(r.type)) !== "other");
  return [...compute, ...generic.filter(wanted)].map((r) => ({ ...r }));
}

/** A virtual machine of the Compute SDK in our columns. */
export function rawMachine(machine: VirtualMachine): RawTarget {
  const { id, type, location, tags, identity, managedBy, provisioningState, etag, virtualMachineScaleSet } =
    machine;
  return {
    id,
    type,
    location,
    tags,
    identity,
    managedBy,
    provisioningState,
    etag,
    scaleSetId: virtualMachineScaleSet?.id,
  };
}

/** A scale set of the Compute SDK in our columns; the SDK drops `managedBy`, which scale sets carry on their group. */
export function rawScaleSet(set: VirtualMachineScaleSet): RawTarget {
  const { id, type, location, tags, identity, provisioningState, etag, orchestrationMode, upgradePolicy } =
    set;
  return {
    id,
    type,
    location,
    tags,
    identity,
    provisioningState,
    etag,
    orchestrationMode,
    upgradeMode: upgradePolicy?.mode,
  };
}
