// How the embedded Azure behaves unless told otherwise: as late and as slow as is realistic and still bearable.
import { z } from "zod";
import { longestLagInMs } from "./store.ts";
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

const duration = z.number().nonnegative();
const lag = duration.max(longestLagInMs);

/** Settings as seeds and the admin endpoint state them: those that are to differ. */
export const SettingsPatch = z.strictObject({
  listLagInMs: lag.exactOptional(),
  graphLagInMs: lag.exactOptional(),
  roleLagInMs: lag.exactOptional(),
  principalLagInMs: duration.exactOptional(),
  identityLagInMs: duration.exactOptional(),
  operationInMs: duration.exactOptional(),
  tokenLifetimeInMs: z.number().min(1000).exactOptional(),
  pageSize: z.int().min(1).max(1000).exactOptional(),
  pages: z.enum(["even", "uneven"]).exactOptional(),
  lastPageFails: z.boolean().exactOptional(),
  throttled: z.boolean().exactOptional(),
  credentialWriteInMs: duration.exactOptional(),
  activityLagInMs: duration.exactOptional(),
  sqlResumeInMs: duration.exactOptional(),
});
