// How an extension that does not come up fails the whole operation of its machine.
import type { ArmResource, Operation, World } from "../../world.ts";

const extensionType = "microsoft.compute/virtualmachines/extensions";

/**
 * The error that the operations of a machine end with while one of its extensions has failed, or undefined. The text
 * is quoted in Microsoft's troubleshooting pages and many public threads.
 */
export function extensionErrorOf(world: World, machineId: string): Operation["error"] {
  const prefix = `${machineId}/extensions/`.toLowerCase();
  const broken = world.resources
    .values()
    .find(
      (r) => r.type.toLowerCase() === extensionType && r.id.toLowerCase().startsWith(prefix) && isFailed(r),
    );
  if (broken === undefined) return undefined;
  const { publisher = "Microsoft.Azure.Extensions", type = "CustomScript" } = broken.properties ?? {};
  const message = `VM has reported a failure when processing extension '${broken.name}' (publisher '${publisher}' and type '${type}'). Error message: 'Enable failed: failed to execute command: command terminated with exit status=1'. More information on troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot. `;
  return { code: "VMExtensionProvisioningError", message };
}

function isFailed({ properties }: ArmResource): boolean {
  return String(properties?.provisioningState).toLowerCase() === "failed";
}
