// Decides what an answer of a daemon's API must look like to be shown: it comes over the network, perhaps from a later version.
import { z } from "zod";
import { documentApiVersion } from "../status/daemon-status-document-output.ts";
import { statusApiVersion } from "../status/daemon-status-output.ts";

const time = z.iso.datetime();
const count = z.number();
const counts = z.record(z.string(), count);

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: time,
});

const heldSet = z.looseObject({
  reason: z.string(),
  message: z.string(),
  cure: z.string(),
  digest: z.string(),
  releasable: z.boolean(),
  count,
});

const documentHead = {
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  file: z.string(),
  line: count,
  ready: z.boolean(),
  conditions: z.array(condition),
  observedRevision: z.string(),
  lastAppliedRevision: z.string().nullable(),
  nextRetryAt: time.nullable(),
  held: z.array(heldSet),
};

const documentCommon = z.looseObject(documentHead);
const documentSummary = z.looseObject({ ...documentHead, attachments: counts, grants: counts });

const pass = z.looseObject({
  turn: count,
  number: count,
  id: z.string(),
  revision: z.string(),
  startedAt: time,
  endedAt: time.nullable(),
  changes: z.record(z.string(), counts),
  held: counts,
});

const turn = {
  turn: count,
  startedAt: time,
  reasons: z.array(z.string()),
  reportsBecause: z.string().nullable(),
};

const refusal = z.looseObject({
  reason: z.string(),
  revision: z.string().nullable(),
  message: z.string(),
  since: time,
});

/** The status of a daemon; what a later version adds is kept. */
export const StatusAnswer = z.looseObject({
  apiVersion: z.literal(statusApiVersion),
  asOf: time,
  ready: z.boolean(),
  version: z.string(),
  cloud: z.string(),
  tenantId: z.string(),
  owner: z.string(),
  source: z.string(),
  role: z.string().nullable(),
  roleSince: time.nullable(),
  revision: z.looseObject({
    inForce: z.string().nullable(),
    since: time.nullable(),
    observed: z.string().nullable(),
    refusal: refusal.nullable(),
  }),
  turn: z.looseObject({ ...turn, pass: pass.nullable() }).nullable(),
  lastTurn: z
    .looseObject({
      ...turn,
      endedAt: time,
      end: z.string(),
      failure: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
    })
    .nullable(),
  failedTurns: count,
  nextTurnAt: time.nullable(),
  stopping: z.looseObject({ why: z.string() }).nullable(),
  drift: z.looseObject({ total: count, last: z.looseObject({ at: time, changes: count }).nullable() }),
  summary: z.looseObject({ documents: count }),
  documents: z.array(documentSummary),
  orphans: z.array(z.looseObject({ identityId: z.string(), conditions: z.array(condition) })),
  warnings: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  history: z.array(pass),
});
export type StatusAnswer = z.infer<typeof StatusAnswer>;

const thing = z.looseObject({
  state: z.string(),
  what: z.string(),
  change: z.string().nullable(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  correlationId: z.string().nullable(),
});

const things = z.looseObject({ counts, things: z.array(thing) });

/** The status of one document; what a later version adds is kept. */
export const DocumentAnswer = z.looseObject({
  apiVersion: z.literal(documentApiVersion),
  ...documentHead,
  observedAt: time,
  attachments: things,
  grants: things,
  others: things,
  lastOutcomes: z.looseObject({ passId: z.string(), at: time, count, things: z.array(thing) }).nullable(),
});
export type DocumentAnswer = z.infer<typeof DocumentAnswer>;

/** What the list of all documents, and the status of one, both tell of a document. */
export type DocumentHead = z.infer<typeof documentCommon>;
export type DocumentRow = z.infer<typeof documentSummary>;
export type PassRow = z.infer<typeof pass>;
export type ThingRow = z.infer<typeof thing>;
export type ThingList = z.infer<typeof things>;
