// What virtual machines and scale sets out of the seed's shorthand look like: the bodies that Compute answers with.
import type { ArmResource } from "../world.ts";
import { guidFrom } from "./guid-from.ts";

/** What a body is made of. */
export interface ComputeParts {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly size: string;
  /** ISO instant. */
  readonly createdAt: string;
}

const image = { publisher: "Debian", offer: "debian-12", sku: "12-gen2", version: "latest" };

function groupOf(id: string): string {
  return /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/i.exec(id)?.[0] ?? id;
}

function osProfile(nameKey: "computerName" | "computerNamePrefix", name: string): Record<string, unknown> {
  return {
    [nameKey]: name,
    adminUsername: "azureuser",
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: "/home/azureuser/.ssh/authorized_keys", keyData: "ssh-rsa REDACTED" }] },
      provisionVMAgent: true,
      patchSettings: { patchMode: "ImageDefault", assessmentMode: "ImageDefault" },
    },
    secrets: [],
    allowExtensionOperations: true,
    requireGuestProvisionSignal: true,
  };
}

const securityProfile = {
  uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
  securityType: "TrustedLaunch",
};

/** A virtual machine, in the shape recorded by azure-cli in Jan 2026. */
export function virtualMachineBody(parts: ComputeParts): ArmResource {
  const { id, name, location, tags, size, createdAt } = parts;
  const disk = `${name}_OsDisk_1_${guidFrom(`${id}/disk`).replaceAll("-", "")}`;
  return {
    name,
    id,
    type: "Microsoft.Compute/virtualMachines",
    location,
    tags,
    properties: {
      hardwareProfile: { vmSize: size },
      provisioningState: "Succeeded",
      vmId: guidFrom(`${id}/vmId`),
      storageProfile: {
        imageReference: { ...image, exactVersion: "0.20251126.2308" },
        osDisk: {
          osType: "Linux",
          name: disk,
          createOption: "FromImage",
          caching: "ReadWrite",
          managedDisk: {
            storageAccountType: "Premium_LRS",
            id: `${groupOf(id)}/providers/Microsoft.Compute/disks/${disk}`,
          },
          deleteOption: "Detach",
          diskSizeGB: 30,
        },
        dataDisks: [],
        diskControllerType: "SCSI",
      },
      osProfile: osProfile("computerName", name),
      securityProfile,
      networkProfile: {
        networkInterfaces: [
          { id: `${groupOf(id)}/providers/Microsoft.Network/networkInterfaces/${name}VMNic` },
        ],
      },
      timeCreated: createdAt,
    },
    etag: '"1"',
  };
}

/** How a scale set rolls out, and how many instances it has. */
export interface ScaleSetParts extends ComputeParts {
  readonly mode: "Uniform" | "Flexible";
  readonly instances: number;
  readonly upgradePolicy: "Manual" | "Automatic" | "Rolling";
}

/** A scale set, in the shape of azure-cli's lists of Aug 2024. */
export function scaleSetBody(parts: ScaleSetParts): ArmResource {
  const { id, name, location, tags, size, createdAt, mode } = parts;
  return {
    name,
    id,
    type: "Microsoft.Compute/virtualMachineScaleSets",
    location,
    tags,
    sku: { name: size, tier: "Standard", capacity: parts.instances },
    etag: '"1"',
    properties: {
      singlePlacementGroup: false,
      orchestrationMode: mode,
      upgradePolicy: { mode: parts.upgradePolicy },
      virtualMachineProfile: {
        osProfile: osProfile("computerNamePrefix", name),
        storageProfile: {
          osDisk: {
            osType: "Linux",
            createOption: "FromImage",
            caching: "ReadWrite",
            managedDisk: { storageAccountType: "Premium_LRS" },
            diskSizeGB: 30,
          },
          imageReference: image,
          diskControllerType: "SCSI",
        },
        securityProfile,
        timeCreated: createdAt,
      },
      provisioningState: "Succeeded",
      ...(mode === "Uniform" && { overprovision: true, doNotRunExtensionsOnOverprovisionedVMs: false }),
      uniqueId: guidFrom(`${id}/uniqueId`),
      platformFaultDomainCount: mode === "Uniform" ? 5 : 1,
      timeCreated: createdAt,
    },
  };
}

/** The instances of a set: children of a uniform one, ordinary machines that name the set of a flexible one. */
export function instanceBodies(parts: ScaleSetParts): ArmResource[] {
  const numbers = Array.from({ length: parts.instances }, (_, i) => i);
  return numbers.map((n) =>
    parts.mode === "Uniform" ? uniformInstance(parts, n) : flexibleInstance(parts, n),
  );
}

function uniformInstance(parts: ScaleSetParts, number: number): ArmResource {
  const id = `${parts.id}/virtualMachines/${number}`;
  const {
    name: _,
    etag: __,
    ...body
  } = virtualMachineBody({ ...parts, id, name: `${parts.name}_${number}` });
  return {
    name: `${parts.name}_${number}`,
    ...body,
    type: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
    instanceId: String(number),
    sku: { name: parts.size, tier: "Standard" },
    properties: {
      ...body.properties,
      latestModelApplied: true,
      modelDefinitionApplied: "VirtualMachineScaleSet",
    },
    etag: '"1"',
  };
}

/** Flexible instances are named after the set with eight more characters. */
function flexibleInstance(parts: ScaleSetParts, number: number): ArmResource {
  const name = `${parts.name}_${guidFrom(`${parts.id}/${number}`).slice(0, 8)}`;
  const body = virtualMachineBody({
    ...parts,
    id: `${groupOf(parts.id)}/providers/Microsoft.Compute/virtualMachines/${name}`,
    name,
  });
  return { ...body, properties: { ...body.properties, virtualMachineScaleSet: { id: parts.id } } };
}
