// How the embedded Azure behaves unless told otherwise: as late and as slow as is realistic and still bearable.
import type { Settings } from "./world.ts";

/** The settings without any options. Lists, Resource Graph and role reads lag, as they do in Azure. */
export const defaultSettings: Readonly<Settings> = {
  listLagInMs: 500,
  graphLagInMs: 2000,
  roleLagInMs: 1000,
  principalLagInMs: 2000,
  operationInMs: 1500,
  pageSize: 1000,
  throttled: true,
};
