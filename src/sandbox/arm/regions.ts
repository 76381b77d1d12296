// Which Azure regions the embedded Azure has, and how their names are normalised.

/** Regions by name with the display name that clients may send instead. */
const regions: Readonly<Record<string, string>> = {
  australiaeast: "Australia East",
  brazilsouth: "Brazil South",
  canadacentral: "Canada Central",
  centralindia: "Central India",
  centralus: "Central US",
  eastasia: "East Asia",
  eastus: "East US",
  eastus2: "East US 2",
  francecentral: "France Central",
  germanywestcentral: "Germany West Central",
  italynorth: "Italy North",
  japaneast: "Japan East",
  koreacentral: "Korea Central",
  northcentralus: "North Central US",
  northeurope: "North Europe",
  norwayeast: "Norway East",
  polandcentral: "Poland Central",
  qatarcentral: "Qatar Central",
  southafricanorth: "South Africa North",
  southcentralus: "South Central US",
  southeastasia: "Southeast Asia",
  spaincentral: "Spain Central",
  swedencentral: "Sweden Central",
  switzerlandnorth: "Switzerland North",
  uaenorth: "UAE North",
  uksouth: "UK South",
  westcentralus: "West Central US",
  westeurope: "West Europe",
  westus: "West US",
  westus2: "West US 2",
  westus3: "West US 3",
};

/** All region names, sorted. */
export const regionNames: readonly string[] = Object.keys(regions);

/** The display name of a region, "West Europe". */
export function regionDisplayName(name: string): string {
  return regions[name] ?? name;
}

/** "West Europe" and "WestEurope" become "westeurope", as ARM stores them. */
export function normalizeLocation(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}

/** True if the (normalised) location is one of ours; "global" is the location of resources without one. */
export function isRegion(location: string): boolean {
  return location === "global" || Object.hasOwn(regions, location);
}
