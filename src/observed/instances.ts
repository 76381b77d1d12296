// Reads the instances of scale sets whose documents want them brought up to date: no list of resources shows them.
import type { Desired } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import type { Reader } from "../model/ports.ts";
import { isRolledOutByHand, type ScaleSetInstance } from "../model/scale-set.ts";
import type { Target } from "../model/target.ts";

/**
 * The instances of these sets, by the key of the set; one request a set and pass. It is asked whether or not a list
 * shows the identity on the set, which may be a minute behind; what fails is for `orUnreadable` to note.
 */
export async function readInstances(
  desired: Desired,
  targets: ReadonlyMap<string, Target>,
  read: (scaleSetId: string) => Promise<Awaited<ReturnType<Reader["listInstances"]>> | undefined>,
): Promise<ReadonlyMap<string, readonly ScaleSetInstance[]>> {
  const wanted = [...new Set(setsToUpgrade(desired))].filter((key) => {
    const target = targets.get(key);
    return target !== undefined && isRolledOutByHand(target);
  });
  const found = await Promise.all(
    wanted.map(async (key) => [key, await read(targets.get(key)?.id ?? key)] as const),
  );
  return new Map(found.flatMap(([key, instances]) => (instances ? [[key, instances] as const] : [])));
}

function setsToUpgrade({ identities }: Desired): readonly string[] {
  const targets = identities.flatMap((i) => i.bindings.flatMap((b) => b.targets));
  return targets.flatMap((t) =>
    t.kind === "virtualMachineScaleSet" && t.instanceUpgrade === "Automatic" ? [idKey(t.id)] : [],
  );
}
