// What somebody else may do in the estate, and how it is written down.
import { z } from "zod";
import type { World } from "../world.ts";
import type { Random } from "./random.ts";

/** Everything that the second client can do. */
export const deedKinds = [
  "stripTags",
  "enableSystemIdentity",
  "attachForeign",
  "detachForeign",
  "grantRole",
  "recreateIdentity",
  "moveMachine",
  "scaleSet",
  "addLock",
] as const;
export type DeedKind = (typeof deedKinds)[number];

/** What is to be done; what is left out is chosen by chance. */
export const DeedWish = z.strictObject({
  kind: z.enum(deedKinds),
  /** The resource that it is done to: a machine, a scale set, or (tags, recreation, locks) an identity. */
  resourceId: z.string().startsWith("/subscriptions/").exactOptional(),
  /** The identity that is attached, detached or given a role; default: one of the second client's own. */
  identityId: z.string().startsWith("/subscriptions/").exactOptional(),
  /** For addLock; default CanNotDelete. */
  level: z.enum(["CanNotDelete", "ReadOnly"]).exactOptional(),
});
export type DeedWish = z.infer<typeof DeedWish>;

/** What a deed changed. Ids are those from before the deed. */
export interface Done {
  readonly resourceId: string;
  readonly identityId?: string;
  /** The principal that came into being, or was given a role. */
  readonly principalId?: string;
  readonly assignmentId?: string;
  readonly lockId?: string;
  /** Where a moved machine is now; an instance that was added. */
  readonly newId?: string;
  /** An instance that was removed. */
  readonly removedId?: string;
  /** The tags that are gone. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** One deed, as the log keeps it; `time` is an ISO instant of the sandbox's clock. */
export interface Deed extends Done {
  readonly sequence: number;
  readonly time: string;
  readonly kind: DeedKind;
}

/** What a deed works with. */
export interface Scene {
  readonly world: World;
  readonly random: Random;
  /** Whether the resource with this id may be touched by chance. */
  readonly mayTouch: (id: string) => boolean;
}

/** Does one kind of deed; undefined: there is nothing to do it to. */
export type Doer = (scene: Scene, wish: DeedWish) => Done | undefined;
